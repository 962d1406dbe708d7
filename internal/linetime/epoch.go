package linetime

import (
	"bytes"
	"time"
)

// Numbers since 1970 have 10, 13, 16 or 19 digits before the point, for
// seconds, milliseconds, microseconds and nanoseconds, and the first 19 digits
// are in every case the nanoseconds. That holds from 10⁹ seconds (2001) on; the end
// keeps other numbers of ten digits out, such as many of telephones.
const (
	figures    = 19
	firstEpoch = 1_000_000_000_000_000_000 // ns: 2001-09-09T01:46:40Z
	endOfEpoch = 4_102_444_800_000_000_000 // ns: 2100-01-01T00:00:00Z
)

// decimal reads a number without sign: its first 19 digits, filled up with
// zeros, and how many of all its digits stand before the point. A fraction of no
// digits is none.
func decimal(s []byte) (first19 uint64, whole, n int) {
	taken := 0
	for n < len(s) {
		c := s[n]
		if c == '.' && whole == 0 && n > 0 && isDigit(at(s, n+1)) {
			whole = n
			n++
			continue
		}
		if !isDigit(c) {
			break
		}
		if taken < figures {
			first19 = 10*first19 + uint64(c-'0')
			taken++
		}
		n++
	}
	if n == 0 {
		return 0, 0, 0
	}
	if whole == 0 {
		whole = n
	}
	for ; taken < figures; taken++ {
		first19 *= 10
	}
	return first19, whole, n
}

// epoch gives the moment of a number that decimal has read.
func epoch(first19 uint64, whole int) (t time.Time, ok bool) {
	switch whole {
	case 10, 13, 16, 19:
	default:
		return time.Time{}, false
	}
	if first19 < firstEpoch || first19 >= endOfEpoch {
		return time.Time{}, false
	}
	return time.Unix(0, int64(first19)), true
}

// epochAtStart gives the time of a line that begins with a number, alone
// in a bracket or with more behind it.
func epochAtStart(s []byte) (t time.Time, ok bool) {
	bracket := at(s, 0) == '['
	if bracket {
		s = s[1:]
	}
	if len(s) < 11 || number(s, 0, 10) < 0 {
		return time.Time{}, false
	}
	first19, whole, n := decimal(s)
	switch c := at(s, n); {
	case bracket && c != ']':
		return time.Time{}, false
	case !bracket && c != ' ' && c != '\t' && c != ',' && c != ';' && c != ':' && c != '|':
		return time.Time{}, false
	}
	if !bracket && len(bytes.TrimSpace(s[n:])) == 0 {
		return time.Time{}, false
	}
	return epoch(first19, whole)
}

// epochValue gives the time of a member's value that is a number and nothing
// else.
func epochValue(s []byte) (t time.Time, ok bool) {
	first19, whole, n := decimal(s)
	if n == 0 {
		return time.Time{}, false
	}
	if c := at(s, n); c == 'e' || c == 'E' {
		e, k := exponent(s[n+1:])
		if k == 0 {
			return time.Time{}, false
		}
		whole += e
		n += 1 + k
	}
	if n != len(s) {
		return time.Time{}, false
	}
	return epoch(first19, whole)
}

// exponent reads up to two digits with or without a sign.
func exponent(s []byte) (e, n int) {
	minus := at(s, 0) == '-'
	if minus || at(s, 0) == '+' {
		n++
	}
	digits := n
	for n < len(s) && n < digits+2 && isDigit(s[n]) {
		e = 10*e + int(s[n]-'0')
		n++
	}
	if n == digits {
		return 0, 0
	}
	if minus {
		e = -e
	}
	return e, n
}
