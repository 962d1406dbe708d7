package screen

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/bubbletail/bubbletail/internal/text"
)

// Pad fills a row with blanks.
func Pad(row string, width int) string {
	return row + strings.Repeat(" ", max(width-text.Width(row), 0))
}

// Reflow breaks a sentence of ours into rows between its words. What others
// put into it is harmless already.
func Reflow(s string, width int) []string {
	return strings.Split(ansi.Wrap(s, max(width, 1), ""), "\n")
}

// Indent is the cells between an overlay and the edges.
const Indent = 2

// Page sets an overlay's rows in from the edges, below an empty one.
func Page(rows []string, width int) []string {
	out := make([]string, 0, len(rows)+1)
	out = append(out, "")
	for _, r := range rows {
		out = append(out, text.Cut(strings.Repeat(" ", Indent)+r, 0, width))
	}
	return out
}

// ColumnGap is the cells between two columns.
const ColumnGap = 3

// Columns sets blocks of rows side by side in as many columns as fit, in
// order, each column as high as the others if it can be.
func Columns(blocks [][]string, width int) []string {
	widest, total := 1, 0
	for _, b := range blocks {
		total += len(b) + 1
		for _, r := range b {
			widest = max(widest, text.Width(r))
		}
	}
	n := min(max((width+ColumnGap)/(widest+ColumnGap), 1), len(blocks))
	cols := deal(blocks, n, (total+n-1)/n)
	height := 0
	for _, c := range cols {
		height = max(height, len(c))
	}
	rows := make([]string, height)
	for i, c := range cols {
		for y := range rows {
			cell := ""
			if y < len(c) {
				cell = c[y]
			}
			if i < len(cols)-1 {
				cell = Pad(cell, widest+ColumnGap)
			}
			rows[y] += cell
		}
	}
	for y := range rows {
		rows[y] = text.Cut(rows[y], 0, width)
	}
	return rows
}

// deal gives blocks to n columns, going on to the next one where a block would
// make a column higher than about high.
func deal(blocks [][]string, n, high int) [][]string {
	cols := make([][]string, 1, n)
	for _, b := range blocks {
		last := len(cols) - 1
		if len(cols[last]) > 0 && len(cols[last])+1+len(b) > high+1 && len(cols) < n {
			cols, last = append(cols, nil), last+1
		}
		if len(cols[last]) > 0 {
			cols[last] = append(cols[last], "")
		}
		cols[last] = slices.Concat(cols[last], b)
	}
	return cols
}
