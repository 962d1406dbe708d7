package screen

// Detail is one row of a list: what it is called, and what it is.
type Detail struct{ Name, Value string }

// Details draws a list under a heading, leaving out what has no value. A long
// value goes on below itself.
func (st Styles) Details(head string, list []Detail, width int) []string {
	const nameWidth = 12
	rows := []string{st.Head.Render(head)}
	for _, d := range list {
		if d.Value == "" {
			continue
		}
		name := d.Name
		for _, part := range Reflow(d.Value, max(width-nameWidth, 8)) {
			rows = append(rows, st.Faint.Render(Pad(name, nameWidth))+part)
			name = ""
		}
	}
	rows[0] = Pad(rows[0], width)
	return rows
}
