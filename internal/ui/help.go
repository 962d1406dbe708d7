package ui

import (
	"strings"

	"github.com/bubbletail/bubbletail/internal/text"
)

// helpRows draws the key table, by groups.
func (m Model) helpRows() []string {
	widest := 0
	for _, b := range m.keys {
		widest = max(widest, text.Width(b.Help().Key))
	}
	var blocks [][]string
	for _, g := range groups {
		block := []string{m.styles.Head.Render(string(g))}
		for _, b := range m.keys {
			if b.group != g || b.Help().Key == "" || !b.Enabled() {
				continue
			}
			block = append(block, m.styles.Key.Render(pad(b.Help().Key, widest))+"  "+b.Help().Desc)
		}
		if len(block) > 1 {
			blocks = append(blocks, block)
		}
	}
	return m.page(columns(blocks, max(m.width-2*pageIndent, 1)))
}

// pageIndent is the cells between an overlay and the edges.
const pageIndent = 2

// page sets an overlay's rows in from the edges.
func (m Model) page(rows []string) []string {
	out := make([]string, 0, len(rows)+1)
	out = append(out, "")
	for _, r := range rows {
		out = append(out, text.Cut(strings.Repeat(" ", pageIndent)+r, 0, m.width))
	}
	return out
}

// keyName is how a key is written for people.
func keyName(k string) string {
	switch {
	case k == "esc":
		return "Esc"
	case k == " ":
		return "Space"
	}
	return k
}
