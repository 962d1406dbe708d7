// Package text turns what others wrote, the bytes of a log and the words of a
// server, into something a terminal can be given.
//
// Its promise: whatever goes in, what comes out of [Clean] and [Plain] is
// printable text and, only if asked for, plain colours that end with the line.
// Nothing that was there is left out on the way. A byte or a character that
// the terminal would obey, reorder, hide or draw on top of another is spelled
// instead, because leaving it out would hide the evidence:
//
//	ESC, CR, BS, DEL …             ␛ ␍ ␈ ␡             in ASCII  ^[ ^M ^H ^?
//	bidi controls, zero-width …    <U+202E> <U+200B>             \u{202e} \u{200b}
//	bytes that are not UTF-8       \xff                          \xff
//
// A control string (OSC, DCS, APC, terminated or not) needs no rule of its own:
// its introducer is spelled like any control character, and with that its body
// is ordinary text.
//
// One library says how wide things are, charmbracelet/x/ansi, here and in the
// renderer below us; what it would measure in two ways is spelled as well.
// The package is pure: no clock, no state, no terminal.
package text

import "unicode/utf8"

// Colors says what becomes of the colours in a line: of each SGR sequence
// (CSI … m) that sets nothing but known colours and attributes. Every other
// one, such as one that conceals, is spelled in all three cases.
type Colors int

// What becomes of harmless SGR sequences.
const (
	SpellColors Colors = iota // made visible like any other control sequence
	KeepColors                // kept, and closed with a reset at the end of the line
	DropColors                // left out without a trace: NO_COLOR, --ascii
)

// Options say how a line is cleaned. The zero value spells everything.
type Options struct {
	Colors Colors
	ASCII  bool // spell with ASCII characters only; printable text stays as it is
	Column int  // the column at which the line begins: tab stops are 8 apart, counted from column 0
}

const (
	// tabStop is the distance of tab stops in cells.
	tabStop = 8

	// maxCluster is how many bytes one cell may hold, marks included. The
	// longest emoji in Unicode 16 (families with skin tones, flags of Wales
	// and Scotland excepted, whose tags are spelled anyway) has 35; what
	// stacks up higher covers its neighbours, and is spelled.
	maxCluster = 40

	// maxColors is how many SGR sequences may stand before one cell. Together
	// with maxSGR and maxCluster it bounds the bytes of a row by its width.
	maxColors = 8

	// minPrefix is the least limit of CleanPrefix. It must exceed maxSGR and
	// maxCluster together, so that a cut always finds a place.
	minPrefix = 256
)

// Clean returns one log line, given without its newline, as text that is safe
// to show on one row. A line that is clean already is returned as it is; that
// costs no allocation for a string. The whole line is worked on, and the
// result can be eight times as long (a line of tabs): give [CleanPrefix] what
// may be long.
func Clean[T ~string | ~[]byte](line T, opt Options) string {
	s := string(line)
	if isClean(s) {
		return s
	}
	return clean(s, opt)
}

// CleanPrefix cleans the beginning of a line, about limit bytes of it (at
// least 256), and says how many bytes of the line that was: n == len(line)
// when all of it. A line of many MiB so costs no more than what is shown of
// it. The cut is at a character, and not inside an SGR sequence or an ordinary
// grapheme cluster.
//
// What is behind it is cleaned by another call on line[n:], with Column moved
// on by [Width] of what came before; colours do not carry over.
func CleanPrefix[T ~string | ~[]byte](line T, limit int, opt Options) (out string, n int) {
	limit = max(limit, minPrefix)
	if len(line) <= limit {
		return Clean(line, opt), len(line)
	}
	// The character behind the cut is all that is needed to place it.
	head := string(line[:min(len(line), limit+utf8.UTFMax)])
	n = cutPoint(head, limit)
	return Clean(head[:n], opt), n
}

// maxPlain is how many bytes of a server's text are shown. A reason or a hint
// is a sentence; what is longer is a mistake or an attack.
const maxPlain = 1024

// Plain returns a text that a server sent, a reason, a file name, an error, as
// one line without colours: newlines are visible like all else. Of a text over
// 1 KiB the rest is told in bytes.
func Plain(s string) string { return plain(s, Options{}) }

// PlainASCII is Plain in the ASCII spelling.
func PlainASCII(s string) string { return plain(s, Options{ASCII: true}) }

func plain(s string, opt Options) string {
	out, n := CleanPrefix(s, maxPlain, opt)
	if n < len(s) {
		out += " [+" + Bytes(int64(len(s)-n)) + "]"
	}
	return out
}
