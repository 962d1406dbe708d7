package termio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/hinshun/vt10x"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// renderer writes what Bubble Tea's standard renderer writes in the alternate
// screen, without its ticker. TestOutput_underBubbleTea is where the real one
// is compared.
type renderer struct {
	width int
	last  []string // nil: start afresh
	lines int
}

func (r *renderer) frame(view []string) string {
	var b strings.Builder
	b.WriteString(ansi.CursorHomePosition)
	for i, line := range view {
		last := i == len(view)-1
		if i < len(r.last) && r.last[i] == line {
			if !last {
				b.WriteByte('\n')
			}
			continue
		}
		if i == 0 && r.last == nil {
			b.WriteByte('\r')
		}
		if r.width > 0 {
			line = ansi.Truncate(line, r.width, "")
		}
		if ansi.StringWidth(line) < r.width {
			line += ansi.EraseLineRight
		}
		b.WriteString(line)
		if !last {
			b.WriteString("\r\n")
		}
	}
	if r.lines > len(view) {
		b.WriteString(ansi.EraseScreenBelow)
	}
	b.WriteString(ansi.CursorPosition(0, len(view)))
	r.last, r.lines = append([]string{}, view...), len(view)
	return b.String()
}

// repair paints the last row of view again. Of fewer rows than before the
// renderer erases the last one, if it skipped it, or its last cell, if it is
// full, together with what is below; what Output paints is what was meant.
func (r *renderer) repair(view []string) string {
	n := len(view)
	return fmt.Sprintf("\x1b[%dH\x1b[K%s\x1b[%dH", n, ansi.Truncate(view[n-1], r.width, ""), n)
}

const (
	enterAlt = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l"
	leaveAlt = "\x1b[?1049l"
)

// terminal is one picture in two emulators, which have to agree with those of
// another terminal and not with one another.
type terminal struct {
	vt  *vt.Emulator
	old vt10x.Terminal
}

func newTerminal(width, height int) terminal {
	return terminal{vt.NewEmulator(width, height), vt10x.New(vt10x.WithSize(width, height))}
}

func (t terminal) Write(p []byte) (int, error) {
	if _, err := t.old.Write(p); err != nil {
		return 0, err
	}
	return t.vt.Write(p)
}

func (t terminal) resize(width, height int) {
	t.vt.Resize(width, height)
	t.old.Resize(width, height)
}

// requireSame compares cell by cell, and the cursor. vt10x, for which every
// character is one cell, has a say only where that is so.
func requireSame(t *testing.T, step int, got, want terminal, wide bool) {
	t.Helper()
	for y := range want.vt.Height() {
		for x := range want.vt.Width() {
			g, w := got.vt.CellAt(x, y), want.vt.CellAt(x, y)
			if !g.Equal(w) {
				t.Fatalf("step %d: x/vt cell %d,%d is %q %+v, want %q %+v\ngot\n%s\nwant\n%s",
					step, x, y, g.Content, g.Style, w.Content, w.Style, got.vt.Render(), want.vt.Render())
			}
			if g, w := got.old.Cell(x, y), want.old.Cell(x, y); g != w && !wide {
				t.Fatalf("step %d: vt10x cell %d,%d is %+v, want %+v\ngot\n%s\nwant\n%s", step, x, y, g, w, got.old, want.old)
			}
		}
	}
	if g, w := got.vt.CursorPosition(), want.vt.CursorPosition(); g != w {
		t.Fatalf("step %d: x/vt cursor at %v, want %v", step, g, w)
	}
}
