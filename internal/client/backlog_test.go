package client

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// pieces writes what the viewer got, a word an item: "old", "new" or the event,
// and the bytes.
func (v *viewer) pieces() (words []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, it := range v.items {
		switch {
		case it.Kind == ItemData && it.Old:
			words = append(words, "old "+string(it.Data))
		case it.Kind == ItemData:
			words = append(words, "new "+string(it.Data))
		case it.Kind == ItemEvent:
			words = append(words, string(it.Event.Kind))
		}
	}
	return words
}

// TestSession_backlogIsNoNews: what the log had when the stream began is told
// from what came later, to the byte.
func TestSession_backlogIsNoNews(t *testing.T) {
	behind := func(n int64) func(*wire.Open) { return func(o *wire.Open) { o.Behind = n } }
	hole := int64(4)
	for _, tt := range []struct {
		name string
		play script
		want []string
	}{
		{"a piece is split at the border", func(st *fakeStream) {
			st.open(behind(6))
			st.data("one\n", "c1")
			st.data("two\nthree\n", "c2")
		}, []string{"old one\ntw", "new o\nthree\n"}},
		{"a border between two frames", func(st *fakeStream) {
			st.open(behind(4))
			st.data("one\n", "c1")
			st.data("two\n", "c2")
		}, []string{"old one\n", "new two\n"}},
		{"events do not end it", func(st *fakeStream) {
			st.open(behind(8))
			st.data("one\n", "c1")
			st.event(wire.Event{Kind: wire.KindRotated, Cursor: "c2"})
			st.data("two\nthree\n", "c3")
		}, []string{"old one\n", "rotated", "old two\n", "new three\n"}},
		{"a hole's bytes are among it", func(st *fakeStream) {
			st.open(behind(12))
			st.data("one\n", "c1")
			st.event(wire.Event{Kind: wire.KindHole, Cursor: "c2", Lost: &hole})
			st.data("two\nthree\n", "c3")
		}, []string{"old one\n", "hole", "old two\n", "new three\n"}},
		{"a heartbeat ends what cannot come any more", func(st *fakeStream) {
			st.open(behind(100))
			st.data("one\n", "c1")
			st.event(wire.Event{Kind: wire.KindGap, Cursor: "c2"})
			st.heartbeat("c2", 4)
			st.data("two\n", "c3")
		}, []string{"old one\n", "gap", "new two\n"}},
		{"none", func(st *fakeStream) {
			st.open(behind(-1))
			st.data("one\n", "c1")
		}, []string{"new one\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serve(t, func(st *fakeStream) { tt.play(st); st.beatOn() })
				v := view(t, f, Options{}, false)
				v.state(link.Live)
				go v.pull() // all at once: whatever may be merged is
				synctest.Wait()
				if got := v.pieces(); !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestSession_lastDataIsTheLogsOwn: before any news, the last data is as old as
// the log says, whatever the server's clock, and never in the future.
func TestSession_lastDataIsTheLogsOwn(t *testing.T) {
	const days = 3 * 24 * time.Hour
	for _, tt := range []struct {
		name  string
		ahead time.Duration // the server's clock
		age   time.Duration // of the log, by it
		size  int64
		want  time.Duration // age by ours
	}{
		{"clocks agree", 0, days, 10, days},
		{"it is ahead", 5 * time.Hour, days, 10, days},
		{"it is behind", -5 * time.Hour, days, 10, days},
		{"written in its future", 0, -time.Hour, 10, 0},
		{"an empty log never had a byte", 0, days, 0, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				news := make(chan struct{})
				began := time.Now()
				f := serve(t, func(st *fakeStream) {
					there := began.Add(tt.ahead)
					st.w.Header().Set("Date", there.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
					st.open(func(o *wire.Open) { o.Size, o.Behind, o.Modified = tt.size, tt.size, there.Add(-tt.age) })
					st.data("0123456789"[:tt.size], "c1")
					select {
					case <-news:
						st.data("x", "c2")
					case <-st.ctx.Done():
					}
					st.beatOn()
				})
				v := view(t, f, Options{}, true)
				st := v.state(link.Live)
				switch {
				case tt.want < 0:
					if !st.LastData.IsZero() {
						t.Errorf("the last data is of %v", st.LastData)
					}
				case !st.LastData.Equal(began.Add(-tt.want)):
					t.Errorf("the last data is %v old, want %v", began.Sub(st.LastData), tt.want)
				}
				after(time.Second)
				close(news)
				if st := v.state(link.Live); !st.LastData.Equal(time.Now()) {
					t.Errorf("after a new byte the last data is %v old", time.Since(st.LastData))
				}
			})
		})
	}
}

// TestSession_resumedOnASilentLog: coming back is no news, and what was written
// meanwhile is as old as it is.
func TestSession_resumedOnASilentLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cut := make(chan struct{})
		var written time.Time
		f := serve(t,
			func(st *fakeStream) { st.open(); st.data("x", "c1"); <-cut },
			func(st *fakeStream) {
				// Somebody touched it: that is no byte.
				st.open(func(o *wire.Open) { o.Size, o.Modified = 1, time.Now() })
				<-cut
			},
			func(st *fakeStream) {
				st.open(func(o *wire.Open) { o.Size, o.Behind, o.Modified = 3, 2, written })
				st.data("yz", "c2")
				st.beatOn()
			})
		v := view(t, f, Options{}, true)
		last := v.state(link.Live).LastData
		after(beat)
		cut <- struct{}{}
		after(link.MinDelay)
		if st := v.state(link.Live); !st.LastData.Equal(last) {
			t.Errorf("a touched log has its last data at %v, want %v", st.LastData, last)
		}
		written = time.Now()
		after(beat)
		cut <- struct{}{}
		after(2 * link.MinDelay)
		if st := v.state(link.Live); !st.LastData.Equal(written) {
			t.Errorf("last data at %v, written at %v", st.LastData, written)
		}
		marks := v.find(ItemResumed)
		if len(marks) != 2 || marks[0].Resumed.CaughtUp != 0 || marks[1].Resumed.CaughtUp != 2 {
			t.Errorf("marks %+v", marks)
		}
		if got := v.pieces(); !slices.Equal(got, []string{"new x", "old yz"}) {
			t.Errorf("got %q", got)
		}
	})
}

// TestSession_sizeIsCurrent: the size is what was told and what came since.
func TestSession_sizeIsCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		f := serve(t, func(st *fakeStream) {
			st.open(func(o *wire.Open) { o.Size, o.Behind = 100, 3 })
			for _, play := range []func(){
				func() { st.data("abcdef", "c1") }, // half of it old
				func() { st.heartbeat("c1", 110) },
				func() { st.data("x", "c2") },
				func() { st.event(wire.Event{Kind: wire.KindRotated, Cursor: "c3"}) },
				func() { st.data("xy", "c4") },
				func() { st.event(wire.Event{Kind: wire.KindLate, Cursor: "c5"}); st.data("late", "c6") },
				func() { st.event(wire.Event{Kind: wire.KindRotated, Cursor: "c7"}); st.data("z", "c8") },
			} {
				<-step
				play()
			}
			st.beatOn()
		})
		v := view(t, f, Options{}, true)
		got := fmt.Sprint(v.state(link.Live).Size)
		for range 7 {
			step <- struct{}{}
			got += fmt.Sprint(" ", v.state(link.Live).Size)
		}
		if want := "100 103 110 111 0 2 2 3"; got != want {
			t.Errorf("sizes %s, want %s", got, want)
		}
		if st := v.s.Status(); st.Generation != 2 || !st.SizeAt.IsZero() {
			t.Errorf("generation %d, size told at %v: late bytes begin none", st.Generation, st.SizeAt)
		}
		after(beat)
		if st := v.s.Status(); !st.SizeAt.Equal(time.Now()) {
			t.Errorf("a heartbeat tells the size, not at %v", st.SizeAt)
		}
	})
}

// TestSession_rotatedInTheBacklog: the size that the stream began with is that of
// the generation at its end.
func TestSession_rotatedInTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open(func(o *wire.Open) { o.Size, o.Behind = 2, 5 })
			st.data("old", "c1")
			st.event(wire.Event{Kind: wire.KindRotated, Cursor: "c2"})
			st.data("ab", "c3")
			st.data("c", "c4")
			st.silent()
		})
		v := view(t, f, Options{}, true)
		if st := v.state(link.Live); st.Size != 3 || st.Generation != 2 {
			t.Errorf("size %d of generation %d, want 3 of 2", st.Size, st.Generation)
		}
	})
}

// TestSession_knowsWhetherTheLogIsThere: by each way to hear of it.
func TestSession_knowsWhetherTheLogIsThere(t *testing.T) {
	event := func(k wire.Kind) script { return func(st *fakeStream) { st.event(wire.Event{Kind: k, Cursor: "c"}) } }
	beats := func(size int64) script { return func(st *fakeStream) { st.heartbeat("c", size) } }
	data := func(st *fakeStream) { st.data("x", "c") }
	for _, tt := range []struct {
		name  string
		size  int64
		steps []script
		want  []wire.Kind
	}{
		{"not yet", -1, []script{beats(-1), event(wire.KindAppeared), beats(3)}, []wire.Kind{"removed", "removed", "", ""}},
		{"removed and there again", 5, []script{event(wire.KindRemoved), beats(5), data, beats(-1), event(wire.KindAppeared)},
			[]wire.Kind{"", "removed", "removed", "removed", "removed", ""}},
		{"gone, as a heartbeat has it", 5, []script{beats(-1), event(wire.KindRotated)}, []wire.Kind{"", "removed", ""}},
		{"denied, and then it speaks", 5, []script{event(wire.KindDenied), beats(5), data}, []wire.Kind{"", "denied", "denied", ""}},
		{"denied, and then another", 5, []script{event(wire.KindDenied), event(wire.KindTruncated)}, []wire.Kind{"", "denied", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				step := make(chan script)
				f := serve(t, func(st *fakeStream) {
					st.open(func(o *wire.Open) { o.Size = tt.size })
					for play := range step {
						play(st)
					}
					st.silent()
				})
				v := view(t, f, Options{}, true)
				got := []wire.Kind{v.state(link.Live).Gone}
				for _, play := range tt.steps {
					time.Sleep(time.Second)
					step <- play
					st := v.state(link.Live)
					if got = append(got, st.Gone); st.Gone != got[len(got)-2] && !st.GoneSince.Equal(time.Now()) {
						t.Errorf("%q since %v", st.Gone, st.GoneSince)
					}
				}
				close(step)
				if !slices.Equal(got, tt.want) {
					t.Errorf("gone: %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// TestSession_tellsWhatItWaitsFor: while there is no answer, until when that is
// waited for, and whether anybody has taken the connection.
func TestSession_tellsWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { <-st.ctx.Done() })
		began := time.Now()
		v := view(t, f, Options{}, true)
		st := v.state(link.Dialing)
		if !st.Reached || !st.GiveUpAt.Equal(began.Add(AnswerTimeout)) || st.Addr != "fake:7070" {
			t.Errorf("reached %v, given up after %v, addr %q", st.Reached, st.GiveUpAt.Sub(began), st.Addr)
		}
		after(AnswerTimeout)
		v.state(link.Waiting)
	})
}
