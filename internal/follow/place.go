package follow

import (
	"bytes"
	"slices"
)

// place is where a follower is in one generation.
type place struct {
	gen     *generation // nil in a cursor's place that no follower is at
	id      identity    // gen's, as the follower saw it last
	horizon horizon     // gen's
	head    []byte      // gen's first bytes, at most overlap, as far as they were seen or read
	spot
}

// know brings the place up to date with its generation. The caller holds the hub's mu.
func (p *place) know() {
	p.id, p.horizon = p.gen.id, p.gen.horizon
	if len(p.gen.head) > len(p.head) {
		p.head = p.gen.head
	}
}

// advance moves the place on: see [spot.advance].
func (p *place) advance(window []byte, n int64) {
	if end := p.off + n; p.off < overlap && int64(len(p.head)) < min(end, overlap) {
		p.head = bytes.Clone(window[:min(end, overlap)]) // the window begins where the generation does
	}
	p.spot.advance(window, n)
}

// position is where a follower is in a log. It is copied: what left points to is
// never changed.
type position struct {
	tag   [digestLen]byte // of the log
	at    place
	left  []place // generations left, in that order, whose late bytes are waited for
	unmet *cursor // what is still to be met, when there is something of the log; at is no place then

	late int // 1 + the one of left that is being read: data moves it on, not at; else 0
}

// reading is the place that data moves on, by advance.
func (p *position) reading() *place {
	if p.late > 0 {
		return &p.left[p.late-1]
	}
	return &p.at
}

// advance moves the place on that is being read.
func (p *position) advance(window []byte, n int64) {
	if p.late > 0 {
		p.left = slices.Clone(p.left)
	}
	p.reading().advance(window, n)
}

// forget takes the i-th of left away.
func (p *position) forget(i int) {
	p.left = slices.Delete(slices.Clone(p.left), i, i+1)
	p.late = 0
}

// cursor is the position as text.
func (p *position) cursor() string {
	if p.unmet != nil {
		return p.unmet.text()
	}
	c := cursor{log: p.tag, id: p.at.id, off: p.at.off, horizon: p.at.horizon}
	c.before = digest(p.at.before())
	c.head = c.before
	if p.at.off > overlap {
		c.head = digest(p.at.head)
	}
	c.horizon.drop(p.at.id)
	for _, l := range p.left[max(0, len(p.left)-maxLeft):] {
		c.left[c.n] = leftAt{ino: l.id.ino, born: l.id.born, off: l.off}
		c.n++
	}
	return c.text()
}
