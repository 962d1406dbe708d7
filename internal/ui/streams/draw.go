package streams

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// gutter is the cells before the first column: the sign of the choice, the sign
// of the stream, and a blank.
const gutter = 3

// drawTable draws the heading and the rows in view, and no others.
func (m Model) drawTable() []string {
	t := m.table()
	cols := t.layOut(m.width - gutter)
	var rows []string
	if m.height >= headingFrom {
		rows = append(rows, m.heading(t, cols))
	}
	for i := t.top; i < min(t.top+m.tableHeight(), len(t.order)); i++ {
		rows = append(rows, m.drawRow(&t.rows[t.order[i]], cols, i == t.at))
	}
	return rows
}

// heading draws the titles, the one that the table is sorted by with a sign.
func (m Model) heading(t *table, cols []placed) string {
	cells := make([]string, len(cols))
	for i, c := range cols {
		title, style := c.title, m.styles.Faint
		if c.by {
			style = m.styles.Head
			if title += m.glyphs.Up; t.isDown() {
				title = c.title + m.glyphs.Down
			}
		}
		cells[i] = style.Render(m.cell(title, c))
	}
	return strings.Repeat(" ", gutter) + strings.Join(cells, strings.Repeat(" ", columnGap))
}

// drawRow draws one stream. The chosen one is one piece, so that its colours are
// those of the choice and nothing else.
func (m Model) drawRow(r *row, cols []placed, isChosen bool) string {
	sign := r.sign(m.glyphs)
	cells := make([]string, len(cols))
	for i, c := range cols {
		cells[i] = m.cell(c.cell(r), c)
	}
	gap := strings.Repeat(" ", columnGap)
	if isChosen {
		row := m.glyphs.Chosen + sign + " " + strings.Join(cells, gap)
		return m.styles.Chosen.Render(screen.Pad(row, m.width))
	}
	if !m.isFresh() {
		return m.styles.Faint.Render(" " + sign + " " + strings.Join(cells, gap))
	}
	for i, c := range cols {
		switch {
		case c.isName:
			cells[i] = m.styles.Name.Render(cells[i])
		case c.isNothing(r):
			cells[i] = m.styles.Faint.Render(cells[i])
		}
	}
	return " " + m.signStyle(r).Render(sign) + " " + strings.Join(cells, gap)
}

func (m Model) signStyle(r *row) lipgloss.Style {
	switch sign := r.sign(m.glyphs); sign {
	case m.glyphs.Live:
		return m.styles.Good
	case m.glyphs.NoContact, m.glyphs.Closed:
		return m.styles.Absent
	case m.glyphs.Done:
		return m.styles.Calm
	}
	return m.styles.Busy
}

// cell is a text in exactly a column's width, figures at its right.
func (m Model) cell(s string, c placed) string {
	dots := m.glyphs.Ellipsis
	if w := text.Width(s); w > c.width {
		keep := max(c.width-text.Width(dots), 0)
		if c.isName {
			s = dots + text.Cut(s, w-keep, keep)
		} else {
			s = text.Cut(s, 0, keep) + dots
		}
		s = text.Cut(s, 0, c.width)
	}
	if c.isFigure() {
		return strings.Repeat(" ", max(c.width-text.Width(s), 0)) + s
	}
	return screen.Pad(s, c.width)
}
