package proctest

import (
	"testing"
	"time"
)

// Eventually asks again until check has nothing to object to, for [Patience] at most. It is
// for what the kernel or a server shows and nobody announces.
func Eventually(t testing.TB, check func() error) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(Patience)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("still after %v: %v", Patience, err)
		}
	}
}
