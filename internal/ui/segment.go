package ui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/text"
)

// segment is one fact of a row, in forms from longest to shortest; an empty
// last form means that the row may do without it. Each form is true by itself.
type segment struct {
	forms   []string
	rank    ranks
	style   lipgloss.Style
	isRight bool
}

// ranks order what gives way when a row is too short: the lowest first.
type ranks struct {
	short int // of a longer form against a shorter one
	gone  int // of the shortest form against none
}

// step is the rank of going from the i-th form to the next.
func (s segment) step(i int) int {
	if s.forms[i+1] == "" {
		return s.rank.gone
	}
	return s.rank.short
}

// segmentGap is the cells between two segments.
const segmentGap = 2

// fit chooses for each segment the form that is shown: it shortens those of
// lowest rank first until all fit, and then gives back what room is left, those
// of highest rank first. Of each segment only that form is left. What does not
// fit even in its shortest forms is cut by whoever lays it out.
func fit(segs []segment, width int) {
	chosen := make([]int, len(segs))
	form := func(i int) string { return segs[i].forms[chosen[i]] }
	total := func() int { return rowWidth(len(segs), form) }
	for total() > width {
		lowest := -1
		for i, s := range segs {
			if chosen[i]+1 < len(s.forms) && (lowest < 0 || s.step(chosen[i]) < segs[lowest].step(chosen[lowest])) {
				lowest = i
			}
		}
		if lowest < 0 {
			break
		}
		chosen[lowest]++
	}
	byRank := make([]int, len(segs))
	for i := range byRank {
		byRank[i] = i
	}
	slices.SortStableFunc(byRank, func(a, b int) int { return segs[b].rank.gone - segs[a].rank.gone })
	for _, i := range byRank {
		short := chosen[i]
		for chosen[i] = 0; chosen[i] < short && total() > width; chosen[i]++ {
		}
	}
	for i := range segs {
		segs[i].forms = []string{form(i)}
	}
}

// rowWidth is the cells that n forms take in a row.
func rowWidth(n int, form func(int) string) int {
	sum := 0
	for i := range n {
		if w := text.Width(form(i)); w > 0 {
			sum += w + segmentGap
		}
	}
	return max(sum-segmentGap, 0)
}

// layOut draws fitted segments in a row of exactly width cells.
func layOut(segs []segment, width int, styled bool) string {
	var left, right []string
	for _, s := range segs {
		form := s.forms[0]
		if form == "" {
			continue
		}
		if styled {
			form = s.style.Render(form)
		}
		if s.isRight {
			right = append(right, form)
		} else {
			left = append(left, form)
		}
	}
	gap := strings.Repeat(" ", segmentGap)
	l, r := strings.Join(left, gap), strings.Join(right, gap)
	between := width - text.Width(l) - text.Width(r)
	if l != "" && r != "" {
		between = max(between, segmentGap)
	}
	return text.Cut(l+strings.Repeat(" ", max(between, 0))+r, 0, width)
}
