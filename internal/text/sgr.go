package text

import "strings"

// maxSGR is the longest SGR sequence that is taken for one, in bytes. Twice
// what a foreground, a background and three attributes need.
const maxSGR = 64

// sgrLen returns the length of the SGR sequence that s begins with: ESC [,
// digits, semicolons and colons, m. 0 when it begins with anything else, as
// with a private prefix or an intermediate.
func sgrLen(s string) int {
	if len(s) < 3 || s[0] != esc || s[1] != '[' {
		return 0
	}
	for i := 2; i < min(len(s), maxSGR); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c < '0' || c > ';':
			return 0
		}
	}
	return 0
}

// isReset reports whether seq, an SGR sequence, puts everything back.
func isReset(seq string) bool { return seq == "\x1b[m" || seq == "\x1b[0m" }

// isHarmless reports whether seq, an SGR sequence, does what it seems to do on
// every terminal, and does not hide text. It knows what it lets through:
// a number that one terminal ignores, another may understand as the start of
// something. (A colour on the same colour hides too; no rule here finds that.)
func isHarmless(seq string) bool {
	rest, more := seq[2:len(seq)-1], true
	for more {
		var param string
		param, rest, more = strings.Cut(rest, ";")
		if strings.Contains(param, ":") {
			if !isHarmlessGroup(param) {
				return false
			}
			continue
		}
		n := number(param)
		switch {
		case n == 38 || n == 48 || n == 58:
			args, ok := colorArgs(rest)
			if !ok {
				return false
			}
			rest = rest[args:]
			if more = rest != ""; more {
				rest = rest[1:] // the semicolon that ended the arguments
			}
		case !isKnownAttribute(n):
			return false
		}
	}
	return true
}

// isKnownAttribute says which single numbers pass: all attributes and their
// ends but 8 (conceal), 11 to 20 (fonts) and what no terminal agrees on.
func isKnownAttribute(n int) bool {
	switch {
	case n >= 0 && n <= 7, n == 9, n == 10,
		n >= 21 && n <= 29,
		n >= 30 && n <= 37, n == 39,
		n >= 40 && n <= 47, n == 49,
		n == 53, n == 55, n == 59,
		n >= 90 && n <= 97, n >= 100 && n <= 107:
		return true
	}
	return false
}

// colorArgs returns the length of the arguments of 38, 48 or 58 that s begins
// with: "5;N" or "2;R;G;B".
func colorArgs(s string) (n int, ok bool) {
	kind, _, _ := strings.Cut(s, ";")
	var want int
	switch kind {
	case "5":
		want = 2
	case "2":
		want = 4
	default:
		return 0, false
	}
	for i := range want {
		arg, _, _ := strings.Cut(s[n:], ";")
		if number(arg) < 0 {
			return 0, false
		}
		n += len(arg)
		if i < want-1 {
			if n == len(s) {
				return 0, false
			}
			n++
		}
	}
	return n, true
}

// isHarmlessGroup is for parameters with colons: the kinds of underline, and
// colours as ITU-T T.416 writes them (38:5:N, 38:2:R:G:B, 38:2::R:G:B).
func isHarmlessGroup(s string) bool {
	kind, args, _ := strings.Cut(s, ":")
	parts := strings.Split(args, ":")
	for i, p := range parts {
		if number(p) < 0 && (i != 1 || p != "") {
			return false
		}
	}
	switch kind {
	case "4":
		return len(parts) == 1 && number(args) <= 5
	case "38", "48", "58":
		return parts[0] == "5" && len(parts) == 2 || parts[0] == "2" && (len(parts) == 4 || len(parts) == 5)
	}
	return false
}

// number reads a parameter: 0 when empty, -1 when it is no number from 0 to
// 255. Large numbers are refused because some terminals wrap them: 4294967304
// is 8 in 32 bits.
func number(s string) int {
	if len(s) > 3 {
		return -1
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	if n > 255 {
		return -1
	}
	return n
}
