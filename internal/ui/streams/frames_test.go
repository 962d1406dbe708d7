package streams

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// scenes are the states that the screen can be in, each set up by what happens on
// the way there.
var scenes = []struct {
	name string
	word string // that the state line has
	tall bool
	play func(s *stage)
}{
	{name: "dialing", word: "DIALING", play: func(s *stage) { s.pass(3 * time.Second) }},
	{name: "retry", word: "RETRY", play: func(s *stage) {
		s.give(Update{Problem: "web-1:7070 refuses the connection", Hint: "is tailsrv running there, on that port?", Failed: 3, RetryAt: noon.Add(3500 * time.Millisecond), Every: time.Second})
	}},
	{name: "closed", word: "CLOSED", play: func(s *stage) {
		s.give(Update{Problem: "web-1:7070 sends an HTML page (text/html) instead of a stream", Hint: "is that tailsrv? give the port of tailsrv, 7070 by default", Closed: true})
	}},
	{name: "live", word: "LIVE", play: busy},
	{name: "live_first", word: "LIVE", play: func(s *stage) { s.answer(someLive(), someEnded()) }},
	{name: "live_chosen", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("j", "j")
	}},
	{name: "live_by_rate", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("s", "s")
	}},
	{name: "live_by_log_reversed", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("<", "<", "<", "r")
	}},
	{name: "live_by_id", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("<", "<", "<", "<")
	}},
	{name: "live_many", word: "LIVE", play: func(s *stage) {
		s.answer(many(2000), nil)
		s.press("G", "k", "k")
	}},
	{name: "ended", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("tab")
	}},
	{name: "none_live", word: "LIVE", play: func(s *stage) { s.answer(nil, someEnded()) }},
	{name: "none_ended", word: "LIVE", play: func(s *stage) {
		s.answer(someLive(), nil)
		s.press("e")
	}},
	{name: "filtering", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("/", "l", "o", "g")
	}},
	{name: "filtered", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("/", "a", "p", "p", "enter")
	}},
	{name: "filtered_all", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("/", "z", "z", "enter")
	}},
	{name: "asked", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("j", "x")
	}},
	{name: "ending_ended", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.send(endedMsg{name: "app.log to 10.0.0.7", outcome: Outcome{Result: Ended}})
	}},
	{name: "ending_gone", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.send(endedMsg{name: "app.log to 10.0.0.7", outcome: Outcome{Result: Gone, Detail: "no live stream has this id"}})
	}},
	{name: "ending_refused", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.send(endedMsg{name: "app.log to 10.0.0.7", outcome: Outcome{Result: Refused, Detail: "only from the server's own machine may others' streams be ended",
			Hint: "ask there, as by ssh, or with the whole id, which the stream's own client has"}})
	}},
	{name: "ending_unknown", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.send(endedMsg{name: "app.log to 10.0.0.7", outcome: Outcome{Result: Unknown, Detail: "web-1:7070 took the connection and gave no answer within 10s"}})
	}},
	{name: "ending_unasked", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.send(endedMsg{name: "app.log to 10.0.0.7", outcome: Outcome{Result: Unasked, Detail: "web-1:7070 refuses the connection",
			Hint: "it was there before: was it stopped, or the way to it cut?"}})
	}},
	{name: "no_contact", word: "NO CONTACT", play: func(s *stage) {
		busy(s)
		away(s, false)
	}},
	{name: "no_contact_unnoticed", word: "NO CONTACT", play: func(s *stage) {
		busy(s)
		s.pass(3500 * time.Millisecond)
	}},
	{name: "refused", word: "REFUSED", play: func(s *stage) {
		busy(s)
		away(s, true)
	}},
	{name: "paused", word: "PAUSED", play: func(s *stage) {
		busy(s)
		s.press("p")
		s.pass(72 * time.Second)
	}},
	{name: "hostile", word: "LIVE", play: func(s *stage) {
		s.answer(hostile(), hostile())
	}},
	{name: "details", word: "LIVE", tall: true, play: func(s *stage) {
		busy(s)
		s.press("enter")
	}},
	{name: "details_raw", word: "LIVE", tall: true, play: func(s *stage) {
		busy(s)
		s.press("j", "j", "enter")
	}},
	{name: "details_silent", word: "LIVE", tall: true, play: func(s *stage) {
		busy(s)
		s.press("j", "j", "j", "enter")
	}},
	{name: "details_ended", word: "LIVE", tall: true, play: func(s *stage) {
		busy(s)
		s.press("e", "j", "enter")
	}},
	{name: "details_forgotten", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("enter")
		s.at = noon.Add(time.Second)
		s.answer(someLive()[1:], nil)
	}},
	{name: "details_asked", word: "LIVE", play: func(s *stage) {
		busy(s)
		s.press("enter", "x")
	}},
	{name: "help", word: "LIVE", tall: true, play: func(s *stage) {
		busy(s)
		s.press("?")
	}},
}

// many is so many live streams.
func many(n int) []wire.StreamInfo {
	out := make([]wire.StreamInfo, n)
	for i := range out {
		out[i] = wire.StreamInfo{
			ID: fmt.Sprintf("%08x", i), Log: fmt.Sprintf("service-%d/app-%d.log", i%40, i), Client: fmt.Sprintf("10.0.%d.%d", i/250, i%250),
			As: []string{"frames", "raw", "sse", "ndjson"}[i%4], Opened: noon.Add(-time.Duration(n-i) * time.Minute), Bytes: int64(i*7919) % 1_000_003,
			Lag: int64(i*31) % 977, IdleMS: int64(i*17) % 60_000, LastHeardMS: int64(i*13) % 15_000, State: wire.StateStreaming,
			TCP: "established", RTTUS: int64(i*37) % 90_000, ContactMS: ptr(int64(i) % 9000), Behind: ptr(int64(i*101) % 100_000),
		}
	}
	return out
}

// hostile is streams of a server that means harm.
func hostile() []wire.StreamInfo {
	const attack = "\x1b]0;owned\x07\x1b[2J\r\n\u202egol\u200b\u009b31m\x00"
	all := wire.StreamInfo{
		ID: attack, Log: attack + strings.Repeat("x", 5000), Client: attack, As: attack, State: wire.State(attack), TCP: attack, Acked: attack,
		Reason: wire.Reason(attack), Detail: attack + strings.Repeat("世", 3000),
		Bytes: 1<<63 - 1, Lag: -1 << 63, IdleMS: 1<<63 - 1, LastHeardMS: -1, RTTUS: 1<<63 - 1, Unacked: -5, StuckMS: 1<<63 - 1, LeaseMS: 1<<63 - 1, AckedMS: 1<<63 - 1,
		Behind: ptr[int64](-1 << 63), ContactMS: ptr[int64](1<<63 - 1), ReclaimMS: ptr(1e308), Opened: time.Unix(-1<<40, 0),
	}
	wide := all
	wide.ID, wide.Log, wide.Client, wide.As = "世界世界", strings.Repeat("世界", 100)+".log", "e\u0301\u0301", "\xff\xfe"
	wide.Opened, wide.Ended, wide.ReclaimMS = time.Unix(1<<40, 0), ptr(time.Unix(1<<40, 0)), ptr(-1e308)
	return []wire.StreamInfo{all, wide, {}, {}, all}
}

// heightOf is how many rows a scene is looked at with.
func heightOf(tall bool) int {
	if tall {
		return 44
	}
	return 14
}

func setScene(t *testing.T, opt Options, play func(*stage)) *stage {
	s := newStage(t, opt)
	play(s)
	return s
}

func TestFrames_everyState(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			compareFrames(t, sc.name, setScene(t, Options{}, sc.play), heightOf(sc.tall))
		})
	}
}

// TestFrames_asciiSaysTheSame: with ASCII glyphs every state is drawn with ASCII
// alone, but for what is printable in names, and with the same words.
func TestFrames_asciiSaysTheSame(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			s := setScene(t, Options{ASCII: true}, sc.play)
			for _, w := range widths {
				s.size(w, heightOf(sc.tall))
				got := strings.NewReplacer("世", "", "界", "", "é", "", "e\u0301\u0301", "").Replace(s.m.View())
				if i := strings.IndexFunc(got, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
					t.Errorf("at %d columns: %q", w, got[i:min(i+20, len(got))])
				}
				if !strings.Contains(s.stateLine(), sc.word) {
					t.Errorf("at %d columns %q does not say %q", w, s.stateLine(), sc.word)
				}
			}
			if sc.name == "live" {
				compareFrames(t, "ascii_live", s, heightOf(sc.tall))
			}
		})
	}
}

// TestFrames_colorAddsNothing: without its colours each frame is the plain one,
// and no row's colours reach the next row.
func TestFrames_colorAddsNothing(t *testing.T) {
	lipgloss.SetColorProfile(termenv.ANSI)
	t.Cleanup(func() { lipgloss.SetColorProfile(termenv.Ascii) })
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			plain, color := setScene(t, Options{}, sc.play), setScene(t, Options{Styles: screen.Colors()}, sc.play)
			for _, w := range widths {
				plain.size(w, 24)
				color.size(w, 24)
				want, got := strings.Split(plain.m.View(), "\n"), strings.Split(color.m.View(), "\n")
				if !strings.Contains(got[0], "\x1b[") {
					t.Errorf("at %d columns the state has no colour: %q", w, got[0])
				}
				for i := range want {
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
}

// TestFrames_neverWrap: whatever the size, the frame is exactly as high, each row
// fits, and the state's word is there as soon as there is room for it.
func TestFrames_neverWrap(t *testing.T) {
	for _, sc := range scenes {
		t.Run(sc.name, func(t *testing.T) {
			s := setScene(t, Options{}, sc.play)
			for w := 1; w <= 210; w += 1 + w/20 {
				for _, h := range []int{1, 2, 3, 4, 5, 7, 8, 9, 25} {
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
					asksAlone := h == 1 && s.m.mode == modeAsk
					if w >= 16 && !asksAlone && !strings.Contains(rows[0], sc.word) {
						t.Fatalf("at %d columns %q does not say %q", w, rows[0], sc.word)
					}
				}
			}
		})
	}
}

// TestFrames_nothingLive: no control or invisible character of a server gets to
// the terminal, whatever is looked at, on the screen or in a pipe.
func TestFrames_nothingLive(t *testing.T) {
	unsafe := func(r rune) bool {
		return r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u200b'
	}
	const attack = "\x1b]52;c;eA==\x07\u202e\r"
	for _, ascii := range []bool{false, true} {
		s := newStage(t, Options{Name: attack, ASCII: ascii})
		s.answer(hostile(), hostile())
		look := func(what string) {
			t.Helper()
			for _, w := range []int{30, 80, 300, 6000} {
				s.size(w, 60)
				if view := s.m.View(); strings.ContainsFunc(view, unsafe) {
					i := strings.IndexFunc(view, unsafe)
					t.Fatalf("%s at %d columns: %q", what, w, view[max(0, i-20):min(len(view), i+20)])
				}
			}
		}
		for range 2 {
			look("the table")
			for range len(s.m.table().order) {
				s.press("enter")
				look("details")
				s.press("esc", "x")
				look("the question")
				s.press("n", "j")
			}
			for range len(s.m.table().columns) {
				s.press("s")
				look("another order")
			}
			s.press("/")
			s.send(keyMsg("filter \u202e\x1b"))
			look("a filter")
			s.press("enter")
			look("a filtered table")
			s.press("esc", "tab")
		}
		for _, result := range []Result{Ended, Gone, Refused, Unknown, Unasked} {
			s.send(endedMsg{name: (&row{log: s.m.plain(attack), client: s.m.plain(attack)}).name(), outcome: Outcome{Result: result, Detail: attack, Hint: attack}})
			look("an outcome")
		}
		s.give(Update{Problem: attack, Hint: attack, Closed: true})
		look("a failure")
		if out := Text(answerAt(noon, hostile(), hostile()), ascii); strings.ContainsFunc(out, unsafe) {
			t.Errorf("the text has %q", out)
		}
	}
}
