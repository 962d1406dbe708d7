package client

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
)

// TestSession_silenceIsCountedFromReadingOn has a server that falls silent while
// the reader does not read: its silence begins when the reader does.
func TestSession_silenceIsCountedFromReadingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("xx", "c1")
			st.data("yy", "c2")
			st.silent()
		})
		v := view(t, f, Options{Buffer: 3}, false)
		after(10*beat + beat/2)
		if st := v.state(link.Live); st.Cursor != "c1" {
			t.Fatalf("cursor is %q, want the reader to wait at c1", st.Cursor)
		}
		go v.pull()
		after(2*beat - time.Millisecond)
		v.state(link.Live)
		after(time.Millisecond)
		v.state(link.Stalled)
	})
}

func TestSession_silence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("one\n", "c1")
			time.Sleep(3 * beat) // too long for one silence, too short for the second bound
			st.heartbeat("c1", 4)
			st.silent()
		}, live)
		v := view(t, f, Options{}, true)
		after(2*beat - time.Millisecond)
		v.state(link.Live)
		after(time.Millisecond)
		v.state(link.Stalled)
		after(beat)
		v.state(link.Live)
		after(2*beat - time.Millisecond)
		v.state(link.Live)
		after(time.Millisecond)
		v.state(link.Stalled)
		after(2*beat - time.Millisecond)
		v.state(link.Stalled)
		after(time.Millisecond)
		if st := v.state(link.Waiting); st.Detail == "" || st.RetryAt.IsZero() {
			t.Errorf("waiting without a reason or a time: %+v", st)
		}
		after(link.MinDelay)
		v.state(link.Live)
		if got := f.asked()[1].Get("cursor"); got != "c1" {
			t.Errorf("came back from cursor %q, want c1", got)
		}
	})
}

// TestSession_slowFrameIsNoSilence has a link on which one frame takes longer
// than a silence may, while bytes keep coming.
func TestSession_slowFrameIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			for _, b := range st.enc.Data(nil, []byte("slowly"), func(int) string { return "c1" }) {
				time.Sleep(beat)
				st.send([]byte{b})
			}
			st.beatOn()
		})
		v := view(t, f, Options{}, true)
		after(20 * beat)
		if st := v.state(link.Live); len(st.History) != 2 || v.got() != "slowly" {
			t.Errorf("states %s, log %q", path(st), v.got())
		}
	})
}
