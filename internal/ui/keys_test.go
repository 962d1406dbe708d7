package ui

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// state is what a key press may change, for comparing.
func state(s *stage) any {
	p := s.m.pane()
	return []any{s.m.mode, s.m.overlayTop, s.m.shown, s.m.wrap, s.m.prefix, s.m.notice, s.m.isLeaving, p.window, p.store.end()}
}

// TestKeys_everyRowActs feeds each key of the table to a screen in which it
// has something to do: the state changes, or a command comes.
func TestKeys_everyRowActs(t *testing.T) {
	for _, mode := range []screen.Mode{modeLog, modeHelp, modeDetails} {
		for _, b := range newKeys(3) {
			if b.Modes&mode == 0 {
				continue
			}
			for _, k := range b.Keys() {
				s := newStage(t, Options{}, "a.log", "b.log", "c.log")
				s.size(80, 8)
				s.status(Status{State: link.Waiting})
				for range 100 {
					s.lines(strings.Repeat("long ", 100))
				}
				s.press("b", "b", "l", "l")
				if k == "1" {
					s.press("2")
				}
				s.m.mode, s.m.overlayTop = mode, 5
				before := state(s)
				var cmds []tea.Cmd
				for _, part := range strings.Split(k, ",") {
					cmds = append(cmds, s.press(part))
				}
				acted := !reflect.DeepEqual(before, state(s)) || slices.ContainsFunc(cmds, func(c tea.Cmd) bool { return c != nil })
				if !acted {
					t.Errorf("mode %d: %q (%s) does nothing", mode, k, b.Help().Desc)
				}
			}
		}
	}
}

// TestKeys_noRowHidesAnother: in no mode has a key two meanings.
func TestKeys_noRowHidesAnother(t *testing.T) {
	for _, mode := range []screen.Mode{modeLog, modeHelp, modeDetails} {
		seen := map[string]string{}
		for _, b := range newKeys(3) {
			for _, k := range b.Keys() {
				if b.Modes&mode == 0 {
					continue
				}
				if other, ok := seen[k]; ok {
					t.Errorf("mode %d: %q is both %q and %q", mode, k, other, b.Help().Desc)
				}
				seen[k] = b.Help().Desc
			}
		}
	}
}

// TestHelp_isTheTable: what the table has is explained, and fits.
func TestHelp_isTheTable(t *testing.T) {
	s := newStage(t, Options{}, "a.log", "b.log")
	for _, w := range widths {
		s.size(w, 60)
		s.m.mode = modeHelp
		help := s.m.View()
		for _, b := range s.m.keys {
			h := b.Help()
			if h.Key != "" && !(strings.Contains(help, h.Key) && strings.Contains(help, h.Desc)) {
				t.Errorf("at %d columns the help has no %q, %q", w, h.Key, h.Desc)
			}
			if text.Width(h.Desc) > 24 {
				t.Errorf("%q is too long for two columns at 80, and for one at 40", h.Desc)
			}
		}
	}
	one := newStage(t, Options{}, "a.log")
	one.m.mode = modeHelp
	one.size(200, 60)
	if strings.Contains(one.m.View(), "Tab") {
		t.Error("keys that are of no use are explained")
	}
}

func TestHelp_scrollsOnSmallScreens(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.size(40, 8)
	s.press("?")
	seen := ""
	for range 60 {
		seen += s.m.View()
		s.press("j")
	}
	if !strings.Contains(seen, "freeze; twice: quit") {
		t.Error("the last row of the help is out of reach")
	}
	if last := s.m.View(); !strings.Contains(last, "100%") || !strings.Contains(last, "freeze; twice: quit") {
		t.Errorf("the help can be scrolled beyond its end:\n%s", last)
	}
	end := s.m.View()
	s.press("k")
	if s.m.View() == end {
		t.Error("the help was scrolled on, out of sight")
	}
	s.press("g")
	if !strings.Contains(s.m.View(), "Follow") {
		t.Error("g does not go to the top of the help")
	}
}

// TestKeys_overlaysScrollLikeTheLog: the keys that move in the log move in what
// is laid over it, and the footer names them.
func TestKeys_overlaysScrollLikeTheLog(t *testing.T) {
	for _, overlay := range []string{"?", "i"} {
		s := newStage(t, Options{}, "a.log")
		s.size(60, 10)
		s.status(live())
		s.press(overlay)
		end := s.m.overlayEnd()
		page := s.m.bodyHeight() - 1
		for _, tt := range []struct {
			keys     string // each from the middle
			from, to int
		}{
			{"G end >", 1, end}, {"F", 1, end}, {"g home <", end, 0},
			{"j down", 1, 2}, {"k up", 2, 1},
			{"space f pgdown ctrl+f", 1, min(1+page, end)}, {"b pgup ctrl+b", end, max(end-page, 0)},
			{"d ctrl+d", 1, min(1+page/2, end)}, {"u ctrl+u", end, end - page/2},
		} {
			for _, k := range strings.Fields(tt.keys) {
				s.m.overlayTop = tt.from
				if k == "space" {
					k = " "
				}
				if s.press(k); s.m.overlayTop != tt.to || s.m.mode == modeLog {
					t.Errorf("%s %q: from row %d to %d, want %d", overlay, k, tt.from, s.m.overlayTop, tt.to)
				}
			}
		}
		if footer := s.m.footer(); !strings.Contains(footer, "Esc close  j down  k up  Space page  g top  G end") {
			t.Errorf("the footer says %q", footer)
		}
	}
}

// TestKeys_escapeAndAKeySoonAfter: the terminal makes one key with alt of them.
func TestKeys_escapeAndAKeySoonAfter(t *testing.T) {
	alt := func(k tea.KeyMsg) tea.KeyMsg { k.Alt = true; return k }
	s := newStage(t, Options{}, "a.log")
	s.status(live())
	s.lines(requests(100)...)
	s.press("u")
	want := s.body()
	s.press("G", "?")
	s.send(alt(keyMsg("u")))
	if got := s.body(); s.m.mode != modeLog || !slices.Equal(got, want) {
		t.Errorf("mode %d, shows %q", s.m.mode, got)
	}
	s.press("G", "i")
	s.send(alt(keyMsg("pgup")))
	if !s.m.pane().window.frozen || s.m.mode != modeLog {
		t.Errorf("mode %d, frozen %v", s.m.mode, s.m.pane().window.frozen)
	}
	s.press("?")
	if cmd := s.send(alt(keyMsg("q"))); !isQuit(cmd) {
		t.Error("Esc and q do not quit")
	}
}

func TestKeys_altOfItsOwn(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.m.keys = append(s.m.keys, screen.Row(groupScreen, modeAny, "alt+x", "", "", to(modeDetails)))
	s.press("?")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x"), Alt: true})
	if s.m.mode != modeDetails {
		t.Errorf("a binding with alt is not found: mode %d", s.m.mode)
	}
}

func TestKeys_batchedByASlowLine(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.status(live())
	s.lines(requests(100)...)
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("kkk")})
	batched := s.body()
	s.press("G", "k", "k", "k")
	if got := s.body(); !slices.Equal(got, batched) {
		t.Errorf("kkk at once shows %q, one by one %q", batched, got)
	}
	cmd := s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("quit"), Paste: true})
	if cmd != nil || s.m.isLeaving {
		t.Error("pasted text is taken for keys")
	}
}

// isQuit runs a command and reports whether it ends the program.
func isQuit(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		return slices.ContainsFunc(msg, isQuit)
	}
	return false
}

func TestKeys_leaving(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"Q"}, {"Z", "Z"}, {"?", "Q"}, {"i", "Z", "Z"}, {"ctrl+c", "ctrl+c"}, {"k", "ctrl+c", "ctrl+c"}} {
		s := newStage(t, Options{}, "a.log")
		s.status(live())
		s.lines(requests(100)...)
		for i, k := range keys {
			if s.m.isLeaving {
				t.Fatalf("%q leaves after %d keys", keys, i)
			}
			cmd := s.press(k)
			if last := i == len(keys)-1; last && !isQuit(cmd) {
				t.Errorf("%q does not quit", keys)
			}
		}
		if !strings.Contains(s.stateLine(), "CLOSING") {
			t.Errorf("%q: the last frame says %q", keys, s.stateLine())
		}
	}
}

func TestKeys_stayingHere(t *testing.T) {
	for _, keys := range [][]string{{"esc"}, {"?", "esc"}, {"?", "q"}, {"i", "q"}, {"i", "?", "esc", "esc"}, {"Z", "j"}, {"Z"}, {"x"}, {"f12"}} {
		s := newStage(t, Options{}, "a.log")
		s.press(keys...)
		if s.m.isLeaving || s.m.mode != modeLog {
			t.Errorf("%q: leaving %v, mode %d", keys, s.m.isLeaving, s.m.mode)
		}
	}
}

func TestKeys_interruptTwiceButSlowly(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.status(live())
	s.press("ctrl+c")
	if !s.m.pane().window.frozen || !strings.Contains(s.m.View(), "q quits") {
		t.Errorf("the first ^C does not freeze and say how to quit:\n%s", s.m.View())
	}
	s.send(noticeOverMsg{generation: s.m.notice.generation - 1})
	if !s.m.notice.armed {
		t.Error("the end of an older notice takes this one away")
	}
	s.send(noticeOverMsg{generation: s.m.notice.generation})
	s.press("ctrl+c")
	if s.m.isLeaving {
		t.Error("a second ^C long after the first quits")
	}
}

func TestKeys_redialOnlyWhenNotLive(t *testing.T) {
	for _, tt := range []struct {
		name string
		st   Status
		want int
	}{
		{"waiting", retry(), 1},
		{"stalled", Status{State: link.Stalled}, 1},
		{"silent", Status{State: link.Live, Heard: noon.Add(-time.Minute), Heartbeat: time.Second}, 1},
		{"live", live(), 0},
		{"closed", Status{State: link.Closed}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, Options{}, "a.log")
			s.status(tt.st)
			cmd := s.press("R")
			if tt.want == 0 {
				if s.m.notice.text == "" {
					t.Error("nothing says why not")
				}
				return
			}
			if msg := cmd(); msg != nil {
				t.Errorf("gives %v", msg)
			}
			if got := s.sources[0].redials; got != tt.want {
				t.Errorf("%d redials, want %d", got, tt.want)
			}
		})
	}
}

func TestKeys_mark(t *testing.T) {
	for _, k := range []string{"m", "enter"} {
		s := newStage(t, Options{}, "a.log")
		s.status(live())
		s.lines("before")
		s.at = noon.Add(time.Minute)
		s.send(s.press(k)())
		s.lines("after")
		if got := s.body()[:3]; got[0] != "before" || !strings.HasPrefix(got[1], "── mark 2026-11-22 12:01:00 ──") || got[2] != "after" {
			t.Errorf("%q: got %q", k, got)
		}
	}
}

func TestSources_switching(t *testing.T) {
	s := newStage(t, Options{}, "a.log", "b.log", "c.log")
	for i, name := range []string{"a", "b", "c"} {
		s.give(i, Update{Status: live(), Items: []Item{data("line of " + name + "\n")}})
	}
	for _, tt := range []struct{ key, want string }{{"tab", "b"}, {"tab", "c"}, {"tab", "a"}, {"shift+tab", "c"}, {"2", "b"}, {"9", "b"}, {"1", "a"}} {
		s.press(tt.key)
		if got := s.body()[0]; got != "line of "+tt.want {
			t.Errorf("%q shows %q, want that of %s", tt.key, got, tt.want)
		}
	}
}
