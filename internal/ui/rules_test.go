package ui

import (
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestRules_events: every kind has its words, what is lost is told, and only
// what is trouble looks so.
func TestRules_events(t *testing.T) {
	s := newScribe(false)
	bytes := func(n int64) *int64 { return &n }
	for _, tt := range []struct {
		event wire.Event
		want  string
		kind  ruleKind
	}{
		{wire.Event{Kind: wire.KindRotated}, "rotated 12:00:00 · next generation", ruleNote},
		{wire.Event{Kind: wire.KindRotated, Lost: bytes(0)}, "rotated 12:00:00 · next generation", ruleNote},
		{wire.Event{Kind: wire.KindTruncated}, "truncated 12:00:00 · begun anew", ruleNote},
		{wire.Event{Kind: wire.KindTruncated, Lost: bytes(2048)}, "truncated 12:00:00 · 2.0 KiB lost · begun anew", ruleTrouble},
		{wire.Event{Kind: wire.KindRemoved}, "removed 12:00:00 · nothing has the log's name now", ruleTrouble},
		{wire.Event{Kind: wire.KindAppeared}, "appeared 12:00:00 · the log is there", ruleNote},
		{wire.Event{Kind: wire.KindDenied}, "denied 12:00:00 · the log may not be read; it is tried again", ruleTrouble},
		{wire.Event{Kind: wire.KindHole, Lost: bytes(4096)}, "hole 12:00:00 · 4.0 KiB skipped · a hole in the file", ruleNote},
		{wire.Event{Kind: wire.KindGap}, "gap 12:00:00 · lost: nobody knows how much · something is missing here", ruleTrouble},
		{wire.Event{Kind: wire.KindGap, Lost: bytes(10), Detail: "why\n"}, "gap 12:00:00 · 10 B lost · why␊", ruleTrouble},
		{wire.Event{Kind: wire.KindLate}, "late 12:00:00 · what follows came late, to an older generation", ruleNote},
		{wire.Event{Kind: "new\x1b[m"}, "new␛[m 12:00:00", ruleNote},
	} {
		got, _ := s.event(tt.event, noon)
		if got.text != tt.want || got.kind != tt.kind {
			t.Errorf("%+v:\n got %q, kind %d\nwant %q, kind %d", tt.event, got.text, got.kind, tt.want, tt.kind)
		}
	}
}

func TestRules_resumed(t *testing.T) {
	s := newScribe(false)
	lost := int64(500)
	for _, tt := range []struct {
		resumed Resumed
		want    string
		kind    ruleKind
		goesOn  bool
	}{
		{Resumed{Away: 4200 * time.Millisecond, Attempts: 3, CaughtUp: 12700, Met: wire.MetContinued},
			"back after 4.2s · 3 attempts · 12.4 KiB caught up · nothing lost", ruleNote, true},
		{Resumed{Away: 300 * time.Millisecond, Attempts: 1, CaughtUp: -1, Met: wire.MetRotated},
			"back after 0.3s · 1 attempt · nothing lost", ruleNote, true},
		{Resumed{Away: 90 * time.Second, Attempts: 9, Met: wire.MetTruncated, Server: "tailsrv 0.2.0"},
			"back after 1m30s · 9 attempts · nothing lost · now tailsrv 0.2.0", ruleNote, false},
		{Resumed{Away: time.Hour, Attempts: 1, Met: wire.MetGap}, "back after 1h00m · 1 attempt · something is missing", ruleTrouble, false},
		{Resumed{Away: time.Second, Attempts: 1, Met: wire.MetGap, Lost: &lost}, "back after 1.0s · 1 attempt · 500 B lost", ruleTrouble, false},
		{Resumed{Away: time.Second, Attempts: 1, Met: wire.MetFresh}, "back after 1.0s · 1 attempt · begun afresh", ruleNote, false},
		{Resumed{Away: time.Second, Met: "unheard of"}, "back after 1.0s", ruleNote, false},
	} {
		got, goesOn := s.resumed(tt.resumed)
		if got.text != tt.want || got.kind != tt.kind || goesOn != tt.goesOn {
			t.Errorf("%+v:\n got %q, kind %d, %v\nwant %q, kind %d, %v", tt.resumed, got.text, got.kind, goesOn, tt.want, tt.kind, tt.goesOn)
		}
	}
}

func TestRules_asciiSpelling(t *testing.T) {
	if got, _ := newScribe(true).event(wire.Event{Kind: wire.KindGap, Detail: "a\x1bb"}, noon); got.text != "gap 12:00:00 - lost: nobody knows how much - a^[b" {
		t.Errorf("got %q", got.text)
	}
}
