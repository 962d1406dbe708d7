package streams

import (
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestHelp_explainsSignsAndColumns: whatever stands before a row or above a column is
// explained where the keys are, in words that fit a narrow terminal.
func TestHelp_explainsSignsAndColumns(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.press("?")
	s.size(40, 200)
	help := strings.Join(s.rows(), "\n")
	says := func(name string) bool { return strings.Contains(help, "\n  "+name+" ") }
	for _, info := range append(someLive(), someEnded()...) {
		r := row{info: info}
		if sign := r.sign(s.m.glyphs); !says(sign) {
			t.Errorf("the help does not explain %s", sign)
		}
	}
	const selfExplaining = "LOG CLIENT AS AGE STATE ID REASON DETAIL"
	for _, c := range append(append([]column{}, liveColumns...), endedColumns...) {
		if !strings.Contains(" "+selfExplaining+" ", " "+c.title+" ") && !says(c.title) {
			t.Errorf("the help does not explain %s", c.title)
		}
		if text.Width(c.tells) > 26 {
			t.Errorf("%q is too long for one column at 40", c.tells)
		}
	}
}

// TestDetails_ofAnEndedStream: nothing is told of it as if it were there, and no key
// is offered that does nothing.
func TestDetails_ofAnEndedStream(t *testing.T) {
	s := newStage(t, Options{})
	s.size(80, 44)
	ended := someLive()[1]
	ended.ID = "e0000001"
	ended.State, ended.Reason, ended.Ended = wire.StateEnded, wire.ReasonStalled, ptr(noon.Add(-time.Minute))
	s.answer(someLive(), []wire.StreamInfo{ended})
	s.press("enter")
	if footer := s.rows()[43]; !strings.Contains(footer, "x end it") || strings.Contains(footer, "j down") {
		t.Errorf("of a live one that fits: %q", footer)
	}
	s.press("esc", "e", "enter")
	if footer := s.rows()[43]; strings.Contains(footer, "x end it") || !strings.Contains(footer, "Esc close") {
		t.Errorf("of an ended one: %q", footer)
	}
	about, atItsEnd, ok := strings.Cut(strings.Join(s.rows(), "\n"), "As it was at its end")
	for _, name := range []string{"lag", "idle", "heard", "tcp", "contact", "unacked", "round trip"} {
		if !ok || strings.Contains(about, "\n  "+name+" ") || !strings.Contains(atItsEnd, "\n  "+name+" ") {
			t.Errorf("%s is told as of now:\n%s", name, strings.Join(s.rows(), "\n"))
		}
	}
	s.size(80, 12)
	if footer := s.rows()[11]; !strings.Contains(footer, "j down") {
		t.Errorf("of one that does not fit: %q", footer)
	}
}

// TestDetails_shortRoundTrip: as in the table, and never none at all.
func TestDetails_shortRoundTrip(t *testing.T) {
	s := newStage(t, Options{})
	s.size(80, 44)
	st := someLive()[0]
	st.RTTUS = 20
	s.answer([]wire.StreamInfo{st}, nil)
	s.press("enter")
	if all := strings.Join(s.rows(), "\n"); !strings.Contains(all, "round trip  <0.1ms") {
		t.Errorf("20 microseconds are\n%s", all)
	}
}
