package termio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func lines(from, n int) []string {
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("2026-11-22T10:00:%02d INFO request %d served\x1b[K", (from+i)%60, from+i)
	}
	return rows
}

func TestBestScroll(t *testing.T) {
	body := lines(0, 20)
	for _, c := range []struct {
		name   string
		before []string
		after  []string
		want   scroll
		ok     bool
	}{
		{"nothing moved", body, body, scroll{}, false},
		{"one up", body, lines(1, 20), scroll{0, 19, 1}, true},
		{"five down", lines(5, 20), body, scroll{0, 19, -5}, true},
		{"between header and footer",
			slices.Concat([]string{"head 1"}, lines(0, 20), []string{"foot 1"}),
			slices.Concat([]string{"head 2"}, lines(3, 20), []string{"foot 2"}), scroll{1, 20, 3}, true},
		{"footer stays",
			slices.Concat(lines(0, 20), []string{"the footer, which stood right before"}),
			slices.Concat(lines(1, 20), []string{"the footer, which stood right before"}), scroll{0, 19, 1}, true},
		{"all new", body, lines(100, 20), scroll{}, false},
		{"a row in the middle changed too", body, slices.Concat(lines(1, 9), []string{"changed"}, lines(11, 10)), scroll{0, 19, 1}, true},
		{"too little to be worth it", []string{"a", "b", "c"}, []string{"b", "c", "d"}, scroll{}, false},
		{"blank rows alone", []string{"x", eraseLine, eraseLine, eraseLine}, []string{eraseLine, eraseLine, eraseLine, "x"}, scroll{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := bestScroll(c.before, c.after)
			if got != c.want || ok != c.ok {
				t.Errorf("got %+v, %t; want %+v", got, ok, c.want)
			}
		})
	}
}

func TestScreen_sendsOnlyWhatChanged(t *testing.T) {
	var s screen
	head := func(n int) []string { return []string{fmt.Sprintf("LIVE app.log %d lines\x1b[K", n)} }
	first := slices.Concat(head(50), lines(0, 50))
	if whole := s.appendFrame(nil, frame{rows: first}, Options{}); len(whole) < len(strings.Join(first, "")) {
		t.Errorf("the first frame is %d bytes", len(whole))
	}
	if again := s.appendFrame(nil, frame{rows: slices.Clone(first)}, Options{}); len(again) != 0 {
		t.Errorf("the same frame again is %q", again)
	}
	next := slices.Concat(head(51), lines(1, 50))
	want := "\x1b[2;51r\x1b[1S\x1b[r\x1b[1H" + next[0] + "\x1b[51H" + next[50] + "\x1b[51H"
	if got := s.appendFrame(nil, frame{rows: next}, Options{}); string(got) != want {
		t.Errorf("one line more is\n%q, want\n%q", got, want)
	}
	if whole := s.appendFrame(nil, frame{rows: next, fresh: true}, Options{}); len(whole) < len(strings.Join(next, "")) {
		t.Errorf("afresh it is %d bytes", len(whole))
	}
	if kept := s.appendControl(nil, "\x1b[?25h\x1b]2;title\a"); s.rows == nil || len(kept) == 0 {
		t.Error("a mode and a title forget the screen")
	}
	if s.appendControl(nil, "\x1b[2K\r"); s.rows != nil {
		t.Error("an erased line does not forget the screen")
	}
}

// TestScreen_rowsDoNotColorOneAnother paints a row that forgets its reset.
func TestScreen_rowsDoNotColorOneAnother(t *testing.T) {
	term := newTerminal(10, 2)
	var s screen
	term.Write(s.appendFrame(nil, frame{rows: []string{"\x1b[31mred\x1b[K", "plain\x1b[K"}}, Options{}))
	if cell := term.vt.CellAt(0, 1); cell.Style.Fg != nil {
		t.Errorf("the second row is %v", cell.Style.Fg)
	}
}

// TestScreen_rowsWithoutErasing is how frames look until the renderer knows the
// width of the terminal.
func TestScreen_rowsWithoutErasing(t *testing.T) {
	term := newTerminal(10, 2)
	var s screen
	for _, row := range []string{"starting", "wait"} {
		term.Write(s.appendFrame(nil, frame{rows: []string{row, "x"}}, Options{}))
	}
	if got, want := strings.TrimSpace(ansi.Strip(term.vt.Render())), "wait\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLeavesPen(t *testing.T) {
	for row, want := range map[string]bool{
		"plain": false, "\x1b[31mred": true, "\x1b[31mred\x1b[0m": false, "\x1b[31mred\x1b[m\x1b[K": false,
		"\x1b[31mred\x1b[K": true, "\x1b[0;1mbold": true, "\x1b[38;5;10mx": true, "\x1b[30mx": true,
	} {
		if got := leavesPen(row); got != want {
			t.Errorf("leavesPen(%q) = %t", row, got)
		}
	}
}

// world is a log screen that changes at random: a header, lines that move in
// both directions, blank and repeated lines, colours, wide characters, a
// changing number of rows.
type world struct {
	*rand.Rand
	width, height int
	top           int
	seed          uint64
	short         int
	wide          bool // with characters of two cells
}

func (w *world) line(n int) string {
	r := rand.New(rand.NewPCG(w.seed, uint64(n)))
	switch r.IntN(6) {
	case 0:
		return ""
	case 1:
		return "the same line again and again"
	case 2:
		return fmt.Sprintf("\x1b[%dm%d\x1b[0m plain \x1b[1;4m%x\x1b[0m", 31+r.IntN(6), n, r.Uint64())
	case 3:
		if !w.wide {
			return fmt.Sprintf("%d größer", n)
		}
		return fmt.Sprintf("%d 世界 ログ ü %s", n, strings.Repeat("字", r.IntN(w.width)))
	case 4:
		return strings.Repeat(fmt.Sprintf("%d;", n), w.width)
	default:
		return fmt.Sprintf("%08d INFO %x", n, r.Uint64())
	}
}

func (w *world) step() {
	switch w.IntN(8) {
	case 0, 1, 2:
		w.top += w.IntN(4)
	case 3:
		w.top -= w.IntN(w.height)
	case 4:
		w.top += w.IntN(w.height)
	case 5:
		w.seed++
	case 6:
		w.short = w.IntN(w.height - 1)
	}
}

func (w *world) view() []string {
	rows := []string{fmt.Sprintf("\x1b[7m LIVE %d \x1b[0m", w.Uint32())}
	for i := range w.height - 1 - w.short {
		rows = append(rows, ansi.Truncate(w.line(w.top+i), w.width, ""))
	}
	return rows
}

// TestPaint_isCellEqual runs random frames, of which many are dropped, modes,
// erasures, resizes and screen changes, once straight into a terminal and once
// through queue and screen.
func TestPaint_isCellEqual(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &world{Rand: rand.New(rand.NewPCG(seed, 1)), width: 40, height: 12, wide: seed%3 == 0}
			direct, ours := newTerminal(w.width, w.height), newTerminal(w.width, w.height)
			r := renderer{width: w.width}
			var q queue
			var s screen
			opt := Options{Synchronized: seed%2 == 1}

			write := func(p string) {
				direct.Write([]byte(p))
				q.add([]byte(p))
			}
			flush := func() {
				ours.Write(s.appendQueue(nil, q.take(), opt))
			}
			write(enterAlt)
			for step := range 150 {
				switch w.IntN(20) {
				case 0:
					write("\x1b[?1002h\x1b[?1006h")
				case 1: // ^L
					write("\x1b[2J")
					write("\x1b[H")
					r.last = nil
				case 2: // to the shell and back, or a plain dump
					write("\x1b[2K")
					write("\r")
					write(leaveAlt)
					write(fmt.Sprintf("shell %d\r\n", step))
					write(enterAlt)
					r.last, r.lines = nil, 0
				case 3: // resized; what was drawn for the old size does not count
					flush()
					w.width, w.height, w.short = 20+w.IntN(40), 5+w.IntN(15), 0
					direct.resize(w.width, w.height)
					ours.resize(w.width, w.height)
					r.width, r.last = w.width, nil
				default:
					w.step()
				}
				fewer := r.lines > w.height-w.short
				view := w.view()
				write(r.frame(view))
				if fewer {
					direct.Write([]byte(r.repair(view)))
				}
				if w.IntN(3) > 0 {
					flush()
					requireSame(t, step, ours, direct, w.wide)
				}
			}
			write(leaveAlt)
			flush()
			requireSame(t, 1000, ours, direct, w.wide)
		})
	}
}

// TestPaint_wideSurprisesStayInTheirRow draws a row that the terminal finds
// wider than it was measured: an emoji that is one cell to the renderer's
// library and two to the terminal would wrap onto the next row.
func TestPaint_wideSurprisesStayInTheirRow(t *testing.T) {
	term := newTerminal(10, 3)
	var q queue
	var s screen
	q.add([]byte(enterAlt))
	q.add([]byte("\x1b[H\r0123456789AB\r\nnext\x1b[K\r\nlast\x1b[K\x1b[3;H"))
	term.Write(s.appendQueue(nil, q.take(), Options{}))
	rows := strings.Split(term.old.String(), "\n")
	if strings.TrimSpace(rows[1]) != "next" || strings.TrimSpace(rows[2]) != "last" {
		t.Errorf("got\n%s", term.old)
	}
}

func BenchmarkPaint(b *testing.B) {
	frames := make([][]string, 64)
	for i := range frames {
		frames[i] = slices.Concat([]string{fmt.Sprintf("LIVE %d\x1b[K", i)}, lines(i*3, 50))
	}
	for name, step := range map[string]int{"scroll": 1, "new": 40} {
		b.Run(name, func(b *testing.B) {
			var s screen
			var out []byte
			n, i := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				out = s.appendFrame(out[:0], frame{rows: frames[i*step%len(frames)]}, Options{})
				n += len(out)
				i++
			}
			b.ReportMetric(float64(n)/float64(b.N), "sent-bytes/op")
		})
	}
}
