package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cleaner writes one line.
type cleaner struct {
	opt Options
	out []byte
	col int

	// The cell written last.
	base  bool // it is the log's own, so that marks may sit on it
	bytes int  // it holds this many

	colors  int  // SGR sequences since that cell
	colored bool // one of them is in force

	join []byte // scratch: "a" and what might join it
}

func clean(s string, opt Options) string {
	c := cleaner{opt: opt, out: make([]byte, 0, len(s)+len(s)/8+16), col: opt.Column}
	for len(s) > 0 {
		s = s[c.next(s):]
	}
	if c.colored {
		c.out = append(c.out, "\x1b[0m"...)
	}
	return string(c.out)
}

// next writes what s begins with and returns how many bytes of it that took.
func (c *cleaner) next(s string) int {
	switch b := s[0]; {
	case isPrintASCII(b):
		return c.ascii(s)
	case b == '\t':
		n := tabStop - c.col%tabStop
		c.spelled("        "[:n])
		return 1
	case b == esc:
		return c.escape(s)
	case b < utf8.RuneSelf:
		c.control(b)
		return 1
	}
	cluster, width := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	if len(cluster) <= maxCluster && isIntact(cluster) {
		c.cluster(cluster, width)
		return len(cluster)
	}
	for i := 0; i < len(cluster); {
		i += c.piece(cluster[i:])
	}
	return len(cluster)
}

// ascii writes the run of printable ASCII that s begins with.
func (c *cleaner) ascii(s string) int {
	n := 1
	for n < len(s) && isPrintASCII(s[n]) {
		n++
	}
	c.out = append(c.out, s[:n]...)
	c.col += n
	c.cell(1)
	return n
}

// cell notes that a cell of the log was written, of n bytes.
func (c *cleaner) cell(n int) {
	c.base, c.bytes, c.colors = true, n, 0
}

// spelled writes text of ours. Nothing of the log may be drawn on top of it.
func (c *cleaner) spelled(s string) {
	c.out = append(c.out, s...)
	c.col += ansi.StringWidth(s)
	c.base, c.bytes, c.colors = false, 0, 0
}

// escape writes an SGR sequence as the options say, of anything else only the
// ESC: what follows it is then ordinary text.
func (c *cleaner) escape(s string) int {
	n := sgrLen(s)
	if n == 0 || c.opt.Colors == SpellColors || !isHarmless(s[:n]) {
		c.control(esc)
		return 1
	}
	if c.opt.Colors == DropColors {
		return n
	}
	if c.colors++; c.colors > maxColors {
		c.control(esc)
		return 1
	}
	c.out = append(c.out, s[:n]...)
	c.colored = !isReset(s[:n])
	return n
}

// cluster writes a grapheme cluster that is fit to be seen, provided that it
// is a cell of its own, or a mark on a cell that can take it.
func (c *cleaner) cluster(s string, width int) {
	extends := c.extends(s)
	switch {
	case !extends && width > 0:
		c.out = append(c.out, s...)
		c.col += width
		c.cell(len(s))
	case extends && width == 0 && c.base && c.bytes+len(s) <= maxCluster:
		c.out = append(c.out, s...)
		c.bytes += len(s)
	default: // one that has a width of its own x/ansi measures in two ways
		c.spellRunes(s)
	}
}

// extends reports whether s would join the character before it.
func (c *cleaner) extends(s string) bool {
	if first, _ := utf8.DecodeRuneInString(s); standsAlone(first) {
		return false
	}
	c.join = append(append(c.join[:0], 'a'), s...)
	cluster, _ := ansi.FirstGraphemeCluster(c.join, ansi.GraphemeWidth)
	return len(cluster) > 1
}

// piece writes one character of a cluster that is not fit to be seen whole:
// one that hides something, or is stacked too high.
func (c *cleaner) piece(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 || !isVisible(r) {
		c.spellRune(r, s[:n])
		return n
	}
	c.cluster(s[:n], ansi.StringWidth(s[:n]))
	return n
}

// spellRunes spells every character of s.
func (c *cleaner) spellRunes(s string) {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		c.spellRune(r, s[:n])
		s = s[n:]
	}
}

// spellRune spells r, whose bytes are s.
func (c *cleaner) spellRune(r rune, s string) {
	if r == utf8.RuneError && len(s) == 1 {
		c.spelled(`\x` + strconv.FormatUint(uint64(s[0]), 16))
		return
	}
	hex := strconv.FormatInt(int64(r), 16)
	if len(hex) < 4 {
		hex = "0000"[len(hex):] + hex
	}
	if c.opt.ASCII {
		c.spelled(`\u{` + hex + `}`)
		return
	}
	c.spelled("<U+" + strings.ToUpper(hex) + ">")
}

// control spells a C0 control character or DEL.
func (c *cleaner) control(b byte) {
	switch {
	case c.opt.ASCII:
		c.spelled(string([]byte{'^', b ^ 0x40})) // ^[ is ESC, ^? is DEL
	case b == 0x7f:
		c.spelled("␡")
	default:
		c.spelled(string(rune(0x2400) + rune(b)))
	}
}

// cutPoint returns where to cut s, which goes on beyond it: at limit, or as
// little before it as keeps an SGR sequence, a character and, among the last
// maxCluster bytes, a grapheme cluster whole.
func cutPoint(s string, limit int) int {
	n := limit
	for n > limit-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	if i := strings.LastIndexByte(s[n-maxSGR:n], esc); i >= 0 {
		i += n - maxSGR
		if isOpenSGR(s[i:n]) {
			return i
		}
	}
	if s[n] < utf8.RuneSelf && s[n-1] < utf8.RuneSelf {
		return n
	}
	// The cluster that the cut may be in began at the latest with the last
	// ASCII character; from there on clusters can be counted.
	start := n - maxCluster
	for start < n && !utf8.RuneStart(s[start]) {
		start++
	}
	if i := lastASCII(s[start:n]); i >= 0 {
		start += i
	}
	for {
		cluster, _ := ansi.FirstGraphemeCluster(s[start:], ansi.GraphemeWidth)
		if start+len(cluster) > n {
			break
		}
		start += len(cluster)
	}
	if start > n-maxCluster {
		return start
	}
	return n // stacked higher than is shown anyway
}

// isOpenSGR reports whether s, which begins with ESC, ends before its SGR
// sequence could.
func isOpenSGR(s string) bool {
	for i := 1; i < len(s); i++ {
		if i == 1 && s[i] != '[' || i > 1 && (s[i] < '0' || s[i] > ';') {
			return false
		}
	}
	return true
}

func lastASCII(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < utf8.RuneSelf {
			return i
		}
	}
	return -1
}
