package follow

import (
	"bytes"
	"io"
	"time"

	"github.com/bubbletail/bubbletail/internal/linetime"
)

const (
	// bisectBlock is how much is read at once, and where halving ends: what is left is
	// looked at line by line.
	bisectBlock = 64 << 10
	// sample is how much is read at each of samples places to find out whether a file has
	// times at all.
	sample  = 1 << 20
	samples = 10
)

// age is where the lines of a generation are in time, compared with a moment. From
// timeless on, the larger the more is known.
type age int

const (
	passed   age = iota // they were not looked at: all was written before the moment
	bare                // there are none
	timeless            // none has a time that is understood
	younger             // none is from before the moment
	divided             // some are, and some are not
	older               // all are
)

// bracket is what is known of a moment in a file: where the last line found begins that
// is earlier, and the first one that is not; -1 for none.
type bracket struct {
	earlier, fromOn int64
}

func (b bracket) age() age {
	switch {
	case b.earlier < 0 && b.fromOn < 0:
		return timeless
	case b.earlier < 0:
		return younger
	case b.fromOn < 0:
		return older
	}
	return divided
}

// sure is where to begin when a search is cut: no line before it is from the moment on.
func (b bracket) sure() int64 { return max(0, b.earlier) }

// firstSince finds where, in the first size bytes of r, the first line begins whose
// time is not before since, taking the lines to be in the order of their times. ref
// completes times that have no year; see [linetime.Parse]. What it finds is always the
// beginning of a line: 0 if no line is earlier, since what has no time there may be as
// late, and the end if all are, or the line that ends without a newline there. When the
// search is cut, it is earlier than that, never later.
func firstSince(s *search, r io.ReaderAt, size int64, since, ref time.Time) (off int64, a age, err error) {
	if size == 0 {
		return 0, bare, nil
	}
	l := lineReader{search: s, r: r, size: size, ref: ref}
	if ok, err := l.hasTimes(); err != nil || !ok {
		return 0, timeless, err
	}
	b, err := l.bisect(since)
	if err != nil {
		return b.sure(), min(max(b.age(), younger), divided), err
	}
	switch a = b.age(); a {
	case older:
		off, err = l.end()
	case divided:
		off = b.fromOn
	}
	return off, a, err
}

// hasTimes reports whether some line has a time. A large file is not read through
// for it, only where a time is as likely as anywhere.
func (l *lineReader) hasTimes() (ok bool, err error) {
	step := max(sample, (l.size-sample)/(samples-1))
	for at := int64(0); at < l.size && !ok && err == nil; at += step {
		_, _, ok, err = l.timed(at, min(l.size, at+sample))
	}
	return ok, err
}

// bisect halves the file until the lines on both sides of since are found. However far
// lines without a time reach, nothing is read twice that has none.
func (l *lineReader) bisect(since time.Time) (bracket, error) {
	b := bracket{-1, -1}
	lo, hi := int64(0), l.size // what begins at hi or later has no time or is at fromOn or later
	for hi-lo > bisectBlock {
		middle := lo + (hi-lo)/2
		at, what, err := l.probe(middle, hi, since)
		switch {
		case err != nil:
			return b, err
		case what == earlier:
			b.earlier, lo = at, at
			continue
		case what == fromOn:
			b.fromOn = at
		}
		hi = middle
	}
	last, err := l.scan(lo, hi, since)
	b.earlier = max(b.earlier, last.earlier)
	if last.fromOn >= 0 {
		b.fromOn = last.fromOn
	}
	return b, err
}

// scan looks at each line that begins in [from, to) until one is from since on.
func (l *lineReader) scan(from, to int64, since time.Time) (bracket, error) {
	b := bracket{-1, -1}
	for {
		at, what, err := l.probe(from, to, since)
		switch {
		case err != nil || what == untimed:
			return b, err
		case what == fromOn:
			b.fromOn = at
			return b, nil
		}
		b.earlier, from = at, at+1
	}
}

// side is where a line is in time, compared with a moment.
type side int

const (
	untimed side = iota // there is no line with a time
	earlier
	fromOn // the moment or later
)

// probe tells the side of the first line with a time that begins in [from, to), and where
// that is.
func (l *lineReader) probe(from, to int64, since time.Time) (at int64, what side, err error) {
	at, t, ok, err := l.timed(from, to)
	switch {
	case err != nil || !ok:
		return 0, untimed, err
	case later(t).Before(since):
		return at, earlier, nil
	}
	return at, fromOn, nil
}

// later is the later reading of a time that may have been written without a zone, in
// an hour that the clocks of its Location went through twice; else t.
func later(t time.Time) time.Time {
	_, now := t.Zone()
	_, then := t.Add(time.Hour).Zone()
	again := t.Add(time.Duration(now-then) * time.Second)
	if _, offset := again.Zone(); then < now && offset == then {
		return again
	}
	return t
}

// end is where the file ends, or where its last line begins if that is unfinished: it may
// become one of any time.
func (l *lineReader) end() (int64, error) {
	b, err := l.peek(l.size - 1)
	if err != nil || b[0] == '\n' {
		return l.size, err
	}
	off, _, err := lastLines(l.search, l.r, l.size, 1)
	return off, err
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
