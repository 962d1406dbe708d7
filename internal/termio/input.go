package termio

import (
	"bytes"
	"os"
	"time"
	"unicode/utf8"
)

// joinTime is how long a read waits for the rest of an escape sequence. It is
// also how much later the Escape key alone is seen: as in vim and tmux a time
// that nobody notices. A network splits a sequence seldom, and then by less.
const joinTime = 50 * time.Millisecond

// Input is the terminal that Bubble Tea reads from ([tea.WithInput]).
//
// A read that ends inside an escape sequence or a character waits up to 50 ms
// for the rest. Nothing is kept from one Read to the next: a reader that waits
// for the descriptor to become readable before it reads, as Bubble Tea's does
// to be able to cancel, misses nothing.
//
// On Windows Bubble Tea reads console events and not bytes. There, Input only
// passes reads on.
type Input struct {
	file *os.File
	join time.Duration
}

// NewInput makes an Input that reads from f, which stays the caller's.
func NewInput(f *os.File) *Input { return &Input{file: f, join: joinTime} }

// Read reads what is there, as a read of the file does, and joins what was cut.
func (in *Input) Read(p []byte) (int, error) {
	n, err := in.file.Read(p)
	if err != nil || !isPartial(p[:n]) {
		return n, err
	}
	for until := time.Now().Add(in.join); n < len(p) && isPartial(p[:n]); {
		if !awaitReadable(in.file, time.Until(until)) {
			break
		}
		m, err := in.file.Read(p[n:])
		n += m
		if m == 0 || err != nil {
			break // the next Read finds it again
		}
	}
	return n, nil
}

// Write writes to the file below; Bubble Tea's reader expects a file to have it.
func (in *Input) Write(p []byte) (int, error) { return in.file.Write(p) }

// Fd returns the descriptor of the file below, for raw mode and readiness.
func (in *Input) Fd() uintptr { return in.file.Fd() }

// Name returns the name of the file below; on macOS the reader chooses by it.
func (in *Input) Name() string { return in.file.Name() }

// Close does nothing: the file is the caller's.
func (in *Input) Close() error { return nil }

// isPartial reports whether b ends inside an escape sequence, or inside a
// character.
func isPartial(b []byte) bool {
	if i := bytes.LastIndexByte(b, 0x1b); i >= 0 && isOpenEscape(b[i+1:]) {
		return true
	}
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return !utf8.FullRune(b[i:])
		}
	}
	return false
}

// isOpenEscape reports whether an escape sequence goes on behind s, which
// follows its ESC: CSI, SS3, a mouse event in the oldest form, or a string.
func isOpenEscape(s []byte) bool {
	if len(s) == 0 {
		return true
	}
	switch s[0] {
	case '[':
		switch {
		case len(s) > 1 && s[1] == 'M':
			return len(s) < len("[M123") // button, column, row
		case len(s) > 1 && s[1] == '[':
			return len(s) < len("[[A") // a function key of the Linux console
		}
		return bytes.IndexFunc(s[1:], func(r rune) bool { return r >= 0x40 }) < 0
	case 'O':
		return len(s) == 1
	case ']', 'P', '_', '^':
		return bytes.IndexByte(s, '\a') < 0
	}
	return false
}
