package follow

// outcome is what a read came to that gave no event.
type outcome int

const (
	atEnd   outcome = iota // nothing is there yet
	changed                // what is before the place is not what was read there
)

// read reads on from the place that the position is reading in. head is what the
// generation is known to begin with, mark where it was seen, size how far, limit how
// many bytes are wanted, negative for all.
func (f *Follower) read(b *body, head []byte, mark spot, size, limit int64) (Event, outcome, error) {
	p := f.pos.reading()
	k := len(p.before())
	want := size - p.off
	if !b.packed() { // whose size is a guess
		// No further than the hub has looked: it alone knows whether what comes then still
		// belongs to this generation.
		if want <= 0 {
			return Event{}, atEnd, nil
		}
		if limit < 0 || limit > want {
			limit = want
		}
	}
	if limit >= 0 {
		want = min(want, limit)
	}
	f.buf = f.logs.buffers.get(want)
	buf := *f.buf
	full := min(len(buf), k+MaxData)
	if b.packed() {
		full = min(full, k+packedChunk)
	}
	room := full
	if limit >= 0 {
		room = int(min(int64(room), int64(k)+limit))
	}
	n, same, err := p.readOn(b, buf[:room], head, mark)
	if err != nil || !same || n == k {
		f.giveBuffer()
	}
	switch {
	case err != nil:
		return Event{}, atEnd, err
	case !same:
		return Event{}, changed, nil
	case n == k:
		return Event{}, atEnd, nil
	}
	if e, ok := f.hole(b, buf[k:n]); ok {
		if e.Kind == Hole {
			f.giveBuffer()
			return e, atEnd, nil
		}
		n = k + len(e.Data)
	}
	e := f.event(Event{Kind: Data, Data: buf[k:n:n], More: n == full, window: buf[:n:n]})
	f.pos.advance(buf[:n], int64(n-k))
	f.show()
	return e, atEnd, nil
}
