package follow

import (
	"context"
	"slices"
	"time"
)

// findTruncated changes the way of a cursor whose bytes are in the current generation, if
// they are there again: copies tell that the file was begun anew since, with the same
// header.
func (h *hub) findTruncated(c cursor, files []sibling, w *way) {
	if c.off > sameHeader {
		return // so many equal bytes prove that it was not
	}
	unread := slices.DeleteFunc(c.since(h.truncatedNow(files), -1), func(s sibling) bool {
		return s.live || s.size == 0
	})
	packed, doubt := h.packedCopies(c, files)
	switch {
	case len(packed) > 0:
		// Nobody waits for it: no more is inflated than what a header has.
		s := newSearch(context.Background())
		p, at, ok := h.inPacked(s, c, packed[0])
		h.exhausted = h.exhausted || s.exhausted
		if ok {
			w.met, w.first, w.spot = MetTruncated, h.unpacked(p, packed[0], c.off), at
			w.packed, w.files = packed[1:], unread
			return
		}
		doubt = true
	default:
		for i, s := range unread {
			g, at, ok := h.inFile(c, s)
			if ok && (c.off > 0 || s.written()) {
				w.met, w.first, w.spot, w.files = MetTruncated, g, at, successors(s, unread[i+1:], nil)
				return
			}
			h.unhold(g)
			doubt = doubt || h.beginsLike(c, s)
		}
	}
	if doubt {
		w.met, w.gap = MetGap, "the log may have been begun anew with what it began with before, and the copy of its rest is gone or packed"
	}
}

// beginsLike reports whether a file begins as the cursor's generation does: it is one of
// this log's, then, and the log has not grown from it.
func (h *hub) beginsLike(c cursor, s sibling) bool {
	f, at, err := h.openListed(s)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := readHead(f, min(c.off, at.size))
	return err == nil && s.written() && digest(head) == c.head
}

// maxLatecomer is for how many grace periods a writer may well go on writing to a file that
// was renamed: a minute.
const maxLatecomer = 12

// packedCopies gives the packed files that were copied from the current file since the
// cursor was made: their originals are not among files any more. Packing keeps the time
// at which a file was written last, and what the cursor accounts for was written before
// the newest birth that it knows; or soon after, by a copying that took its time, or by a
// writer that was late to leave a renamed file, and then there is doubt.
func (h *hub) packedCopies(c cursor, files []sibling) (copies []sibling, doubt bool) {
	packed := h.packed()
	if c.id.born == 0 || len(packed) == 0 {
		return nil, false
	}
	born := time.Unix(0, c.id.born)
	older := func(s sibling) bool { return !s.live && s.id.born < c.id.born }
	if slices.ContainsFunc(files, older) || slices.ContainsFunc(packed, func(s sibling) bool { return !s.mtime.After(born) }) {
		return nil, false // this log is renamed: copies are younger than their original
	}
	copied := c.horizon.newest > c.id.born // before the cursor was made, at least once
	last := copied && !slices.ContainsFunc(files, func(s sibling) bool { return s.id.born == c.horizon.newest })
	for _, s := range packed {
		age := s.mtime.Sub(time.Unix(0, c.horizon.newest))
		switch {
		case s.id.born <= c.horizon.newest || age <= 0:
		case last && age <= h.grace:
			last = false // it is the copy that was made last before the cursor
		case !copied && age <= maxLatecomer*h.grace:
			doubt = true
		default:
			copies = append(copies, s)
		}
	}
	return copies, doubt
}
