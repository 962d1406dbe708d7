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

func TestNonBlocking_passesEverythingOn(t *testing.T) {
	var b strings.Builder
	u := NewNonBlocking(&b)
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
// reads later gets whole messages.
func TestNonBlocking_neverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		u := NewNonBlocking(w)
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
		if kept := strings.Count(all, line); kept*len(line) != len(all) || len(all) < maxQueued/2 || len(all) > 2*maxQueued {
			t.Errorf("%d of 5000 lines were kept, in %d bytes", kept, len(all))
		}
	})
}
