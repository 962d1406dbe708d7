package linetime

// Every function of this package that returns a length n reads something at the
// very beginning of s; n is 0 where s does not begin with it.

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// isWord tells the bytes that must not follow a time or a level.
func isWord(c byte) bool {
	return isDigit(c) || isUpper(c) || 'a' <= c && c <= 'z' || c == '_'
}

// at gives the byte at i, and 0 beyond the end.
func at(s []byte, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// ends reports whether a word is over at i.
func ends(s []byte, i int) bool {
	return i >= len(s) || !isWord(s[i])
}

// number reads exactly n digits at i, and gives -1 where they are not.
func number(s []byte, i, n int) int {
	if i+n > len(s) {
		return -1
	}
	v := 0
	for _, c := range s[i : i+n] {
		if !isDigit(c) {
			return -1
		}
		v = 10*v + int(c-'0')
	}
	return v
}

// two reads two digits at i, and gives -1 where they are not.
func two(s []byte, i int) int {
	if i+2 > len(s) {
		return -1
	}
	tens, ones := s[i]-'0', s[i+1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return 10*int(tens) + int(ones)
}

// blanks gives the length of the spaces and tabs.
func blanks(s []byte) (n int) {
	for n < len(s) && isBlank(s[n]) {
		n++
	}
	return n
}

// colors gives the length of the sequences that set colours (ECMA-48, SGR):
// programs colour their times where they believe to write to a terminal.
func colors(s []byte) (n int) {
	for at(s, n) == 0x1b && at(s, n+1) == '[' {
		i := n + 2
		for c := at(s, i); isDigit(c) || c == ';' || c == ':'; c = at(s, i) {
			i++
		}
		if at(s, i) != 'm' {
			break
		}
		n = i + 1
	}
	return n
}
