package client

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSession_tornFrameIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("one\n", "c1")
			frame := st.enc.Data(nil, []byte("two\n"), func(int) string { return "c2" })
			st.send(frame[:len(frame)-1])
		}, func(st *fakeStream) {
			st.open()
			st.data("two\n", "c2")
			st.beatOn()
		})
		v := view(t, f, Options{}, true)
		after(link.MinDelay)
		v.state(link.Live)
		if got := f.asked()[1].Get("cursor"); got != "c1" {
			t.Errorf("came back from cursor %q, want c1", got)
		}
		if got := v.got(); got != "one\ntwo\n" {
			t.Errorf("the log is %q", got)
		}
	})
}

// TestSession_nothingLostNothingDoubled cuts streams of one log at random bytes
// and compares what came.
func TestSession_nothingLostNothingDoubled(t *testing.T) {
	var log strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&log, "line %d\n", i)
	}
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		f := serve(t, func(st *fakeStream) {
			at, _ := strconv.Atoi(st.r.URL.Query().Get("cursor"))
			left := random.IntN(2000) // bytes until the cut
			for frame := st.enc.Open(nil, wire.Open{Cursor: strconv.Itoa(at), HeartbeatMS: beat.Milliseconds()}); ; {
				st.header()
				st.send(frame[:min(len(frame), left)])
				if left -= len(frame); left < 0 {
					return
				}
				if at == log.Len() {
					st.end(wire.End{Reason: wire.ReasonComplete})
					return
				}
				n := min(1+random.IntN(100), log.Len()-at)
				at += n
				frame = st.enc.Data(nil, []byte(log.String()[at-n:at]), func(int) string { return strconv.Itoa(at) })
			}
		})
		v := view(t, f, Options{From: "start", Buffer: 500}, true)
		<-v.done
		<-v.pulled
		if v.err != nil || v.got() != log.String() {
			t.Errorf("Run: %v; %d bytes came of %d", v.err, len(v.got()), log.Len())
		}
		if n := len(f.asked()); n < 10 {
			t.Errorf("only %d streams: nothing was tried", n)
		}
	})
}

func TestSession_serverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("12345", "c1")
			st.data("123", "c2")
			st.f.setDown(refusedErr)
		}, func(st *fakeStream) {
			st.open(func(o *wire.Open) { o.Behind, o.Server = 7, "tailsrv next" })
			st.data("4567890", "c3")
			st.beatOn()
		})
		v := view(t, f, Options{}, true)
		st := v.state(link.Waiting)
		if st.Detail != "the connection was cut" || st.Attempt != 1 {
			t.Errorf("waiting: %q, attempt %d", st.Detail, st.Attempt)
		}
		after(2 * time.Second)
		if st = v.state(link.Waiting); !strings.Contains(st.Detail, "refuses the connection") || st.Hint == "" || st.Attempt < 2 {
			t.Errorf("waiting: %q, hint %q, attempt %d", st.Detail, st.Hint, st.Attempt)
		}
		f.setDown(nil)
		after(link.MaxDelay)
		st = v.state(link.Live)
		if st.Attempt != 0 || st.Detail != "" || st.Hint != "" || st.Connects != 2 {
			t.Errorf("live again: %+v", st)
		}
		marks := v.find(ItemResumed)
		if len(marks) != 1 {
			t.Fatalf("%d marks, want 1", len(marks))
		}
		r := marks[0].Resumed
		if r.Away <= 2*time.Second || r.Away > link.MaxDelay || r.Attempts < 3 || r.Met != wire.MetContinued || r.Server != "tailsrv next" {
			t.Errorf("resumed: %+v", r)
		}
		if r.CaughtUp != 7 {
			t.Errorf("%d bytes to catch up, want 7", r.CaughtUp)
		}
		if got := v.got(); got != "123451234567890" {
			t.Errorf("the log is %q", got)
		}
	})
}

func TestSession_resumedTellsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := int64(42)
		f := serve(t, func(st *fakeStream) { st.open() }, func(st *fakeStream) {
			st.open(func(o *wire.Open) { o.Met = wire.MetGap })
			st.event(wire.Event{Kind: wire.KindGap, Cursor: "c2", Lost: &lost})
			st.beatOn()
		})
		v := view(t, f, Options{}, true)
		after(link.MinDelay)
		v.state(link.Live)
		v.mu.Lock()
		defer v.mu.Unlock()
		if got := v.s.Status().Cursor; got != "c2" {
			t.Errorf("cursor is %q, want the event's", got)
		}
		if len(v.items) != 2 || v.items[0].Kind != ItemResumed || v.items[1].Kind != ItemEvent {
			t.Fatalf("items are %+v", v.items)
		}
		if r := v.items[0].Resumed; r.Lost == nil || *r.Lost != lost || r.CaughtUp != 0 {
			t.Errorf("resumed: %+v", r)
		}
	})
}

func TestSession_endFrames(t *testing.T) {
	for _, reason := range append(wire.Reasons, "a-later-reason") {
		t.Run(string(reason), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serve(t, func(st *fakeStream) {
					st.open()
					st.data("x", "c1")
					st.end(wire.End{Reason: reason, Cursor: "c2", RetryMS: 7000, Detail: "because"})
				}, live)
				v := view(t, f, Options{}, true)
				synctest.Wait()
				st := v.s.Status()
				if st.Reason != reason || st.Detail != "because" || st.Cursor != "c2" {
					t.Errorf("reason %q, detail %q, cursor %q", st.Reason, st.Detail, st.Cursor)
				}
				if reason.Returns() {
					v.state(link.Waiting)
					after(7*time.Second - time.Millisecond)
					v.state(link.Waiting)
					after(time.Millisecond)
					v.state(link.Live)
					if got := f.asked()[1].Get("cursor"); got != "c2" {
						t.Errorf("came back from cursor %q", got)
					}
					return
				}
				v.state(link.Closed)
				var end *EndError
				switch err := v.over(); {
				case reason == wire.ReasonComplete:
					if err != nil {
						t.Errorf("Run: %v, want nil for a complete answer", err)
					}
				case !errors.As(err, &end) || end.Reason != reason || end.Detail != "because":
					t.Errorf("Run: %v", err)
				default:
					if got := v.find(ItemProblem); len(got) != 1 || got[0].Err != err {
						t.Errorf("problems are %+v", got)
					}
				}
			})
		})
	}
}

// TestSession_serversEndWinsOverTheLease has a server that ends a stream for good
// at the moment in which a renewal finds that it has ended.
func TestSession_serversEndWinsOverTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open(leased(15 * time.Second))
			time.Sleep(firstRenewal)
			st.end(wire.End{Reason: wire.ReasonRemoved})
		})
		f.onRenew = func(w http.ResponseWriter) { w.WriteHeader(404) }
		v := view(t, f, Options{}, true)
		after(firstRenewal)
		var end *EndError
		if err := v.over(); !errors.As(err, &end) || end.Reason != wire.ReasonRemoved {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestSession_givenUpWhileFull has a stream that is given up while its reader
// waits for room, with more frames read already: nothing may be taken over the
// gap that the waiting frame leaves.
func TestSession_givenUpWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := func(st *fakeStream, dst []byte, text, cursor string) []byte {
			return st.enc.Data(dst, []byte(text), func(int) string { return cursor })
		}
		f := serve(t, func(st *fakeStream) {
			st.open(leased(15 * time.Second))
			frames := data(st, nil, "0123456789", "10")
			frames = data(st, frames, "abcdefghij", "20")
			frames = st.enc.Heartbeat(frames, wire.Heartbeat{Cursor: "20", Size: 20})
			st.send(st.enc.End(frames, wire.End{Reason: wire.ReasonMaxAge, Cursor: "20"}))
		}, func(st *fakeStream) {
			st.open()
			st.data("abcdefghij", "20")
			st.beatOn()
		})
		f.onRenew = func(w http.ResponseWriter) { w.WriteHeader(404) }
		v := view(t, f, Options{Buffer: 15}, false)
		after(firstRenewal + lastWord + link.MinDelay)
		if got := f.asked(); len(got) != 2 || got[1].Get("cursor") != "10" {
			t.Fatalf("asked %v, want to come back from 10", got)
		}
		go v.pull()
		synctest.Wait()
		if got := v.got(); got != "0123456789abcdefghij" {
			t.Errorf("the log is %q", got)
		}
	})
}

// TestSession_gapIsToldAgain has a stream that is cut between its first frame and
// the event that tells of a gap.
func TestSession_gapIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gap := func(o *wire.Open) { o.Met, o.Cursor = wire.MetGap, "behind" }
		f := serve(t,
			func(st *fakeStream) { st.open(); st.data("x", "c1") },
			func(st *fakeStream) { st.open(gap) },
			func(st *fakeStream) {
				st.open(gap)
				st.event(wire.Event{Kind: wire.KindGap, Cursor: "behind"})
				st.beatOn()
			})
		v := view(t, f, Options{}, true)
		after(time.Second)
		v.state(link.Live)
		if got := f.asked(); len(got) != 3 || got[2].Get("cursor") != "c1" {
			t.Errorf("asked %v, want to come back from c1", got)
		}
		if marks, events := v.find(ItemResumed), v.find(ItemEvent); len(marks) != 1 || len(events) != 1 {
			t.Errorf("%d marks and %d events, want one each", len(marks), len(events))
		}
	})
}
