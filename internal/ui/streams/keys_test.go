package streams

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

var modes = []screen.Mode{modeTable, modeDetails, modeHelp, modeFilter, modeAsk}

// state is what a key press may change, for comparing.
func state(s *stage) any {
	m := s.m
	return []any{m.mode, m.overlayTop, m.shown, m.filter, m.typed, m.prefix, m.isPaused, m.notice, m.table().at, m.table().by, m.table().turned, m.table().pinned}
}

// TestKeys_everyRowActs feeds each key of the table to a screen in which it has
// something to do: the state changes, or a command comes.
func TestKeys_everyRowActs(t *testing.T) {
	for _, mode := range modes {
		for _, b := range newKeys() {
			if b.Modes&mode == 0 {
				continue
			}
			for _, k := range b.Keys() {
				s := newStage(t, Options{})
				s.size(40, 8)
				s.answer(many(100), nil)
				s.press("f", "f", "/", "a", "p", "enter")
				switch mode {
				case modeDetails:
					s.press("enter", "j")
				case modeHelp:
					s.press("?", "j")
				case modeFilter:
					s.press("/", "a")
				case modeAsk:
					s.press("x")
				}
				if s.m.mode != mode {
					t.Fatalf("mode %d is not reached", mode)
				}
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
	for _, mode := range modes {
		seen := map[string]string{}
		for _, b := range newKeys() {
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
	s := newStage(t, Options{})
	s.press("?")
	for _, w := range widths {
		s.size(w, 60)
		help := s.m.View()
		for _, b := range newKeys() {
			h := b.Help()
			if h.Key != "" && !(strings.Contains(help, h.Key) && strings.Contains(help, h.Desc)) {
				t.Errorf("at %d columns the help has no %q, %q", w, h.Key, h.Desc)
			}
			if text.Width(h.Desc) > 24 {
				t.Errorf("%q is too long for one column at 40", h.Desc)
			}
		}
	}
}

// TestKeys_areInTheReadme: the README's key table is the key map, row by row.
func TestKeys_areInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| key | does |\n|---|---|\n")
	for _, g := range groups {
		for _, b := range newKeys() {
			if h := b.Help(); b.Group == g && h.Key != "" {
				fmt.Fprintf(&want, "| `%s` | %s |\n", h.Key, h.Desc)
			}
		}
	}
	if !strings.Contains(string(readme), want.String()) {
		t.Errorf("README.md lacks the key table of the streams as it is now:\n%s", want.String())
	}
}

// TestKeys_pastedTextIsNoKeys: not in the table, and least of all in the question.
func TestKeys_pastedTextIsNoKeys(t *testing.T) {
	paste := func(s string) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(s), Paste: true} }
	s := newStage(t, Options{})
	busy(s)
	if cmd := s.send(paste("xyq")); cmd != nil || s.m.mode != modeTable {
		t.Error("pasted text acts in the table")
	}
	s.press("x")
	if cmd := s.send(paste("y")); cmd != nil || s.m.mode != modeAsk {
		t.Error("pasted text answers the question")
	}
	s.press("n", "/")
	s.send(paste("app"))
	if s.m.filter != "app" {
		t.Errorf("pasted into the filter: %q", s.m.filter)
	}
}

// TestKeys_thatCameTogether: keys that a slow line delivers as one are each pressed,
// and Esc with a key soon after it is not Alt.
func TestKeys_thatCameTogether(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.send(keyMsg("jjj"))
	if s.m.table().at != 3 {
		t.Errorf("after jjj row %d", s.m.table().at)
	}
	s.press("?")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("k"), Alt: true})
	if s.m.mode != modeTable || s.m.table().at != 2 {
		t.Errorf("after Esc and k: mode %d, row %d", s.m.mode, s.m.table().at)
	}
	s.press("/", "a")
	s.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("j"), Alt: true})
	if s.m.mode != modeTable || s.m.filter != "" || s.m.table().at != 3 {
		t.Errorf("after Esc out of the filter and j: mode %d, filter %q, row %d", s.m.mode, s.m.filter, s.m.table().at)
	}
}

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

func TestKeys_quit(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"Q"}, {"Z", "Z"}, {"ctrl+c"}, {"?", "ctrl+c"}, {"?", "q", "q"}, {"enter", "Q"}} {
		s := newStage(t, Options{})
		busy(s)
		if !isQuit(s.press(keys...)) {
			t.Errorf("%q does not quit", keys)
		}
	}
	for _, keys := range [][]string{{"esc"}, {"?", "q"}, {"x", "q"}, {"x", "ctrl+c"}, {"/", "q"}, {"/", "ctrl+c"}} {
		s := newStage(t, Options{})
		busy(s)
		if cmd := s.press(keys...); isQuit(cmd) {
			t.Errorf("%q quits", keys)
		}
	}
}
