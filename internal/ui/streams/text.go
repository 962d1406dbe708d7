package streams

import (
	"strings"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// Text is both tables as an update tells them, for pipes and for eyes: as wide as
// they are, sizes in bytes, what may have blanks in it last.
func Text(u Update, ascii bool) string {
	plain := text.Plain
	if ascii {
		plain = text.PlainASCII
	}
	s := newSnapshot(&snapshot{}, u, plain)
	var b strings.Builder
	writeTable(&b, liveColumns, s.live)
	if len(s.ended) > 0 {
		b.WriteString("\n")
		writeTable(&b, endedColumns, s.ended)
	}
	return b.String()
}

// writeTable writes rows below their titles.
func writeTable(b *strings.Builder, columns []column, rows []row) {
	var cols, last []column
	for _, c := range columns {
		switch {
		case c.unit == unitRate: // of one answer there is none
		case c.most > 0:
			last = append(last, c)
		default:
			cols = append(cols, c)
		}
	}
	cols = append(cols, last...)
	cells := [][]string{make([]string, len(cols))}
	widths := make([]int, len(cols))
	for i, c := range cols {
		cells[0][i] = c.title
	}
	for n := range rows {
		line := make([]string, len(cols))
		for i, c := range cols {
			line[i] = c.text(&rows[n])
		}
		cells = append(cells, line)
	}
	for _, line := range cells {
		for i, cell := range line {
			widths[i] = max(widths[i], text.Width(cell))
		}
	}
	gap := strings.Repeat(" ", columnGap)
	for _, line := range cells {
		for i, c := range cols {
			if c.isFigure() {
				line[i] = strings.Repeat(" ", widths[i]-text.Width(line[i])) + line[i]
			} else {
				line[i] = screen.Pad(line[i], widths[i])
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(line, gap), " ") + "\n")
	}
}

// text is a row's cell for programs: sizes are exact, no cell is empty.
func (c column) text(r *row) string {
	if c.word != nil {
		return orNone(c.word(r))
	}
	if n, ok := c.figure(r); ok {
		return c.unit.exact(n)
	}
	return none
}
