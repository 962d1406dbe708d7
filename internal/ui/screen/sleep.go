package screen

import (
	"context"
	"time"
)

// Sleep waits for d and reports whether ctx let it: for commands, which Bubble Tea
// leaks when they do not end.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
