package linetime

import (
	"bytes"
	"time"
)

const (
	maxPrefixes = 4   // before a time
	maxPlace    = 128 // how far into the line a time behind prefixes begins
	maxBracket  = 64  // of a prefix in brackets, what is between them
)

// prefixed gives the time of a line that begins with one, or has one behind
// prefixes.
func prefixed(s []byte, ref time.Time) (t time.Time, ok bool) {
	for i, prefixes := priority(s), 0; i < len(s) && i < maxPlace; prefixes++ {
		rest := s[i:]
		if t, ok := opened(rest, ref); ok {
			return t, true
		}
		if prefixes == maxPrefixes {
			break
		}
		n := prefix(rest)
		if n == 0 {
			break
		}
		i += n
	}
	return time.Time{}, false
}

// opened reads a time that may follow an opening bracket or quote, and in a
// bracket a level.
func opened(s []byte, ref time.Time) (t time.Time, ok bool) {
	n := 0
	switch s[0] {
	case '[', '(':
		n = 1 + colors(s[1:])
		if t, n := stamp(s[n:], ref); n > 0 {
			return t, true
		}
		k := level(s[n:])
		if k == 0 {
			return time.Time{}, false
		}
		n += k
		n += blanks(s[n:])
	case '"', '\'':
		n = 1
	}
	t, n = stamp(s[n:], ref)
	return t, n > 0
}

// priority reads what syslog puts before a time on the wire: <13>, and as of
// RFC 5424 the version behind it.
func priority(s []byte) (n int) {
	if at(s, 0) != '<' {
		return 0
	}
	n = 1
	for isDigit(at(s, n)) && n <= 3 {
		n++
	}
	if n == 1 || at(s, n) != '>' {
		return 0
	}
	n++
	if isDigit(at(s, n)) && at(s, n+1) == ' ' && isDigit(at(s, n+2)) {
		n += 2
	}
	return n
}

// prefix reads what may stand before a time, with the separators behind it.
func prefix(s []byte) (n int) {
	switch c := s[0]; {
	case c == '[':
		n = bracketed(s)
	case isDigit(c):
		n = redis(s)
	default:
		n = level(s)
	}
	if n == 0 {
		return 0
	}
	for n < len(s) {
		switch c := s[n]; {
		case isBlank(c) || c == ':' || c == ',' || c == '|' || c == '-':
			n++
		case c == 0x1b:
			k := colors(s[n:])
			if k == 0 {
				return n
			}
			n += k
		default:
			return n
		}
	}
	return n
}

// bracketed reads a short text in square brackets.
func bracketed(s []byte) (n int) {
	s = s[:min(len(s), maxBracket+2)]
	end := bytes.IndexByte(s, ']')
	if end < 0 || bytes.IndexByte(s[1:end], '[') >= 0 {
		return 0
	}
	return end + 1
}

// redis reads a process' number and role: M, S, C or X.
func redis(s []byte) (n int) {
	for n < 7 && isDigit(at(s, n)) {
		n++
	}
	if at(s, n) != ':' {
		return 0
	}
	switch at(s, n+1) {
	case 'M', 'S', 'C', 'X':
		if at(s, n+2) == ' ' {
			return n + 2
		}
	}
	return 0
}

// maxLevel is the length of the longest word for a level.
const maxLevel = len("INFORMATION")

// level reads a word for a level, in any case, or its first letter in upper case.
func level(s []byte) (n int) {
	var word [maxLevel]byte
	for n < len(s) && isWord(s[n]) {
		if n == len(word) {
			return 0
		}
		word[n] = s[n] | 0x20
		n++
	}
	switch string(word[:n]) {
	case "trace", "trc", "debug", "dbg", "debu", "info", "inf", "information", "notice",
		"warn", "wrn", "warning", "error", "err", "erro", "eror", "critical", "crit", "fatal", "ftl",
		"fata", "panic", "pani", "alert", "emerg", "severe", "config", "fine", "finer", "finest", "verbose":
		return n
	case "t", "d", "i", "n", "w", "e", "f", "v":
		if isUpper(s[0]) {
			return n
		}
	}
	return 0
}

// container reads the name of a container and the bar that Docker Compose puts
// before its lines.
func container(s []byte) (n int) {
	s = s[:min(len(s), maxPlace)]
	for n < len(s) && (isWord(s[n]) || s[n] == '-' || s[n] == '.') {
		n++
	}
	if n == 0 {
		return 0
	}
	n += blanks(s[n:])
	if at(s, n) != '|' {
		return 0
	}
	n++
	n += colors(s[n:])
	if at(s, n) == ' ' { // one: more are the line's own
		n++
	}
	return n + colors(s[n:])
}

// access gives the time of a line of an access log.
func access(s []byte, ref time.Time) (t time.Time, ok bool) {
	if quote := bytes.IndexByte(s, '"'); quote >= 0 {
		s = s[:quote]
	}
	for i := 0; ; i++ {
		n := bytes.IndexByte(s[i:], '[')
		if n < 0 {
			return time.Time{}, false
		}
		i += n
		if at(s, i+3) != '/' || !fromClient(s[:i]) {
			continue
		}
		if t, n := stamp(s[i+1:], ref); n > 0 && at(s, i+1+n) == ']' {
			return t, true
		}
	}
}

// fromClient reports whether s is what access logs have before the time:
// addresses and names of which one is not known and therefore "-", or the one
// address and port that HAProxy writes.
func fromClient(s []byte) bool {
	if len(s) < 2 || s[len(s)-1] != ' ' {
		return false
	}
	if bytes.Contains(s, []byte(" - ")) {
		return true
	}
	s = s[:len(s)-1]
	return isDigit(s[len(s)-1]) && bytes.IndexByte(s, ' ') < 0 && bytes.IndexByte(s, ':') > 0
}
