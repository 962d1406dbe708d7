package screen

import (
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/text"
)

// Segment is one fact of a row, in forms from longest to shortest; an empty
// last form means that the row may do without it. Each form is true by itself.
type Segment struct {
	Forms   []string
	Rank    Ranks
	Style   lipgloss.Style // of the whole segment
	IsRight bool           // it stands at the right edge
}

// Ranks order what gives way when a row is too short: the lowest first.
type Ranks struct {
	Short int // of a longer form against a shorter one
	Gone  int // of the shortest form against none
}

// step is the rank of going from the i-th form to the next.
func (s Segment) step(i int) int {
	if s.Forms[i+1] == "" {
		return s.Rank.Gone
	}
	return s.Rank.Short
}

// Gap is the cells between two segments.
const Gap = 2

// Fit chooses for each segment the form that is shown: it shortens those of
// lowest rank first until all fit, and then gives back what room is left, those
// of highest rank first. Of each segment only that form is left. What does not
// fit even in its shortest forms is cut by whoever lays it out.
func Fit(segs []Segment, width int) {
	chosen := make([]int, len(segs))
	form := func(i int) string { return segs[i].Forms[chosen[i]] }
	total := func() int { return rowWidth(len(segs), form) }
	for total() > width {
		lowest := -1
		for i, s := range segs {
			if chosen[i]+1 < len(s.Forms) && (lowest < 0 || s.step(chosen[i]) < segs[lowest].step(chosen[lowest])) {
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
	slices.SortStableFunc(byRank, func(a, b int) int { return segs[b].Rank.Gone - segs[a].Rank.Gone })
	for _, i := range byRank {
		short := chosen[i]
		for chosen[i] = 0; chosen[i] < short && total() > width; chosen[i]++ {
		}
	}
	for i := range segs {
		segs[i].Forms = []string{form(i)}
	}
}

// rowWidth is the cells that n forms take in a row.
func rowWidth(n int, form func(int) string) int {
	sum := 0
	for i := range n {
		if w := text.Width(form(i)); w > 0 {
			sum += w + Gap
		}
	}
	return max(sum-Gap, 0)
}

// LayOut draws fitted segments in a row of exactly width cells: each in its own
// style if styled, else for a row that has one style as a whole.
func LayOut(segs []Segment, width int, styled bool) string {
	var left, right []string
	for _, s := range segs {
		form := s.Forms[0]
		if form == "" {
			continue
		}
		if styled {
			form = s.Style.Render(form)
		}
		if s.IsRight {
			right = append(right, form)
		} else {
			left = append(left, form)
		}
	}
	gap := strings.Repeat(" ", Gap)
	l, r := strings.Join(left, gap), strings.Join(right, gap)
	between := width - text.Width(l) - text.Width(r)
	if l != "" && r != "" {
		between = max(between, Gap)
	}
	return text.Cut(l+strings.Repeat(" ", max(between, 0))+r, 0, width)
}

// Reasons gives the forms of a reason, shortened from the left at its colons:
// errors end with what matters. The last is empty.
func Reasons(why, ellipsis string) []string {
	const narrow = 24
	forms := []string{why}
	if i := strings.LastIndex(why, ": "); i >= 0 {
		why = ellipsis + why[i+1:]
		forms = append(forms, why)
	}
	if text.Width(why) > narrow {
		forms = append(forms, text.Cut(why, 0, narrow-text.Width(ellipsis))+ellipsis)
	}
	return append(forms, "")
}

// Forms gives a text with each of the figures that can follow it, from longest to
// shortest; the text alone where there are none.
func Forms(text string, figures []string) []string {
	if len(figures) == 0 {
		return []string{text}
	}
	out := make([]string, len(figures))
	for i, f := range figures {
		out[i] = text + f
	}
	return out
}
