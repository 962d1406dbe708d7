package follow

import (
	"slices"
	"time"
)

// generation is one file that a log has been, or one run of a file between two
// truncations. A generation without a body is a time in which nothing had the
// log's name, or one whose content is gone.
type generation struct {
	// Static after construction.
	void   bool     // nothing had the log's name
	shared bool     // in the hub's own chain; else made for the follower that brought a cursor
	dir    identity // where the hub found it
	origin sibling  // what it was opened as; zero for what had the log's name

	// Guarded by hub.mu.
	id      identity
	body    *body       // nil: void, gone, parked, or no longer needed
	missed  int         // looks that did not find the file of a parked one
	parked  bool        // its body was closed for now; it is opened again for the first user
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

// body is an open file, shared by the generations that have the same one.
type body struct {
	content
	id   identity
	refs int // guarded by hub.mu
}

// hold gives a body for f: it shares one if the hub has the same file open already, and
// owns it otherwise. The caller holds mu.
func (h *hub) hold(f content, id identity) *body {
	if b, ok := h.bodies[id]; ok {
		f.Close()
		b.refs++
		return b
	}
	b := &body{content: f, id: id, refs: 1}
	h.bodies[id] = b
	return b
}

// retain takes a reference, which release gives back. The caller holds mu; b may be nil.
func (b *body) retain() {
	if b != nil {
		b.refs++
	}
}

// release gives a body back. The caller holds mu; b may be nil.
func (h *hub) release(b *body) {
	if b == nil {
		return
	}
	if b.refs--; b.refs == 0 {
		delete(h.bodies, b.id)
		b.Close()
	}
}

// drop lets go of a generation's body. The caller holds mu.
func (h *hub) drop(g *generation) {
	h.release(g.body)
	g.body = nil
}

// maxOpen bounds the generations of one log that are kept open for followers that
// are far behind. What is more is parked, the latest first: the earliest are needed
// first, and removed first by whoever rotates the log.
const maxOpen = 16

// maxOpenInGrace is the same for those that were left just now. A log that is rotated
// every 30 ms has no more.
const maxOpenInGrace = 192

// maxMissed is how many looks in a row must miss a file before it is taken for gone.
const maxMissed = 5

// prune lets go of the generations that no follower can still come to and whose
// grace is over. The caller holds mu.
func (h *hub) prune(now time.Time) {
	needed := map[*generation]bool{h.cur: true}
	for _, g := range h.gens {
		if g.users > 0 {
			for ; g != nil && !needed[g]; g = g.next {
				needed[g] = true
			}
		}
	}
	kept := h.gens[:0]
	for _, g := range h.gens {
		inGrace := g.settled && !g.leave.static && now.Sub(g.left) < h.grace
		if !needed[g] && (!inGrace || g.body == nil) && (g.settled || !g.shared) {
			h.drop(g)
			continue
		}
		kept = append(kept, g)
	}
	clear(h.gens[len(kept):])
	h.gens = kept
	open := 0
	for _, g := range h.gens {
		if g.body == nil {
			continue
		}
		open++
		limit := maxOpen
		if now.Sub(g.left) < h.grace { // somebody may wait for late bytes
			limit = maxOpenInGrace
		}
		if open > limit && g != h.cur && g.settled && g.users == 0 {
			h.drop(g)
			g.parked = true
		}
	}
}

// unpark opens the generations again that followers have come to.
func (h *hub) unpark() {
	var files []sibling
	for _, g := range h.gens {
		h.mu.Lock()
		needed := g.parked && g.users > 0
		h.mu.Unlock()
		if !needed {
			continue
		}
		if files == nil {
			files, _ = h.siblings()
		}
		var again *generation
		if i := slices.IndexFunc(files, func(s sibling) bool { return s.id == g.id }); i >= 0 {
			again, _ = h.openSibling(files[i])
		}
		h.mu.Lock()
		switch {
		case again != nil:
			g.body, g.parked, g.missed = again.body, false, 0
		case h.exhausted: // it is tried again
		case g.missed < maxMissed: // it may be between two names
			g.missed++
		default:
			g.parked = false
		}
		h.broadcast()
		h.mu.Unlock()
	}
}
