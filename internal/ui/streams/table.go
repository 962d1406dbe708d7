package streams

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/bubbletail/bubbletail/internal/text"
)

// table is one of the two: its columns, what of a snapshot is shown in which
// order, and where the user is in it. Only Update changes it.
type table struct {
	columns []column
	by      int  // the column it is sorted by
	turned  bool // in the other direction

	rows  []row // of the snapshot
	needs []int // cells that the words of each column need; 0 where that is no matter
	order []int // places in rows, as they are shown

	// The chosen row. Until the user moves it is the first, whichever that is;
	// then it is that stream, wherever it goes.
	pinned bool
	chosen key
	at     int // its place in order
	top    int // place in order of the first one in view
}

func newTable(columns []column, by int) table { return table{columns: columns, by: by} }

// take takes the rows of another snapshot.
func (t *table) take(rows []row, filter string) {
	t.rows = rows
	t.needs = make([]int, len(t.columns))
	for i, c := range t.columns {
		for n := range rows {
			if t.needs[i] >= c.most {
				break
			}
			t.needs[i] = min(max(t.needs[i], text.Width(c.word(&rows[n]))), c.most)
		}
	}
	t.arrange(filter)
}

// arrange puts the rows that pass the filter in order, and finds the chosen one.
func (t *table) arrange(filter string) {
	order := make([]int, 0, len(t.rows))
	for i := range t.rows {
		if passes(&t.rows[i], filter) {
			order = append(order, i)
		}
	}
	c := t.columns[t.by]
	down := c.isFigure() && !c.risen
	if t.turned {
		down = !down
	}
	compare := t.comparer(c, down)
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(compare(a, b), cmp.Compare(t.rows[a].key.opened, t.rows[b].key.opened), strings.Compare(t.rows[a].key.id, t.rows[b].key.id), a-b)
	})
	t.order = order
	t.find()
}

// comparer compares rows by a column. What is not known comes last either way.
func (t *table) comparer(c column, down bool) func(a, b int) int {
	sense := 1
	if down {
		sense = -1
	}
	if c.word != nil {
		return func(a, b int) int { return sense * strings.Compare(c.word(&t.rows[a]), c.word(&t.rows[b])) }
	}
	return func(a, b int) int {
		x, knowX := c.figure(&t.rows[a])
		y, knowY := c.figure(&t.rows[b])
		switch {
		case knowX != knowY && knowX:
			return -1
		case knowX != knowY:
			return 1
		}
		return sense * cmp.Compare(x, y)
	}
}

// passes reports whether a row has the filter's text in its log or its client. As
// in less and vim, capitals in the filter make it mind them.
func passes(r *row, filter string) bool {
	if filter == "" {
		return true
	}
	if strings.ContainsFunc(filter, unicode.IsUpper) {
		return strings.Contains(r.log, filter) || strings.Contains(r.client, filter)
	}
	return strings.Contains(r.needle, filter)
}

// find finds the chosen row where it is now. When it is there no more, its place
// is what stays, and the next one is chosen; when the filter hides it, the next
// one stands in for it until that is kept.
func (t *table) find() {
	if !t.pinned {
		t.at, t.top = 0, 0
		return
	}
	isChosen := func(n int) bool { return t.rows[n].key == t.chosen }
	if at := slices.IndexFunc(t.order, isChosen); at >= 0 {
		t.at = at
		return
	}
	t.at = min(t.at, max(len(t.order)-1, 0))
	if !slices.ContainsFunc(t.rows, func(r row) bool { return r.key == t.chosen }) {
		t.choose(t.at)
	}
}

// choose chooses the row at a place, or the nearest there is.
func (t *table) choose(at int) {
	t.at = min(max(at, 0), max(len(t.order)-1, 0))
	if r := t.row(); r != nil {
		t.chosen, t.pinned = r.key, true
	}
}

// first chooses the first row, whichever that will be.
func (t *table) first() { t.pinned, t.at, t.top = false, 0, 0 }

// row is the chosen one, nil where there is none.
func (t *table) row() *row {
	if t.at >= len(t.order) {
		return nil
	}
	return &t.rows[t.order[t.at]]
}

// show moves the view as little as brings the chosen row into so many.
func (t *table) show(height int) {
	height = max(height, 1)
	t.top = min(t.top, t.at)
	t.top = max(t.top, t.at-height+1)
	t.top = max(min(t.top, len(t.order)-height), 0)
}

// sortBy sorts by the column so many to the right, round the ends.
func (t *table) sortBy(step int) {
	n := len(t.columns)
	t.by, t.turned = ((t.by+step)%n+n)%n, false
}

// isDown reports whether the first row has the most.
func (t *table) isDown() bool {
	c := t.columns[t.by]
	return (c.isFigure() && !c.risen) != t.turned
}

// placed is a column in view.
type placed struct {
	column
	width int
	needs int  // cells that its words need
	by    bool // the table is sorted by it
}

// columnGap is the cells between two columns.
const columnGap = 2

// layOut chooses the columns that fit into a width, and gives them what room
// there is. Where only two fit, the one that the table is sorted by is one.
func (t *table) layOut(width int) []placed {
	width = max(width, 1)
	cols := make([]placed, len(t.columns))
	for i, c := range t.columns {
		least := c.least
		if c.most > 0 && len(t.needs) > i {
			cols[i].needs = t.needs[i]
			least = min(t.needs[i], max(least, width/c.share))
		}
		cols[i].column, cols[i].by = c, i == t.by
		cols[i].width = max(least, len(c.title)+1) // and the sign of the order
	}
	for len(cols) > 1 && needed(cols) > width {
		at := lowest(cols)
		cols = slices.Delete(cols, at, at+1)
	}
	// From the right: a name that is longer than the screen leaves room for the rest.
	for i := range slices.Backward(cols) {
		cols[i].width += max(min(width-needed(cols), cols[i].needs-cols[i].width), 0)
	}
	if len(cols) == 1 {
		cols[0].width = min(cols[0].width, width)
	}
	return cols
}

// needed is the cells that columns take.
func needed(cols []placed) int {
	sum := -columnGap
	for _, c := range cols {
		sum += c.width + columnGap
	}
	return sum
}

// lowest is the place of the column that gives way first: the log last, before
// it what the table is sorted by.
func lowest(cols []placed) int {
	found := 0
	for i, c := range cols {
		if c.standing() < cols[found].standing() {
			found = i
		}
	}
	return found
}

func (c placed) standing() int {
	if c.by && c.rank < rankLog {
		return 2*rankLog - 1
	}
	return 2 * c.rank
}
