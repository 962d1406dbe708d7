package ui

import (
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// place is a row of the view: of which entry, and which of its rows.
type place struct {
	entry uint64
	row   int
}

func (p place) before(q place) bool {
	return p.entry < q.entry || p.entry == q.entry && p.row < q.row
}

// sheet lays a store's entries out as rows. It is made anew for each look, and
// works only on the entries that it is asked for, so that neither the number
// of lines nor their length costs anything beyond what is on the screen.
type sheet struct {
	store  *store
	limit  uint64 // entries from here on are not shown
	tail   int    // bytes shown of the entry before limit, if it is unfinished; -1 for all
	width  int
	height int
	wrap   bool
	column int // cells scrolled sideways, without wrap

	styles screen.Styles
	scribe scribe
	clean  text.Options
}

// visible draws the rows from top down, at most the sheet's height.
func (s sheet) visible(top place) []string {
	var out []string
	for n, skip := s.store.near(top.entry), top.row; n < s.limit && len(out) < s.height; skip = 0 {
		rows := s.rows(n, s.height-len(out)+skip)
		out = append(out, rows[min(skip, len(rows)-1):]...)
		next, ok := s.store.next(n)
		if !ok {
			break
		}
		n = next
	}
	return out[:min(len(out), s.height)]
}

// tailTop is the top with which the last row is at the bottom, or the first
// row of all where everything fits.
func (s sheet) tailTop() place {
	n, ok := s.store.prev(s.limit)
	if !ok {
		return place{entry: s.store.first()}
	}
	return s.back(place{n, s.count(n) - 1}, s.height-1)
}

// back is the place n rows above p, or the first.
func (s sheet) back(p place, n int) place {
	for n > p.row {
		prev, ok := s.store.prev(p.entry)
		if !ok {
			return place{entry: p.entry}
		}
		n -= p.row + 1
		p = place{prev, s.count(prev) - 1}
	}
	p.row -= n
	return p
}

// forward is the place n rows below p, or the last.
func (s sheet) forward(p place, n int) place {
	for p.entry < s.limit {
		count := s.count(p.entry)
		if p.row+n < count {
			p.row += n
			return p
		}
		next, ok := s.store.next(p.entry)
		if !ok || next >= s.limit {
			p.row = count - 1
			return p
		}
		n -= count - p.row
		p = place{entry: next}
	}
	return p
}

// settle is p where that is a row, or else the row nearest to it.
func (s sheet) settle(p place) place {
	n := s.store.near(p.entry)
	if n >= s.limit {
		return s.tailTop()
	}
	if n != p.entry {
		return place{entry: n}
	}
	return place{n, min(p.row, s.count(n)-1)}
}

// record is the n-th entry as far as the sheet shows it.
func (s sheet) record(n uint64) record {
	r := s.store.at(n)
	if s.tail >= 0 && n == s.limit-1 && r.rule == nil && !r.isGap {
		r.data, r.open = r.data[:min(s.tail, len(r.data))], true
	}
	if r.open {
		// The rest of the character is on its way.
		r.data = r.data[:len(r.data)-partialRune(r.data)]
	} else if k := len(r.data); k > 0 && r.data[k-1] == '\r' {
		// A line's end as others write it, which is no overprinting.
		r.data = r.data[:k-1]
	}
	return r
}

// count is how many rows the n-th entry has.
func (s sheet) count(n uint64) int {
	r := s.record(n)
	if rule := s.ruleOf(r); rule != nil {
		return len(s.ruleText(rule))
	}
	if !s.wrap || !r.cont && len(r.data) == 0 {
		return 1
	}
	line := text.Clean(r.data, s.clean)
	if !r.cont && text.Width(line) <= s.width {
		return 1
	}
	return text.Height(line, s.wrapWidth())
}

// rows draws the n-th entry, of which at most the first most rows are needed.
func (s sheet) rows(n uint64, most int) []string {
	r := s.record(n)
	if rule := s.ruleOf(r); rule != nil {
		return s.drawRule(rule)
	}
	if s.wrap {
		return s.wrapped(r, most)
	}
	return []string{s.unwrapped(r)}
}

// wrapped draws all of a line, each further row marked.
func (s sheet) wrapped(r record, most int) []string {
	line := text.Clean(r.data, s.clean)
	if !r.cont && text.Width(line) <= s.width {
		return []string{line}
	}
	mark := s.styles.Faint.Render(s.scribe.glyphs.Wrapped)
	rows := text.Wrap(line, s.wrapWidth())
	rows = rows[:min(len(rows), max(most, 1))]
	for i := range rows {
		if i > 0 || r.cont {
			rows[i] = mark + rows[i]
		}
	}
	return rows
}

// wrapWidth leaves room for the mark, in the first row too: a line that is
// wrapped is so wherever it begins.
func (s sheet) wrapWidth() int { return max(s.width-2, 1) }

// unwrapped draws the part of a line that the columns shown have.
func (s sheet) unwrapped(r record) string {
	line, all := s.prefix(r.data, s.column+s.width)
	if r.cont {
		line = s.styles.Faint.Render(s.scribe.glyphs.Wrapped) + line
	}
	width := text.Width(line)
	switch {
	case s.column > 0 && width > 0 && width <= s.column:
		return s.styles.Faint.Render(s.scribe.glyphs.Less)
	case width <= s.column+s.width && all:
		if s.column == 0 {
			return line
		}
		return text.Cut(line, s.column, s.width)
	}
	row := text.Cut(line, s.column, s.width-1)
	return screen.Pad(row, s.width-1) + s.styles.Faint.Render(s.scribe.glyphs.More)
}

// prefix cleans as much of a line as makes more than cells, and reports
// whether that is all of it.
func (s sheet) prefix(data []byte, cells int) (line string, all bool) {
	for limit := 4*cells + 256; ; limit *= 4 {
		line, n := text.CleanPrefix(data, limit, s.clean)
		if n == len(data) {
			return line, true
		}
		if text.Width(line) > cells {
			return line, false
		}
	}
}

// ruleOf is the rule that a record is, nil for a line.
func (s sheet) ruleOf(r record) *rule {
	if r.isGap {
		rule := s.scribe.missing(r.missing)
		return &rule
	}
	return r.rule
}

// ruleText is the rows of a rule's text: what it tells is never cut.
func (s sheet) ruleText(r *rule) []string {
	sign := ""
	if r.kind == ruleTrouble {
		sign = "! "
	}
	return screen.Reflow(sign+r.text, s.width-ruleFrame)
}

// ruleFrame is the cells that a rule's lines and spaces take: "── " and " ──".
const ruleFrame = 6

// drawRule draws a rule from edge to edge.
func (s sheet) drawRule(r *rule) []string {
	var style lipgloss.Style
	line := s.scribe.glyphs.Rule
	switch r.kind {
	case ruleNote:
		style = s.styles.Rule
	case ruleMark:
		style = s.styles.Mark
	case ruleTrouble:
		style, line = s.styles.Alert, s.scribe.glyphs.AlertRule
	}
	rows := s.ruleText(r)
	for i, row := range rows {
		lead := "   "
		if i == 0 {
			lead = strings.Repeat(line, 2) + " "
		}
		end := ""
		if i == len(rows)-1 {
			end = " " + strings.Repeat(line, max(s.width-len("   ")-text.Width(row)-1, 0))
		}
		rows[i] = style.Render(text.Cut(screen.Pad(lead+row+end, s.width), 0, s.width))
	}
	return rows
}
