package streams

import (
	"strings"
	"unicode"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"
)

// Actions are what the key table's rows do. Each takes the model and gives the
// next one.

// move moves the choice by rows, or what is laid over the table.
func (m Model) move(rows int) Model {
	if m.mode != modeTable {
		m.overlayTop = min(max(m.overlayTop+rows, 0), m.overlayEnd())
		return m
	}
	m.table().choose(m.table().at + rows)
	return m
}

func (m Model) goTop() (Model, tea.Cmd) {
	m.overlayTop = 0
	if m.mode == modeTable {
		m.table().first()
	}
	return m, nil
}

func (m Model) goEnd() (Model, tea.Cmd) {
	if m.mode == modeTable {
		return m.move(len(m.table().order)), nil
	}
	m.overlayTop = m.overlayEnd()
	return m, nil
}

// turn shows the other table.
func (m Model) turn() (Model, tea.Cmd) {
	m.shown = endedTable - m.shown
	return m, nil
}

func (m Model) turnOrder() (Model, tea.Cmd) {
	t := m.table()
	t.turned = !t.turned
	t.arrange(m.filter)
	return m, nil
}

func (m Model) openDetails() (Model, tea.Cmd) {
	r := m.table().row()
	if r == nil {
		return m.notify("there is no stream to show", false)
	}
	m.mode, m.overlayTop, m.subject = modeDetails, 0, r.key
	return m, nil
}

// askEnd asks whether to end the stream that is chosen, or shown.
func (m Model) askEnd() (Model, tea.Cmd) {
	r := m.table().row()
	if m.mode == modeDetails {
		r = m.snapshot.find(m.subject)
	}
	switch {
	case r == nil:
		return m.notify("there is no stream to end", false)
	case r.info.Ended != nil:
		return m.notify("the stream of "+r.name()+" has ended already", false)
	}
	m.doomed, m.back, m.mode = *r, m.mode, modeAsk
	return m, nil
}

// leaveAsk goes back to where the question was asked.
func (m Model) leaveAsk() Model {
	m.mode, m.doomed = m.back, row{}
	return m
}

// end ends the stream that was named, whichever is chosen by now.
func (m Model) end() (Model, tea.Cmd) {
	r := m.doomed
	m, expires := m.leaveAsk().notify("ending the stream of "+r.name()+m.glyphs.Ellipsis, false)
	return m, tea.Batch(expires, end(m.ctx, m.server, r.info.ID, r.name()))
}

// outcomeWords tells what came of ending a stream.
func (m Model) outcomeWords(msg endedMsg) (words string, isBad bool) {
	detail, hint := m.plain(msg.outcome.Detail), m.plain(msg.outcome.Hint)
	if hint != "" {
		hint = "; hint: " + hint
	}
	switch msg.outcome.Result {
	case Ended:
		return "ended: the stream of " + msg.name, false
	case Gone:
		return "gone already: the stream of " + msg.name, false
	case Refused:
		return "refused to end the stream of " + msg.name + ": " + detail + hint, true
	case Unasked:
		return "not ended: the stream of " + msg.name + ": " + detail + hint, true
	}
	return "no answer whether the stream of " + msg.name + " was ended: " + detail + hint, true
}

// togglePaused stops to ask the server, or asks it again at once.
func (m Model) togglePaused() (Model, tea.Cmd) {
	if m.update.Closed {
		return m.notify("closed for good: start again to ask the server", false)
	}
	m.isPaused = !m.isPaused
	if m.isPaused {
		return m, nil
	}
	if m.held != nil {
		m = m.take(*m.held)
		m.held = nil
	}
	m, next := m.ask()
	m, hurry := m.hurry()
	return m, tea.Batch(redial(m.server), next, hurry)
}

func (m Model) redial() (Model, tea.Cmd) {
	switch {
	case m.update.Closed:
		return m.notify("closed for good: start again to ask the server", false)
	case m.isPaused:
		return m.togglePaused()
	}
	return m, redial(m.server)
}

// openFilter begins to type a filter.
func (m Model) openFilter() (Model, tea.Cmd) {
	m.mode, m.typed, m.before = modeFilter, "", m.filter
	return m, nil
}

// maxFilter is the bytes that a filter may have: more than a path.
const maxFilter = 4 << 10

// typeFilter adds to the filter, and shows what it does. No name that is shown has
// a control character.
func (m Model) typeFilter(s string) Model {
	s = m.typed + strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > maxFilter {
		return m
	}
	return m.setFilter(s)
}

func (m Model) erase() (Model, tea.Cmd) {
	_, n := utf8.DecodeLastRuneInString(m.typed)
	return m.setFilter(m.typed[:len(m.typed)-n]), nil
}

func (m Model) eraseAll() (Model, tea.Cmd) { return m.setFilter(""), nil }

// setFilter applies what is typed.
func (m Model) setFilter(typed string) Model {
	m.typed, m.filter = typed, typed
	for i := range m.tables {
		m.tables[i].arrange(m.filter)
	}
	return m
}

func (m Model) keepFilter() (Model, tea.Cmd) {
	m = m.setFilter(m.typed)
	for i := range m.tables {
		if t := &m.tables[i]; t.pinned {
			t.choose(t.at)
		}
	}
	m.mode = modeTable
	return m, nil
}

func (m Model) dropFilter() (Model, tea.Cmd) {
	m = m.setFilter(m.before)
	m.mode = modeTable
	return m, nil
}

// dismiss takes away the notice, or else the filter.
func (m Model) dismiss() (Model, tea.Cmd) {
	if m.notice.text != "" {
		m.notice = notice{generation: m.notice.generation + 1}
		return m, nil
	}
	return m.setFilter(""), nil
}

func (m Model) redraw() (Model, tea.Cmd)  { return m, tea.ClearScreen }
func (m Model) suspend() (Model, tea.Cmd) { return m, tea.Suspend }
func (m Model) quit() (Model, tea.Cmd)    { return m, tea.Quit }
