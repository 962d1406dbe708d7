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
// under another identity: restored, or on a device that has another number since the
// last start. Only when nothing has these bytes is there a gap.
func (h *hub) meet(c cursor, start Start) (beginning, error) {
	files, _ := h.siblings()
	b, err := h.find(c, files)
	switch {
	case err != nil:
		return b, err
	case b.met == MetGap && start.Strict:
		h.abandon(b.at.gen)
		return b, &Refusal{Why: WhyGap, Detail: b.gap}
	case b.at.gen.void && h.err != nil && !(start.Wait && isAbsent(h.err)):
		return b, h.err // there is nothing of the log to begin with
	}
	b.prev = h.leftLast(c, files)
	return b, nil
}

func (h *hub) find(c cursor, files []sibling) (beginning, error) {
	if c.id.zero() { // made while the log was not there
		return h.chain(c, nil, spot{}, c.since(files, -1), MetContinued)
	}
	if g, s, ok := h.inChain(c); ok {
		if g != h.cur {
			return beginning{at: place{gen: g, spot: s}, met: MetRotated}, nil
		}
		if unread := h.copied(c, files); len(unread) > 0 {
			if g, s, ok := h.inFile(c, unread[0]); ok {
				return h.chain(c, g, s, unread[1:], MetTruncated)
			}
		}
		return beginning{at: place{gen: g, spot: s}, met: MetContinued}, nil
	}
	mine := slices.IndexFunc(files, func(s sibling) bool { return c.id.sameFile(s.id) })
	met := MetRotated
	if mine >= 0 {
		if g, s, ok := h.inFile(c, files[mine]); ok {
			return h.chain(c, g, s, c.since(files, mine), met)
		}
		met = MetTruncated
	}
	if g, s, i := h.byContent(c, files, mine >= 0); g != nil {
		return h.chain(c, g, s, c.after(files, i), met)
	}
	b, err := h.chain(c, nil, spot{}, c.since(files, -1), MetGap)
	b.gap = "the generation that the cursor names is gone"
	if mine >= 0 {
		b.gap = "the generation that the cursor names was rewritten, and no copy of it was found"
	}
	return b, err
}

// since gives those of files that the cursor does not account for. mine is where its
// own file is among them, or less than 0.
func (c *cursor) since(files []sibling, mine int) []sibling {
	var out []sibling
	for i, s := range files {
		born := s.id.born
		// Equal births say nothing; then the order of the names tells, if the birth that
		// is accounted for is that of the cursor's own file.
		tie := born == c.newest && c.id.born == c.newest && i > mine
		if (born > c.newest || tie) && !c.id.sameFile(s.id) && !c.left.id.sameFile(s.id) {
			out = append(out, s)
		}
	}
	return out
}

// after gives those of files after the i-th that the cursor does not account for.
func (c *cursor) after(files []sibling, i int) []sibling {
	var out []sibling
	for _, s := range files[i+1:] {
		if s.id.born >= c.newest && !c.id.sameFile(s.id) {
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
		h.discard([]*generation{g})
		return nil, spot{}, false
	}
	return g, at, true
}

// byContent looks for the cursor's bytes in all of files, first in those that it does
// not account for. A few bytes are no proof but in a copy of a file that is there.
func (h *hub) byContent(c cursor, files []sibling, there bool) (*generation, spot, int) {
	for _, unseen := range []bool{true, false} {
		if c.off == 0 || c.off < overlap && !(unseen && there) {
			continue
		}
		for i, s := range files {
			if unseen != (s.id.born > c.newest) {
				continue
			}
			if s.id == h.cur.id && !there {
				if at, ok := c.in(h.cur.body); ok {
					return h.cur, at, i
				}
			}
			if g, at, ok := h.inFile(c, s); ok {
				return g, at, i
			}
		}
	}
	return nil, spot{}, 0
}

// copied gives the copies that were made of the current generation since the cursor
// was at its beginning, if the file has other content now. So few bytes before the
// cursor may well be the same in both.
func (h *hub) copied(c cursor, files []sibling) []sibling {
	if c.off >= overlap {
		return nil
	}
	return slices.DeleteFunc(c.since(files, -1), func(s sibling) bool {
		return s.live || s.size == 0 || h.isOriginalOfCurrent(s)
	})
}

// isOriginalOfCurrent reports whether s is a copy of what the log has now.
func (h *hub) isOriginalOfCurrent(s sibling) bool {
	return h.cur.body != nil && h.isOriginal(h.cur.body, s)
}

// chain makes the generations that lead from a cursor to those of the hub: first, if
// it is not nil, at the spot where the cursor is, then the files after it.
func (h *hub) chain(c cursor, first *generation, at spot, files []sibling, met Met) (beginning, error) {
	b := beginning{met: met}
	if first != nil && first.shared {
		b.at = place{gen: first, spot: at}
		return b, nil
	}
	var own []*generation
	if first != nil {
		own = append(own, first)
	}
	end := h.cur
	for _, s := range files {
		if g := h.inHub(s.id); g != nil {
			end = g
			break
		}
		if h.isOriginalOfCurrent(s) {
			continue
		}
		g, err := h.openSibling(s)
		switch {
		case err == nil:
			own = append(own, g)
		case errors.Is(err, errMoved):
			h.discard(own)
			return b, err
		default:
			b.met, b.gap = MetGap, "a file after the cursor's cannot be read"
		}
	}
	how := leave{kind: Rotated, detail: "the log went on in a new file"}
	if met == MetTruncated {
		how = leave{kind: Truncated, static: true, detail: "the log was begun anew in place; its rest was taken from a copy"}
	}
	now, reached := time.Now(), c.newest
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, g := range own {
		g.next, g.leave, g.grown = end, how, now
		if i+1 < len(own) {
			g.next = own[i+1]
		}
		g.settled, g.left = how.static, now
		reached = max(reached, g.id.born)
		g.newest = reached
		h.add(g)
	}
	b.at = place{gen: end, spot: at}
	if len(own) > 0 {
		b.at.gen = own[0]
	}
	return b, nil
}

// inHub finds the first generation of the hub's chain that is the file id.
func (h *hub) inHub(id identity) *generation {
	for _, g := range h.gens {
		if g.shared && g.id == id && (g.body != nil || g == h.cur) {
			return g
		}
	}
	return nil
}

// leftLast finds the generation that the cursor says was left last: late bytes may
// have come to it.
func (h *hub) leftLast(c cursor, files []sibling) place {
	i := slices.IndexFunc(files, func(s sibling) bool { return c.left.id.sameFile(s.id) })
	if i < 0 || files[i].id == h.cur.id || files[i].size < c.left.off {
		return place{}
	}
	g, err := h.openSibling(files[i])
	if err != nil {
		return place{}
	}
	at, err := spotAt(g.body, c.left.off)
	if err != nil {
		h.discard([]*generation{g})
		return place{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g.settled, g.left, g.next = true, time.Now(), h.cur
	h.add(g)
	return place{gen: g, id: g.id, spot: at}
}
