package termio

import (
	"slices"
	"strings"
	"testing"
)

func TestParseFrame(t *testing.T) {
	before := []string{"one\x1b[K", "two\x1b[K", "three\x1b[K"}
	for _, c := range []struct {
		name, write string
		want        []string
		fresh       bool
	}{
		{"only the middle changed", "\x1b[H\nTWO\x1b[K\r\n\x1b[3;H", []string{"one\x1b[K", "TWO\x1b[K", "three\x1b[K"}, false},
		{"first and last changed", "\x1b[HONE\x1b[K\r\n\nTHREE\x1b[3;H", []string{"ONE\x1b[K", "two\x1b[K", "THREE"}, false},
		{"nothing changed", "\x1b[H\n\n\x1b[3;H", before, false},
		{"afresh", "\x1b[H\ra\x1b[K\r\nb\x1b[K\r\nc\x1b[K\x1b[3;H", []string{"a\x1b[K", "b\x1b[K", "c\x1b[K"}, true},
		{"afresh, empty rows", "\x1b[H\r\x1b[K\r\n\x1b[K\x1b[2;H", []string{"\x1b[K", "\x1b[K"}, true},
		{"fewer rows", "\x1b[H\nTWO\x1b[K\x1b[J\x1b[2;H", []string{"one\x1b[K", "TWO\x1b[K"}, false},
		{"fewer rows, none changed", "\x1b[H\n\x1b[J\x1b[2;H", []string{"one\x1b[K", "two\x1b[K"}, false},
		{"more rows", "\x1b[H\n\n\nfour\x1b[K\x1b[4;H", append(slices.Clone(before), "four\x1b[K"), false},
		{"one row", "\x1b[Hx\x1b[K\x1b[J\x1b[H", []string{"x\x1b[K"}, false},
		{"width unknown, first row emptied", "\x1b[H\r\nx\r\n\x1b[3;H", []string{"\x1b[K", "x", "three\x1b[K"}, false},
		{"width unknown, afresh", "\x1b[H\r\r\nx\r\n\x1b[3;H", []string{"\x1b[K", "x", "\x1b[K"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, ok := parseFrame([]byte(c.write), before)
			if !ok {
				t.Fatal("not taken for a frame")
			}
			if !slices.Equal(f.rows, c.want) || f.fresh != c.fresh {
				t.Errorf("got %q, fresh %t; want %q", f.rows, f.fresh, c.want)
			}
		})
	}
	for _, write := range []string{"", "\x1b[H", "\x1b[2J", "\x1b[?25l", "text\r", "\x1b[Htext", "\x1b[Htext\x1b[m", "\x1b[1Atext\x1b[K\r"} {
		if f, ok := parseFrame([]byte(write), before); ok {
			t.Errorf("%q is taken for the frame %q", write, f.rows)
		}
	}
}

func TestModes_tellsWhatKeepsTheScreen(t *testing.T) {
	for _, c := range []struct {
		control string
		want    string
		keeps   bool
	}{
		{"\x1b[?25l", "\x1b[?25l", true},
		{"\x1b[?1002h\x1b[?1006h", "\x1b[?1002h\x1b[?1006h", true},
		{"\x1b]2;a title\a", "", true},
		{"\x1b]52;c;eA==\x1b\\\x1b[?2004h", "\x1b[?2004h", true},
		{"\x1b]2;unfinished", "", false},
		{"\x1b[2J", "", false},
		{"\x1b[2K\r", "", false},
		{"\x1b[?1049h", "\x1b[?1049h", false},
		{"text\x1b[?25h", "\x1b[?25h", false},
		{"\x1b[?25", "", false},
		{"\x1b[?h", "", false},
	} {
		got, keeps := modes(c.control)
		var b strings.Builder
		for _, m := range got {
			b.WriteString(m.String())
		}
		if b.String() != c.want || keeps != c.keeps {
			t.Errorf("modes(%q) = %q, %t", c.control, b.String(), keeps)
		}
	}
}
