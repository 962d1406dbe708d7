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
//	left       ino, born, offset: 8 bytes each, of the generation left last; may be absent
//	check      4 bytes, CRC-32C of all before
//
// It holds no secret and grants nothing: who presents one may read the log anyway.
type cursor struct {
	log    [digestLen]byte
	id     identity
	off    int64
	before [digestLen]byte
	head   [digestLen]byte
	newest int64
	left   struct {
		id  identity // without dev
		off int64
	}
}

const (
	cursorVersion = 1
	cursorLen     = 1 + digestLen + 3*8 + 8 + digestLen + digestLen + 8
	cursorLeft    = 3 * 8
	cursorCheck   = 4

	maxCursor     = cursorLen + cursorLeft + cursorCheck
	maxCursorText = (maxCursor*8 + 5) / 6
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	cursorText = base64.RawURLEncoding.Strict()
)

// text is the cursor for people and programs: at most 124 characters.
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
	b = binary.BigEndian.AppendUint64(b, uint64(c.newest))
	if !c.left.id.zero() {
		b = binary.BigEndian.AppendUint64(b, c.left.id.ino)
		b = binary.BigEndian.AppendUint64(b, uint64(c.left.id.born))
		b = binary.BigEndian.AppendUint64(b, uint64(c.left.off))
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	var out [maxCursorText]byte
	cursorText.Encode(out[:], b)
	return string(out[:cursorText.EncodedLen(len(b))])
}

// parseCursor reads a cursor's text. It reports false for anything that text did not
// write, and allocates no more for a longer one.
func parseCursor(s string) (c cursor, ok bool) {
	if len(s) > maxCursorText || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return cursor{}, false
	}
	var room [maxCursor]byte
	var in [maxCursorText]byte
	n, err := cursorText.Decode(room[:], in[:copy(in[:], s)])
	if err != nil || n != cursorLen+cursorCheck && n != len(room) || room[0] != cursorVersion {
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
	c.newest = int64(number())
	if len(b) > 0 {
		c.left.id = identity{ino: number(), born: int64(number())}
		c.left.off = int64(number())
		if c.left.id.zero() {
			return cursor{}, false
		}
	}
	return c, c.off >= 0 && c.left.off >= 0 && (c.off == 0 || !c.id.zero())
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
