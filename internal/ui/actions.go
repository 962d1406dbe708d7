package ui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/link"
)

// Actions are what the key table's rows do. Each takes the model and gives the
// next one.

// noticeFor is how long a notice stays, and within which a second ^C quits.
const noticeFor = 2 * time.Second

// scroll moves what the body shows by rows.
func (m Model) scroll(rows int) Model {
	if m.mode != modeLog {
		m.overlayTop = min(max(m.overlayTop+rows, 0), m.overlayEnd())
		return m
	}
	p := m.pane()
	p.scroll(rows, m.sheet(p))
	return m
}

// goTop goes to the first row that is kept.
func (m Model) goTop() (Model, tea.Cmd) {
	if m.mode != modeLog {
		m.overlayTop = 0
		return m, nil
	}
	p := m.pane()
	p.freeze(place{entry: p.store.first()}, m.sheet(p))
	return m, nil
}

// goEnd goes to the last row of what is laid over the log.
func (m Model) goEnd() (Model, tea.Cmd) {
	m.overlayTop = m.overlayEnd()
	return m, nil
}

func (m Model) follow() (Model, tea.Cmd) {
	m.pane().follow()
	return m, nil
}

func (m Model) freeze() Model {
	p := m.pane()
	s := m.sheet(p)
	p.freeze(s.tailTop(), s)
	return m
}

func (m Model) toggleFrozen() (Model, tea.Cmd) {
	if m.pane().window.frozen {
		return m.follow()
	}
	return m.freeze(), nil
}

func (m Model) pressSpace() (Model, tea.Cmd) {
	if !m.pane().window.frozen {
		return m.freeze(), nil
	}
	return by(0, 2)(m, "")
}

func (m Model) pressEnter() (Model, tea.Cmd) {
	if m.pane().window.frozen {
		return m.scroll(1), nil
	}
	return m.mark()
}

// mark asks for the time; the rule is drawn when that is there.
func (m Model) mark() (Model, tea.Cmd) {
	return m, stamp(m.shown, m.pane().generation, m.now)
}

func (m Model) goLeft() (Model, tea.Cmd)  { return m.sideways(-1), nil }
func (m Model) goRight() (Model, tea.Cmd) { return m.sideways(1), nil }

func (m Model) goLineStart() (Model, tea.Cmd) {
	m.pane().window.column = 0
	return m, nil
}

func (m Model) goLineEnd() (Model, tea.Cmd) {
	p := m.pane()
	p.window.column = max(m.widest(p)-m.width, 0)
	return m, nil
}

// sideways moves by half screens, and no further than there is something to
// see.
func (m Model) sideways(halves int) Model {
	w := &m.pane().window
	half := max(m.width/2, 1)
	if halves > 0 && w.column+m.width >= m.widest(m.pane()) {
		return m
	}
	w.column = max(w.column+halves*half, 0)
	return m
}

func (m Model) toggleWrap() (Model, tea.Cmd) {
	m.wrap = !m.wrap
	m.refit()
	return m, nil
}

func (m Model) nextPane() (Model, tea.Cmd) { return m.show((m.shown + 1) % len(m.panes)), nil }

func (m Model) prevPane() (Model, tea.Cmd) {
	return m.show((m.shown + len(m.panes) - 1) % len(m.panes)), nil
}

// choosePane shows the log whose number was pressed.
func (m Model) choosePane(pressed string) (Model, tea.Cmd) {
	if i := int(pressed[0] - '1'); i < len(m.panes) {
		return m.show(i), nil
	}
	return m.notify("there is no log "+pressed, false)
}

func (m Model) show(i int) Model {
	m.shown = i
	return m
}

func (m Model) redial() (Model, tea.Cmd) {
	p := m.pane()
	switch {
	case p.isOver || p.status.State == link.Closed:
		return m.notify("closed for good: start again to connect", false)
	case p.status.State == link.Live && !isSilent(p.status, m.clock):
		return m.notify("the connection is live", false)
	}
	return m, redial(p.source)
}

// dismiss takes away what is in the way, which in the log is a notice.
func (m Model) dismiss() (Model, tea.Cmd) {
	m.notice = notice{generation: m.notice.generation + 1}
	return m, nil
}

func (m Model) redraw() (Model, tea.Cmd)  { return m, tea.ClearScreen }
func (m Model) suspend() (Model, tea.Cmd) { return m, tea.Suspend }

// quit leaves. Closing the streams is the command's work, which waits for it
// after the screen is gone; the last frame says that it is under way.
func (m Model) quit() (Model, tea.Cmd) {
	m.isLeaving = true
	return m, tea.Quit
}

// interrupt is ^C, which less leaves following with and others quit with: the
// first one freezes, a second one soon after quits.
func (m Model) interrupt() (Model, tea.Cmd) {
	if m.notice.armed {
		return m.quit()
	}
	if !m.pane().window.frozen {
		m = m.freeze()
	}
	return m.notify("q quits, and so does ^C again", true)
}

// notify shows a notice for a while. An armed one lets ^C quit meanwhile.
func (m Model) notify(what string, armed bool) (Model, tea.Cmd) {
	m.notice = notice{text: what, armed: armed, generation: m.notice.generation + 1}
	return m, expire(m.ctx, m.notice.generation, noticeFor)
}
