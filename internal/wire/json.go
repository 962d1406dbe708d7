package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// object appends v as one line of JSON, with its type as the first member. v is
// one of this package's objects; that they encode is a property of the types.
func object(dst []byte, kind string, v any) []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // a log's < and & stay readable for grep
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("wire: internal error: %v", err))
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `",`...)
	return append(dst, strings.TrimPrefix(strings.TrimSuffix(b.String(), "\n"), "{")...)
}

// line appends l as JSON, without a newline. Lines are the bulk of a stream:
// they are written by hand, at a tenth of encoding/json's cost.
func line(dst []byte, l Line) []byte {
	dst = append(dst, `{"type":"line","cursor":`...)
	dst = quote(dst, l.Cursor)
	if utf8.Valid(l.Text) {
		dst = append(dst, `,"text":`...)
		dst = quote(dst, l.Text)
	} else {
		dst = append(dst, `,"b64":"`...)
		dst = base64Encoding.AppendEncode(dst, l.Text)
		dst = append(dst, '"')
	}
	if l.Partial {
		dst = append(dst, `,"partial":true`...)
	}
	if l.Cont {
		dst = append(dst, `,"cont":true`...)
	}
	return append(dst, '}')
}

// quote appends s, which is valid UTF-8, as a JSON string. U+2028 and U+2029
// are escaped although JSON allows them: they end lines for some readers.
func quote[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && c != 0xe2 {
			continue
		}
		if c == 0xe2 && !(i+2 < len(s) && s[i+1] == 0x80 && s[i+2]&^1 == 0xa8) {
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case 0xe2:
			dst = append(dst, '\\', 'u', '2', '0', '2', hex[s[i+2]&0xf])
			i += 2
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
		from = i + 1
	}
	return append(append(dst, s[from:]...), '"')
}
