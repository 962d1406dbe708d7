package cli

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func countLost(n int) []byte { return fmt.Appendf(nil, "lost %d\n", n) }

func TestNonBlocking_passesEverythingOn(t *testing.T) {
	var b strings.Builder
	u := NewNonBlocking(&b, countLost)
	for i := range 1000 {
		fmt.Fprintf(u, "line %d\n", i)
	}
	u.Close(time.Minute)
	if got := b.String(); strings.Count(got, "\n") != 1000 || !strings.HasSuffix(got, "line 999\n") {
		t.Errorf("%d lines came through", strings.Count(got, "\n"))
	}
	fmt.Fprintln(u, "too late") // and does not block
	u.Close(time.Minute)
}

// TestNonBlocking_neverWaits: nobody reads, the queue fills, writers go on; who
// reads later is told how much is missing.
func TestNonBlocking_neverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		u := NewNonBlocking(w, countLost)
		line := strings.Repeat("x", 1023) + "\n"
		for range 5000 {
			io.WriteString(u, line)
		}
		began := time.Now()
		u.Close(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("Close took %v of the second it was given", took)
		}
		all, done := "", make(chan struct{})
		go func() {
			defer close(done)
			b, _ := io.ReadAll(r)
			all = string(b)
		}()
		<-u.done
		w.Close()
		<-done
		kept := strings.Count(all, line)
		var lost int
		if _, err := fmt.Sscanf(all[strings.LastIndex(all, "lost"):], "lost %d", &lost); err != nil {
			t.Fatal(err)
		}
		if kept+lost != 5000 || len(all) > 2*maxQueued {
			t.Errorf("%d lines kept and %d told as lost, of 5000; %d bytes", kept, lost, len(all))
		}
	})
}
