package follow

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
)

// cursor is what the text of a cursor carries. As text it is base64url of, big endian:
//
//	version    1 byte, cursorVersion
//	log        8 bytes, digest of the log's name
//	generation dev, ino, born: 8 bytes each; all 0 while the log was not there
//	offset     8 bytes
//	before     8 bytes, digest of the at most 64 bytes before the offset
//	head       8 bytes, digest of the first min(offset, 64) bytes
//	newest     8 bytes, the latest birth of a generation accounted for
//	counts     1 byte: how many are left (bits 0-1) and ties (bits 2-5), and whether
//	           there were more ties (bit 6)
//	left       ino, born, offset: 8 bytes each, of generations left that late bytes may come to
//	ties       4 bytes each: see horizon
//	check      4 bytes, CRC-32C of all before
//
// It holds no secret and grants nothing: who presents one may read the log anyway.
type cursor struct {
	log     [digestLen]byte
	id      identity
	off     int64
	before  [digestLen]byte
	head    [digestLen]byte
	horizon horizon
	left    [maxLeft]leftAt // the first n, the one left last at their end
	n       int
}

// leftAt is a generation that was left, and how far it was read. The device is not
// needed: it is that of the log's directory.
type leftAt struct {
	ino       uint64
	born, off int64
}

// is reports whether it is the file id.
func (l leftAt) is(id identity) bool { return l.ino == id.ino && l.born == id.born }

// maxLeft is how many generations left a cursor can name. Writers seldom keep one for
// longer than it takes to rotate twice.
const maxLeft = 3

const (
	cursorVersion = 2
	cursorLen     = 1 + digestLen + 3*8 + 8 + digestLen + digestLen + 8 + 1
	cursorLeft    = 3 * 8
	cursorTie     = 4
	cursorCheck   = 4
	moreTies      = 1 << 6

	maxCursor     = cursorLen + maxLeft*cursorLeft + maxTies*cursorTie + cursorCheck
	maxCursorText = (maxCursor*8 + 5) / 6
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	cursorText = base64.RawURLEncoding.Strict()
)

// text is the cursor for people and programs: 94 characters, and in the moments after
// rotations up to 234.
func (c *cursor) text() string {
	var room [maxCursor]byte
	b := append(room[:0], cursorVersion)
	b = append(b, c.log[:]...)
	b = binary.BigEndian.AppendUint64(b, c.id.dev)
	b = binary.BigEndian.AppendUint64(b, c.id.ino)
	b = binary.BigEndian.AppendUint64(b, uint64(c.id.born))
	b = binary.BigEndian.AppendUint64(b, uint64(c.off))
	b = append(b, c.before[:]...)
	b = append(b, c.head[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.horizon.newest))
	counts := byte(c.n) | c.horizon.n<<2
	if c.horizon.more {
		counts |= moreTies
	}
	b = append(b, counts)
	for _, l := range c.left[:c.n] {
		b = binary.BigEndian.AppendUint64(b, l.ino)
		b = binary.BigEndian.AppendUint64(b, uint64(l.born))
		b = binary.BigEndian.AppendUint64(b, uint64(l.off))
	}
	for _, tie := range c.horizon.names() {
		b = binary.BigEndian.AppendUint32(b, tie)
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	var out [maxCursorText]byte
	cursorText.Encode(out[:], b)
	return string(out[:cursorText.EncodedLen(len(b))])
}

// parseCursor reads a cursor's text. It reports false for anything that text did not
// write, and allocates as little for a longer one.
func parseCursor(s string) (c cursor, ok bool) {
	if len(s) > maxCursorText || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return cursor{}, false
	}
	var room [maxCursor]byte
	var in [maxCursorText]byte
	n, err := cursorText.Decode(room[:], in[:copy(in[:], s)])
	if err != nil || n < cursorLen+cursorCheck || room[0] != cursorVersion {
		return cursor{}, false
	}
	b, check := room[:n-cursorCheck], room[n-cursorCheck:n]
	if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(check) {
		return cursor{}, false
	}
	b = b[1:]
	number := func() (v uint64) {
		v, b = binary.BigEndian.Uint64(b), b[8:]
		return v
	}
	hash := func(h *[digestLen]byte) { b = b[copy(h[:], b):] }
	hash(&c.log)
	c.id = identity{dev: number(), ino: number(), born: int64(number())}
	c.off = int64(number())
	hash(&c.before)
	hash(&c.head)
	c.horizon.newest = int64(number())
	counts := b[0]
	b = b[1:]
	c.n, c.horizon.n, c.horizon.more = int(counts&3), counts>>2&15, counts&moreTies != 0
	if counts>>7 != 0 || c.horizon.n > maxTies || len(b) != c.n*cursorLeft+int(c.horizon.n)*cursorTie {
		return cursor{}, false
	}
	for i := range c.n {
		c.left[i] = leftAt{ino: number(), born: int64(number()), off: int64(number())}
		if c.left[i].off < 0 {
			return cursor{}, false
		}
	}
	for i := range c.horizon.n {
		c.horizon.ties[i], b = binary.BigEndian.Uint32(b), b[cursorTie:]
	}
	return c, c.off >= 0 && (c.off == 0 || !c.id.zero())
}

// in reports whether the bytes before the cursor's offset and the head of r are what
// they were when the cursor was made, and gives the spot there. An offset of 0 is in
// any file.
func (c *cursor) in(r io.ReaderAt) (spot, bool) {
	s, err := spotAt(r, c.off)
	if err != nil || digest(s.before()) != c.before {
		return spot{}, false
	}
	head, err := readHead(r, c.off)
	if err != nil || digest(head) != c.head {
		return spot{}, false
	}
	return s, true
}
