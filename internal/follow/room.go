package follow

import (
	"cmp"
	"errors"
	"math"
	"path"
	"slices"
	"time"
)

// maxOpen bounds the generations of one log that are kept open for followers that
// are far behind. What is more is closed, the latest first: the earliest are needed
// first, and removed first by whoever rotates the log.
const maxOpen = 16

// maxOpenInGrace is the same for those that were left just now. A log that is rotated
// every 30 ms has no more.
const maxOpenInGrace = 192

const (
	// maxMissed is how many looks in a row must miss a file before it is taken for gone.
	maxMissed = 5
	// maxAway is how long the log's directory may be away before the files in it are missed:
	// it may come back with them.
	maxAway = 10 * time.Second
)

// candidate is an open file that may be closed.
type candidate struct {
	gen    *generation
	needed bool // a follower can still come to it
	grace  bool // late bytes may still come to it, of which followers want to know
	users  int
	limit  int // how many may be open before it is closed, however many files are left
	place  int // in the chain
}

// candidates are the open files of a hub but for the current generation's. The caller
// holds mu.
func (h *hub) candidates(needed map[*generation]bool, now time.Time) (out []candidate) {
	seen := map[*body]bool{nil: true}
	if h.cur != nil {
		seen[h.cur.body] = true
	}
	for i, g := range h.gens {
		if seen[g.body] || !g.body.stored().isOpen() {
			continue
		}
		seen[g.body] = true
		c := candidate{gen: g, needed: needed[g], users: g.users, limit: math.MaxInt, place: i}
		switch {
		case !g.settled || g.users > 0:
		case now.Sub(g.left) < h.grace: // somebody may wait for late bytes
			c.limit, c.grace = maxOpenInGrace, !g.leave.static
		default:
			c.limit = maxOpen
		}
		out = append(out, c)
	}
	return out
}

// compare orders candidates by how little their files are missed when they are closed: late
// bytes that may never come, the oldest first, then what followers come to last.
func (c candidate) compare(d candidate) int {
	switch {
	case c.needed != d.needed && d.needed:
		return -1
	case c.needed != d.needed:
		return 1
	case !c.needed:
		return cmp.Compare(c.place, d.place)
	}
	return cmp.Or(cmp.Compare(min(c.users, 1), min(d.users, 1)), cmp.Compare(d.place, c.place))
}

// makeRoom closes the files that need not, or may not, be kept open, and opens again what
// may be. needed are the generations that a follower can still come to. It reports whether
// there may be more to close soon.
func (h *hub) makeRoom(needed map[*generation]bool, now time.Time) (more bool) {
	if len(h.gens) <= 1 {
		return false
	}
	h.mu.Lock()
	open := h.candidates(needed, now)
	h.mu.Unlock()
	keeps := len(open) + 1
	for i, c := range open {
		if i >= c.limit && h.shut(c.gen, true) {
			keeps--
		}
	}
	s := h.logs.files.shortage(now)
	if s.short {
		slices.SortFunc(open, candidate.compare)
		for _, c := range open {
			if c.needed && (keeps <= s.share || !s.long) {
				break
			}
			if c.gen.body.stored().isOpen() && h.shut(c.gen, s.dire && keeps > s.share) {
				keeps--
				if c.needed || c.grace {
					h.logs.files.deny()
				}
			}
		}
	}
	if s.room {
		h.reopen(needed, keeps)
	}
	h.park(now)
	return s.short && !s.long && keeps > s.share
}

// shut closes the file of a generation, unless somebody reads it right now, or, if it need
// not be, it could not be opened again.
func (h *hub) shut(g *generation, must bool) bool {
	s := g.body.stored()
	if !must && s.find() != nil {
		return false
	}
	m, err := s.meta()
	h.mu.Lock()
	defer h.mu.Unlock()
	if g.body.readers > 0 {
		return false
	}
	if err == nil && !g.leave.static {
		h.grow(g, m, time.Now())
	}
	s.Close()
	return true
}

// grow notes how large an old generation is. The caller holds mu.
func (h *hub) grow(g *generation, m meta, now time.Time) {
	if m.size > g.size {
		g.size, g.grown = m.size, now
		h.broadcast()
	}
}

// park lets nobody look after closed files that no follower has come to for a while.
func (h *hub) park(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.gens {
		if g == h.cur || g.body == nil || g.body.stored().isOpen() {
			continue
		}
		if !g.body.touched && g.settled && !h.inGrace(g, now) {
			g.parked = true
		}
		g.body.touched = g.body.readers > 0
	}
}

// reopen keeps files open again that followers come to first.
func (h *hub) reopen(needed map[*generation]bool, keeps int) {
	for _, g := range h.gens {
		if keeps > maxOpen || h.exhausted {
			return
		}
		if g == h.cur || !needed[g] || g.body == nil {
			continue
		}
		switch s := g.body.stored(); {
		case s.isOpen():
		case s.reopen(kept) == nil:
			keeps++
		}
	}
}

// unpark finds the files again that followers have come to, and keeps them open if they
// may be. It reports whether one is still looked for.
func (h *hub) unpark(now time.Time) (missed bool) {
	for _, g := range h.gens {
		h.mu.Lock()
		needed := g.parked && g.users > 0
		h.mu.Unlock()
		if !needed {
			continue
		}
		m, err := h.revisit(g)
		h.mu.Lock()
		switch {
		case err == nil:
			g.parked, g.missed, g.body.touched = false, 0, true
			if !g.leave.static {
				h.grow(g, m, now)
			}
			h.broadcast()
		case h.exhausted: // it is tried again
		default:
			missed = true
		}
		h.mu.Unlock()
	}
	if missed {
		h.missParked(now)
	}
	return missed
}

// missParked notes which of the files that are to be found again are not there. It asks for all of
// them at once: whoever comes to one that is gone comes to the next soon.
func (h *hub) missParked(now time.Time) {
	if h.awhile(now) {
		return
	}
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		return
	}
	packed := h.packed()
	if h.exhausted {
		return
	}
	there := func(g *generation) bool {
		is := func(s sibling) bool { return s.id == g.id }
		return slices.ContainsFunc(files, is) || g.packed && slices.ContainsFunc(packed, is)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.gens {
		if g.parked && g.body != nil && !there(g) {
			h.miss(g, now)
		}
	}
}

// awhile reports that the log's directory is away, and not for long: what is in it may be
// found again.
func (h *hub) awhile(now time.Time) bool {
	return h.dirAway() && (h.adrift.IsZero() || now.Sub(h.adrift) < maxAway)
}

// dirAway reports whether nothing has the name of the log's directory.
func (h *hub) dirAway() bool {
	_, err := h.root.glance(path.Dir(h.name))
	return isAbsent(err)
}

// seek asks for a generation's closed file, which a follower could not open. The follower
// waits until it is found, or gone.
func (h *hub) seek(g *generation) {
	h.mu.Lock()
	if g.body != nil {
		g.parked = g.users > 0
		g.sought = !g.parked
	}
	h.mu.Unlock()
	h.hint()
}

// revisit opens a closed file, for as long as it may be kept open.
func (h *hub) revisit(g *generation) (meta, error) {
	s := g.body.stored()
	if s.isOpen() {
		return s.meta()
	}
	f, err := s.again()
	if err != nil {
		h.exhausted = h.exhausted || isExhausted(err)
		return meta{}, err
	}
	m, err := f.meta()
	if err != nil || !h.keep(&f) {
		f.Close()
		return m, err
	}
	s.file.Store(&f)
	return m, nil
}

// keep keeps a file open that was opened for a brief use, and reports whether it may be.
func (h *hub) keep(f *disk) bool {
	if f.keep(kept) {
		return true
	}
	h.mu.Lock()
	keeps := h.openFiles()
	h.mu.Unlock()
	h.logs.files.lack(keeps)
	return false
}

// openFiles is how many files the hub keeps open. The caller holds mu.
func (h *hub) openFiles() (n int) {
	count := func(b *body) {
		if b.stored().isOpen() {
			n++
		}
	}
	for _, b := range h.bodies {
		count(b)
	}
	for _, g := range h.gens {
		if g.packed && g.body != nil { // each is one follower's
			count(g.body)
		}
	}
	return n
}

// miss notes that the closed file of a generation was not found, and lets go of it when it
// is gone. The caller holds mu.
func (h *hub) miss(g *generation, now time.Time) {
	if g.missed++; g.missed < maxMissed {
		return // it may be between two names
	}
	if !g.settled || h.inGrace(g, now) {
		h.doubt(g)
	}
	g.parked = false
	h.drop(g)
	h.broadcast()
}

// doubt notes that nobody knows whether more was written to a generation. The caller holds mu.
func (h *hub) doubt(g *generation) {
	if !g.leave.static {
		g.doubt = "a generation was closed for want of open files and is not found again; whether somebody still wrote to it cannot be known"
	}
}

// tendOld looks whether a generation grows that has a successor. It reports whether its
// file has no name any more, and whether it was looked for in vain.
func (h *hub) tendOld(g *generation, now time.Time) (unlinked, missed bool) {
	look := g.body.meta
	if g.sought { // it may be there and not let itself be opened
		look = func() (meta, error) { return h.revisit(g) }
	}
	m, err := look()
	awhile := errors.Is(err, errAway) && h.awhile(now)
	h.mu.Lock()
	defer h.mu.Unlock()
	g.lost = err != nil
	switch {
	case err == nil:
		h.grow(g, m, now)
		g.missed = 0
		if g.sought {
			g.sought = false
			h.broadcast()
		}
	case isExhausted(err):
		h.exhausted = true
	case awhile:
		return false, true
	case errors.Is(err, errAway):
		h.miss(g, now)
		return false, true
	}
	return err == nil && m.links == 0, false
}
