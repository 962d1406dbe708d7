package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// keysThatMove are what a frozen view can be reached and moved with.
var keysThatMove = []string{"k", "j", "b", "f", "u", "d", "g", "pgup", "pgdown", "ctrl+y", "ctrl+e"}

// anyLine draws a line that is longer than the screen now and then.
func anyLine(t *rapid.T, i int) string {
	return fmt.Sprintf("%d %s", i, strings.Repeat("wide 世界 ", rapid.SampledFrom([]int{0, 0, 1, 30}).Draw(t, "length")))
}

// TestWindow_frozenDoesNotMove: not by a row, whatever arrives and whatever is
// dropped from memory.
func TestWindow_frozenDoesNotMove(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		s := newStage(outer, Options{Memory: smallBudget}, "app.log")
		s.status(live())
		if rapid.Bool().Draw(t, "wrap") {
			s.press("w")
		}
		lines := make([]string, rapid.IntRange(0, 300).Draw(t, "before"))
		for i := range lines {
			lines[i] = anyLine(t, i)
		}
		unfinished := data("and an unfin")
		s.give(0, Update{Status: live(), Items: []Item{data(strings.Join(lines, "\n")), unfinished}})
		s.press(rapid.SampledFrom([]string{"p", "k", "b", "g", " "}).Draw(t, "freeze"))
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keysThatMove), 0, 5).Draw(t, "keys") {
			s.press(k)
		}
		if !s.m.pane().window.frozen {
			s.press("p")
		}
		want := s.body()

		for range rapid.IntRange(1, 4).Draw(t, "updates") {
			more := make([]string, rapid.SampledFrom([]int{1, 50, 3000}).Draw(t, "more"))
			for i := range more {
				more[i] = "new"
			}
			s.give(0, Update{Status: live(), Items: []Item{
				data(strings.Join(more, "\n")),
				{Kind: ItemEvent, Event: wire.Event{Kind: wire.KindRotated}},
			}})
			s.send(markMsg{at: s.at})
			if got := s.body(); !slices.Equal(got, want) {
				t.Fatalf("the frozen view moved; was\n%s\nis\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
			}
		}
	})
}

func TestWindow_frozenUnder100kLines(t *testing.T) {
	s := newStage(t, Options{Memory: 1 << 20}, "app.log")
	s.status(live())
	s.lines(requests(500)...)
	s.press("b", "b")
	want := s.body()
	for range 30 {
		s.lines(requests(3334)...)
	}
	if got := s.body(); !slices.Equal(got, want) {
		t.Fatalf("the frozen view moved; was %q, is %q", want, got)
	}
	if s.m.pane().store.dropped < 50_000 {
		t.Fatalf("only %d lines dropped: nothing was tried", s.m.pane().store.dropped)
	}
	if got := s.stateLine(); !strings.Contains(got, "FROZEN +100,020 new") {
		t.Errorf("state line %q does not tell what is new", got)
	}
	if view := s.m.View(); !strings.Contains(view, "lines below these were dropped") {
		t.Errorf("nothing says that the view is cut off:\n%s", view)
	}

	// What was dropped beside the view is told once one goes there.
	s.press("f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f", "f")
	s.size(80, 2000)
	if all := strings.Join(s.body(), "\n"); !strings.Contains(all, "older lines dropped: memory is full") {
		t.Error("a gap in the lines is not told")
	}
	s.size(80, 12)
	s.press("G", "g")
	if got := s.body()[0]; !strings.Contains(got, "older lines dropped: memory is full") {
		t.Errorf("the first row %q does not tell what was dropped", got)
	}

	s.press("G")
	s.lines("the newest")
	body := s.body()
	if got := body[len(body)-1]; got != "the newest" {
		t.Errorf("last row %q after following again", got)
	}
	if c, b := s.m.pane().store.cost(), s.m.pane().store.budget; c > b {
		t.Errorf("the store costs %d of %d", c, b)
	}
}

// TestWindow_scrolling is the window against a list of all rows and an index.
func TestWindow_scrolling(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		s := newStage(outer, Options{}, "app.log")
		s.size(rapid.IntRange(20, 90).Draw(t, "width"), rapid.IntRange(2, 20).Draw(t, "height"))
		s.status(live())
		if rapid.Bool().Draw(t, "wrap") {
			s.press("w")
		}
		n := rapid.IntRange(1, 60).Draw(t, "lines")
		for i := range n {
			s.lines(anyLine(t, i))
		}
		all, height := allRows(s.m), s.m.bodyHeight()
		end := max(len(all)-height, 0)
		top, page := end, max(height-1, 1)
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keysThatMove), 1, 30).Draw(t, "keys") {
			s.press(k)
			switch k {
			case "k", "ctrl+y":
				top--
			case "j", "ctrl+e":
				top++
			case "b", "pgup":
				top -= page
			case "f", "pgdown":
				top += page
			case "u":
				top -= page / 2
			case "d":
				top += page / 2
			case "g":
				top = 0
			}
			top = min(max(top, 0), end)
			want := all[top:min(top+height, len(all))]
			if got := s.body(); !slices.Equal(trimmed(got)[:len(want)], trimmed(want)) {
				t.Fatalf("after %q at row %d of %d:\n%s\nwant\n%s", k, top, len(all), strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// allRows draws everything that a model's log has.
func allRows(m Model) []string {
	s := m.sheet(m.pane())
	s.limit, s.tail, s.height = s.store.end(), -1, 1<<20
	return s.visible(place{entry: s.store.first()})
}

func trimmed(rows []string) []string {
	out := slices.Clone(rows)
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	return out
}

func TestWindow_reachingTheEndFollows(t *testing.T) {
	s := newStage(t, Options{}, "app.log")
	s.status(live())
	s.lines(requests(100)...)
	for _, tt := range []struct{ up, down string }{{"k", "j"}, {"b", "f"}, {"u", "d"}, {"k", " "}, {"g", "G"}, {"p", "p"}, {"=", "="}, {" ", "end"}, {"k", "F"}, {"k", "enter"}} {
		s.press(tt.up)
		if !s.m.pane().window.frozen {
			t.Errorf("%q does not freeze", tt.up)
		}
		s.press(tt.down)
		if s.m.pane().window.frozen {
			t.Errorf("%q after %q does not follow", tt.down, tt.up)
		}
	}
}

func TestWindow_sidewaysStaysWhileFollowing(t *testing.T) {
	s := newStage(t, Options{}, "app.log")
	s.status(live())
	long := strings.Repeat("0123456789", 30)
	s.lines(long)
	s.press("l", "right")
	s.lines(long)
	if got := s.body()[1]; got != long[80:80+79]+"›" {
		t.Errorf("second line is shown as %q", got)
	}
	s.press("l", "l", "l", "l", "l", "l")
	if got := s.m.pane().window.column; got > 300 {
		t.Errorf("column %d: beyond everything", got)
	}
	s.press("$")
	if got := s.body()[0]; got != long[300-80:] {
		t.Errorf("$ shows %q", got)
	}
	s.press("h")
	if got := s.body()[0]; got != long[300-80-40:300-80-40+79]+"›" {
		t.Errorf("h shows %q", got)
	}
	s.press("k", "G")
	if got := s.m.pane().window.column; got != 180 {
		t.Errorf("column %d after freezing and following, was 180", got)
	}
	s.press("^")
	if got := s.body()[0]; got != long[:79]+"›" {
		t.Errorf("^ shows %q", got)
	}
}

func TestWindow_resizeKeepsTheFirstRow(t *testing.T) {
	s := newStage(t, Options{}, "app.log")
	s.status(live())
	s.lines(requests(200)...)
	s.press("b", "b", "b", "b", "b", "b", "w")
	first := s.body()[0]
	for _, size := range [][2]int{{80, 30}, {40, 5}, {200, 52}, {80, 12}} {
		s.size(size[0], size[1])
		if got := s.body()[0]; got != first {
			t.Errorf("at %v the first row is %q, was %q", size, got, first)
		}
	}
}

func TestWindow_unfinishedCharacterWaits(t *testing.T) {
	s := newStage(t, Options{}, "app.log")
	s.give(0, Update{Status: live(), Items: []Item{data("世\xe7\x95")}})
	if got := s.body()[0]; got != "世" {
		t.Errorf("half a character is shown: %q", got)
	}
	s.give(0, Update{Status: live(), Items: []Item{data("\x8c\n")}})
	if got := s.body()[0]; got != "世界" {
		t.Errorf("got %q", got)
	}
}

// TestRate_oldLinesAreNoNews: what the log had before we came, or before we came
// back, is neither in the rate nor in its picture.
func TestRate_oldLinesAreNoNews(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	st := live()
	st.LastData = noon.Add(-time.Second)
	s.give(0, Update{Status: st, Items: []Item{old(strings.Repeat("old\n", 10_000))}})
	s.pass(time.Second)
	s.give(0, Update{Status: st, Items: []Item{old("an unfinished"), data(" line\nnew\nnew\nnew\n")}})
	s.pass(time.Second)
	st.LastData, st.Heard = s.at, s.at
	s.status(st)
	if got := s.m.pane().rate.perSecond(s.at); got != 3 {
		t.Errorf("%v lines a second, want the 3 new ones", got)
	}
	if got := s.stateLine(); !strings.HasPrefix(got, "● LIVE") || !strings.Contains(got, " 3/s ") {
		t.Errorf("state line %q", got)
	}
}

func TestRate_sparkline(t *testing.T) {
	var r rate
	if got := r.perSecond(noon); got != 0 {
		t.Errorf("nothing counted: %v a second", got)
	}
	for i, n := range []int{10, 0, 0, 40, 20} {
		r.add(noon.Add(time.Duration(i)*time.Second), n)
	}
	now := noon.Add(5 * time.Second)
	if got := r.recent(now, 6); !slices.Equal(got, []int{0, 10, 0, 0, 40, 20}) {
		t.Errorf("recent = %v", got)
	}
	if got := r.perSecond(now); got != 14 {
		t.Errorf("%v a second, want 14", got)
	}
	if got := spark(r.recent(now, 6), screen.GlyphSet(false).Bars); got != "▁▃▁▁█▅" {
		t.Errorf("spark = %q", got)
	}
	if got := r.recent(now.Add(time.Minute), 3); !slices.Equal(got, []int{0, 0, 0}) {
		t.Errorf("a minute later: %v", got)
	}
	r.add(now.Add(time.Hour), 1)
	if got := r.recent(now.Add(time.Hour+time.Second), 20); got[19] != 1 || slices.Max(got[:19]) != 0 {
		t.Errorf("an hour later: %v", got)
	}
}
