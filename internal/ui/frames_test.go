package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// scenes are the states that a screen can be in, each set up by what happens
// on the way there.
var scenes = []struct {
	name  string
	names []string
	demo  bool
	play  func(s *stage)
}{
	{name: "dialing", play: func(s *stage) {
		s.status(Status{State: link.Dialing, Since: noon, Detail: "127.0.0.1:7070"})
	}},
	{name: "live", play: func(s *stage) {
		busy(s)
	}},
	{name: "live_demo", demo: true, play: func(s *stage) {
		s.status(live())
		s.lines(requests(3)...)
	}},
	{name: "live_no_line", play: func(s *stage) {
		st := live()
		st.LastData = noon.Add(-time.Second)
		s.status(st)
	}},
	{name: "quiet", play: func(s *stage) {
		s.status(live())
		s.lines(requests(5)...)
		st := live()
		st.LastData, st.Heard = noon.Add(-252*time.Second), noon.Add(-2*time.Second)
		s.status(st)
	}},
	{name: "quiet_no_line", play: func(s *stage) {
		st := live()
		st.LastData, st.Size, st.Bytes = time.Time{}, 0, 0
		s.status(st)
	}},
	{name: "quiet_before_us", play: func(s *stage) {
		st := live()
		st.Opened, st.LastData = noon.Add(-time.Second), noon.Add(-72*time.Hour)
		s.give(0, Update{Status: st, Items: []Item{old(strings.Join(requests(5), "\n") + "\n")}})
		s.pass(time.Second)
	}},
	{name: "no_log", play: func(s *stage) {
		s.status(noLog(wire.KindRemoved))
	}},
	{name: "no_log_any_more", play: func(s *stage) {
		busy(s)
		st := live()
		st.Gone, st.GoneSince = wire.KindRemoved, noon
		s.give(0, Update{Status: st, Items: []Item{{Kind: ItemEvent, At: noon, Event: wire.Event{Kind: wire.KindRemoved}}}})
	}},
	{name: "no_access", play: func(s *stage) {
		s.status(noLog(wire.KindDenied))
	}},
	{name: "dialing_mute", play: func(s *stage) {
		s.status(Status{State: link.Dialing, Since: noon, Addr: "web-1:7070", Reached: true, GiveUpAt: noon.Add(10 * time.Second)})
		s.pass(3 * time.Second)
	}},
	{name: "no_contact", play: func(s *stage) {
		busy(s)
		st := live()
		st.State, st.Heard = link.Stalled, noon.Add(-9*time.Second)
		s.status(st)
	}},
	{name: "no_contact_unnoticed", play: func(s *stage) {
		st := live()
		st.Heard = noon.Add(-12 * time.Second)
		s.status(st)
		s.lines(requests(2)...)
	}},
	{name: "retry", play: func(s *stage) {
		busy(s)
		s.status(retry())
	}},
	{name: "retry_no_line", play: func(s *stage) {
		s.status(retry())
	}},
	{name: "frozen", play: func(s *stage) {
		busy(s)
		s.press("k", "k")
		s.lines(requests(1234)...)
	}},
	{name: "frozen_no_contact", play: func(s *stage) {
		busy(s)
		s.press("p")
		s.lines(requests(1234)...)
		st := live()
		st.State, st.Heard = link.Stalled, noon.Add(-9*time.Second)
		s.status(st)
	}},
	{name: "frozen_retry", play: func(s *stage) {
		busy(s)
		s.press("b")
		s.status(retry())
	}},
	{name: "closing", play: func(s *stage) {
		busy(s)
		st := live()
		st.State = link.Closing
		s.status(st)
	}},
	{name: "leaving", play: func(s *stage) {
		busy(s)
		s.press("q")
	}},
	{name: "closed_shutdown", play: func(s *stage) {
		busy(s)
		s.give(0, Update{Closed: true, Status: Status{
			State: link.Closed, Reason: wire.ReasonShutdown, Detail: "the server is stopping", Hint: "start it again",
		}})
	}},
	{name: "closed_refused", play: func(s *stage) {
		s.give(0, Update{Closed: true, Status: Status{
			State: link.Closed, Detail: "404 no such log: \"aap.log\"", Hint: "list the logs with curl http://web-1:7070/",
		}})
	}},
	{name: "closed_complete", play: func(s *stage) {
		s.status(live())
		s.lines(requests(3)...)
		s.give(0, Update{Closed: true, Status: Status{State: link.Closed, Reason: wire.ReasonComplete}})
	}},
	{name: "several", names: []string{"web-1:7070/app.log", "web-2:7070/app.log", "db:7070/pg.log"}, play: func(s *stage) {
		busy(s)
		s.give(1, Update{Status: live()})
		st := live()
		st.State, st.Heard = link.Stalled, noon.Add(-31*time.Second)
		s.give(2, Update{Status: st})
	}},
	{name: "rules", play: func(s *stage) {
		lost := int64(1234)
		st := live()
		s.give(0, Update{Status: st, Items: []Item{
			data("before the rotation\n"),
			{Kind: ItemEvent, At: noon, Event: wire.Event{Kind: wire.KindRotated}},
			data("an unfinished"),
			{Kind: ItemResumed, At: noon, Resumed: Resumed{Away: 4200 * time.Millisecond, Attempts: 3, CaughtUp: 12700, Met: wire.MetContinued}},
			data(" line\n"),
			{Kind: ItemEvent, At: noon, Event: wire.Event{Kind: wire.KindGap, Lost: &lost, Detail: "the old file was removed before it was read"}},
			data("after the gap\n"),
		}})
		s.send(markMsg{at: noon})
	}},
	{name: "sideways", play: func(s *stage) {
		s.status(live())
		s.lines("short", strings.Repeat("0123456789", 30), "wide 世界 "+strings.Repeat("世界", 60))
		s.size(40, 8)
		s.press("l", "l")
	}},
	{name: "wrapped", play: func(s *stage) {
		s.status(live())
		s.lines("short", strings.Repeat("0123456789", 30), "end")
		s.press("w")
	}},
	{name: "hostile", play: func(s *stage) {
		s.status(live())
		s.lines("\x1b]0;owned\x07\x1b[2J bell\a", "over\rwritten", "dos\r", "\xff\xfe", "a\tb")
	}},
	{name: "interrupted", play: func(s *stage) {
		busy(s)
		s.press("ctrl+c")
	}},
	{name: "details", play: func(s *stage) {
		busy(s)
		s.press("i")
	}},
	{name: "help", play: func(s *stage) {
		busy(s)
		s.press("?")
	}},
}

// busy makes a live log that was in use for a while.
func busy(s *stage) {
	s.status(live())
	for i, n := range []int{5, 80, 20, 300, 120, 700, 40, 1, 90} {
		s.at = noon.Add(time.Duration(i-9) * time.Second)
		s.lines(requests(n)...)
	}
	s.at = noon
	s.status(live())
}

// noLog is a live stream of a log that there is not, or that may not be read.
func noLog(gone wire.Kind) Status {
	st := live()
	st.LastData, st.Size, st.Bytes = time.Time{}, -1, 0
	st.Gone, st.GoneSince, st.Heard = gone, noon.Add(-time.Minute), noon.Add(-2*time.Second)
	return st
}

func retry() Status {
	return Status{
		State: link.Waiting, Since: noon.Add(-time.Second), Attempt: 3, RetryAt: noon.Add(3500 * time.Millisecond),
		Detail: "dial tcp 127.0.0.1:7070: connection refused", Hint: "is tailsrv running there?",
	}
}

func requests(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("12:00:%02d INFO GET /orders/%d 200 %dms", i%60, 1000+i, 3+i%40)
	}
	return out
}

// heightOf is how many rows a scene is looked at with.
func heightOf(name string) int {
	switch name {
	case "help", "details":
		return 40
	}
	return 10
}

func TestFrames_everyState(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			golden(t, sc.name, setScene(t, sc.names, Options{Demo: sc.demo}, sc.play), heightOf(sc.name))
		})
	}
}

func setScene(t *testing.T, names []string, opt Options, play func(*stage)) *stage {
	if names == nil {
		names = []string{"web-1:7070/app.log"}
	}
	s := newStage(t, opt, names...)
	play(s)
	return s
}

// TestFrames_asciiSaysTheSame: with ASCII glyphs every state is drawn with
// ASCII alone, and with the same words.
func TestFrames_asciiSaysTheSame(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			plain := setScene(t, sc.names, Options{}, sc.play)
			ascii := setScene(t, sc.names, Options{ASCII: true}, sc.play)
			for _, w := range widths {
				plain.size(w, 24)
				ascii.size(w, 24)
				got := strings.Map(func(r rune) rune {
					if strings.ContainsRune("世界", r) {
						return -1 // the log's own
					}
					return r
				}, ascii.m.View())
				if i := strings.IndexFunc(got, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
					t.Errorf("at %d columns: %q", w, got[i:min(i+20, len(got))])
				}
			}
			word := ascii.m.scribe.standingOf(ascii.m.pane().status, ascii.m.clock).word
			if !strings.Contains(plain.stateLine(), word) && !plain.m.isLeaving {
				t.Errorf("%q is not in %q", word, plain.stateLine())
			}
		})
	}
}

// TestFrames_colorAddsNothing: without its colours each frame is the plain one,
// and no row's colours reach the next row.
func TestFrames_colorAddsNothing(t *testing.T) {
	lipgloss.SetColorProfile(termenv.ANSI)
	t.Cleanup(func() { lipgloss.SetColorProfile(termenv.Ascii) })
	colored := false
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			plain := setScene(t, sc.names, Options{}, sc.play)
			color := setScene(t, sc.names, Options{Styles: screen.Colors()}, sc.play)
			for _, w := range widths {
				plain.size(w, 24)
				color.size(w, 24)
				want, got := strings.Split(plain.m.View(), "\n"), strings.Split(color.m.View(), "\n")
				for i := range want {
					colored = colored || strings.Contains(got[i], "\x1b[")
					if a, b := strings.TrimRight(ansi.Strip(got[i]), " "), strings.TrimRight(want[i], " "); a != b {
						t.Errorf("at %d columns: %q, plain %q", w, a, b)
					}
					if j := strings.LastIndex(got[i], "\x1b["); j >= 0 && !strings.HasPrefix(got[i][j:], "\x1b[0m") && !strings.HasPrefix(got[i][j:], "\x1b[m") {
						t.Errorf("at %d columns a row ends in colour: %q", w, got[i])
					}
				}
			}
		})
	}
	if !colored {
		t.Error("nothing was coloured: nothing was tried")
	}
}

// TestFrames_neverWrap: whatever the width, each row fits and the state's word
// is there as soon as there is room for it.
func TestFrames_neverWrap(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			s := setScene(t, sc.names, Options{Demo: true}, sc.play)
			for w := 1; w <= 210; w += 1 + w/20 {
				for _, h := range []int{1, 2, 5, 9} {
					s.size(w, h)
					rows := strings.Split(s.m.View(), "\n")
					if len(rows) != h {
						t.Fatalf("%dx%d: %d rows", w, h, len(rows))
					}
					for _, r := range rows {
						if got := text.Width(r); got > w {
							t.Fatalf("%dx%d: a row of %d cells: %q", w, h, got, r)
						}
					}
				}
				if word := s.m.scribe.standingOf(s.m.pane().status, s.m.clock).badge(); w >= 32 && !s.m.isLeaving && !strings.Contains(s.stateLine(), word) {
					t.Fatalf("at %d columns %q does not say %q", w, s.stateLine(), word)
				}
			}
		})
	}
}

func BenchmarkView_200x52(b *testing.B) {
	for _, bb := range []struct {
		name string
		line string
		wrap bool
	}{
		{"short", "12:00:00 INFO GET /orders/1000 200 3ms user=4711 region=eu-west-1", false},
		{"colored", "12:00:00 \x1b[32mINFO\x1b[0m GET /orders/1000 \x1b[1m200\x1b[0m 3ms 世界", false},
		{"long", strings.Repeat("0123456789", 6000), false},
		{"wrapped", strings.Repeat("0123456789 ", 60), true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			m := New(b.Context(), Options{Sources: []NamedSource{{Name: "app.log", Source: newFakeSource()}}, Styles: screen.Colors()})
			next, _ := m.Update(tea.WindowSizeMsg{Width: 200, Height: 52})
			m = next.(Model)
			m.wrap = bb.wrap
			m.pane().store.write([]byte(strings.Repeat(bb.line+"\n", 1000)))
			b.ReportAllocs()
			for b.Loop() {
				_ = m.View()
			}
		})
	}
}
