package termio

import (
	"bytes"
	"strings"
)

// What the standard renderer writes in the alternate screen, one Write each:
//
//	frame    CSI H, rows, [CSI J], CSI n;H
//	row      "\n" when it is as it was, else text [CSI K] "\r\n"; the last one without the line end.
//	         CSI K is left out where the text fills the row. The first row painted begins with
//	         "\r" when the renderer starts afresh, as after a resize.
//	control  everything else: modes, titles, erasing, and whatever is drawn outside of the
//	         alternate screen
const (
	cursorHome = "\x1b[H"
	eraseLine  = "\x1b[K"
	eraseBelow = "\x1b[J"
	resetPen   = "\x1b[m"
)

// frame is a whole screen, top row first. It is immutable.
type frame struct {
	rows  []string // what to write into the row; eraseLine where it is empty
	fresh bool     // nothing that was sent before counts: paint every row
}

// parseFrame reads a write of the renderer as a frame. Rows that it leaves out
// are as in before, the frame it wrote last. It reports false for all that is
// not exactly a frame.
func parseFrame(p []byte, before []string) (frame, bool) {
	body, ok := bytes.CutPrefix(p, []byte(cursorHome))
	if !ok {
		return frame{}, false
	}
	if body, ok = cutCursor(body); !ok {
		return frame{}, false
	}
	body = bytes.TrimSuffix(body, []byte(eraseBelow))

	var f frame
	if bytes.HasPrefix(body, []byte("\r")) && !bytes.HasPrefix(body, []byte("\r\n")) {
		f.fresh, before, body = true, nil, body[1:]
	}
	f.rows = make([]string, 0, max(len(before), 1))
	for last := false; !last; {
		var line []byte
		line, body, ok = bytes.Cut(body, []byte("\n"))
		last = !ok
		switch painted := bytes.TrimSuffix(line, []byte("\r")); {
		case len(line) > 0 && len(painted) > 0:
			f.rows = append(f.rows, string(painted))
		case len(line) > 0:
			f.rows = append(f.rows, eraseLine)
		case len(f.rows) < len(before):
			f.rows = append(f.rows, before[len(f.rows)])
		default:
			f.rows = append(f.rows, eraseLine)
		}
	}
	return f, true
}

// cutCursor takes the cursor position off the end of a frame.
func cutCursor(body []byte) ([]byte, bool) {
	i := bytes.LastIndex(body, []byte("\x1b["))
	if i < 0 || body[len(body)-1] != 'H' {
		return nil, false
	}
	for _, c := range body[i+2 : len(body)-1] {
		if (c < '0' || c > '9') && c != ';' {
			return nil, false
		}
	}
	return body[:i], true
}

// mode is a DEC private mode being set or reset.
type mode struct {
	number string
	on     bool
}

func (m mode) String() string {
	if m.on {
		return "\x1b[?" + m.number + "h"
	}
	return "\x1b[?" + m.number + "l"
}

const (
	modeAltScreen = "1049"
	modeAutoWrap  = "7"
)

// modes returns the modes that a control write changes, in order, and whether
// it does nothing else but set titles and the like: then the screen stays as
// it is.
func modes(control string) (found []mode, only bool) {
	only = true
	for len(control) > 0 {
		if n := oscLen(control); n > 0 {
			control = control[n:]
			continue
		}
		m, n := leadingMode(control)
		if n == 0 {
			only = false
			i := strings.IndexByte(control[1:], 0x1b)
			if i < 0 {
				break
			}
			control = control[1+i:]
			continue
		}
		found = append(found, m)
		only = only && m.keepsScreen()
		control = control[n:]
	}
	return found, only
}

// leadingMode reads the mode change that s begins with; n is 0 if there is none.
func leadingMode(s string) (m mode, n int) {
	rest, ok := strings.CutPrefix(s, "\x1b[?")
	if !ok {
		return mode{}, 0
	}
	i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if i <= 0 || rest[i] != 'h' && rest[i] != 'l' {
		return mode{}, 0
	}
	return mode{number: rest[:i], on: rest[i] == 'h'}, len(s) - len(rest) + i + 1
}

// keepsScreen reports whether the mode moves neither cells nor the cursor:
// cursor visibility, mouse, focus, bracketed paste.
func (m mode) keepsScreen() bool {
	switch m.number {
	case "12", "25", "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1015", "1016", "2004":
		return true
	}
	return false
}

// oscLen returns the length of the terminated OSC that s begins with, or 0.
func oscLen(s string) int {
	if !strings.HasPrefix(s, "\x1b]") {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch {
		case s[i] == '\a':
			return i + 1
		case s[i] == 0x1b:
			if i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
			return 0
		}
	}
	return 0
}
