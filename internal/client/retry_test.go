package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSession_absurdWishesOfTheServerAreBounded(t *testing.T) {
	tests := []struct {
		ms       int64
		min, max time.Duration
	}{
		{1, link.MinDelay, link.MinDelay},
		{1 << 62, MaxRetryAfter, MaxRetryAfter},
		{-1, link.MinDelay / 2, link.MinDelay}, // none: the backoff's
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, func(st *fakeStream) {
				st.open(func(o *wire.Open) { o.HeartbeatMS, o.LeaseMS, o.MaxAgeMS = 1<<62, -1<<62, 1<<62 })
				st.end(wire.End{Reason: wire.ReasonShutdown, RetryMS: tt.ms})
			})
			v := view(t, f, Options{}, true)
			st := v.state(link.Waiting)
			if wait := st.RetryAt.Sub(st.Since); wait < tt.min || wait > tt.max {
				t.Errorf("retry_ms %d: waits %v, want %v to %v", tt.ms, wait, tt.min, tt.max)
			}
			if st.Heartbeat != wire.MaxHeartbeat || st.Lease != 0 || st.MaxAge <= 0 {
				t.Errorf("heartbeat %v, lease %v, max age %v", st.Heartbeat, st.Lease, st.MaxAge)
			}
		})
	}
}

// TestSession_plannedEndNeedsNoWait: a stream that reached its maximum age is gone
// on with at once; one that claims to have, and never lived, waits like any other.
func TestSession_plannedEndNeedsNoWait(t *testing.T) {
	for lived, atOnce := range map[time.Duration]bool{time.Minute: true, time.Millisecond: false} {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, func(st *fakeStream) {
				st.open(func(o *wire.Open) { o.HeartbeatMS = 60_000 })
				time.Sleep(lived) // in a bubble: no waiting
				st.end(wire.End{Reason: wire.ReasonMaxAge})
			}, func(st *fakeStream) {
				st.open()
				st.beatOn()
			})
			v := view(t, f, Options{}, true)
			after(lived + link.MinDelay/4)
			if opened := v.s.Status().Connects == 2; opened != atOnce {
				t.Errorf("after a life of %v: open again %v, want %v", lived, opened, atOnce)
			}
		})
	}
}

func TestSession_backoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan struct{})
		f := serve(t, func(st *fakeStream) { st.open(); st.data("x", "c1"); <-cut })
		f.setDown(refusedErr)
		v := view(t, f, Options{}, true)
		for want := link.MinDelay; ; want = min(2*want, link.MaxDelay) {
			st := v.state(link.Waiting)
			if wait := st.RetryAt.Sub(st.Since); wait > want || wait < want/2 {
				t.Errorf("attempt %d waits %v, want %v to %v", st.Attempt, wait, want/2, want)
			}
			if st.Attempt == 10 {
				break
			}
			after(time.Until(st.RetryAt))
		}
		f.setDown(nil)
		after(link.MaxDelay)
		if st := v.state(link.Live); st.Attempt != 0 {
			t.Errorf("after a frame %d attempts are remembered", st.Attempt)
		}
		close(cut)
		if st := v.state(link.Waiting); st.Attempt != 1 || st.RetryAt.Sub(st.Since) > link.MinDelay {
			t.Errorf("after a frame the next attempt is number %d and comes after %v", st.Attempt, st.RetryAt.Sub(st.Since))
		}
	})
}

// TestSession_connectingForgivesNothing has a server that accepts, answers, and
// dies before its first frame.
func TestSession_connectingForgivesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.header(); st.send(nil) })
		v := view(t, f, Options{}, true)
		after(time.Minute)
		if n := len(f.asked()); n < 5 || n > 15 {
			t.Errorf("%d attempts in a minute", n)
		}
		if st := v.s.Status(); st.Attempt < 5 {
			t.Errorf("only %d attempts are counted", st.Attempt)
		}
	})
}

// TestSession_openingForgivesNothing has servers that open every stream and end
// it at once. They must not be hammered.
func TestSession_openingForgivesNothing(t *testing.T) {
	for name, ends := range map[string]script{
		"with an error": func(st *fakeStream) { st.open(); st.end(wire.End{Reason: wire.ReasonError}) },
		"with a cut":    func(st *fakeStream) { st.open() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serve(t, ends)
				v := view(t, f, Options{}, true)
				after(time.Minute)
				if n := len(f.asked()); n < 5 || n > 15 {
					t.Errorf("%d attempts in a minute", n)
				}
				for _, mark := range v.find(ItemResumed) {
					if got := mark.Resumed.Attempts; got != 1 {
						t.Errorf("resumed after %d attempts, want 1: each one opened", got)
					}
				}
			})
		})
	}
}

// TestSession_heldStreamForgives has streams that bring nothing, but are held for
// longer than a heartbeat.
func TestSession_heldStreamForgives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			select {
			case <-time.After(beat):
			case <-st.ctx.Done():
			}
		})
		v := view(t, f, Options{}, true)
		for range 5 {
			after(beat)
			if st := v.state(link.Waiting); st.Attempt != 1 || st.RetryAt.Sub(st.Since) > link.MinDelay {
				t.Errorf("attempt %d comes after %v", st.Attempt, st.RetryAt.Sub(st.Since))
			}
			v.s.Redial()
			v.state(link.Live)
		}
	})
}

func TestSession_redial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan struct{})
		f := serve(t, func(st *fakeStream) { st.open(); <-cut }, func(st *fakeStream) { st.open(); st.silent() }, live)
		v := view(t, f, Options{}, true)
		v.state(link.Live)
		v.s.Redial() // means nothing while live, and nothing later
		f.setDown(refusedErr)
		close(cut)
		v.state(link.Waiting)
		after(time.Minute)

		st := v.state(link.Waiting)
		f.setDown(nil)
		v.s.Redial()
		if now := v.state(link.Live); now.Since.Equal(st.RetryAt) || len(f.asked()) != 2 {
			t.Errorf("live since %v, %d requests", now.Since, len(f.asked()))
		}
		after(3 * beat)
		v.state(link.Stalled)
		v.s.Redial()
		v.state(link.Live)
		if n := len(f.asked()); n != 3 {
			t.Errorf("%d requests, want 3", n)
		}
	})
}

func TestSession_redialIsNotKeptForLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan struct{})
		f := serve(t, func(st *fakeStream) { st.open(); <-cut })
		v := view(t, f, Options{}, true)
		v.state(link.Live)
		v.s.Redial()
		if st := v.state(link.Live); len(st.History) != 2 {
			t.Fatalf("redial while live: %s", path(st))
		}
		close(cut)
		v.state(link.Waiting)
		after(link.MinDelay/2 - time.Millisecond)
		v.state(link.Waiting)
	})
}
