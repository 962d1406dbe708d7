package streams

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// three is streams whose every figure and word orders them in its own way.
func three(at time.Time) []wire.StreamInfo {
	return []wire.StreamInfo{
		{ID: "00000003", Log: "a", Client: "10.0.0.3", As: "raw", Opened: at.Add(-3 * time.Minute), Bytes: 20, Lag: 1, IdleMS: 30, LastHeardMS: 2, State: "streaming",
			Behind: ptr[int64](2), Unacked: 1, ContactMS: ptr[int64](1), RTTUS: 3, TCP: "established"},
		{ID: "00000001", Log: "b", Client: "10.0.0.1", As: "sse", Opened: at.Add(-2 * time.Minute), Bytes: 30, Lag: 3, IdleMS: 10, LastHeardMS: 3, State: "closing",
			Behind: ptr[int64](3), Unacked: 2, StuckMS: 2001, RTTUS: 0, TCP: "close-wait"},
		{ID: "00000002", Log: "c", Client: "10.0.0.2", As: "frames", Opened: at.Add(-1 * time.Minute), Bytes: 10, Lag: 2, IdleMS: 20, LastHeardMS: 1, State: "opening",
			ContactMS: ptr[int64](2), RTTUS: 1},
	}
}

// TestTable_sortsByEachColumn: words from A, figures from the most, both the other
// way round, and what is not known last in either.
func TestTable_sortsByEachColumn(t *testing.T) {
	want := map[string][2]string{
		"LOG": {"a b c", "c b a"}, "CLIENT": {"b c a", "a c b"}, "AS": {"c a b", "b a c"}, "AGE": {"a b c", "c b a"}, "BYTES": {"b a c", "c a b"},
		"RATE": {"a c b", "b c a"}, "LAG": {"b c a", "a c b"}, "BEHIND": {"b a c", "a b c"}, "IDLE": {"a c b", "b c a"}, "HEARD": {"b a c", "c a b"},
		"UNACKED": {"b a c", "a b c"}, "STUCK": {"b a c", "b a c"}, "CONTACT": {"c a b", "a c b"}, "RTT": {"a c b", "c a b"}, "TCP": {"c b a", "a b c"}, "STATE": {"b c a", "a c b"}, "ID": {"b c a", "a c b"},
	}
	s := newStage(t, Options{})
	s.answer(three(s.at), nil)
	s.at = s.at.Add(time.Second)
	next := three(noon)
	next[0].Bytes += 300
	next[2].Bytes += 200
	s.answer(next, nil)
	for range liveColumns {
		title := s.m.table().columns[s.m.table().by].title
		if title == "BYTES" {
			want[title] = [2]string{"a c b", "b c a"} // by now
		}
		if got := s.logs(); got != want[title][0] {
			t.Errorf("by %s: %q, want %q", title, got, want[title][0])
		}
		s.size(40, 20)
		if heading := s.rows()[2]; !strings.Contains(heading, title+"▼") && !strings.Contains(heading, title+"▲") {
			t.Errorf("sorted by %s, which is not in view: %q", title, heading)
		}
		s.press("r")
		if got := s.logs(); got != want[title][1] {
			t.Errorf("by %s reversed: %q, want %q", title, got, want[title][1])
		}
		s.press(">")
	}
	if got := s.m.table().columns[s.m.table().by].title; got != "AGE" {
		t.Errorf("round all columns the order is by %s", got)
	}
	s.press("<")
	if got := s.m.table().columns[s.m.table().by].title; got != "AS" {
		t.Errorf("< sorts by %s", got)
	}
}

func TestTable_sortsTheEndedByEachColumn(t *testing.T) {
	s := newStage(t, Options{})
	s.answer(nil, someEnded())
	s.press("e")
	seen := map[string]bool{}
	for range endedColumns {
		c := s.m.table().columns[s.m.table().by]
		seen[c.title] = true
		tab := s.m.table()
		ordered := slices.IsSortedFunc(tab.order, tab.comparer(c, tab.isDown()))
		if !ordered {
			t.Errorf("by %s: not in order", c.title)
		}
		s.press("s")
	}
	if len(seen) != len(endedColumns) || !seen["ENDED"] {
		t.Errorf("sorted by %v", seen)
	}
}

// TestTable_newestEndedFirst, and the longest there first of those that live.
func TestTable_newestEndedFirst(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	if got := s.logs(); !strings.HasPrefix(got, "app.log access.log ") {
		t.Errorf("live: %s", got)
	}
	s.press("tab")
	if r := s.m.table().row(); r.id != "e0000001" {
		t.Errorf("the first ended one is %s, %v ago", r.id, r.ago)
	}
}

// TestTable_choiceStaysOnItsStream: however the order changes, by new figures, a
// filter or another column, and whoever comes and goes before it.
func TestTable_choiceStaysOnItsStream(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := newStage(t, Options{})
	s.size(80, 12)
	all := many(60)
	s.answer(all, nil)
	s.press("d", "d", "j")
	id := s.m.table().row().id
	for range 400 {
		s.at = s.at.Add(time.Second)
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var some []wire.StreamInfo
		for _, st := range all {
			st.Bytes = rnd.Int64N(1000)
			if st.ID == id || rnd.IntN(3) > 0 {
				some = append(some, st)
			}
		}
		s.answer(some, nil)
		s.press([]string{"s", "r", "S", "<", ">"}[rnd.IntN(5)])
		r := s.m.table().row()
		if r == nil || r.id != id {
			t.Fatalf("the choice went from %s to %v", id, r)
		}
		chosen := 0
		for _, row := range s.rows() {
			if strings.HasPrefix(row, "▸") {
				chosen++
				if !strings.Contains(row, r.log[len(r.log)-8:]) {
					t.Fatalf("the sign is at another row: %q, want %s", row, r.log)
				}
			}
		}
		if chosen != 1 {
			t.Fatalf("%d chosen rows in view:\n%s", chosen, strings.Join(s.rows(), "\n"))
		}
	}
}

// TestTable_chosenStreamEnds: its place stays, so that the next one is chosen, and
// not a row far away.
func TestTable_chosenStreamEnds(t *testing.T) {
	s := newStage(t, Options{})
	s.answer(three(s.at), nil)
	s.press("j")
	if s.chosen() != "b" {
		t.Fatalf("chosen %q", s.chosen())
	}
	s.at = s.at.Add(time.Second)
	s.answer(slices.Delete(three(noon), 1, 2), nil)
	if s.chosen() != "c" {
		t.Errorf("after the end of the second of three %q is chosen", s.chosen())
	}
	s.at = s.at.Add(time.Second)
	s.answer(three(noon)[:1], nil)
	if s.chosen() != "a" {
		t.Errorf("after the end of the last one %q is chosen", s.chosen())
	}
	s.at = s.at.Add(time.Second)
	s.answer(nil, nil)
	if cmd := s.press("enter", "x", "y"); s.m.mode != modeTable || cmd != nil {
		t.Error("something is chosen where there is nothing")
	}
}

// TestTable_firstStaysFirst: who has not moved looks at the top, as in top; g goes
// back to that.
func TestTable_firstStaysFirst(t *testing.T) {
	s := newStage(t, Options{})
	for _, keys := range [][]string{nil, {"j", "g"}} {
		s.press(keys...)
		first := three(s.at)
		s.at = s.at.Add(time.Second)
		s.answer(first, nil)
		if s.chosen() != "a" {
			t.Fatalf("chosen %q", s.chosen())
		}
		s.at = s.at.Add(time.Second)
		s.answer(first[1:], nil)
		s.at = s.at.Add(time.Second)
		s.answer(append([]wire.StreamInfo{{ID: "0000000f", Log: "z", Opened: noon.Add(-time.Hour)}}, first...), nil)
		if s.chosen() != "z" {
			t.Errorf("after %q the first is z, chosen is %q", keys, s.chosen())
		}
	}
}

func TestTable_movesAsFarAsThereIs(t *testing.T) {
	s := newStage(t, Options{})
	s.size(80, 15)
	s.answer(many(100), nil)
	if got := s.m.tableHeight(); got != 11 {
		t.Fatalf("%d streams in view", got)
	}
	for _, tt := range []struct {
		key string
		at  int
	}{
		{"k", 0}, {"j", 1}, {"down", 2}, {"up", 1}, {"f", 11}, {"pgdown", 21}, {" ", 31}, {"d", 36}, {"u", 31}, {"b", 21}, {"pgup", 11},
		{"G", 99}, {"j", 99}, {"f", 99}, {"g", 0}, {"b", 0}, {"end", 99}, {"home", 0},
	} {
		s.press(tt.key)
		if got := s.m.table().at; got != tt.at {
			t.Errorf("after %s row %d, want %d", tt.key, got, tt.at)
		}
	}
}

func TestTable_filter(t *testing.T) {
	s := newStage(t, Options{})
	s.answer([]wire.StreamInfo{
		{ID: "1", Log: "App.log", Client: "10.0.0.1"}, {ID: "2", Log: "app.log", Client: "10.0.0.2"}, {ID: "3", Log: "db.log", Client: "10.0.0.1"},
	}, nil)
	for _, tt := range []struct{ filter, logs string }{
		{"app", "App.log app.log"},  // small letters: any
		{"App", "App.log"},          // a capital: mind them
		{"0.0.1", "App.log db.log"}, // the client
		{"log", "App.log app.log db.log"},
		{"log\n10", ""}, // not across both
		{"nobody", ""},
	} {
		s.press("/")
		s.send(keyMsg(tt.filter))
		if got := s.logs(); got != tt.logs {
			t.Errorf("while typing %q: %q, want %q", tt.filter, got, tt.logs)
		}
		s.press("enter")
		if got := s.logs(); got != tt.logs {
			t.Errorf("with %q: %q, want %q", tt.filter, got, tt.logs)
		}
	}
	s.press("esc")
	if s.m.filter != "" || len(s.m.table().order) != 3 {
		t.Error("Esc does not take the filter away")
	}
	s.press("/", "d", "b", "enter", "/", "a", "esc")
	if s.m.filter != "db" {
		t.Errorf("Esc in the prompt leaves %q", s.m.filter)
	}
	s.press("/", "x", "y", "backspace", "backspace", "backspace", "d")
	if s.m.filter != "d" {
		t.Errorf("after two letters, three backspaces and d: %q", s.m.filter)
	}
	s.press("ctrl+u", "enter")
	if s.m.filter != "" {
		t.Errorf("an empty filter is %q", s.m.filter)
	}
}

// TestText_isForPipesToo: exact sizes, a cell in each place, the log behind.
func TestText_isForPipesToo(t *testing.T) {
	out := Text(answerAt(noon, someLive(), someEnded()), false)
	compareFile(t, "testdata/text/some.txt", out)
	compareFile(t, "testdata/text/none.txt", Text(answerAt(noon, nil, nil), false))
	for line := range strings.Lines(out) {
		if strings.TrimRight(line, " \n") != strings.TrimSuffix(line, "\n") {
			t.Errorf("blanks at the end of %q", line)
		}
	}
	if n := len(strings.Fields(strings.SplitN(out, "\n", 3)[1])); n != len(liveColumns)-1 {
		t.Errorf("a row of %d cells, want one a column: %s", n, out)
	}
}

func BenchmarkView_2000(b *testing.B) {
	for _, height := range []int{24, 52} {
		b.Run(fmt.Sprint(height), func(b *testing.B) {
			m := benchModel(b, height)
			b.ReportAllocs()
			for b.Loop() {
				_ = m.View()
			}
		})
	}
}

// BenchmarkUpdate_2000 is what the screen's loop does with an answer and with a key;
// making the answer ready is done beside it.
func BenchmarkUpdate_2000(b *testing.B) {
	for _, key := range []string{"j", "s", "/"} {
		b.Run("key "+key, func(b *testing.B) {
			m := benchModel(b, 52)
			for b.Loop() {
				next, _ := m.Update(keyMsg(key))
				m = next.(Model)
			}
		})
	}
	m := benchModel(b, 52)
	u := answerAt(noon.Add(time.Second), many(2000), nil)
	b.Run("ready", func(b *testing.B) {
		for b.Loop() {
			newSnapshot(m.snapshot, u, m.plain)
		}
	})
	b.Run("answer", func(b *testing.B) {
		snapshots := []*snapshot{newSnapshot(m.snapshot, u, m.plain), newSnapshot(m.snapshot, u, m.plain)}
		for i := 0; b.Loop(); i++ {
			next, _ := m.Update(answerMsg{update: u, snapshot: snapshots[i%2], at: u.At})
			m = next.(Model)
		}
	})
}

func benchModel(b *testing.B, height int) Model {
	s := &stage{at: noon, server: &fakeServer{}}
	s.m = New(b.Context(), Options{Server: s.server, Name: "web-1:7070", Now: func() time.Time { return noon }})
	s.size(200, height)
	s.answer(many(2000), many(1000))
	s.press("G")
	return s.m
}
