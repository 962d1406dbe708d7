// Package termio is the terminal as a slow device, between Bubble Tea v1 and
// the terminal's file.
//
// Bubble Tea's standard renderer sends every row that differs, so that one new
// log line repaints the screen, and it writes while it holds the lock that the
// program draws with, so that a terminal which takes nothing (a stalled ssh
// session, ^S) stops the program. [Output] stands under the renderer and
// changes both: a Write never waits, the newest frame replaces one that was not
// sent yet, rows that only moved are scrolled by the terminal itself, and
// memory stays bounded if the terminal takes nothing for hours.
//
// [Input] joins escape sequences which the network cut in two, and which
// Bubble Tea would take for the Escape key and some letters.
//
// Both look like the file below them (Fd, Name, Close), because Bubble Tea asks
// that file for its size, its raw mode and, to cancel a read, its readiness.
package termio

import "io"

// File is what Bubble Tea and its reader expect of a terminal; *os.File is one.
type File interface {
	io.ReadWriteCloser
	Fd() uintptr
	Name() string
}

var (
	_ File = (*Output)(nil)
	_ File = (*Input)(nil)
)
