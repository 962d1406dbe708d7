package follow

import (
	"errors"
	"slices"
	"time"
)

// meet finds the place that a cursor names. The caller holds looking, and has looked.
//
// A cursor's generation is the file with its identity, if the bytes before the offset
// are what they were. Is the file there with other bytes, then it was begun anew, and
// a copy has them. Is it not there, then a file with these bytes may be the same one
// under another identity: restored, moved, or packed by now. Only when nothing has these
// bytes is there a gap.
func (h *hub) meet(s *search, c cursor, start Start) (beginning, error) {
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		return beginning{}, err
	}
	if c.id.zero() && !start.Once && isAbsent(h.err) && h.dirAway() {
		// What the log has been since is away with its directory, whatever the hub has of it.
		if !start.Wait {
			return beginning{}, h.err
		}
		return beginning{at: place{gen: h.cur}, met: MetContinued, unmet: &c}, nil
	}
	w := h.find(c, files)
	if w.met == MetGap {
		if w, err = h.meetPacked(s, c, w); err != nil {
			return beginning{}, err
		}
	}
	if w.met == MetGap && len(w.files) == 0 && start.Wait && isAbsent(h.err) && h.firstAfter(w).void {
		// There is nothing to go on with: a directory that comes back, or a file system
		// that is mounted late, may still have its generation.
		return beginning{at: place{gen: h.cur}, met: MetContinued, unmet: &c}, nil
	}
	b, err := h.chain(w)
	switch {
	case err != nil:
		return b, err
	case b.at.gen.void && h.err != nil && !(start.Wait && isAbsent(h.err)):
		return b, h.err // there is nothing of the log to begin with
	}
	b.left = h.leftBefore(c, files)
	return b, nil
}

// find finds the way from a cursor, among files that are as they were written.
func (h *hub) find(c cursor, files []sibling) way {
	w := way{met: MetContinued, horizon: c.horizon}
	w.horizon.add(c.id)
	if c.id.zero() { // made while the log was not there
		w.files = c.since(files, -1)
		return w
	}
	if g, at, ok := h.inChain(c); ok {
		w.first, w.spot = g, at
		switch {
		case g != h.cur:
			w.met = MetRotated
		case h.err == nil: // else what is beside it was renamed, not copied
			h.findTruncated(c, files, &w)
		}
		return w
	}
	w.met = MetRotated
	mine := slices.IndexFunc(files, func(s sibling) bool { return c.id.sameFile(s.id) })
	if mine >= 0 {
		if g, at, ok := h.inFile(c, files[mine]); ok {
			w.first, w.spot, w.files = g, at, successors(files[mine], c.since(files, mine), files)
			return w
		}
		w.met, w.anew = MetTruncated, true
		if g, at, i := h.byCopy(c, files); g != nil {
			w.first, w.spot, w.files = g, at, successors(files[i], c.after(files, i), nil)
			return w
		}
	}
	g, at, i, like := h.byContent(c, files)
	if like.proves(c) && g != nil {
		w.first, w.spot, w.files = g, at, c.after(files, i)
		return w
	}
	h.unhold(g)
	w.like = like
	w.files = c.since(files, -1)
	switch {
	case mine < 0:
		w.met, w.gap = MetGap, "the generation that the cursor names is gone"
	case h.beyondCopy(c, w.files):
		w.files, w.over = w.files[1:], true
	default:
		w.met, w.gap = MetGap, "the generation that the cursor names was rewritten, and no copy of it was found"
	}
	return w
}

// meetPacked looks for a cursor's bytes among the packed files, and gives gone, the way
// without them, if they are not there.
func (h *hub) meetPacked(s *search, c cursor, gone way) (way, error) {
	w := way{met: MetRotated, files: gone.files, horizon: c.horizon}
	if gone.anew {
		w.met = MetTruncated
	}
	packed := h.packed()
	err := h.asideOfCurrent(func(content) (err error) {
		w.first, w.spot, w.packed, err = h.findPacked(s, c, packed, gone.like)
		return err
	})
	switch {
	case errors.Is(err, errCut):
		gone.gap = "the generation that the cursor names is gone or packed, and " + errCut.Error()
		return gone, nil
	case err != nil:
		h.unhold(w.first)
		return gone, err
	case w.first == nil:
		gone.like.other += len(packed)
		return gone, nil
	}
	return w, nil
}

// since gives those of files that the cursor does not account for. mine is where its
// own file is among them, or less than 0.
func (c *cursor) since(files []sibling, mine int) []sibling {
	var out []sibling
	for i, s := range files {
		seen, sure := c.horizon.has(s.id)
		if !sure { // then the order of the names tells, if the cursor's own file is as young
			seen = c.id.born != c.horizon.newest || i <= mine
		}
		if !seen && !c.id.sameFile(s.id) && !c.leaves(s.id) {
			out = append(out, s)
		}
	}
	return out
}

// leaves reports whether the cursor names a file as one that was left.
func (c *cursor) leaves(id identity) bool {
	return slices.ContainsFunc(c.left[:c.n], func(l leftAt) bool { return l.is(id) })
}

// after gives those of files after the i-th that the cursor does not account for.
func (c *cursor) after(files []sibling, i int) []sibling {
	var out []sibling
	for _, s := range files[i+1:] {
		if seen, sure := c.horizon.has(s.id); !(seen && sure) && !c.id.sameFile(s.id) {
			out = append(out, s)
		}
	}
	return out
}

// inChain looks for the cursor's generation among those that the hub has.
func (h *hub) inChain(c cursor) (*generation, spot, bool) {
	for _, g := range slices.Backward(h.gens) {
		if !g.shared || g.body == nil || !c.id.sameFile(g.id) {
			continue
		}
		if s, ok := c.in(g.body); ok {
			return g, s, true
		}
	}
	return nil, spot{}, false
}

// inFile opens s, if the cursor's bytes are in it.
func (h *hub) inFile(c cursor, s sibling) (*generation, spot, bool) {
	if s.size < c.off || s.id == h.cur.id {
		return nil, spot{}, false // inChain has looked at the current one
	}
	g, err := h.openSibling(s)
	if err != nil {
		return nil, spot{}, false
	}
	at, ok := c.in(g.body)
	if !ok {
		h.discard(g)
		return nil, spot{}, false
	}
	return g, at, true
}

// beyondCopy reports whether the first of unseen is a copy of the cursor's generation
// that ends before the cursor: what was written between the copying and the truncating
// is in no file any more, but the cursor's owner has it.
func (h *hub) beyondCopy(c cursor, unseen []sibling) bool {
	if len(unseen) == 0 || unseen[0].live || unseen[0].size > c.off || unseen[0].size < overlap {
		return false
	}
	g, err := h.openSibling(unseen[0])
	if err != nil {
		return false
	}
	defer h.discard(g)
	return digest(g.head) == c.head
}

// leftBefore finds the generations that the cursor says were left: late bytes may have
// come to them.
func (h *hub) leftBefore(c cursor, files []sibling) (left []place) {
	for _, l := range c.left[:c.n] {
		i := slices.IndexFunc(files, func(s sibling) bool { return l.is(s.id) })
		if i < 0 || files[i].id == h.cur.id || files[i].size < l.off {
			continue
		}
		g, err := h.openSibling(files[i])
		if err != nil {
			continue
		}
		at, err := spotAt(g.body, l.off)
		if err != nil {
			h.discard(g)
			continue
		}
		h.mu.Lock()
		g.settled, g.left, g.next = true, time.Now(), h.cur
		h.add(g)
		h.mu.Unlock()
		left = append(left, place{gen: g, id: g.id, spot: at})
	}
	return left
}
