package link

import (
	"testing"
	"time"
)

// TestState_everyPair writes the whole table out once more, as a reader sees
// it: a row a state, a column an event, "." where the event means nothing.
func TestState_everyPair(t *testing.T) {
	events := []Event{Dial, Opened, Heard, Quiet, Lost, Goodbye, Refused, Due, Stop}
	rows := map[State][9]string{
		//        dial       opened  heard   quiet      lost       goodbye    refused   due        stop
		Idle:    {"dialing", ".", ".", ".", ".", ".", ".", ".", "closed"},
		Dialing: {".", "live", ".", ".", "waiting", ".", "closed", ".", "closing"},
		Live:    {".", ".", "live", "stalled", "waiting", "waiting", "closed", ".", "closing"},
		Stalled: {".", ".", "live", ".", "waiting", "waiting", "closed", ".", "closing"},
		Waiting: {"dialing", ".", ".", ".", ".", ".", "closed", "dialing", "closed"},
		Closing: {".", ".", ".", ".", "closed", "closed", ".", ".", "closed"},
		Closed:  {".", ".", ".", ".", ".", ".", ".", ".", "."},
	}
	if len(events) != int(numEvents) || len(rows) != int(numStates) {
		t.Fatalf("the table has %d states and %d events, the package %d and %d", len(rows), len(events), numStates, numEvents)
	}
	for s, row := range rows {
		for i, e := range events {
			next, ok := s.On(e)
			want, means := row[i], row[i] != "."
			if !means {
				want = s.String()
			}
			if next.String() != want || ok != means {
				t.Errorf("%v on %v: %v, %v; want %v, %v", s, e, next, ok, want, means)
			}
		}
	}
}

// TestState_closedIsReachable: from every state a user who leaves gets out in
// at most two steps, whatever the network does.
func TestState_closedIsReachable(t *testing.T) {
	for s := Idle; s < numStates; s++ {
		next, _ := s.On(Stop)
		next, _ = next.On(Stop)
		if next != Closed {
			t.Errorf("from %v two stops lead to %v", s, next)
		}
	}
}

func TestBackoff_doublesToItsLimit(t *testing.T) {
	var b Backoff
	for i, want := range []time.Duration{
		250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
		8 * time.Second, 15 * time.Second, 15 * time.Second,
	} {
		if got := b.Next(0); got != want {
			t.Errorf("wait %d is %v, want %v", i+1, got, want)
		}
		if b.Attempts() != i+1 {
			t.Errorf("attempts %d after %d waits", b.Attempts(), i+1)
		}
	}
	for range 100 {
		if got := b.Next(0.999); got > MaxDelay || got < MaxDelay/2 {
			t.Fatalf("jittered wait %v outside [%v, %v]", got, MaxDelay/2, MaxDelay)
		}
	}
	b.Forgive()
	if got := b.Next(0); got != MinDelay || b.Attempts() != 1 {
		t.Errorf("after Forgive the wait is %v, attempts %d", got, b.Attempts())
	}
}
