package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// footerFrom is the height of the screen from which on a row is spared for
// hints; a smaller one is all for the log.
const footerFrom = 8

// marginsFrom is the width from which on marks and margins fit by themselves.
const marginsFrom = 8

// View draws the screen: the state line, the body, and where there is room a
// footer. It is exactly as large as the terminal.
func (m Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	rows := append(make([]string, 0, m.height), m.stateLine())
	rows = append(rows, m.body()...)
	for len(rows) < 1+m.bodyHeight() {
		rows = append(rows, "")
	}
	if m.hasFooter() {
		rows = append(rows, m.footer())
	}
	if m.width < marginsFrom {
		for i, r := range rows {
			rows[i] = text.Cut(r, 0, m.width)
		}
	}
	return strings.Join(rows[:min(len(rows), m.height)], "\n")
}

func (m Model) hasFooter() bool { return m.height >= footerFrom }

// bodyHeight is the rows between the state line and the footer.
func (m Model) bodyHeight() int {
	if m.hasFooter() {
		return m.height - 2
	}
	return max(m.height-1, 0)
}

// body draws the lines, or what is laid over them.
func (m Model) body() []string {
	if m.mode != modeLog {
		rows := m.overlay()
		top := min(m.overlayTop, m.overlayEnd())
		return rows[top:min(top+m.bodyHeight(), len(rows))]
	}
	p := m.pane()
	if p.store.end() == 0 || p.isOver && p.store.started == 0 {
		return m.emptyBody(p)
	}
	s := m.sheet(p)
	if p.window.frozen {
		return s.visible(p.window.top)
	}
	return s.visible(s.tailTop())
}

// sheet lays out what a pane's window lets see.
func (m Model) sheet(p *pane) sheet {
	s := sheet{
		store: p.store, limit: p.store.end(), tail: -1,
		width: m.width, height: max(m.bodyHeight(), 1), wrap: m.wrap, column: p.window.column,
		styles: m.styles, scribe: m.scribe, clean: m.clean,
	}
	if p.window.frozen {
		s.limit, s.tail = p.window.limit, p.window.tail
	}
	return s
}

// widest is the cells of the longest line in view.
func (m Model) widest(p *pane) int {
	s := m.sheet(p)
	n := s.tailTop().entry
	if p.window.frozen {
		n = p.window.top.entry
	}
	widest := 0
	for range s.height {
		if n >= s.limit {
			break
		}
		if r := s.record(n); s.ruleOf(r) == nil {
			w := text.Width(text.Clean(r.data, s.clean))
			if r.cont {
				w += text.Width(s.scribe.glyphs.Wrapped)
			}
			widest = max(widest, w)
		}
		next, ok := s.store.next(n)
		if !ok {
			break
		}
		n = next
	}
	return widest
}

// emptyBody says why there is no line, and what comes next.
func (m Model) emptyBody(p *pane) []string {
	st := p.status
	w := m.scribe.standingOf(st, m.clock)
	var head string
	var rest []string
	switch {
	case st.State == link.Closed && isOrderly(st):
		head = p.name + " has no line"
		rest = []string{"the end that it has was reached; q quits"}
	case st.State == link.Closed:
		head = "nothing more comes from " + p.name
		rest = []string{hinted("error: ", m.scribe.why(st)), hinted("hint: ", m.scribe.plain(st.Hint)), "q quits"}
	case st.State == link.Waiting:
		head = "no connection to " + p.name
		rest = []string{hinted("error: ", m.scribe.why(st)), hinted("hint: ", m.scribe.plain(st.Hint)), "R connects now, q quits"}
	case w.tone == toneTrouble:
		head = "nothing is heard from " + p.name
		rest = []string{"the connection is kept; a new one is made once it is lost"}
	case st.State == link.Live && st.Gone == wire.KindDenied:
		head = p.name + " may not be read"
		rest = []string{"connected; the server tries again, and its first line shows by itself"}
	case st.State == link.Live && st.Gone != "":
		head = "there is no " + p.name
		rest = []string{"connected; the log is waited for, and its first line shows by itself"}
	case st.State == link.Live:
		head = "waiting for the first line of " + p.name
		rest = []string{"connected; the log is " + text.Bytes(st.Size) + " and nothing was appended since"}
		if st.Size == 0 {
			rest = []string{"connected; the log is empty"}
		}
	default:
		head = "connecting to " + p.name
		rest = []string{w.why, m.awaited(p)}
	}
	return m.notePage(head, rest)
}

// patience is how long connecting may take before the screen says what it is
// that takes so long.
const patience = 2 * time.Second

// awaited tells what connecting waits for, and until when.
func (m Model) awaited(p *pane) string {
	st := p.status
	if st.State != link.Dialing || st.GiveUpAt.IsZero() || m.clock.Sub(st.Since) < patience {
		return ""
	}
	what := "no connection to "
	if st.Reached {
		what = "no answer from "
	}
	who := m.scribe.plain(st.Addr)
	if who == "" {
		who = p.name
	}
	return what + who + " yet; given up after " + text.Duration(st.GiveUpAt.Sub(st.Since).Round(time.Second))
}

// notePage draws a heading and sentences, in from the edge and wrapped.
func (m Model) notePage(head string, rest []string) []string {
	const indent = "  "
	width := max(m.width-2*len(indent), 1)
	rows := []string{""}
	for _, r := range screen.Reflow(head, width) {
		rows = append(rows, indent+m.styles.Head.Render(r))
	}
	rows = append(rows, "")
	for _, s := range rest {
		if s == "" {
			continue
		}
		for _, r := range screen.Reflow(s, width) {
			rows = append(rows, indent+r)
		}
	}
	return rows[:min(len(rows), m.bodyHeight())]
}

// footer draws the notice, or else hints, and where in the log the view is.
func (m Model) footer() string {
	var segs []screen.Segment
	if m.notice.text != "" {
		segs = append(segs, screen.Segment{Forms: []string{m.notice.text}, Style: m.styles.Busy})
	} else {
		for i, h := range m.hints() {
			segs = append(segs, screen.Segment{Forms: []string{h, ""}, Rank: screen.Ranks{Gone: 20 - i}})
		}
	}
	for _, w := range m.whereabouts() {
		segs = append(segs, screen.Segment{Forms: []string{w, ""}, Rank: screen.Ranks{Gone: 50}, Style: m.styles.Faint, IsRight: true})
	}
	screen.Fit(segs, m.width)
	return screen.LayOut(segs, m.width, true)
}

// hints are the few keys worth a row, the most wanted first. Their words come
// from the key table.
func (m Model) hints() []string {
	wanted := []string{"?", "q", "p", "w", "i"}
	switch {
	case m.mode != modeLog:
		wanted = []string{"esc", "j", "k", " ", "g", "G"}
	case m.pane().window.frozen:
		wanted = []string{"G", "?", "q", "w", "i"}
	}
	return m.keys.Hints(m.mode, wanted, m.styles)
}

// whereabouts tells where the view is, as far as it is not at its home.
func (m Model) whereabouts() []string {
	if m.mode != modeLog {
		if end := m.overlayEnd(); end > 0 {
			return []string{fmt.Sprintf("%d%%", 100*min(m.overlayTop, end)/end)}
		}
		return nil
	}
	p := m.pane()
	var out []string
	if p.store.isCutOff() {
		out = append(out, "lines below these were dropped")
	}
	if m.wrap {
		out = append(out, "wrap")
	} else if p.window.column > 0 {
		out = append(out, "column "+text.Grouped(int64(p.window.column+1)))
	}
	if p.window.frozen && p.store.started > 0 {
		line := p.store.lineOf(p.window.top.entry)
		out = append(out, "line "+text.Grouped(int64(line))+" of "+text.Grouped(int64(p.store.started)))
	}
	return out
}

// overlay draws all rows of the help or of the details.
func (m Model) overlay() []string {
	switch m.mode {
	case modeHelp:
		return m.keys.Help(groups, m.styles, m.width)
	case modeDetails:
		return m.detailRows()
	}
	return nil
}

// overlayEnd is the furthest that the overlay can be scrolled.
func (m Model) overlayEnd() int { return max(len(m.overlay())-m.bodyHeight(), 0) }
