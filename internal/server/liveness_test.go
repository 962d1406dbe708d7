package server

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

func when(waiting bool) int64 {
	if waiting {
		return 1
	}
	return 0
}

// One question a second about a client, as the kernel would answer.
func TestProgress(t *testing.T) {
	const limit = 30 * time.Second
	// probed is how old the last answer is when probes go out after 200 ms and
	// then at twice the distance each time.
	probed := func(stuck time.Duration) time.Duration {
		last, next := time.Duration(0), 200*time.Millisecond
		for next <= stuck {
			last, next = next, 2*next+200*time.Millisecond
		}
		return stuck - last
	}
	for name, tt := range map[string]struct {
		at   func(now time.Duration) connState
		says bool          // that it takes something, every 20 s
		want time.Duration // 0 is never
	}{
		"nothing to take": {at: func(now time.Duration) connState {
			return connState{acked: 1000, silent: now}
		}},
		"closed window": {want: 31 * time.Second, at: func(now time.Duration) connState {
			return connState{unacked: 1, acked: 1000, silent: probed(now)}
		}},
		"vanished": {at: func(now time.Duration) connState {
			return connState{unacked: 1, acked: 1000, silent: now}
		}},
		"vanished, seen late": {at: func(now time.Duration) connState {
			return connState{unacked: 1, acked: 1000, silent: now - 999*time.Millisecond}
		}},
		// A buffer of some MB opens its window only when a good part of it is free.
		"closed window of one that reads, and says so": {says: true, at: func(now time.Duration) connState {
			return connState{unacked: 1, acked: 1000, silent: probed(now % time.Minute)}
		}},
		"slow": {at: func(now time.Duration) connState {
			return connState{unacked: 1, acked: uint64(now / (29 * time.Second)), silent: 0}
		}},
		"reads all now and then": {at: func(now time.Duration) connState {
			return connState{unacked: when(now%(25*time.Second) > time.Second), acked: 1000, silent: 0}
		}},
		"stalled after a while": {want: 90 * time.Second, at: func(now time.Duration) connState {
			took := min(now, time.Minute)
			return connState{unacked: 1, acked: uint64(took / time.Second), silent: probed(now - took)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var p progress
			var got time.Duration
			for now := time.Second; now < 10*time.Minute && got == 0; now += time.Second {
				said := 0
				if tt.says {
					said = int(now / (20 * time.Second))
				}
				if _, stalled := p.look(tt.at(now), said, now, limit); stalled {
					got = now
				}
			}
			if got < tt.want || got > tt.want+time.Second || tt.want == 0 && got != 0 {
				t.Errorf("stalled after %v, want %v", got, tt.want)
			}
		})
	}
}

// The kernel must not give up on a stalled client before the sweeper names it.
func TestUserTimeout(t *testing.T) {
	for stall, want := range map[time.Duration]time.Duration{
		time.Second: 30 * time.Second, 25 * time.Second: 30 * time.Second, 30 * time.Second: 35 * time.Second, 5 * time.Minute: 305 * time.Second,
	} {
		if got := userTimeout(stall); got != want {
			t.Errorf("stall timeout %v: %v, want %v", stall, got, want)
		}
	}
}

// A write that found no room ends its stream as what the kernel said of the client when
// it was last asked, a second ago: one that answers nothing any more has vanished,
// whichever clock was first.
func TestUnwritten_vanishedIsNotStalled(t *testing.T) {
	clock := &clock{start: time.Now().Add(-time.Hour)}
	for name, tt := range map[string]struct {
		silent, starved time.Duration // 0 where nobody could be asked
		want            wire.Reason
	}{
		"answers its probes":                     {10 * time.Second, 30 * time.Second, wire.ReasonStalled},
		"vanished":                               {30 * time.Second, 30 * time.Second, wire.ReasonClientGone},
		"answers, stopped long before the write": {40 * time.Second, 80 * time.Second, wire.ReasonStalled},
		"vanished long before the write":         {80 * time.Second, 80 * time.Second, wire.ReasonClientGone},
		"nobody could be asked":                  {0, 0, wire.ReasonStalled},
	} {
		st := &stream{clock: clock, stall: 30 * time.Second}
		if tt.silent > 0 {
			st.learn(connState{silent: tt.silent}, clock.now()-time.Second)
			st.stuck.Store(int64(clock.now() - tt.starved))
		}
		if e := st.unwritten(t.Context(), &conn{}, os.ErrDeadlineExceeded); e.reason != tt.want || !e.cut {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// The sweeper asks once a second, but a client that has had its time is not given the
// rest of a second.
func TestLook_doesNotMissTheLimit(t *testing.T) {
	clock := &clock{start: time.Now()}
	asked := 0
	var ended error
	st := &stream{clock: clock, stall: time.Minute, taken: func() {}, end: func(e error) { ended = e }, kernel: func() (connState, bool) {
		asked++
		return connState{unacked: 1, acked: 7}, true
	}}
	st.look(true)
	st.look(false)
	if asked != 1 || ended != nil {
		t.Fatalf("asked %d times, ended %v", asked, ended)
	}
	clock.start = clock.start.Add(-time.Minute)
	st.look(false)
	var e *ending
	if !errors.As(ended, &e) || e.reason != wire.ReasonStalled || asked != 2 {
		t.Errorf("asked %d times, ended %v", asked, ended)
	}
}
