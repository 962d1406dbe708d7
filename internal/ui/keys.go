package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// mode is what the body shows, and with that what keys mean.
type mode int

const (
	modeLog     mode = 1 << iota // the lines. ? leads to modeHelp, i to modeDetails
	modeHelp                     // the keys. Esc, q or ? lead back
	modeDetails                  // the connection. Esc, q or i lead back

	modeOverlay = modeHelp | modeDetails
	modeAny     = modeLog | modeOverlay
)

// group is the heading a key stands under in the help.
type group string

const (
	groupFollow group = "Follow"
	groupMove   group = "Move"
	groupSide   group = "Sideways"
	groupLogs   group = "Logs"
	groupScreen group = "Screen"
	groupLeave  group = "Leave"
)

// groups is the order in which the help has them.
var groups = []group{groupFollow, groupMove, groupSide, groupLogs, groupScreen, groupLeave}

// binding is one row of the key table: keys, what the help says of them, and
// what they do.
type binding struct {
	key.Binding
	group group
	modes mode
	hint  string // in a word, for the footer; "" keeps it out of there
	act   func(m Model, pressed string) (Model, tea.Cmd)
}

// row makes a binding. Its keys are apart by blanks, the blank being "space".
func row(g group, in mode, keys, shown, does string, act func(Model, string) (Model, tea.Cmd)) binding {
	names := strings.Fields(keys)
	for i, k := range names {
		if k == "space" {
			names[i] = " "
		}
	}
	return binding{
		Binding: key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, does)),
		group:   g, modes: in, act: act,
	}
}

// hinted gives the row a word for the footer.
func (b binding) hinted(hint string) binding {
	b.hint = hint
	return b
}

// only enables the row where there is use for it.
func (b binding) only(useful bool) binding {
	b.SetEnabled(useful)
	return b
}

// newKeys makes the key table for so many logs. It is dispatcher and help at
// once: a key that is not here does nothing, and one that is here is explained.
// "Z,Z" is a key after another. A row without words belongs to the one before.
func newKeys(logs int) []binding {
	return []binding{
		row(groupFollow, modeLog, "G F end >", "G F End", "go to the end, follow", act(Model.follow)).hinted("follow"),
		row(groupFollow, modeOverlay, "G F end >", "", "", act(Model.goEnd)).hinted("end"),
		row(groupFollow, modeLog, "p =", "p =", "freeze, or follow again", act(Model.toggleFrozen)).hinted("freeze"),
		row(groupFollow, modeLog, "space", "Space", "freeze; then a page down", act(Model.pressSpace)),
		row(groupFollow, modeOverlay, "space", "", "", by(0, 2)).hinted("page"),
		row(groupFollow, modeLog, "m", "m", "draw a time-stamped rule", act(Model.mark)),
		row(groupFollow, modeLog, "enter", "Enter", "same; frozen: line down", act(Model.pressEnter)),

		row(groupMove, modeAny, "k up ctrl+y", "k Up ^Y", "a line up", by(-1, 0)).hinted("up"),
		row(groupMove, modeAny, "j down ctrl+e", "j Down ^E", "a line down", by(1, 0)).hinted("down"),
		row(groupMove, modeAny, "b pgup ctrl+b", "b PgUp ^B", "a page up", by(0, -2)),
		row(groupMove, modeAny, "f pgdown ctrl+f", "f PgDn ^F", "a page down", by(0, 2)),
		row(groupMove, modeAny, "u ctrl+u", "u ^U", "half a page up", by(0, -1)),
		row(groupMove, modeAny, "d ctrl+d", "d ^D", "half a page down", by(0, 1)),
		row(groupMove, modeAny, "g home <", "g Home", "to the oldest line kept", act(Model.goTop)).hinted("top"),

		row(groupSide, modeLog, "h left", "h Left", "half a screen left", act(Model.goLeft)),
		row(groupSide, modeLog, "l right", "l Right", "half a screen right", act(Model.goRight)),
		row(groupSide, modeLog, "0 ^", "0 ^", "to the lines' beginning", act(Model.goLineStart)),
		row(groupSide, modeLog, "$", "$", "to the lines' end", act(Model.goLineEnd)),
		row(groupSide, modeLog, "w", "w", "wrap long lines, or not", act(Model.toggleWrap)).hinted("wrap"),

		row(groupLogs, modeLog, "tab", "Tab", "the next log", act(Model.nextPane)).only(logs > 1),
		row(groupLogs, modeLog, "shift+tab", "Shift+Tab", "the log before", act(Model.prevPane)).only(logs > 1),
		row(groupLogs, modeLog, "1 2 3 4 5 6 7 8 9", "1-9", "that log", Model.choosePane).only(logs > 1),
		row(groupLogs, modeLog, "R", "R", "connect now, if not live", act(Model.redial)),

		row(groupScreen, modeLog|modeDetails, "?", "? F1", "this help", to(modeHelp)).hinted("help"),
		row(groupScreen, modeLog|modeDetails, "f1", "", "", to(modeHelp)),
		row(groupScreen, modeHelp, "? f1", "", "", to(modeLog)),
		row(groupScreen, modeLog|modeHelp, "i", "i", "the connection in detail", to(modeDetails)).hinted("details"),
		row(groupScreen, modeDetails, "i", "", "", to(modeLog)),
		row(groupScreen, modeOverlay, "esc q", "Esc q", "close this", to(modeLog)).hinted("close"),
		row(groupScreen, modeLog, "esc", "", "", act(Model.dismiss)),
		row(groupScreen, modeAny, "ctrl+l", "^L", "draw the screen again", act(Model.redraw)),
		row(groupScreen, modeAny, "ctrl+z", "^Z", "suspend", act(Model.suspend)),

		row(groupLeave, modeLog, "q", "q Q ZZ", "close the stream, quit", act(Model.quit)).hinted("quit"),
		row(groupLeave, modeAny, "Q Z,Z", "", "", act(Model.quit)),
		row(groupLeave, modeAny, "ctrl+c", "^C", "freeze; twice: quit", act(Model.interrupt)),
	}
}

// act is an action that does not ask which key it was.
func act(f func(Model) (Model, tea.Cmd)) func(Model, string) (Model, tea.Cmd) {
	return func(m Model, _ string) (Model, tea.Cmd) { return f(m) }
}

// to is the action that changes the mode.
func to(next mode) func(Model, string) (Model, tea.Cmd) {
	return func(m Model, _ string) (Model, tea.Cmd) {
		m.mode, m.overlayTop = next, 0
		return m, nil
	}
}

// by is the action that scrolls by rows and half pages.
func by(rows, halves int) func(Model, string) (Model, tea.Cmd) {
	return func(m Model, _ string) (Model, tea.Cmd) {
		page := max(m.bodyHeight()-1, 1) // a row of the old page stays, to read on from
		return m.scroll(rows + halves*page/2), nil
	}
}

// handleKey dispatches a key press through the table.
func (m Model) handleKey(msg tea.KeyMsg) (Model, tea.Cmd) {
	if msg.Paste {
		return m, nil // text meant for a prompt, which we have none of
	}
	if _, ok := m.lookup(msg.String()); msg.Alt && !ok {
		// Esc and a key soon after come as one key with alt.
		m, closed := m.press("esc")
		msg.Alt = false
		m, cmd := m.handleKey(msg)
		return m, tea.Batch(closed, cmd)
	}
	if msg.Type != tea.KeyRunes || msg.Alt {
		return m.press(msg.String())
	}
	// Keys that were pressed while the line was slow come as one.
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		var cmd tea.Cmd
		m, cmd = m.press(string(r))
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

// press does what one key means, by itself or as part of a sequence.
func (m Model) press(k string) (Model, tea.Cmd) {
	if seq := m.prefix + "," + k; m.prefix != "" {
		m.prefix = ""
		if b, ok := m.lookup(seq); ok {
			return b.act(m, seq)
		}
	}
	if b, ok := m.lookup(k); ok {
		return b.act(m, k)
	}
	if m.isPrefix(k) {
		m.prefix = k
	}
	return m, nil
}

// lookup finds the row that has a key in the current mode.
func (m Model) lookup(k string) (binding, bool) {
	i := slices.IndexFunc(m.keys, func(b binding) bool {
		return b.modes&m.mode != 0 && b.Enabled() && slices.Contains(b.Keys(), k)
	})
	if i < 0 {
		return binding{}, false
	}
	return m.keys[i], true
}

// isPrefix reports whether a sequence begins with k.
func (m Model) isPrefix(k string) bool {
	return slices.ContainsFunc(m.keys, func(b binding) bool {
		return b.modes&m.mode != 0 && slices.ContainsFunc(b.Keys(), func(seq string) bool {
			return strings.HasPrefix(seq, k+",")
		})
	})
}
