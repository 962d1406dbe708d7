package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// value gives what the details say under a name.
func (s *stage) value(name string) string {
	p := s.m.pane()
	for _, d := range append(s.m.connection(p), s.m.log(p)...) {
		if d.Name == name {
			return d.Value
		}
	}
	s.t.Fatalf("the details have no %q", name)
	return ""
}

// TestDetails_sizeSaysHowItIsKnown: as exact as what it rests on.
func TestDetails_sizeSaysHowItIsKnown(t *testing.T) {
	told, never := noon.Add(-3*time.Second), time.Time{}
	for _, tt := range []struct {
		st   Status
		want string
	}{
		{Status{Size: 17900, SizeAt: told, LastData: noon.Add(-time.Hour)}, "17.4 KiB · told 3s ago"},
		{Status{Size: 17900, SizeAt: told, LastData: never}, "17.4 KiB · told 3s ago"},
		{Status{Size: 17900, SizeAt: told, LastData: noon}, "at least 17.4 KiB · told and counted on since 11:59:57"},
		{Status{Size: 10, SizeAt: never, LastData: noon}, "at least 10 B"},
		{Status{Size: 10, SizeAt: told, Gone: wire.KindRemoved}, "there is no such log now"},
		{Status{Size: -1, SizeAt: told, Gone: wire.KindRemoved}, "there is no such log now"},
		{Status{Size: -1, SizeAt: told, Gone: wire.KindDenied}, ""},
		{Status{Size: 10, SizeAt: told, Gone: wire.KindDenied}, "10 B · told 3s ago"},
		{Status{Size: -1}, ""},
	} {
		s := newStage(t, Options{}, "a.log")
		s.status(tt.st)
		if got := s.value("size"); got != tt.want {
			t.Errorf("%d of %s, gone %q: %q, want %q", tt.st.Size, tt.st.SizeAt.Format(clockLayout), tt.st.Gone, got, tt.want)
		}
	}
}

func TestDetails_endByAge(t *testing.T) {
	for _, tt := range []struct {
		st   Status
		want string
	}{
		{Status{Opened: noon.Add(-time.Minute), MaxAge: 11*time.Hour + 15*time.Minute}, "ends at 23:14 at the latest, then comes back by itself"},
		{Status{Opened: noon, MaxAge: 36 * time.Hour}, "ends at 2026-11-24 00:00 at the latest, then comes back by itself"},
		{Status{Opened: noon}, "none"},
		{Status{MaxAge: time.Hour}, ""}, // of a stream that is over
	} {
		s := newStage(t, Options{}, "a.log")
		s.status(tt.st)
		if got := s.value("max age"); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.st.MaxAge, got, tt.want)
		}
	}
}

func TestDetails_aTimeLongAgoHasItsDate(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.status(Status{LastData: noon.Add(-72 * time.Hour)})
	if got := s.value("last data"); got != "2026-11-19 12:00:00, 3d00h ago" {
		t.Errorf("got %q", got)
	}
}

// TestDetails_whatNeverWasIsNotLost: an attempt that brought no stream failed.
func TestDetails_whatNeverWasIsNotLost(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.status(Status{State: link.Waiting, History: []Change{
		{State: link.Dialing, Event: link.Dial}, {State: link.Waiting, Event: link.Lost},
		{State: link.Dialing, Event: link.Due}, {State: link.Live, Event: link.Opened}, {State: link.Waiting, Event: link.Lost},
	}})
	var events []string
	for _, row := range s.m.history(s.m.pane(), 80)[1:] {
		events = append(events, strings.Fields(row)[2])
	}
	if got := fmt.Sprint(events); got != "[lost opened due failed dial]" {
		t.Errorf("the history tells %s", got)
	}
}

// TestDialing_saysWhatItWaitsFor: after a while, who does not answer and how
// long that is waited for.
func TestDialing_saysWhatItWaitsFor(t *testing.T) {
	for _, tt := range []struct {
		st   Status
		want string
	}{
		{Status{Addr: "web-1:7070", GiveUpAt: noon.Add(5 * time.Second)}, "no connection to web-1:7070 yet; given up after 5s"},
		{Status{Addr: "web-1:7070", Reached: true, GiveUpAt: noon.Add(10 * time.Second)}, "no answer from web-1:7070 yet; given up after 10s"},
	} {
		tt.st.State, tt.st.Since = link.Dialing, noon
		s := newStage(t, Options{}, "web-1:7070/app.log")
		s.status(tt.st)
		s.pass(patience - time.Millisecond)
		if strings.Contains(s.m.View(), "yet") {
			t.Errorf("impatient:\n%s", s.m.View())
		}
		s.pass(time.Millisecond)
		if !strings.Contains(s.m.View(), tt.want) {
			t.Errorf("does not say %q:\n%s", tt.want, s.m.View())
		}
	}
}

// TestSize_unknown: a terminal that has no size is drawn as one of the usual
// size, until it tells one.
func TestSize_unknown(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.m.width, s.m.height = 0, 0
	for _, tt := range []struct{ w, h, rows, columns int }{
		{0, 0, 24, 80}, {0, 30, 30, 80}, {100, 20, 20, 100}, {0, 0, 20, 100},
	} {
		s.size(tt.w, tt.h)
		rows := strings.Split(s.m.View(), "\n")
		if len(rows) != tt.rows || len([]rune(rows[0])) != tt.columns {
			t.Errorf("told %dx%d: %d rows of %d, want %d of %d", tt.w, tt.h, len(rows), len([]rune(rows[0])), tt.rows, tt.columns)
		}
	}
}
