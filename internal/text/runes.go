package text

import (
	"unicode"
	"unicode/utf8"
)

const (
	esc             = 0x1b
	zeroWidthJoiner = 0x200d
	textSelector    = 0xfe0e // variation selectors 15 and 16: a character
	emojiSelector   = 0xfe0f // as text, or as emoji
)

// isPrintASCII reports whether c is one of the 95 printable ASCII characters.
func isPrintASCII(c byte) bool { return c-0x20 < 0x5f }

// isClean reports whether s can be shown as it is: printable ASCII and
// characters that stand alone. A false answer only means a closer look.
func isClean(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isPrintASCII(s[i]) {
			return s[i] >= utf8.RuneSelf && isCleanUTF8(s[i:])
		}
	}
	return true
}

func isCleanUTF8(s string) bool {
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			if !isPrintASCII(s[i]) {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !standsAlone(r) {
			return false
		}
		i += n
	}
	return true
}

// standsAlone reports whether r is, wherever it stands, a cluster of its own:
// printable, no mark, not joined with its neighbours. It knows the blocks that
// fill logs and nothing else: for the rest the answer is false, and slow.
func standsAlone(r rune) bool {
	switch {
	case r < 0x0300: // Latin. U+00A9 and U+00AE join only with a selector, which does not stand alone.
		return r >= 0xa0 && r != 0xad
	case r < 0x0530: // Greek and Cyrillic, without the combining titlo and the unassigned
		return r >= 0x0391 && r <= 0x0482 && r != 0x03a2 || r >= 0x048a && r <= 0x052f
	case r < 0x2500: // dashes, quotes, arrows, mathematical operators
		return r >= 0x2010 && r <= 0x2027 || r >= 0x2030 && r <= 0x205e || r >= 0x2190 && r <= 0x2426
	case r < 0x2600: // box drawing, blocks, geometric shapes
		return true
	case r < 0x3100: // CJK punctuation, kana, without the combining voice marks
		return r >= 0x3001 && r <= 0x3020 && r != 0x3030 || r >= 0x3041 && r <= 0x3096 || r >= 0x309b && r <= 0x30ff
	case r < 0xac00: // CJK ideographs
		return r >= 0x3400 && r <= 0x4dbf || r >= 0x4e00 && r <= 0x9fff
	}
	return false
}

// isVisible reports whether r leaves ink or a blank of its own. Private use is
// visible (the glyphs of prompt fonts), all format characters are not, nor is
// what this build's Unicode tables do not know: it might be either.
func isVisible(r rune) bool {
	if r < utf8.RuneSelf {
		return isPrintASCII(byte(r))
	}
	if !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs, unicode.Co) {
		return false
	}
	return !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isIntact reports whether cluster, a grapheme cluster, holds only visible
// characters, joiners that join and selectors that select.
func isIntact(cluster string) bool {
	for i, r := range cluster {
		switch r {
		case zeroWidthJoiner:
			next, n := utf8.DecodeRuneInString(cluster[i+utf8.RuneLen(r):])
			if n == 0 || !unicode.In(next, unicode.L, unicode.So) {
				return false // it joins nothing: neither emoji nor Indic letters
			}
		case textSelector, emojiSelector:
			if i == 0 {
				return false
			}
		case utf8.RuneError:
			if !hasRuneError(cluster[i:]) {
				return false
			}
		default:
			if !isVisible(r) {
				return false
			}
		}
	}
	return true
}

// hasRuneError tells a U+FFFD that was sent from one that stands for an
// invalid byte.
func hasRuneError(s string) bool {
	_, n := utf8.DecodeRuneInString(s)
	return n > 1
}
