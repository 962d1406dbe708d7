package text

import (
	"bufio"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite what testdata/hostile.txt expects")

// hostile is one case of testdata/hostile.txt.
type hostile struct{ name, line, want, ascii string }

// readHostile reads the corpus, and the comment it begins with.
func readHostile(t testing.TB) (cases []hostile, head string) {
	t.Helper()
	f, err := os.Open("testdata/hostile.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var fields []string
	flush := func() {
		if len(fields) == 0 {
			return
		}
		fields = append(fields, "", "")
		c := hostile{fields[0], fields[1], fields[2], fields[3]}
		if c.ascii == "" {
			c.ascii = c.want
		}
		cases = append(cases, c)
		fields = nil
	}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		switch line := sc.Text(); {
		case strings.HasPrefix(line, "#"):
			head += line + "\n"
		case line == "":
			flush()
		case line[0] == '\t':
			s, err := strconv.Unquote(line[1:])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			fields = append(fields, s)
		default:
			flush()
			fields = []string{line}
		}
	}
	flush()
	return cases, head
}

func TestClean_hostileCorpus(t *testing.T) {
	cases, head := readHostile(t)
	if *update {
		writeHostile(t, cases, head)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Clean(c.line, Options{Colors: KeepColors}); got != c.want {
				t.Errorf("Clean(%q)\n got %q\nwant %q", c.line, got, c.want)
			}
			if got := Clean(c.line, Options{Colors: KeepColors, ASCII: true}); got != c.ascii {
				t.Errorf("in ASCII: Clean(%q)\n got %q\nwant %q", c.line, got, c.ascii)
			}
			for _, opt := range allOptions() {
				checkHarmless(t, c.line, Clean(c.line, opt), opt)
			}
		})
	}
}

func writeHostile(t *testing.T, cases []hostile, head string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(head)
	quote := func(s string) { b.WriteString("\t" + strconv.QuoteToGraphic(s) + "\n") }
	for i, c := range cases {
		c.want = Clean(c.line, Options{Colors: KeepColors})
		c.ascii = Clean(c.line, Options{Colors: KeepColors, ASCII: true})
		cases[i] = c
		b.WriteString("\n" + c.name + "\n\t" + strconv.QuoteToASCII(c.line) + "\n")
		quote(c.want)
		if c.ascii != c.want {
			quote(c.ascii)
		}
	}
	if err := os.WriteFile("testdata/hostile.txt", []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func allOptions() []Options {
	var all []Options
	for _, colors := range []Colors{SpellColors, KeepColors, DropColors} {
		all = append(all, Options{Colors: colors}, Options{Colors: colors, ASCII: true, Column: 3})
	}
	return all
}

// checkHarmless checks the package's promise on what Clean made of line, by
// reading it as a terminal would.
func checkHarmless(t *testing.T, line, got string, opt Options) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Fatalf("Clean(%q) is not UTF-8: %q", line, got)
	}
	p := ansi.NewParser()
	cells, pen, colors := 0, false, 0
	for rest, state := got, byte(0); len(rest) > 0; {
		seq, width, n, next := ansi.DecodeSequence(rest, state, p)
		if n == 0 {
			t.Fatalf("Clean(%q): nothing to decode in %q", line, rest)
		}
		rest, state = rest[n:], next
		cells += width
		switch {
		case width > 0:
			colors = 0
			if len(seq) > maxCluster {
				t.Fatalf("Clean(%q): %d bytes on one cell: %q", line, len(seq), seq)
			}
			fallthrough
		case seq[0] >= utf8.RuneSelf:
			for _, r := range seq {
				if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b {
					t.Fatalf("Clean(%q) lets %U through: %q", line, r, got)
				}
			}
		case opt.Colors == KeepColors && sgrLen(seq) == len(seq) && isHarmless(seq):
			pen = !isReset(seq)
			if colors++; colors > maxColors+1 {
				t.Fatalf("Clean(%q): %d colours before one cell", line, colors)
			}
		default:
			t.Fatalf("Clean(%q) lets the sequence %q through: %q", line, seq, got)
		}
	}
	if pen {
		t.Errorf("Clean(%q) leaves a colour on: %q", line, got)
	}
	if w := ansi.StringWidth(got); w != cells {
		t.Errorf("Clean(%q): width %d, but its cells are %d: %q", line, w, cells, got)
	}
	if again := Clean(got, opt); opt.Colors != SpellColors && again != got {
		t.Errorf("Clean(%q) = %q is not clean: %q", line, got, again)
	}
}

func TestClean_cleanLinesAreNotCopied(t *testing.T) {
	for _, s := range []string{
		"", "2026-11-22T10:00:00Z INFO request served path=/index.html status=200",
		"größer als Ärger – „zitiert“ → Ende", "Привет мир", "日本語のログ ┌─┐",
	} {
		if got := Clean(s, Options{}); got != s {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if n := testing.AllocsPerRun(100, func() { Clean(s, Options{}) }); n != 0 {
			t.Errorf("Clean(%q) allocates %v times", s, n)
		}
	}
}

func TestClean_colorsAreDroppedOrSpelled(t *testing.T) {
	const line = "\x1b[31mERROR\x1b[0m \x1b[8mx"
	for _, c := range []struct {
		opt  Options
		want string
	}{
		{Options{Colors: DropColors}, "ERROR ␛[8mx"},
		{Options{Colors: SpellColors}, "␛[31mERROR␛[0m ␛[8mx"},
		{Options{Colors: SpellColors, ASCII: true}, "^[[31mERROR^[[0m ^[[8mx"},
		{Options{Colors: KeepColors}, "\x1b[31mERROR\x1b[0m ␛[8mx"},
	} {
		if got := Clean(line, c.opt); got != c.want {
			t.Errorf("%+v: %q, want %q", c.opt, got, c.want)
		}
	}
}

func TestClean_tabStopsCountFromTheColumn(t *testing.T) {
	for column, want := range []string{"a       b", "a      b", "a     b", "a    b", "a   b", "a  b", "a b", "a        b", "a       b"} {
		if got := Clean("a\tb", Options{Column: column}); got != want {
			t.Errorf("column %d: %q, want %q", column, got, want)
		}
	}
}

func TestClean_bytesAsStrings(t *testing.T) {
	line := []byte("a\x1bb")
	got := Clean(line, Options{})
	line[0] = 'X'
	if got != "a␛b" {
		t.Errorf("the result shares the bytes: %q", got)
	}
}

func TestCleanPrefix_piecesMakeTheLine(t *testing.T) {
	unit := "plain text, \x1b[38;5;196mred\x1b[0m, 世界, e\u0301, 👩‍👩‍👧, \xff\t"
	line := strings.Repeat(unit, 200)
	for limit := minPrefix; limit < minPrefix+len(unit)+5; limit++ {
		var got strings.Builder
		col := 0
		for rest := line; len(rest) > 0; {
			out, n := CleanPrefix(rest, limit, Options{Colors: DropColors, Column: col})
			if n <= 0 || n > limit || n < limit-maxSGR-maxCluster {
				t.Fatalf("limit %d: took %d", limit, n)
			}
			col += Width(out)
			got.WriteString(out)
			rest = rest[n:]
			if len(rest) <= limit {
				got.WriteString(Clean(rest, Options{Colors: DropColors, Column: col}))
				break
			}
		}
		if want := Clean(line, Options{Colors: DropColors}); got.String() != want {
			t.Fatalf("limit %d: the pieces differ from the whole", limit)
		}
	}
}

func TestCleanPrefix_isBounded(t *testing.T) {
	for name, line := range map[string]string{
		"marks":   "z" + strings.Repeat("\u0301", 1<<20),
		"colours": strings.Repeat("\x1b[1m", 1<<20),
		"escapes": strings.Repeat("\x1b", 1<<20),
		"joiners": strings.Repeat("👩\u200d", 1<<18),
		"flags":   strings.Repeat("🇩", 1<<18),
		"invalid": strings.Repeat("\xff", 1<<20),
		"digits":  "\x1b[" + strings.Repeat("1", 1<<20),
		"wide":    strings.Repeat("世", 1<<20),
	} {
		out, n := CleanPrefix(line, 4096, Options{Colors: KeepColors})
		if n > 4096 || n < 4096-maxSGR-maxCluster {
			t.Errorf("%s: took %d bytes", name, n)
		}
		if len(out) > 8*4096 {
			t.Errorf("%s: made %d bytes", name, len(out))
		}
		checkHarmless(t, line[:20], out, Options{Colors: KeepColors})
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ in, want, ascii string }{
		{"no such log", "no such log", "no such log"},
		{"two\nlines\x1b[31m", "two␊lines␛[31m", "two^Jlines^[[31m"},
		{strings.Repeat("x", 3000), strings.Repeat("x", 1024) + " [+1.9 KiB]", strings.Repeat("x", 1024) + " [+1.9 KiB]"},
	} {
		if got := Plain(c.in); got != c.want {
			t.Errorf("Plain(%.20q) = %q", c.in, got)
		}
		if got := PlainASCII(c.in); got != c.ascii {
			t.Errorf("PlainASCII(%.20q) = %q", c.in, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	cases, _ := readHostile(f)
	for _, c := range cases {
		f.Add(c.line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, opt := range allOptions() {
			got := Clean(line, opt)
			checkHarmless(t, line, got, opt)
			if opt.Colors == SpellColors && Width(got) < utf8.RuneCountInString(line)/maxCluster {
				t.Errorf("Clean(%q) lost something: %q", line, got)
			}
			for _, width := range []int{1, 7, 80} {
				rows := Wrap(got, width)
				if len(rows) != Height(got, width) {
					t.Fatalf("%q at %d: %d rows, height %d", got, width, len(rows), Height(got, width))
				}
			}
		}
	})
}

// TestClean_everyCharacter puts each character after a letter, after a mark,
// and twice in a row.
func TestClean_everyCharacter(t *testing.T) {
	opt := Options{Colors: KeepColors}
	for first := rune(0); first < 0xe0200; first += 0x20 {
		switch first { // ideographs, syllables and planes of little variety
		case 0x3440:
			first = 0xa000
		case 0xac40:
			first = 0xd7a0
		case 0xd800:
			first = 0xe000 // surrogates are no characters
		case 0xe040:
			first = 0xf8e0
		case 0x12000:
			first = 0x1f000
		case 0x1fc00:
			first = 0xe0000
		}
		var b strings.Builder
		for r := first; r < first+0x20; r++ {
			b.WriteString("a" + string(r) + string(r) + "e\u0301" + string(r))
		}
		checkHarmless(t, b.String(), Clean(b.String(), opt), opt)
	}
}
