package text

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestCut(t *testing.T) {
	const red, off = "\x1b[31m", "\x1b[0m"
	for _, c := range []struct {
		name        string
		s           string
		from, width int
		want        string
	}{
		{"plain", "hello world", 6, 3, "wor"},
		{"beyond the end", "hello", 9, 3, ""},
		{"far beyond the end", "hello", 1 << 62, 3, ""},
		{"all of it", "hello", 0, 1 << 62, "hello"},
		{"no room", "hello", 0, 0, ""},
		{"colour from before the cut", red + "hello" + off, 2, 2, red + "ll" + off},
		{"colour closed before the cut", red + "he" + off + "llo", 2, 2, "ll"},
		{"reset and set in one", red + "h\x1b[0;1mello", 1, 2, "\x1b[0;1mel" + off},
		{"colour behind the cut", "hello " + red + "world" + off, 0, 5, "hello"},
		{"wide", "世界世界", 2, 4, "界世"},
		{"left edge in a wide character", "世界", 1, 3, " 界"},
		{"right edge in a wide character", "世界", 0, 3, "世"},
		{"only half a character", "世界", 0, 1, ""},
		{"inside one character", "世界", 1, 1, " "},
		{"marks stay on their letters", "ae\u0301io", 1, 2, "e\u0301i"},
		{"a mark at the very edge", "ae\u0301", 0, 1, "a"},
		{"emoji", "x👩‍👩‍👧y", 1, 2, "👩‍👩‍👧"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Cut(c.s, c.from, c.width); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestCut_movesByCells compares each column of cuts with the text drawn whole.
func TestCut_movesByCells(t *testing.T) {
	s := Clean("a世\x1b[1mb\x1b[31me\u0301界\x1b[0m👩‍👩‍👧c\x1b[4mü\U000e0041", Options{Colors: KeepColors})
	whole := draw(s)
	for from := range len(whole) + 2 {
		for width := range len(whole) + 2 {
			got := draw(Cut(s, from, width))
			want := slices.Clone(whole[min(from, len(whole)):min(from+width, len(whole))])
			for i := 0; i < len(want) && strings.HasSuffix(want[i], "right"); i++ {
				want[i] = " "
			}
			if n := len(want); n > 0 && !strings.HasSuffix(want[n-1], "right") && from+n < len(whole) && strings.HasSuffix(whole[from+n], "right") {
				want = want[:n-1]
			}
			if len(got) != len(want) {
				t.Fatalf("Cut(%d, %d): %q, want %q", from, width, got, want)
			}
			for i := range got {
				if got[i] != want[i] && want[i] != " " {
					t.Fatalf("Cut(%d, %d), cell %d: %q, want %q", from, width, i, got[i], want[i])
				}
			}
		}
	}
}

// draw returns the cells of s, each with the colours in force. The second cell
// of a wide character is its first with "right".
func draw(s string) []string {
	var cells []string
	pen := ""
	for state := byte(0); len(s) > 0; {
		seq, width, n, next := ansi.DecodeSequence(s, state, nil)
		s, state = s[n:], next
		switch {
		case seq == reset:
			pen = ""
		case seq[0] == esc:
			pen += seq
		case width == 0:
			cells[len(cells)-1] += seq
		default:
			cells = append(cells, pen+seq)
			if width == 2 {
				cells = append(cells, pen+seq+"right")
			}
		}
	}
	return cells
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     string
		width int
		want  []string
	}{
		{"empty", "", 5, []string{""}},
		{"fits", "hello", 5, []string{"hello"}},
		{"plain", "hello world", 5, []string{"hello", " worl", "d"}},
		{"colour goes on", "\x1b[31mhello\x1b[0m", 3, []string{"\x1b[31mhel\x1b[0m", "\x1b[31mlo\x1b[0m"}},
		{"colour ends with the row", "\x1b[31mhel\x1b[0mlo", 3, []string{"\x1b[31mhel\x1b[0m", "lo"}},
		{"wide does not fit", "a世界", 2, []string{"a", "世", "界"}},
		{"wider than the row", "世a", 1, []string{"世", "a"}},
		{"no width", "ab", 0, []string{"a", "b"}},
		{"colours only", "\x1b[31m\x1b[0m", 3, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Wrap(c.s, c.width)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if h := Height(c.s, c.width); h != len(c.want) {
				t.Errorf("height %d, want %d", h, len(c.want))
			}
		})
	}
}

// TestWrap_nothingIsLost wraps the hostile corpus, and joins it again.
func TestWrap_nothingIsLost(t *testing.T) {
	cases, _ := readHostile(t)
	for _, c := range cases {
		for width := 2; width < 20; width++ {
			var cells []string
			for _, row := range Wrap(c.want, width) {
				if w := Width(row); w > width {
					t.Fatalf("%s at %d: %q is %d wide", c.name, width, row, w)
				}
				cells = append(cells, draw(row)...)
			}
			if want := draw(c.want); !slices.Equal(cells, want) {
				t.Errorf("%s at %d: %q, want %q", c.name, width, cells, want)
			}
		}
	}
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "hello": 5, "\x1b[31mhello\x1b[0m": 5, "世界": 4, "e\u0301": 1, "👩‍👩‍👧": 2, "␛[2J": 4,
	} {
		if got := Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}
