package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// What the body shows, and with that what keys mean.
const (
	modeLog     screen.Mode = 1 << iota // the lines. ? leads to modeHelp, i to modeDetails
	modeHelp                            // the keys. Esc, q or ? lead back
	modeDetails                         // the connection. Esc, q or i lead back

	modeOverlay = modeHelp | modeDetails
	modeAny     = modeLog | modeOverlay
)

const (
	groupFollow screen.Group = "Follow"
	groupMove   screen.Group = "Move"
	groupSide   screen.Group = "Sideways"
	groupLogs   screen.Group = "Logs"
	groupScreen screen.Group = "Screen"
	groupLeave  screen.Group = "Leave"
)

// groups is the order in which the help has them.
var groups = []screen.Group{groupFollow, groupMove, groupSide, groupLogs, groupScreen, groupLeave}

// newKeys makes the key table for so many logs.
func newKeys(logs int) screen.Keys[Model] {
	return screen.Keys[Model]{
		screen.Row(groupFollow, modeLog, "G F end >", "G F End", "go to the end, follow", screen.Act(Model.follow)).Hinted("follow"),
		screen.Row(groupFollow, modeOverlay, "G F end >", "", "", screen.Act(Model.goEnd)).Hinted("end"),
		screen.Row(groupFollow, modeLog, "p =", "p =", "freeze, or follow again", screen.Act(Model.toggleFrozen)).Hinted("freeze"),
		screen.Row(groupFollow, modeLog, "space", "Space", "freeze; then a page down", screen.Act(Model.pressSpace)),
		screen.Row(groupFollow, modeOverlay, "space", "", "", by(0, 2)).Hinted("page"),
		screen.Row(groupFollow, modeLog, "m", "m", "draw a time-stamped rule", screen.Act(Model.mark)),
		screen.Row(groupFollow, modeLog, "enter", "Enter", "same; frozen: line down", screen.Act(Model.pressEnter)),

		screen.Row(groupMove, modeAny, "k up ctrl+y", "k Up ^Y", "a line up", by(-1, 0)).Hinted("up"),
		screen.Row(groupMove, modeAny, "j down ctrl+e", "j Down ^E", "a line down", by(1, 0)).Hinted("down"),
		screen.Row(groupMove, modeAny, "b pgup ctrl+b", "b PgUp ^B", "a page up", by(0, -2)),
		screen.Row(groupMove, modeAny, "f pgdown ctrl+f", "f PgDn ^F", "a page down", by(0, 2)),
		screen.Row(groupMove, modeAny, "u ctrl+u", "u ^U", "half a page up", by(0, -1)),
		screen.Row(groupMove, modeAny, "d ctrl+d", "d ^D", "half a page down", by(0, 1)),
		screen.Row(groupMove, modeAny, "g home <", "g Home", "to the oldest line kept", screen.Act(Model.goTop)).Hinted("top"),

		screen.Row(groupSide, modeLog, "h left", "h Left", "half a screen left", screen.Act(Model.goLeft)),
		screen.Row(groupSide, modeLog, "l right", "l Right", "half a screen right", screen.Act(Model.goRight)),
		screen.Row(groupSide, modeLog, "0 ^", "0 ^", "to the lines' beginning", screen.Act(Model.goLineStart)),
		screen.Row(groupSide, modeLog, "$", "$", "to the lines' end", screen.Act(Model.goLineEnd)),
		screen.Row(groupSide, modeLog, "w", "w", "wrap long lines, or not", screen.Act(Model.toggleWrap)).Hinted("wrap"),

		screen.Row(groupLogs, modeLog, "tab", "Tab", "the next log", screen.Act(Model.nextPane)).Only(logs > 1),
		screen.Row(groupLogs, modeLog, "shift+tab", "Shift+Tab", "the log before", screen.Act(Model.prevPane)).Only(logs > 1),
		screen.Row(groupLogs, modeLog, "1 2 3 4 5 6 7 8 9", "1-9", "that log", Model.choosePane).Only(logs > 1),
		screen.Row(groupLogs, modeLog, "R", "R", "connect now, if not live", screen.Act(Model.redial)),

		screen.Row(groupScreen, modeLog|modeDetails, "?", "? F1", "this help", to(modeHelp)).Hinted("help"),
		screen.Row(groupScreen, modeLog|modeDetails, "f1", "", "", to(modeHelp)),
		screen.Row(groupScreen, modeHelp, "? f1", "", "", to(modeLog)),
		screen.Row(groupScreen, modeLog|modeHelp, "i", "i", "the connection in detail", to(modeDetails)).Hinted("details"),
		screen.Row(groupScreen, modeDetails, "i", "", "", to(modeLog)),
		screen.Row(groupScreen, modeOverlay, "esc q", "Esc q", "close this", to(modeLog)).Hinted("close"),
		screen.Row(groupScreen, modeLog, "esc", "", "", screen.Act(Model.dismiss)),
		screen.Row(groupScreen, modeAny, "ctrl+l", "^L", "draw the screen again", screen.Act(Model.redraw)),
		screen.Row(groupScreen, modeAny, "ctrl+z", "^Z", "suspend", screen.Act(Model.suspend)),

		screen.Row(groupLeave, modeLog, "q", "q Q ZZ", "close the stream, quit", screen.Act(Model.quit)).Hinted("quit"),
		screen.Row(groupLeave, modeAny, "Q Z,Z", "", "", screen.Act(Model.quit)),
		screen.Row(groupLeave, modeAny, "ctrl+c", "^C", "freeze; twice: quit", screen.Act(Model.interrupt)),
	}
}

// to is the action that changes the mode.
func to(next screen.Mode) screen.Action[Model] {
	return func(m Model, _ string) (Model, tea.Cmd) {
		m.mode, m.overlayTop = next, 0
		return m, nil
	}
}

// by is the action that scrolls by rows and half pages.
func by(rows, halves int) screen.Action[Model] {
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
	if pressed == "" {
		return m, nil
	}
	return b.Act(m, pressed)
}
