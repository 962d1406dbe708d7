package streams

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// Every command of ours. Bubble Tea leaks a command that does not end, so each
// one that waits ends with ctx.

// await asks the server once more and makes its answer ready for the screen:
// what costs time with many streams is done here, beside the screen's loop.
func await(ctx context.Context, s Server, before *snapshot, plain func(string) string, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		u, err := s.Next(ctx)
		return answerMsg{update: u, snapshot: newSnapshot(before, u, plain), err: err, at: now()}
	}
}

// end ends the stream that is shown under id.
func end(ctx context.Context, s Server, id, name string) tea.Cmd {
	return func() tea.Msg { return endedMsg{name: name, outcome: s.End(ctx, id)} }
}

// redial wants an answer now.
func redial(s Server) tea.Cmd {
	return func() tea.Msg {
		s.Redial()
		return nil
	}
}

// tick gives the time, after d.
func tick(ctx context.Context, generation int, d time.Duration, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		if !screen.Sleep(ctx, d) {
			return nil
		}
		return tickMsg{generation: generation, at: now()}
	}
}

// expire ends a notice, after d.
func expire(ctx context.Context, generation int, d time.Duration) tea.Cmd {
	return func() tea.Msg {
		if !screen.Sleep(ctx, d) {
			return nil
		}
		return noticeOverMsg{generation: generation}
	}
}
