package follow

import (
	"context"
	"errors"
	"slices"
	"time"
)

// way is the way from where a follower is to begin to what the hub has: first, at the
// spot, then the files after it that the hub does not have, packed ones before others.
type way struct {
	met     Met
	first   *generation // nil: what comes after is all there is
	spot    spot
	packed  []sibling
	files   []sibling
	horizon horizon // what is accounted for where the way begins
	gap     string
	like    likeness // of the cursor's generation and the files looked through in vain
}

// meet finds the place that a cursor names. The caller holds looking, and has looked.
//
// A cursor's generation is the file with its identity, if the bytes before the offset
// are what they were. Is the file there with other bytes, then it was begun anew, and
// a copy has them. Is it not there, then a file with these bytes may be the same one
// under another identity: restored, moved, or packed by now. Only when nothing has these bytes is there a gap.
func (h *hub) meet(s *search, c cursor, start Start) (beginning, error) {
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		return beginning{}, err
	}
	w := h.find(c, files)
	if w.met == MetGap {
		if w, err = h.meetPacked(s, c, w); err != nil {
			return beginning{}, err
		}
	}
	if w.met == MetGap && start.Wait && h.err != nil && isAbsent(h.err) && h.cur.void && len(files) == 0 && w.like == (likeness{}) {
		// There is nothing to meet it in: a directory that comes back, or a file system
		// that is mounted late, may still have its generation.
		return beginning{at: place{gen: h.cur}, met: MetContinued, unmet: &c}, nil
	}
	b, err := h.chain(w)
	switch {
	case err != nil:
		return b, err
	case b.met == MetGap && start.Strict:
		h.abandon(b.at.gen)
		return b, &Refusal{Why: WhyGap, Detail: b.gap}
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
			w.first, w.spot, w.files = g, at, c.since(files, mine)
			return w
		}
		w.met = MetTruncated
	}
	if mine >= 0 {
		if g, at, i := h.byCopy(c, files); g != nil {
			w.first, w.spot, w.files = g, at, c.after(files, i)
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
		w.files = w.files[1:]
	default:
		w.met, w.gap = MetGap, "the generation that the cursor names was rewritten, and no copy of it was found"
	}
	return w
}

// meetPacked looks for a cursor's bytes among the packed files, and gives gone, the way
// without them, if they are not there.
func (h *hub) meetPacked(s *search, c cursor, gone way) (way, error) {
	w := way{met: MetRotated, files: gone.files, horizon: c.horizon}
	packed, cur := packedSiblings(h.root, h.name, h.alive()), h.cur
	err := h.aside(h.cur, func(content) (err error) {
		w.first, w.spot, w.packed, err = h.findPacked(s, c, packed, gone.like)
		return err
	})
	if err == nil && h.cur != cur {
		err = errMoved // the log has gone on: the way has another end now
	}
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
		h.discard([]*generation{g})
		return nil, spot{}, false
	}
	return g, at, true
}

// likeness is how many files of a log have a cursor's bytes where it has them, and how
// many have others there.
type likeness struct{ same, other int }

// proves reports whether a file with the cursor's bytes is its generation under another
// identity. Programs begin their logs with the same lines, so that bytes near the
// beginning prove it only if they are this file's alone.
func (l likeness) proves(c cursor) bool {
	return c.off > sameHeader || c.off >= overlap && l.same == 1 && l.other > 0
}

// byCopy looks for the cursor's bytes in the copies that nobody has seen, the earliest
// first, of a file that is there with other bytes.
func (h *hub) byCopy(c cursor, files []sibling) (*generation, spot, int) {
	for i, s := range files {
		if seen, _ := c.horizon.has(s.id); seen || c.off == 0 {
			continue
		}
		if g, at, ok := h.inFile(c, s); ok {
			return g, at, i
		}
	}
	return nil, spot{}, 0
}

// byContent looks for the cursor's bytes in all of files, first in those that it does
// not account for.
func (h *hub) byContent(c cursor, files []sibling) (found *generation, at spot, place int, l likeness) {
	for _, unseen := range []bool{true, false} {
		for i, s := range files {
			if seen, _ := c.horizon.has(s.id); unseen == seen || s.size < c.off {
				continue
			}
			g, spot, ok := h.holding(c, s)
			if !ok {
				l.other++
				continue
			}
			if l.same++; l.same > 1 {
				h.unhold(g)
			} else {
				found, at, place = g, spot, i
			}
			if c.off > sameHeader {
				return found, at, place, l
			}
		}
	}
	return found, at, place, l
}

// holding gives the generation that s is, in the hub's chain or opened, if the cursor's
// bytes are in it. Who does not need it gives it back with unhold.
func (h *hub) holding(c cursor, s sibling) (*generation, spot, bool) {
	if s.id == h.cur.id {
		at, ok := c.in(h.cur.body)
		return h.cur, at, ok
	}
	return h.inFile(c, s)
}

func (h *hub) unhold(g *generation) {
	if g != nil && !g.shared {
		h.discard([]*generation{g})
	}
}

// findTruncated changes the way of a cursor whose bytes are in the current generation, if
// they are there again: copies tell that the file was begun anew since, with the same
// header.
func (h *hub) findTruncated(c cursor, files []sibling, w *way) {
	unread := slices.DeleteFunc(c.since(h.truncated(h.cur, files), -1), func(s sibling) bool {
		return s.live || s.size == 0
	})
	packed, doubt := h.packedCopies(c)
	switch {
	case len(packed) > 0:
		if p, at, ok := h.inPacked(newSearch(context.Background()), c, packed[0]); ok {
			w.met, w.first, w.spot = MetTruncated, unpacked(p, packed[0], c.off), at
			w.packed, w.files = packed[1:], unread
			return
		}
		doubt = true
	case len(unread) > 0:
		if g, at, ok := h.inFile(c, unread[0]); ok {
			w.met, w.first, w.spot, w.files = MetTruncated, g, at, unread[1:]
			return
		}
	}
	if doubt {
		w.met, w.gap = MetGap, "the log may have been copied, truncated and its copy packed; what it begins with does not tell"
	}
}

// packedCopies gives the packed files that were copied from the current file since the
// cursor was made: what was renamed was last written before that file was born, or soon
// after if its writer was late, and then there is doubt. It matters only where the log may
// begin as it did before.
func (h *hub) packedCopies(c cursor) (copies []sibling, doubt bool) {
	if c.off > sameHeader || c.id.born == 0 {
		return nil, false
	}
	for _, s := range packedSiblings(h.root, h.name, h.alive()) {
		if s.id.born <= c.horizon.newest {
			continue
		}
		switch age := s.mtime.Sub(time.Unix(0, c.id.born)); {
		case age > h.grace:
			copies = append(copies, s)
		case age > 0:
			doubt = true
		}
	}
	return copies, doubt
}

// chain makes the generations that lead to those of the hub.
func (h *hub) chain(w way) (beginning, error) {
	b := beginning{met: w.met, gap: w.gap}
	if w.first != nil && w.first.shared {
		b.at = place{gen: w.first, spot: w.spot}
		return b, nil
	}
	var own []*generation
	if w.first != nil {
		own = append(own, w.first)
	}
	for _, s := range w.packed {
		p, err := h.root.openPacked(s, nil)
		if err != nil {
			b.met, b.gap = MetGap, "a packed file after the first cannot be read"
			continue
		}
		own = append(own, unpacked(p, s, 0))
	}
	end := h.cur
	for _, s := range h.truncated(h.cur, w.files) {
		if s.live {
			continue // it is where the way leads to, also when copies of it are younger
		}
		if g := h.inHub(s.id); g != nil {
			end = g
			break
		}
		if end.void && h.unseen(end, s) {
			continue // the hub will put it there itself, once the log is there
		}
		g, err := h.openSibling(s)
		switch {
		case err == nil:
			own = append(own, g)
		case errors.Is(err, errMoved):
			h.discard(own)
			return b, err
		default:
			b.met, b.gap = MetGap, "a file after the first cannot be read"
		}
	}
	h.link(own, end, w)
	b.at = place{gen: end, spot: w.spot}
	if len(own) > 0 {
		b.at.gen = own[0]
	}
	return b, nil
}

// link puts generations of one follower before those of the hub.
func (h *hub) link(own []*generation, end *generation, w way) {
	how := leave{kind: Rotated, detail: "the log went on in a new file"}
	if w.met == MetTruncated || len(own) > 0 && end.id.born < own[0].id.born && !own[0].body.packed() && !end.void {
		how = leave{kind: Truncated, static: true, detail: "the log was begun anew in place; its rest was taken from a copy"}
	}
	now, reached := time.Now(), w.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, g := range own {
		g.next, g.leave, g.grown = end, how, now
		if i+1 < len(own) {
			g.next = own[i+1]
		}
		if g.next.void { // it has not gone on yet
			g.leave.kind = Nothing
		}
		if g.body.packed() {
			g.leave.static = true
		} else { // the birth of a packed file is not that of what it has
			reached.add(g.id)
		}
		g.settled, g.left = g.leave.static, now
		g.horizon = reached
		h.add(g)
	}
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
	defer h.discard([]*generation{g})
	return digest(g.head) == c.head
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
			h.discard([]*generation{g})
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
