package linetime

import (
	"bytes"
	"time"
)

// object gives the time of a line that is a JSON object, or the beginning of
// one. Escapes in names are not resolved: a name with one is no time's.
func object(s []byte, ref time.Time) (t time.Time, ok bool) {
	for i := 1; ; {
		i += blanks(s[i:])
		name := str(s[i:])
		if name == 0 {
			return time.Time{}, false
		}
		isTime := isTimeName(s[i+1 : i+name-1])
		i += name
		i += blanks(s[i:])
		if at(s, i) != ':' {
			return time.Time{}, false
		}
		i++
		i += blanks(s[i:])
		n := value(s[i:])
		if n == 0 {
			return time.Time{}, false
		}
		if isTime {
			if t, ok := timeOf(s[i:i+n], ref); ok {
				return t, true
			}
		}
		i += n
		i += blanks(s[i:])
		if at(s, i) != ',' {
			return time.Time{}, false
		}
		i++
	}
}

// timeOf gives the time that a JSON value is.
func timeOf(v []byte, ref time.Time) (t time.Time, ok bool) {
	switch v[0] {
	case '"':
		return textValue(v[1:len(v)-1], ref)
	case '{':
		const name = `"$date"`
		i := 1 + blanks(v[1:])
		if !bytes.HasPrefix(v[i:], []byte(name)) {
			return time.Time{}, false
		}
		i += len(name)
		i += blanks(v[i:])
		if at(v, i) != ':' {
			return time.Time{}, false
		}
		i++
		i += blanks(v[i:])
		n := value(v[i:])
		if n == 0 || v[i] == '{' {
			return time.Time{}, false
		}
		return timeOf(v[i:i+n], ref)
	}
	if t, ok := epochValue(v); ok {
		return t.In(ref.Location()), true
	}
	return time.Time{}, false
}

// str reads a JSON text with its quotes.
func str(s []byte) (n int) {
	if at(s, 0) != '"' {
		return 0
	}
	for n = 1; ; n++ {
		k := bytes.IndexByte(s[n:], '"')
		if k < 0 {
			return 0
		}
		n += k
		escapes := 0
		for s[n-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return n + 1
		}
	}
}

// value reads a JSON value, which has to be complete. What is within an object or
// an array is not checked.
func value(s []byte) (n int) {
	switch at(s, 0) {
	case '"':
		return str(s)
	case '{', '[':
		return nested(s)
	}
	for n < len(s) {
		switch s[n] {
		case ',', '}', ' ', '\t':
			return n
		}
		n++
	}
	return 0
}

// nested reads an object or an array.
func nested(s []byte) (n int) {
	for depth := 0; n < len(s); {
		switch s[n] {
		case '"':
			k := str(s[n:])
			if k == 0 {
				return 0
			}
			n += k
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return n + 1
			}
		}
		n++
	}
	return 0
}
