package follow

import (
	"bytes"
	"io"
	"time"

	"github.com/bubbletail/bubbletail/internal/linetime"
)

const (
	// bisectBlock is how much is read at once, and where halving ends: what is left is
	// read in one go.
	bisectBlock = 64 << 10
	// bisectStride is how far a line with a time is looked for: a stack trace is shorter.
	bisectStride = 1 << 20
)

// age is where the lines of a generation are in time, compared with a moment.
type age int

const (
	timeless age = iota // no line has a time that is understood
	younger             // no line is from before the moment
	divided             // some are, and some are not
	older               // all are
)

// firstSince finds where, in the first size bytes of r, the first line begins whose
// time is not before since, taking the lines to be in the order of their times. ref
// completes times that have no year; see [linetime.Parse]. Where lines without a time
// hide the place, or the search is cut, what it finds is earlier, never later.
func firstSince(s *search, r io.ReaderAt, size int64, since, ref time.Time) (off int64, a age, err error) {
	l := lineReader{search: s, r: r, size: size, ref: ref}
	// No line at lo or before it is from the moment on, as far as its time tells; none at
	// hi or after it is from before.
	lo, hi, a := int64(0), size, timeless
	for hi-lo > bisectBlock {
		middle := lo + (hi-lo)/2
		at, t, ok, err := l.timed(middle, min(hi, middle+bisectStride))
		switch {
		case err != nil:
			return lo, max(a, younger), err
		case ok && t.Before(since):
			lo, a = at, divided
		default:
			hi = middle
			if ok {
				a = max(a, younger)
			}
		}
	}
	end := min(size, hi+bisectStride)
	off, a, err = l.scan(lo, end, a, since)
	if a == divided && off == end && end == size {
		a = older
	}
	return off, a, err
}

// scan looks at each line from lo to end. a is what is known of those before; without a
// line from the moment on, what it finds is end.
func (l *lineReader) scan(lo, end int64, a age, since time.Time) (int64, age, error) {
	for {
		at, t, ok, err := l.timed(lo, end)
		switch {
		case err != nil:
			return lo, max(a, younger), err
		case !ok && a == divided:
			return end, divided, nil
		case !ok:
			return 0, a, nil
		case t.Before(since):
			lo, a = at+1, divided
		case a == divided:
			return at, divided, nil
		default:
			return 0, younger, nil
		}
	}
}

// lineReader finds lines in a file.
type lineReader struct {
	search *search
	r      io.ReaderAt
	size   int64
	ref    time.Time
	buf    []byte
	at     int64 // where buf was read
}

// timed finds the first line that begins in [from, to) and has a time. ok is false if
// there is none.
func (l *lineReader) timed(from, to int64) (at int64, t time.Time, ok bool, err error) {
	at, err = l.lineAfter(from, to)
	for err == nil && at < to {
		line, err := l.peek(at)
		if err != nil {
			return 0, time.Time{}, false, err
		}
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		if t, ok = linetime.Parse(line, l.ref); ok {
			return at, t, true, nil
		}
		if at, err = l.lineAfter(at+1, to); err != nil {
			return 0, time.Time{}, false, err
		}
	}
	return 0, time.Time{}, false, err
}

// lineAfter finds where the first line begins at or after from; to if none does before that.
func (l *lineReader) lineAfter(from, to int64) (int64, error) {
	if from == 0 {
		return 0, nil
	}
	for from--; from < to; {
		b, err := l.peek(from)
		if err != nil {
			return 0, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return min(from+int64(i)+1, to), nil
		}
		from += int64(len(b))
	}
	return to, nil
}

// peek gives the bytes from off on, at least as many as a time needs if they are there.
func (l *lineReader) peek(off int64) ([]byte, error) {
	const enough = 4 << 10
	want := min(enough, l.size-off)
	if off < l.at || off+want > l.at+int64(len(l.buf)) {
		if l.buf == nil {
			l.buf = make([]byte, bisectBlock)
		}
		l.buf, l.at = l.buf[:min(bisectBlock, l.size-off)], off
		if err := l.search.spend(len(l.buf)); err != nil {
			l.buf = l.buf[:0]
			return nil, err
		}
		n, err := l.r.ReadAt(l.buf, off)
		if l.buf = l.buf[:n]; n == 0 && err != nil {
			return nil, err
		}
	}
	return l.buf[off-l.at:], nil
}
