package streams

import (
	"fmt"
	"strings"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// Heights of the screen from which on a row is spared for each of these.
const (
	headingFrom = 4
	chromeFrom  = 8 // the summary and the footer
)

// View draws the screen: the state line, the summary, the table or what is laid
// over it, what is to be said, and the footer. It is exactly as large as the
// terminal.
func (m Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	said := m.said()
	rows := make([]string, 0, m.height+1)
	if m.height == 1 && m.mode == modeAsk {
		rows = append(rows, said...) // what is asked has to be seen
	}
	rows = append(rows, m.stateLine())
	if m.hasChrome() {
		rows = append(rows, m.summary())
	}
	rows = append(rows, m.body()...)
	bottom := m.height - len(said)
	if m.hasChrome() {
		bottom--
	}
	for len(rows) < bottom {
		rows = append(rows, "")
	}
	rows = append(rows, said...)
	if m.hasChrome() {
		rows = append(rows, m.footer())
	}
	for i, r := range rows {
		if text.Width(r) > m.width {
			rows[i] = text.Cut(r, 0, m.width)
		}
	}
	return strings.Join(rows[:min(len(rows), m.height)], "\n")
}

func (m Model) hasChrome() bool { return m.height >= chromeFrom }

// bodyHeight is the rows of the table, with its heading, or of what is laid over
// it.
func (m Model) bodyHeight() int {
	rows := m.height - 1 - len(m.said())
	if m.hasChrome() {
		rows -= 2
	}
	return max(rows, 0)
}

// tableHeight is the rows that the table has for streams.
func (m Model) tableHeight() int {
	if m.height >= headingFrom {
		return max(m.bodyHeight()-1, 0)
	}
	return m.bodyHeight()
}

// body draws the table, or what is laid over it.
func (m Model) body() []string {
	if m.bodyHeight() == 0 {
		return nil
	}
	if rows := m.overlay(); rows != nil {
		top := min(m.overlayTop, m.overlayEnd())
		return rows[top:min(top+m.bodyHeight(), len(rows))]
	}
	if m.update.At.IsZero() {
		return m.emptyScreen()
	}
	if len(m.table().order) == 0 {
		return m.emptyTable()
	}
	return m.drawTable()
}

// overlay gives all rows of what is laid over the table, nil for nothing.
func (m Model) overlay() []string {
	mode := m.mode
	if mode == modeAsk {
		mode = m.back
	}
	switch mode {
	case modeHelp:
		return m.help()
	case modeDetails:
		return m.detailRows()
	}
	return nil
}

// overlayEnd is the furthest that the overlay can be scrolled.
func (m Model) overlayEnd() int { return max(len(m.overlay())-m.bodyHeight(), 0) }

// said is the rows of the question that is asked, the filter that is typed or the
// notice that stands.
func (m Model) said() []string {
	what, style := "", m.styles.Busy
	switch {
	case m.mode == modeAsk:
		what, style = "? end the stream of "+m.doomed.name()+" "+m.doomed.mark()+"?  y ends it, any other key does not", m.styles.Alert
	case m.mode == modeFilter:
		what = "/" + m.plain(m.typed) + "_"
	case m.notice.text != "" && m.notice.isBad:
		what, style = "! "+m.notice.text, m.styles.Alert
	case m.notice.text != "":
		what = m.glyphs.Dot + " " + m.notice.text
	default:
		return nil
	}
	rows := screen.Reflow(what, m.width)
	if most := max(m.height/2, 1); len(rows) > most {
		rows = rows[:most]
		rows[most-1] += m.glyphs.Ellipsis
	}
	for i, r := range rows {
		rows[i] = style.Render(screen.Pad(text.Cut(r, 0, m.width), m.width))
	}
	return rows
}

// summary draws the second row: how many streams of which kind there are in both
// tables, the one that is shown in brackets.
func (m Model) summary() string {
	if m.update.At.IsZero() {
		return ""
	}
	segs := []screen.Segment{
		m.tab(liveTable, "live", m.snapshot.live, m.snapshot.byAs),
		m.tab(endedTable, "ended", m.snapshot.ended, m.snapshot.byWhy),
	}
	segs[m.shown].Style = m.styles.Head
	if m.filter != "" {
		t := m.table()
		shown := text.Grouped(int64(len(t.order))) + " of " + text.Grouped(int64(len(t.rows)))
		segs = append(segs, screen.Segment{
			Forms: []string{"/" + m.plain(m.filter) + ": " + shown, "filter: " + shown, "/ " + text.Grouped(int64(len(t.order)))},
			Rank:  screen.Ranks{Short: 25}, Style: m.styles.Busy, IsRight: true,
		})
	}
	if !m.isFresh() {
		segs = append(segs, screen.Segment{
			Forms: []string{"as of " + m.update.At.Format("15:04:05"), ""},
			Rank:  screen.Ranks{Gone: 50}, Style: m.styles.Busy, IsRight: true,
		})
	}
	screen.Fit(segs, m.width)
	return screen.LayOut(segs, m.width, true)
}

// tab is one table's part of the summary.
func (m Model) tab(i int, word string, rows []row, counts []count) screen.Segment {
	edges := func(s string) string { return " " + s + " " }
	if i == m.shown {
		edges = func(s string) string { return "[" + s + "]" }
	}
	head := word + " " + text.Grouped(int64(len(rows)))
	var forms []string
	for n := min(len(counts), summaryMost); n > 0; n-- {
		words := make([]string, n, n+1)
		for i, c := range counts[:n] {
			words[i] = text.Grouped(int64(c.n)) + " " + c.word
		}
		if n < len(counts) {
			words = append(words, m.glyphs.Ellipsis)
		}
		forms = append(forms, edges(head+": "+strings.Join(words, ", ")))
	}
	forms = append(forms, edges(head), edges(word+" "+text.Count(int64(len(rows)))))
	return screen.Segment{Forms: forms, Rank: screen.Ranks{Short: 30 - 10*i}, Style: m.styles.Faint}
}

// summaryMost is how many words the summary has of each table: there are as many
// as a server makes up.
const summaryMost = 12

// footer draws hints, and where in the table the choice is.
func (m Model) footer() string {
	wanted := []string{"?", "q", "enter", "x", "tab", "s", "r", "/", "p"}
	switch {
	case m.mode == modeAsk:
		wanted = []string{"y"}
	case m.mode == modeFilter:
		wanted = []string{"enter", "esc"}
	case m.mode != modeTable:
		wanted = []string{"esc"}
		if r := m.snapshot.find(m.subject); m.mode == modeDetails && r != nil && r.info.Ended == nil {
			wanted = append(wanted, "x")
		}
		if m.overlayEnd() > 0 {
			wanted = append(wanted, "j", "k", "g", "G")
		}
	case m.filter != "":
		wanted = append([]string{"esc"}, wanted...)
	case len(m.table().order) == 0:
		wanted = []string{"?", "q", "tab", "p"}
	case m.shown == endedTable:
		wanted = []string{"?", "q", "enter", "tab", "s", "r", "/", "p"}
	}
	var segs []screen.Segment
	for i, h := range m.keys.Hints(m.mode, wanted, m.styles) {
		segs = append(segs, screen.Segment{Forms: []string{h, ""}, Rank: screen.Ranks{Gone: 20 - i}})
	}
	if w := m.whereabouts(); w != "" {
		segs = append(segs, screen.Segment{Forms: []string{w, ""}, Rank: screen.Ranks{Gone: 50}, Style: m.styles.Faint, IsRight: true})
	}
	screen.Fit(segs, m.width)
	return screen.LayOut(segs, m.width, true)
}

// whereabouts tells which row is chosen.
func (m Model) whereabouts() string {
	if m.overlay() != nil {
		if end := m.overlayEnd(); end > 0 {
			return fmt.Sprintf("%d%%", 100*min(m.overlayTop, end)/end)
		}
		return ""
	}
	t := m.table()
	if len(t.order) == 0 {
		return ""
	}
	return text.Grouped(int64(t.at+1)) + " of " + text.Grouped(int64(len(t.order)))
}

// emptyScreen says why there is nothing to show yet.
func (m Model) emptyScreen() []string {
	words := m.standing()
	head := "asking " + m.name + " for its streams"
	switch words.tone {
	case toneFailed:
		head = "nothing more comes from " + m.name
	case toneTrouble:
		head = "no answer from " + m.name
	}
	var rest []string
	if words.why != "" {
		rest = append(rest, "error: "+words.why)
	}
	if words.hint != "" {
		rest = append(rest, "hint: "+words.hint)
	}
	switch {
	case words.tone == toneTrouble:
		rest = append(rest, "R asks now, q quits")
	case words.tone == toneFailed:
		rest = append(rest, "q quits")
	}
	return m.notePage(head, rest)
}

// emptyTable says why the table has no row.
func (m Model) emptyTable() []string {
	switch {
	case m.filter != "" && len(m.table().rows) > 0:
		return m.notePage("no stream of a log or client with "+m.plain(m.filter), []string{"Esc takes the filter away"})
	case m.shown == endedTable:
		return m.notePage("no stream has ended", []string{"the server remembers the last ones here, and why they ended"})
	}
	return m.notePage("no stream is live", []string{"it shows here by itself when somebody watches a log of " + m.name})
}

// notePage draws a heading and sentences, in from the edge and wrapped.
func (m Model) notePage(head string, rest []string) []string {
	width := max(m.width-2*screen.Indent, 1)
	var rows []string
	for _, r := range screen.Reflow(head, width) {
		rows = append(rows, m.styles.Head.Render(r))
	}
	rows = append(rows, "")
	for _, s := range rest {
		rows = append(rows, screen.Reflow(s, width)...)
	}
	rows = screen.Page(rows, m.width)
	return rows[:min(len(rows), m.bodyHeight())]
}
