package termio

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// waiting returns the control writes that wait, and the frame as "F" and its
// first row.
func waiting(q *queue) []string {
	got := slices.Clone(q.controls)
	if q.waits {
		f := "F" + q.frame.rows[0]
		if q.frame.fresh {
			f = "fresh " + f
		}
		got = slices.Insert(got, q.frameAt, f)
	}
	return got
}

func TestQueue(t *testing.T) {
	frame := func(s string) string { return "\x1b[H" + s + "\x1b[K\x1b[H" }
	const on, off = "\x1b[?1049h\x1b[?7l", "\x1b[?7h\x1b[?1049l"
	for _, c := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"newest frame wins", []string{"\x1b[?1049h", frame("a"), frame("b")}, []string{on, "Fb\x1b[K"}},
		{"control writes keep their order and outlast frames",
			[]string{"\x1b[?1049h", frame("a"), "\x1b[?1002h", frame("b"), "\x1b[?25l", frame("c")},
			[]string{on, "\x1b[?1002h", "\x1b[?25l", "Fc\x1b[K"}},
		{"what must be painted whole stays so",
			[]string{"\x1b[?1049h", frame("\ra"), frame("b")}, []string{on, "fresh Fb\x1b[K"}},
		{"no frame for a screen that is left",
			[]string{"\x1b[?1049h", frame("a"), "\x1b[?1049l"}, []string{on, off}},
		{"outside of the alternate screen nothing is a frame",
			[]string{frame("a"), "\x1b[?1049h", "\x1b[?1049l", frame("b")}, []string{frame("a"), on, off, frame("b")}},
		{"a row left out is as it was, also when that frame was dropped",
			[]string{"\x1b[?1049h", "\x1b[Ha\r\nb\x1b[2;H", "\x1b[H\nc\x1b[2;H"}, []string{on, "Fa"}},
		{"nothing is nothing", []string{""}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var q queue
			for _, w := range c.writes {
				q.add([]byte(w))
			}
			if got := waiting(&q); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestQueue_isBounded writes for hours what a terminal does not take.
func TestQueue_isBounded(t *testing.T) {
	var q queue
	q.add([]byte("\x1b[?25l\x1b[?1049h\x1b[?1002h"))
	for i := range 20_000 {
		q.add([]byte(fmt.Sprintf("\x1b]2;%d lines\a", i)))
		q.add([]byte(fmt.Sprintf("\x1b[H%d\x1b[K\x1b[H", i)))
		q.add([]byte("\x1b[?1002l"))
		q.add([]byte("\x1b[2J"))
	}
	size := 0
	for _, control := range q.controls {
		size += len(control) + controlCost
	}
	if size > maxControl || size != q.size || len(q.controls) > maxControl/controlCost {
		t.Fatalf("%d bytes (counted %d) wait in %d writes", size, q.size, len(q.controls))
	}

	q.collapse()
	if got, want := fmt.Sprintf("%q", waiting(&q)), `["\x1b[?25l" "\x1b[?1049h" "\x1b[?7l" "\x1b[?1002l" "fresh F19999\x1b[K"]`; got != want {
		t.Errorf("after collapse: %s, want %s", got, want)
	}
}

func TestQueue_oneHugeWriteIsLostAndNothingElse(t *testing.T) {
	var q queue
	q.add([]byte("\x1b[?1049h"))
	q.add([]byte("\x1b[Ha\x1b[K\x1b[H"))
	q.add([]byte("\x1b]52;c;" + strings.Repeat("A", maxControl) + "\a"))
	q.add([]byte("\x1b[?25h"))
	if got, want := fmt.Sprintf("%q", waiting(&q)), `["\x1b[?1049h" "\x1b[?7l" "fresh Fa\x1b[K" "\x1b[?25h"]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
