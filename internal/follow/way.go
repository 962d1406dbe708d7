package follow

import (
	"cmp"
	"errors"
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
	horizon horizon  // what is accounted for where the way begins
	gap     string   // why something cannot be had; "" if all can
	anew    bool     // the cursor's file is there, and was begun anew
	over    bool     // and all that it had was read: that it was begun anew is to be told first
	like    likeness // of the cursor's generation and the files looked through in vain
}

// chain makes the generations that lead to those of the hub.
func (h *hub) chain(w way) (beginning, error) {
	b := beginning{met: w.met, gap: w.gap, truncated: w.over}
	if w.first != nil && !w.first.shared {
		if g := h.inHub(w.first.id); g != nil { // it is on the hub's own way
			h.unhold(w.first)
			w.first = g
		}
	}
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
		if isExhausted(err) {
			h.exhausted = true
			h.discard(own...)
			return b, errMoved
		}
		if err != nil {
			b.met, b.gap = MetGap, cmp.Or(b.gap, "a packed file after the first cannot be read")
			continue
		}
		own = append(own, h.unpacked(p, s, 0))
	}
	end := h.firstAfter(w)
	for _, s := range h.truncatedNow(w.files) {
		if s.live {
			continue // it is where the way leads to, also when copies of it are younger
		}
		if w.first != nil && !w.first.body.packed() && h.copyOf(w.first.body, s) {
			continue
		}
		if g := h.inHub(s.id); g != nil {
			end = g
			break
		}
		g, err := h.openSibling(s)
		switch {
		case err == nil:
			own = append(own, g)
		case errors.Is(err, errMoved):
			h.discard(own...)
			return b, err
		default:
			b.met, b.gap = MetGap, cmp.Or(b.gap, "a file after the first cannot be read")
		}
	}
	h.link(own, end, w)
	b.at = place{gen: end, spot: w.spot}
	if len(own) > 0 {
		b.at.gen = own[0]
	}
	return b, nil
}

// firstAfter is the first generation of the hub's chain that is not accounted for where
// the way begins, also one whose file no listing shows any more; the current one if all are.
func (h *hub) firstAfter(w way) *generation {
	if w.met == MetFresh {
		return h.cur // it was not begun at a point of the chain
	}
	for _, g := range h.gens {
		if seen, sure := w.horizon.has(g.id); g.shared && !g.void && g.body != nil && !seen && sure {
			return g
		}
	}
	return h.cur
}

// link puts generations of one follower before those of the hub.
func (h *hub) link(own []*generation, end *generation, w way) {
	how := leave{kind: Rotated, detail: "the log went on in a new file"}
	if w.met == MetTruncated || len(own) > 0 && h.cur.id.born < own[0].id.born && !own[0].body.packed() && !h.cur.void {
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

// inHub finds the first generation of the hub's chain that is the file id.
func (h *hub) inHub(id identity) *generation {
	for _, g := range h.gens {
		if g.shared && g.id == id && (g.body != nil || g == h.cur) {
			return g
		}
	}
	return nil
}
