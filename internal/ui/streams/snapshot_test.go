package streams

import (
	"slices"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestSnapshot_rates: bytes a second between two answers; none for a stream that
// was not there, or whose id another one has now.
func TestSnapshot_rates(t *testing.T) {
	s := newStage(t, Options{})
	st := wire.StreamInfo{ID: "00000001", Log: "a", Opened: noon.Add(-time.Hour), Bytes: 1000}
	s.answer([]wire.StreamInfo{st}, nil)
	if s.m.snapshot.live[0].isRated {
		t.Error("one answer makes a rate")
	}
	s.at = s.at.Add(2 * time.Second)
	st.Bytes = 5000
	twin := st
	twin.Opened, twin.Bytes = noon, 9999
	s.answer([]wire.StreamInfo{st, twin}, nil)
	if r := s.m.snapshot.live[0]; r.rate != 2000 || !r.isRated {
		t.Errorf("4000 bytes in 2 s: %d/s", r.rate)
	}
	if r := s.m.snapshot.live[1]; r.isRated {
		t.Errorf("a new stream has a rate: %d/s", r.rate)
	}
	if s.m.snapshot.rate != 2000 {
		t.Errorf("all together: %d/s", s.m.snapshot.rate)
	}
}

// TestSnapshot_ratesOverASecond: an answer that came early, as the user wished or
// after a stream was ended, changes no rate of logs that grow steadily, however often;
// and the time that a rate is taken over does not grow with it.
func TestSnapshot_ratesOverASecond(t *testing.T) {
	s := newStage(t, Options{})
	const perSecond = 1000
	early := 0
	for ms := range 20_000 {
		isEarly := ms/1000%10 >= 5 && ms%300 == 0
		if ms%1000 != 0 && !isEarly {
			continue
		}
		s.at = noon.Add(time.Duration(ms) * time.Millisecond)
		grown := int64(ms / 500 * perSecond / 2) // each half second
		s.answer([]wire.StreamInfo{{ID: "00000001", Opened: noon, Bytes: grown}, {ID: "00000002", Opened: noon, Bytes: 7}}, nil)
		if ms < 1000 {
			continue
		}
		if isEarly {
			early++
		}
		took := s.at.Sub(s.m.snapshot.past.at)
		if took < rateOver || took >= time.Second+2*rateOver {
			t.Errorf("at %d ms rates are over %v", ms, took)
		}
		r := s.m.snapshot.live[0]
		if least, most := int64(perSecond)/2, int64(perSecond)*3/2; !r.isRated || r.rate < least || r.rate > most {
			t.Errorf("at %d ms %d B/s, and it grows by %d", ms, r.rate, perSecond)
		}
		if !s.m.snapshot.isRated || s.m.snapshot.rate != r.rate || !s.m.snapshot.live[1].isRated {
			t.Errorf("at %d ms all together %d B/s", ms, s.m.snapshot.rate)
		}
	}
	if early < 10 {
		t.Fatalf("%d early answers", early)
	}
}

// TestSnapshot_stuckHasASign: a client that takes nothing is seen before it is ended
// for that; one that is only slow is not called so.
func TestSnapshot_stuckHasASign(t *testing.T) {
	s := newStage(t, Options{})
	for ms, want := range map[int64]string{0: s.m.glyphs.Live, 1999: s.m.glyphs.Live, 2000: s.m.glyphs.NoContact} {
		st := wire.StreamInfo{ID: "00000001", Log: "a", Opened: noon.Add(-time.Hour), State: wire.StateStreaming, TCP: "established", Unacked: 1 << 20, StuckMS: ms, ContactMS: ptr[int64](900)}
		s.at = s.at.Add(time.Second)
		s.answer([]wire.StreamInfo{st}, nil)
		if got := s.m.snapshot.live[0].sign(s.m.glyphs); got != want {
			t.Errorf("stuck for %d ms: %q, want %q", ms, got, want)
		}
		at := slices.IndexFunc(liveColumns, func(c column) bool { return c.title == "STUCK" })
		wantCell := none
		if want == s.m.glyphs.NoContact {
			wantCell = "2s"
		}
		if got := liveColumns[at].cell(&s.m.snapshot.live[0]); got != wantCell {
			t.Errorf("stuck for %d ms: STUCK says %q, want %q", ms, got, wantCell)
		}
	}
}

// TestSnapshot_agesByTheServersClock: also where that is an hour ahead.
func TestSnapshot_agesByTheServersClock(t *testing.T) {
	s := newStage(t, Options{})
	u := answerAt(noon, []wire.StreamInfo{{ID: "1", Opened: noon.Add(59 * time.Minute)}}, []wire.StreamInfo{{ID: "2", Opened: noon, Ended: ptr(noon.Add(50 * time.Minute))}})
	u.Clock = noon.Add(time.Hour)
	s.give(u)
	if got := s.m.snapshot.live[0].age; got != time.Minute {
		t.Errorf("age %v, want 1m", got)
	}
	if r := s.m.snapshot.ended[0]; r.age != 50*time.Minute || r.ago != 10*time.Minute {
		t.Errorf("lived %v, ended %v ago", r.age, r.ago)
	}
}
