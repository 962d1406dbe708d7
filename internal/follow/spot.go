package follow

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
)

// overlap is how many bytes before a position are compared before anything is read
// there. It is part of the cursor's format.
const overlap = 64

// digestLen is how much of a hash a cursor carries: two contents that differ are
// taken for equal once in 2^64.
const digestLen = 8

func digest(b []byte) (d [digestLen]byte) {
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

// spot is a position in a file together with the bytes before it.
type spot struct {
	off  int64
	tail [overlap]byte // its first min(off, overlap) bytes are those before off
}

// before is the bytes before the position.
func (s *spot) before() []byte { return s.tail[:min(s.off, overlap)] }

// spotAt reads the spot at off.
func spotAt(r io.ReaderAt, off int64) (spot, error) {
	s := spot{off: off}
	b := s.before()
	n, err := r.ReadAt(b, off-int64(len(b)))
	if n == len(b) {
		return s, nil
	}
	return s, err
}

// holds reports whether the bytes before the position are still what they were. A
// file that ends before the position has changed; one that cannot be read has not
// been shown to.
func (s *spot) holds(r io.ReaderAt) (bool, error) {
	want := s.before()
	if len(want) == 0 {
		return true, nil
	}
	var have [overlap]byte
	n, err := r.ReadAt(have[:len(want)], s.off-int64(len(want)))
	if n < len(want) && err != nil && !errors.Is(err, io.EOF) {
		return true, err
	}
	return bytes.Equal(have[:n], want), nil
}

// readOn fills buf with the bytes before the position and what comes after them, and
// says how many they are together. It reports false when r has other content: what is
// before the position must be what it was, and so must what the file is known to begin
// with (head) and to have further on (mark).
func (s *spot) readOn(r io.ReaderAt, buf, head []byte, mark spot) (n int, same bool, err error) {
	before := s.before()
	n, err = r.ReadAt(buf, s.off-int64(len(before)))
	if err != nil && !errors.Is(err, io.EOF) {
		return n, false, err
	}
	known := before
	if len(before) == 0 {
		known = head[:min(len(head), n)]
	}
	if n < len(before) || !bytes.Equal(buf[:len(known)], known) {
		return n, false, nil
	}
	if n == len(before) {
		return n, true, nil
	}
	// The file may have been rewritten while it was read: then what was read last is
	// new, and so is what is before the position by now. Few bytes prove little, and so
	// do many equal ones, hence the mark.
	again := spot{off: s.off - int64(len(before)) + int64(len(known))}
	copy(again.tail[:], known)
	if same, err = again.holds(r); same && err == nil {
		same, err = mark.holds(r)
	}
	return n, same, err
}

// advance moves the position on by n bytes. What was read to get there is at the
// end of window.
func (s *spot) advance(window []byte, n int64) {
	s.off += n
	b := s.before()
	copy(b, window[len(window)-len(b):])
}

// readHead reads the first bytes of a file, at most overlap.
func readHead(r io.ReaderAt, size int64) ([]byte, error) {
	b := make([]byte, min(max(size, 0), overlap))
	n, err := r.ReadAt(b, 0)
	if n < len(b) && err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
