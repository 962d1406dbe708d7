package follow

import (
	"strings"
	"testing"
)

// countLines counts as tail -n does: what comes after the last newline is a line, too.
func countLines(s string) int {
	n := strings.Count(s, "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		n++
	}
	return n
}

// Line lengths around the block's, so that newlines fall on both sides of its edges.
func TestLastLines(t *testing.T) {
	for _, length := range []int{0, 1, 2, tailBlock - 2, tailBlock - 1, tailBlock, tailBlock + 1, 2 * tailBlock} {
		line := strings.Repeat("x", length) + "\n"
		for _, end := range []string{"", "unfinished"} {
			text := strings.Repeat(line, 5) + end
			total := countLines(text)
			for n := range total + 2 {
				off, _, err := lastLines(newSearch(t.Context()), strings.NewReader(text), int64(len(text)), n)
				if err != nil {
					t.Fatal(err)
				}
				if got := countLines(text[off:]); got != min(n, total) || off > 0 && text[off-1] != '\n' && n > 0 {
					t.Errorf("lines of %d, %q at the end: the last %d are %d from %d on", length, end, n, got, off)
				}
			}
		}
	}
}

// nulls is a file of a size that nobody has, without a newline.
type nulls struct{ read *int64 }

func (z nulls) ReadAt(p []byte, _ int64) (int, error) {
	*z.read += int64(len(p))
	return len(p), nil
}

func TestLastLines_areBounded(t *testing.T) {
	var read int64
	const size = 50 << 30
	off, _, err := lastLines(newSearch(t.Context()), nulls{&read}, size, 10)
	if err != nil || off != size-maxTail || read > maxTail {
		t.Errorf("from %d on, %v, after reading %d bytes", off, err, read)
	}
}

// Whose search took too long is told that there are more lines.
func TestFollower_tellsThatLinesWereNotLookedFor(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	write(t, join(dir, "app.log"), "one\ntwo\n")
	f := follow(t, l, "app.log", Start{From: FromEnd})
	begin := func(left int64) beginning {
		s := newSearch(t.Context())
		s.left = left
		f.hub.looking.Lock()
		defer f.hub.looking.Unlock()
		b, err := f.hub.begin(s, Start{Lines: 10})
		must(t, err)
		return b
	}
	if b := begin(0); b.at.off != 8 || !strings.Contains(b.gap, "last lines") {
		t.Errorf("at %d, %q", b.at.off, b.gap)
	}
	if b := begin(searchBytes); b.at.off != 0 || b.gap != "" {
		t.Errorf("at %d, %q", b.at.off, b.gap)
	}
}
