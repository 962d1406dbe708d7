package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestStateLine_agesMove: while nothing arrives but ticks, what the state line
// says comes true and stays so.
func TestStateLine_agesMove(t *testing.T) {
	type moment struct {
		after time.Duration
		want  string
	}
	for _, tt := range []struct {
		name    string
		st      Status
		moments []moment
	}{
		{"live turns quiet", Status{State: link.Live, Heard: noon, LastData: noon}, []moment{
			{0, "● LIVE"}, {4 * time.Second, "● LIVE"}, {time.Second, "◌ QUIET last line 5s ago"}, {4 * time.Minute, "◌ QUIET last line 4m05s ago"},
		}},
		{"live that is silent is not", Status{State: link.Live, Heard: noon, LastData: noon, Heartbeat: 2 * time.Second}, []moment{
			{4 * time.Second, "● LIVE"}, {2 * time.Second, "! NO CONTACT 6s"}, {time.Minute, "! NO CONTACT 1m06s"},
		}},
		{"no line ever", Status{State: link.Live, Since: noon, Heard: noon}, []moment{
			{time.Second, "◌ QUIET no line yet"}, {9 * time.Second, "◌ QUIET no line yet"},
		}},
		{"old lines of unknown age", Status{State: link.Live, Since: noon, Heard: noon, Bytes: 10}, []moment{{0, "◌ QUIET no new line yet"}}},
		{"silent before we came", Status{State: link.Live, Since: noon, Heard: noon, LastData: noon.Add(-72 * time.Hour)}, []moment{
			{0, "◌ QUIET last line 3d00h ago"},
		}},
		{"a clock ahead of ours", Status{State: link.Live, Since: noon, Heard: noon, LastData: noon.Add(time.Hour)}, []moment{{0, "● LIVE"}}},
		{"removed a moment after a line", Status{State: link.Live, Heard: noon, LastData: noon, Gone: wire.KindRemoved, GoneSince: noon}, []moment{
			{0, "∅ NO LOG waiting for it to appear"},
		}},
		{"removed, its writer goes on", Status{State: link.Live, Heard: noon, LastData: noon, Gone: wire.KindRemoved, GoneSince: noon.Add(-time.Second)}, []moment{
			{0, "● LIVE"}, {5 * time.Second, "∅ NO LOG waiting for it to appear"},
		}},
		{"denied", Status{State: link.Live, Heard: noon, LastData: noon, Gone: wire.KindDenied, GoneSince: noon, Heartbeat: 2 * time.Second}, []moment{
			{0, "⊘ NO ACCESS it is tried again"}, {6 * time.Second, "! NO CONTACT 6s"},
		}},
		{"stalled without a word ever", Status{State: link.Stalled, Since: noon}, []moment{{3 * time.Second, "! NO CONTACT 3s"}}},
		{"countdown", Status{State: link.Waiting, Attempt: 2, RetryAt: noon.Add(3500 * time.Millisecond)}, []moment{
			{0, "↻ RETRY 2 in 4s (R now)"}, {600 * time.Millisecond, "↻ RETRY 2 in 3s (R now)"}, {2800 * time.Millisecond, "↻ RETRY 2 in 1s (R now)"}, {time.Second, "↻ RETRY 2 now"},
		}},
		{"dialing", Status{State: link.Dialing, Since: noon, Attempt: 2, Detail: "refused"}, []moment{
			{0, "○ DIALING attempt 3  app.log  last: refused"}, {5 * time.Second, "○ DIALING attempt 3 5s"},
		}},
		{"idle", Status{Since: noon}, []moment{{0, "○ DIALING"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, Options{}, "app.log")
			s.status(tt.st)
			for _, m := range tt.moments {
				s.pass(m.after)
				if got := s.stateLine(); !strings.HasPrefix(got, m.want+" ") {
					t.Errorf("%s after noon: %q, want %q", s.at.Sub(noon), got, m.want)
				}
			}
		})
	}
}

// TestStateLine_othersInTrouble: no log is in trouble behind another's back,
// whatever the width.
func TestStateLine_othersInTrouble(t *testing.T) {
	s := newStage(t, Options{}, "a.log", "b.log", "c.log", "d.log")
	for i := range s.m.panes {
		s.give(i, Update{Status: live()})
	}
	if got := s.stateLine(); strings.Contains(got, "!") {
		t.Errorf("a warning without a reason: %q", got)
	}
	s.give(2, Update{Status: retry()})
	s.give(3, Update{Status: Status{State: link.Closed, Detail: "gone"}})
	for _, w := range widths {
		s.size(w, 10)
		if got := s.stateLine(); !strings.Contains(got, "! 3 ") || !strings.Contains(got, "RETRY +1") {
			t.Errorf("at %d columns: %q", w, got)
		}
	}
	s.give(1, Update{Status: noLog(wire.KindRemoved)})
	if got := s.stateLine(); !strings.Contains(got, "! 2 b.log NO LOG +2 more") {
		t.Errorf("a log that is not there: %q", got)
	}
	s.give(1, Update{Status: live()})
	s.press("4")
	if got := s.stateLine(); !strings.HasPrefix(got, "✕ CLOSED  4/4") || !strings.Contains(got, "! 3 ") {
		t.Errorf("shown: %q", got)
	}
}

// TestStateLine_harmless: what a server says cannot speak to the terminal.
func TestStateLine_harmless(t *testing.T) {
	const evil = "a\x1b]52;c;cHduZWQ=\x07\u202e\nb"
	s := newStage(t, Options{}, evil)
	for _, st := range []link.State{link.Dialing, link.Live, link.Stalled, link.Waiting, link.Closed} {
		s.status(Status{
			State: st, Reason: evil, Detail: evil, Hint: evil, Stream: evil, Server: evil, Cursor: evil, Met: evil,
			History: []Change{{Detail: evil}},
		})
		for _, keys := range [][]string{{}, {"i"}, {"esc"}} {
			s.press(keys...)
			for _, w := range widths {
				s.size(w, 60)
				if view := s.m.View(); strings.ContainsAny(view, "\x1b\x07\u202e") {
					t.Fatalf("%v: live control characters:\n%q", st, view)
				}
			}
		}
	}
}
