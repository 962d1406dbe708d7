package follow

import "time"

// generation is one file that a log has been, or one run of a file between two
// truncations. A generation without a body is a time in which nothing had the
// log's name, or one whose content is gone.
type generation struct {
	// Static after construction.
	void   bool     // nothing had the log's name
	packed bool     // its body is history, and its size a guess
	shared bool     // in the hub's own chain; else made for the follower that brought a cursor
	dir    identity // where the hub found it
	origin sibling  // what it was opened as; zero for what had the log's name

	// Guarded by hub.mu.
	id      identity
	body    *body       // nil: void, gone, or no longer needed
	missed  int         // looks in a row that did not find the file of a closed one
	parked  bool        // its closed body is to be found again before anybody reads it
	lost    bool        // the last look did not find its closed file
	sought  bool        // a follower waits for late bytes that its closed body could not give
	doubt   string      // why there may have been more of it than its size; "" if there was not
	head    []byte      // the first bytes, at most overlap, as the hub saw them
	size    int64       // as the hub saw it last
	mark    spot        // where the hub saw it last, while it is the current one
	horizon horizon     // what is accounted for once this generation is reached
	users   int         // followers whose place is here
	removed bool        // nothing has the log's name, and no other generation follows yet
	denied  string      // what has the log's name cannot be opened: why; "" otherwise
	next    *generation // nil while this is the current one
	leave   leave       // how next came
	settled bool        // next may be moved on to
	grown   time.Time   // when size last changed, or next came
	waited  time.Time   // when next had its first byte; zero before
	left    time.Time   // when it was settled; its body stays open for the grace period from here
}

// rest is how many bytes of the log come after off in g, as far as is known. The
// caller holds mu; g may be nil.
func (g *generation) rest(off int64) int64 {
	n := -off
	for ; g != nil; g = g.next {
		n += g.size
	}
	return max(n, 0)
}

// leave is how one generation followed another.
type leave struct {
	kind   Kind   // Rotated, Truncated, Appeared
	gap    string // why generations between the two may be missing; "" if none can be
	static bool   // nobody can append to the old one any more
	detail string // of the event
}

// body is a file, shared by the generations that have the same one.
type body struct {
	content
	id      identity
	refs    int  // of generations, and of those who read it; guarded by hub.mu, as what follows
	readers int  // those who read it right now
	touched bool // somebody has since it was asked last
}

// stored is the file that the body is read from.
func (b *body) stored() *stored {
	switch c := b.content.(type) {
	case *stored:
		return c
	case *packed:
		s, _ := c.file.(*stored)
		return s
	}
	return nil
}

// hold gives a body for f: it shares one if the hub has the same file already, and owns it
// otherwise. The caller holds mu.
func (h *hub) hold(f *stored, id identity) *body {
	if b, ok := h.bodies[id]; ok {
		b.stored().takeOver(f)
		b.refs++
		return b
	}
	b := &body{content: f, id: id, refs: 1}
	h.bodies[id] = b
	return b
}

// retain takes a reference for reading, which doneReading gives back. The caller holds mu; b may
// be nil.
func (b *body) retain() {
	if b != nil {
		b.refs++
		b.readers++
		b.touched = true
	}
}

// doneReading gives back what retain took. The caller holds mu; b may be nil.
func (h *hub) doneReading(b *body) {
	if b != nil {
		b.readers--
		h.release(b)
	}
}

// release gives back the reference of a generation. The caller holds mu; b may be nil.
func (h *hub) release(b *body) {
	if b == nil {
		return
	}
	if b.refs--; b.refs == 0 {
		if h.bodies[b.id] == b {
			delete(h.bodies, b.id)
		}
		b.Close()
	}
}

// drop lets go of a generation's body. The caller holds mu.
func (h *hub) drop(g *generation) {
	h.release(g.body)
	g.body = nil
}

// prune lets go of the generations that no follower can still come to and whose grace is
// over, and gives those that are needed. The caller holds mu.
func (h *hub) prune(now time.Time) (needed map[*generation]bool) {
	needed = map[*generation]bool{h.cur: true}
	for _, g := range h.gens {
		if g.users > 0 {
			for ; g != nil && !needed[g]; g = g.next {
				needed[g] = true
			}
		}
	}
	kept := h.gens[:0]
	for _, g := range h.gens {
		if !needed[g] && (!h.inGrace(g, now) || g.body == nil) && (g.settled || !g.shared) {
			if g.lost && g.body != nil {
				h.doubt(g)
			}
			h.drop(g)
			if g.sought || g.parked { // whoever waits for it need not any more
				h.broadcast()
			}
			continue
		}
		kept = append(kept, g)
	}
	clear(h.gens[len(kept):])
	h.gens = kept
	return needed
}

// inGrace reports whether late bytes are still taken from g. The caller holds mu.
func (h *hub) inGrace(g *generation, now time.Time) bool {
	return g.settled && !g.leave.static && now.Sub(g.left) < h.grace
}
