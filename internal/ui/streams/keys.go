package streams

import (
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// What the body shows, and with that what keys mean.
const (
	modeTable   screen.Mode = 1 << iota // the streams
	modeDetails                         // all of one stream. Esc, q or Enter lead back
	modeHelp                            // the keys. Esc, q or ? lead back
	modeFilter                          // a filter is typed. Enter keeps it, Esc does not
	modeAsk                             // whether to end a stream. Any key leads back

	modeOverlay = modeDetails | modeHelp
	modeBody    = modeTable | modeOverlay
)

const (
	groupMove    screen.Group = "Move"
	groupOrder   screen.Group = "Order"
	groupStreams screen.Group = "Streams"
	groupScreen  screen.Group = "Screen"
)

// groups is the order in which the help has them.
var groups = []screen.Group{groupStreams, groupOrder, groupMove, groupScreen}

// newKeys makes the key table. What top, k9s, htop and less have alike is as it
// is there; R connects now, and p freezes, as on the screen of logs.
func newKeys() screen.Keys[Model] {
	return screen.Keys[Model]{
		screen.Row(groupStreams, modeTable, "tab e", "Tab e", "live or ended streams", screen.Act(Model.turn)).Hinted("live/ended"),
		screen.Row(groupStreams, modeTable, "shift+tab", "", "", screen.Act(Model.turn)),
		screen.Row(groupStreams, modeTable, "enter i", "Enter i", "all of this stream", screen.Act(Model.openDetails)).Hinted("details"),
		screen.Row(groupStreams, modeDetails, "enter i", "", "", to(modeTable)),
		screen.Row(groupStreams, modeTable|modeDetails, "x", "x", "end this stream; asks", screen.Act(Model.askEnd)).Hinted("end it"),
		screen.Row(groupStreams, modeAsk, "y", "y", "yes; any other key: no", screen.Act(Model.end)).Hinted("yes, end it"),
		screen.Row(groupStreams, modeTable, "p =", "p =", "pause, or go on", screen.Act(Model.togglePaused)).Hinted("pause"),
		screen.Row(groupStreams, modeTable|modeDetails, "R", "R", "ask the server now", screen.Act(Model.redial)),

		screen.Row(groupOrder, modeTable, "s > right", "s > Right", "sort by the next column", sortBy(1)).Hinted("sort"),
		screen.Row(groupOrder, modeTable, "S < left", "S < Left", "by the column before", sortBy(-1)),
		screen.Row(groupOrder, modeTable, "r o", "r o", "the other way round", screen.Act(Model.turnOrder)).Hinted("reverse"),
		screen.Row(groupOrder, modeTable, "/ &", "/ &", "filter by log or client", screen.Act(Model.openFilter)).Hinted("filter"),
		screen.Row(groupOrder, modeFilter, "enter", "Enter", "keep the filter", screen.Act(Model.keepFilter)).Hinted("keep"),
		screen.Row(groupOrder, modeFilter, "esc", "Esc", "leave it as it was", screen.Act(Model.dropFilter)).Hinted("as it was"),
		screen.Row(groupOrder, modeFilter, "ctrl+c", "", "", screen.Act(Model.dropFilter)),
		screen.Row(groupOrder, modeFilter, "backspace ctrl+h", "", "", screen.Act(Model.erase)),
		screen.Row(groupOrder, modeFilter, "ctrl+u ctrl+w", "^U ^W", "begin it anew", screen.Act(Model.eraseAll)),

		screen.Row(groupMove, modeBody, "k up ctrl+y", "k Up ^Y", "a stream up", by(-1, 0)).Hinted("up"),
		screen.Row(groupMove, modeBody, "j down ctrl+e", "j Down ^E", "a stream down", by(1, 0)).Hinted("down"),
		screen.Row(groupMove, modeBody, "b pgup ctrl+b", "b PgUp ^B", "a page up", by(0, -2)),
		screen.Row(groupMove, modeBody, "f pgdown ctrl+f", "f PgDn ^F", "a page down", by(0, 2)),
		screen.Row(groupMove, modeBody, "space", "Space", "the same", by(0, 2)),
		screen.Row(groupMove, modeBody, "u ctrl+u", "u ^U", "half a page up", by(0, -1)),
		screen.Row(groupMove, modeBody, "d ctrl+d", "d ^D", "half a page down", by(0, 1)),
		screen.Row(groupMove, modeBody, "g home", "g Home", "the first, whichever is", screen.Act(Model.goTop)).Hinted("first"),
		screen.Row(groupMove, modeBody, "G end", "G End", "the last", screen.Act(Model.goEnd)).Hinted("last"),

		screen.Row(groupScreen, modeTable|modeDetails, "? f1", "? F1", "this help", to(modeHelp)).Hinted("help"),
		screen.Row(groupScreen, modeHelp, "? f1", "", "", to(modeTable)),
		screen.Row(groupScreen, modeOverlay, "esc q", "Esc q", "close this", to(modeTable)).Hinted("close"),
		screen.Row(groupScreen, modeTable, "esc", "Esc", "no notice; no filter", screen.Act(Model.dismiss)).Hinted("no filter"),
		screen.Row(groupScreen, modeBody, "ctrl+l", "^L", "draw the screen again", screen.Act(Model.redraw)),
		screen.Row(groupScreen, modeBody, "ctrl+z", "^Z", "suspend", screen.Act(Model.suspend)),
		screen.Row(groupScreen, modeTable, "q", "q Q ZZ ^C", "quit", screen.Act(Model.quit)).Hinted("quit"),
		screen.Row(groupScreen, modeBody, "Q Z,Z ctrl+c", "", "", screen.Act(Model.quit)),
	}
}

// to is the action that changes the mode.
func to(next screen.Mode) screen.Action[Model] {
	return func(m Model, _ string) (Model, tea.Cmd) {
		m.mode, m.overlayTop = next, 0
		return m, nil
	}
}

// by is the action that moves by rows and half pages.
func by(rows, halves int) screen.Action[Model] {
	return func(m Model, _ string) (Model, tea.Cmd) {
		height := m.bodyHeight()
		if m.mode == modeTable {
			height = m.tableHeight()
		}
		page := max(height-1, 1) // a row of the old page stays, to read on from
		return m.move(rows + halves*page/2), nil
	}
}

// sortBy is the action that sorts by the column so many to the right.
func sortBy(step int) screen.Action[Model] {
	return func(m Model, _ string) (Model, tea.Cmd) {
		m.table().sortBy(step)
		m.table().arrange(m.filter)
		return m, nil
	}
}

// handleKey dispatches a key press through the table; while a filter is typed,
// what is not in it is text.
func (m Model) handleKey(msg tea.KeyMsg) (Model, tea.Cmd) {
	if m.mode == modeFilter && (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace) && !msg.Alt {
		return m.typeFilter(string(msg.Runes)), nil
	}
	if msg.Paste {
		return m, nil // text meant for a prompt
	}
	var cmds []tea.Cmd
	for _, k := range m.keys.Names(m.mode, msg) {
		var cmd tea.Cmd
		m, cmd = m.press(k)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

// press does what one key means, by itself or as part of a sequence.
func (m Model) press(k string) (Model, tea.Cmd) {
	b, pressed, next := m.keys.Press(m.mode, m.prefix, k)
	m.prefix = next
	switch {
	case pressed != "":
		return b.Act(m, pressed)
	case m.mode == modeAsk:
		return m.leaveAsk(), nil
	case m.mode == modeFilter && utf8.RuneCountInString(k) == 1:
		return m.typeFilter(k), nil // behind an Esc that it came with
	}
	return m, nil
}
