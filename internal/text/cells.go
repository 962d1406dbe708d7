package text

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// What follows measures and cuts text that is clean, with colours of the log
// or of ours in it. A row that comes out stands for itself: it begins with the
// colours in force and ends with a reset, so that it can be drawn, moved and
// compared without its neighbours.

const reset = "\x1b[0m"

// Width returns how many cells s takes.
func Width(s string) int {
	if isASCII(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Cut returns the cells from (counted from 0) up to from+width of s, and looks
// no further than that. Where a wide character straddles the left edge the
// part that is inside is blank; where it straddles the right edge it is left
// out, and the result is narrower by a cell.
func Cut(s string, from, width int) string {
	from = max(from, 0)
	if width <= 0 || from >= len(s) { // a cell has a byte at least
		return ""
	}
	end := from + min(width, len(s)-from)
	if isASCII(s[:end]) && (end == len(s) || s[end] < utf8.RuneSelf) {
		return s[from:end]
	}
	row := row{limit: width}
	for at := 0; len(s) > 0 && at-from < width; {
		n, w := unit(s)
		switch {
		case s[0] == esc:
			row.color(s[:n])
		case at >= from:
			if at-from+w > width {
				return row.String()
			}
			row.add(s[:n], w)
		case at+w > from:
			row.add("  "[:min(at+w-from, 2)], at+w-from)
		}
		at += w
		s = s[n:]
	}
	return row.String()
}

// Wrap cuts s into rows of at most width cells (at least 1), between
// characters and not between words, as a terminal does. A text without cells
// is one empty row. A character wider than width gets a row of its own.
func Wrap(s string, width int) []string {
	width = max(width, 1)
	if isASCII(s) {
		if len(s) <= width {
			return []string{s}
		}
		rows := make([]string, 0, (len(s)+width-1)/width)
		for ; len(s) > width; s = s[width:] {
			rows = append(rows, s[:width])
		}
		return append(rows, s)
	}
	var rows []string
	row := row{limit: width}
	for len(s) > 0 {
		n, w := unit(s)
		if s[0] == esc {
			row.color(s[:n])
		} else if !row.add(s[:n], w) {
			rows = append(rows, row.String())
			row.begin()
			row.add(s[:n], w)
		}
		s = s[n:]
	}
	return append(rows, row.String())
}

// Height returns how many rows Wrap would make, without making them.
func Height(s string, width int) int {
	width = max(width, 1)
	if isASCII(s) {
		return max(1, (len(s)+width-1)/width)
	}
	rows, col := 1, 0
	for len(s) > 0 {
		n, w := unit(s)
		if col > 0 && col+w > width {
			rows++
			col = 0
		}
		col += w
		s = s[n:]
	}
	return rows
}

// isASCII reports whether s is printable ASCII only: a byte is a cell.
func isASCII(s string) bool {
	for i := range len(s) {
		if !isPrintASCII(s[i]) {
			return false
		}
	}
	return true
}

// unit returns the length and the width of what s begins with: an escape
// sequence or a grapheme cluster.
func unit(s string) (n, width int) {
	if isPrintASCII(s[0]) && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1, 1
	}
	if s[0] < 0x20 || s[0] == 0x7f {
		if n := sgrLen(s); n > 0 {
			return n, 0
		}
		_, _, n, _ := ansi.DecodeSequence(s, ansi.NormalState, nil)
		return n, 0
	}
	cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return len(cluster), width
}

// row gathers the cells of one row.
type row struct {
	limit int // cells
	b     strings.Builder
	width int
	pen   pen
}

// begin starts the next row. The colours in force come with its first cell.
func (r *row) begin() {
	r.b.Reset()
	r.width = 0
}

// add appends a character unless the row is full. The first one always fits.
func (r *row) add(s string, width int) bool {
	if r.width > 0 && r.width+width > r.limit {
		return false
	}
	if r.b.Len() == 0 {
		r.pen.write(&r.b)
	}
	r.b.WriteString(s)
	r.width += width
	return true
}

// color takes note of an escape sequence. Before the first cell that is enough.
func (r *row) color(seq string) {
	r.pen.take(seq)
	if r.b.Len() > 0 {
		r.b.WriteString(seq)
	}
}

func (r *row) String() string {
	if r.b.Len() > 0 && len(r.pen.seqs) > 0 {
		return r.b.String() + reset
	}
	return r.b.String()
}

// maxPen is how many sequences a pen remembers. Programs that write logs reset
// between two colours; one that never does loses its oldest attributes here
// at the left edge of a cut, instead of making every row longer.
const maxPen = 16

// pen is the colours in force: the SGR sequences since the last reset.
type pen struct{ seqs []string }

func (p *pen) take(seq string) {
	n := sgrLen(seq)
	if n == 0 {
		return
	}
	if isReset(seq) {
		p.seqs = p.seqs[:0]
		return
	}
	if strings.HasPrefix(seq, "\x1b[0;") || strings.HasPrefix(seq, "\x1b[;") {
		p.seqs = p.seqs[:0]
	}
	if len(p.seqs) == maxPen {
		p.seqs = append(p.seqs[:0], p.seqs[1:]...)
	}
	p.seqs = append(p.seqs, seq)
}

func (p *pen) write(b *strings.Builder) {
	for _, seq := range p.seqs {
		b.WriteString(seq)
	}
}
