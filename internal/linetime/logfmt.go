package linetime

import (
	"bytes"
	"time"
)

// logfmt gives the time of a line that begins with members name=value, the value
// in quotes or up to the next space.
func logfmt(s []byte, ref time.Time) (t time.Time, ok bool) {
	for i := 0; ; {
		name := 0
		for c := at(s, i); isWord(c) || c == '.' || c == '@' || c == '-'; c = at(s, i+name) {
			name++
		}
		if name == 0 || at(s, i+name) != '=' {
			return time.Time{}, false
		}
		isTime := isTimeName(s[i : i+name])
		v := i + name + 1
		if name == len("msg") && bytes.HasPrefix(s[i:], []byte("msg=audit(")) {
			t, ok = audit(s[v:])
			return t.In(ref.Location()), ok
		}
		var n int
		if at(s, v) == '"' {
			if n = str(s[v:]); n == 0 {
				return time.Time{}, false
			}
			if isTime {
				t, ok = textValue(s[v+1:v+n-1], ref)
			}
		} else {
			n = word(s[v:])
			if isTime {
				t, ok = textValue(s[v:v+n], ref)
			}
		}
		if ok {
			return t, true
		}
		i = v + n
		if !isBlank(at(s, i)) {
			return time.Time{}, false
		}
		i += blanks(s[i:])
	}
}

// audit reads what the audit daemon has for a time: audit(seconds:serial).
func audit(s []byte) (t time.Time, ok bool) {
	s = s[len("audit("):]
	first19, whole, n := decimal(s)
	if at(s, n) != ':' {
		return time.Time{}, false
	}
	return epoch(first19, whole)
}

// word gives the length of what is before the next white space.
func word(s []byte) (n int) {
	for n < len(s) && s[n] > ' ' {
		n++
	}
	return n
}
