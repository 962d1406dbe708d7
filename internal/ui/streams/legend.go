package streams

import "github.com/bubbletail/bubbletail/internal/ui/screen"

// help draws the keys, and what the table's signs and columns mean.
func (m Model) help() []string {
	return m.keys.Help(groups, m.styles, m.width, m.signLegend(), m.columnLegend())
}

// signLegend explains the signs before the rows.
func (m Model) signLegend() []string {
	g := m.glyphs
	return m.legend("Signs", []screen.Detail{
		{Name: g.Live, Value: "streaming"},
		{Name: g.Dialing, Value: "opening"},
		{Name: g.Closing, Value: "closing"},
		{Name: g.NoContact, Value: "takes nothing, or is silent"},
		{Name: g.Done, Value: "ended as somebody wished"},
		{Name: g.Closed, Value: "ended otherwise"},
	})
}

// columnLegend explains the columns of both tables whose titles do not.
func (m Model) columnLegend() []string {
	var list []screen.Detail
	seen := map[string]bool{}
	for _, columns := range [][]column{liveColumns, endedColumns} {
		for _, c := range columns {
			if c.tells != "" && !seen[c.title] {
				list = append(list, screen.Detail{Name: c.title, Value: c.tells})
				seen[c.title] = true
			}
		}
	}
	return m.legend("Columns", list)
}

// legend draws words and what they mean, as the keys above are drawn.
func (m Model) legend(head string, list []screen.Detail) []string {
	const widest = 9
	rows := []string{m.styles.Head.Render(head)}
	for _, d := range list {
		rows = append(rows, m.styles.Key.Render(screen.Pad(d.Name, widest))+d.Value)
	}
	return rows
}
