package follow

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
		h.discard(g)
	}
}
