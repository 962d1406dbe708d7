package follow

import (
	"bytes"
	"path"
	"slices"
	"time"
)

// print is what tells one content of a file from another: how it begins, and how it
// goes on to where it was seen.
type print struct {
	head []byte
	spot spot
}

// printOf reads the print of a file of that size.
func printOf(f content, size int64) (p print, err error) {
	if p.head, err = readHead(f, size); err == nil {
		p.spot, err = spotAt(f, size)
	}
	return p, err
}

// holds reports whether a file still has that content, or has grown from it.
func (p *print) holds(f content) bool {
	head, err := readHead(f, int64(len(p.head)))
	if err != nil || !bytes.Equal(head, p.head) {
		return false
	}
	same, err := p.spot.holds(f)
	return same && err == nil
}

// inspect finds out whether the current generation has grown, or was rewritten.
func (h *hub) inspect(now time.Time) {
	cur := h.cur
	h.still = meta{}
	h.mu.Lock()
	proof := h.evidence
	h.evidence = nil
	h.mu.Unlock()
	if proof != nil {
		defer h.wakeAll() // whoever brought it waits to be told
	}
	file := cur.body.content
	m, err := file.meta()
	if err != nil {
		return
	}
	if m.size == 0 && h.seen.off == 0 && h.nothingNew() {
		h.inspected(now)
		return
	}
	seen, err := printOf(file, m.size)
	// What was seen before is compared after everything else was read: then all of it
	// belongs together, however short ago somebody truncated the file.
	same, failed := h.seen.holds(file)
	if failed != nil {
		return
	}
	same = same && bytes.HasPrefix(seen.head, cur.head)
	if same && proof != nil && proof.gen == cur {
		same, _ = proof.spot.holds(file)
	}
	switch {
	case err != nil:
		h.again() // it changes while it is read
	case !same:
		h.restart(now, nil)
	case m.size < h.seen.off:
		h.again()
	case h.seen.off < sameHeader && (m.size == 0 || m.size > h.seen.off) && !h.first(seen, now):
	default:
		h.publish(cur, seen, now)
	}
}

// publish lets followers see what was seen of the current generation.
func (h *hub) publish(g *generation, p print, now time.Time) {
	h.seen = p.spot
	h.inspected(now)
	if g.size == p.spot.off && len(g.head) == len(p.head) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g.size, g.head, g.mark, g.grown = p.spot.off, p.head, p.spot, now
	h.broadcast()
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broadcast()
}

// nothingNew reports that no file was made, removed or renamed beside the log since
// this was asked last. Listing the directory costs much more.
func (h *hub) nothingNew() bool {
	dir, err := h.root.glance(path.Dir(h.live.name))
	if err != nil {
		return false
	}
	// A time as young as this may be that of a later change, too.
	const tick = 20 * time.Millisecond
	same := dir.mtime.Equal(h.stamp)
	h.stamp = time.Time{}
	if time.Since(dir.mtime) > tick {
		h.stamp = dir.mtime
	}
	return same
}

// sameHeader is how far two generations may well have the same bytes, since programs
// begin each with the same lines.
const sameHeader = 64 << 10

// first looks at a generation of which nothing was seen yet, or as little as another
// may have, too. Only a copy shows that there was something before what is there now.
// It reports false when it found one, and has begun the next generation.
func (h *hub) first(seen print, now time.Time) bool {
	if h.seen.off > 0 && h.nothingNew() {
		return true
	}
	copies, ok := h.copies(seen)
	if !ok {
		h.again()
		return false
	}
	own := 0
	if h.seen.off > 0 { // the first of them has what was seen, or they are something else
		own = slices.IndexFunc(copies, func(g *generation) bool { return h.isCopy(g, true) })
	}
	if own < 0 || len(copies) == 0 {
		h.discard(copies...)
		return true
	}
	h.discard(copies[:own]...)
	h.restart(now, copies[own:])
	return false
}
