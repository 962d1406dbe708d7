package follow

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// restart begins the next generation in the same file: what was seen of it is not
// there any more. Whoever truncates a log copies it first, so the copy takes the
// place of what is gone; and where the log was truncated several times since the
// last look, there are as many copies. copies may be nil: then they are looked for.
func (h *hub) restart(now time.Time, copies []*generation) {
	file := h.cur.body.content
	if copies == nil {
		m, err := file.meta()
		if err != nil {
			return
		}
		seen, err := printOf(file, m.size)
		ok := err == nil
		if ok {
			copies, ok = h.copies(seen)
		}
		if !ok {
			h.again() // it changes while it is looked at
			return
		}
	}
	rest := h.takeCopy(&copies)
	if h.exhausted { // then it says nothing that there is no copy
		h.discard(copies...)
		if rest != nil {
			h.discard(rest)
		}
		return
	}
	cur := h.cur
	h.mu.Lock()
	fresh := &generation{id: cur.id, dir: cur.dir, body: cur.body}
	how := leave{kind: Truncated, static: true, detail: "the log was begun anew in place, and no copy of it was found"}
	cur.body, cur.mark = nil, spot{}
	reached := cur.horizon
	if rest != nil {
		how.detail = "the log was begun anew in place; its rest was taken from a copy"
		reached.add(rest.id)
		cur.id, cur.body, cur.horizon = rest.id, rest.body, reached
		cur.size = max(cur.size, rest.size)
		if len(cur.head) == 0 {
			cur.head = rest.head
		}
		h.account(rest.id)
	}
	for _, g := range copies {
		reached.add(g.id)
		g.horizon = reached
		h.account(g.id)
		h.succeed(g, how, now)
		how.detail = "the log was begun anew in place more than once between two looks"
	}
	fresh.horizon = reached
	h.succeed(fresh, how, now)
	h.mu.Unlock()
	h.seen = spot{}
	h.inspect(now)
}

// copies opens the files, from the earliest to the latest, that were copied from the
// log before it had the content that seen is the print of, and that nobody has seen.
// It reports false when that content changed in the meantime.
func (h *hub) copies(seen print) ([]*generation, bool) {
	if h.live.name != h.name {
		return nil, true // beside what a symlink names are its past and future, not copies
	}
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		return nil, false
	}
	all := len(files)
	if files = h.truncatedNow(files); len(files) < all {
		h.stamp = time.Time{} // what was copied is to be truncated: then this is to be asked again
	}
	var out []*generation
	for _, s := range files {
		// An empty file is a copy that is just being made, or one of nothing.
		if !h.unseen(s) || s.size == 0 || h.seen.off == 0 && !s.written() {
			continue
		}
		g, err := h.openSibling(s)
		switch {
		case err == nil:
			out = append(out, g)
		case errors.Is(err, errMoved):
			h.discard(out...)
			return nil, false
		} // else it may not be read: as good as gone
	}
	// A copy that is not in the list was made after it, so its original was there after
	// it, too: then it is not what seen was made of, and has changed by now.
	if !seen.holds(h.cur.body) {
		h.discard(out...)
		return nil, false
	}
	// And if the log has another file by now, then what was listed are the files that it
	// had in between, for the next look to find.
	if at, err := h.root.stat(h.name); err != nil || at.id != h.live.id || at.id != h.cur.id {
		h.discard(out...)
		return nil, true
	}
	return out, true
}

// truncated gives files without those that are copies of what log has now: it was not
// truncated since. A copy is born after its original, and after all copies of what the
// original was before; equal content alone proves nothing, since many logs begin alike.
func (h *hub) truncated(log content, id identity, files []sibling) []sibling {
	files = slices.Clone(files)
	for i, s := range slices.Backward(files) {
		if s.live {
			continue
		}
		if s.id.born <= id.born && id.born != 0 || !h.isOriginal(log, s) {
			break
		}
		files = slices.Delete(files, i, i+1)
	}
	return files
}

// truncatedNow is truncated for the current generation.
func (h *hub) truncatedNow(files []sibling) []sibling {
	if h.cur.body == nil {
		return files
	}
	return h.truncated(h.cur.body, h.cur.id, files)
}

// isOriginal reports whether log has all that is in the file s: then s is a copy of
// what is there, and the log is not truncated yet.
func (h *hub) isOriginal(log content, s sibling) bool {
	if s.live {
		return false
	}
	f, at, err := h.openListed(s)
	if err != nil {
		return false
	}
	p, err := printOf(f, at.size)
	f.Close() // log may have to be opened
	return err == nil && p.holds(log)
}

// takeCopy takes the copy of the current generation out of copies, and leaves those made
// after it. It gives nil if there is none.
func (h *hub) takeCopy(copies *[]*generation) *generation {
	own := slices.IndexFunc(*copies, func(g *generation) bool { return h.isCopy(g, false) })
	var rest *generation
	kept := (*copies)[:0:0]
	for i, g := range *copies {
		switch {
		case i == own:
			rest = g
		case i > own && g.origin.written() && (rest == nil || g.origin.follows(rest.origin, nil)):
			kept = append(kept, g)
		default: // made before the copy, or by somebody else
			h.discard(g)
		}
	}
	*copies = kept
	if rest != nil {
		return rest
	}
	if h.seen.off < overlap {
		return nil
	}
	// A copy that was made before the hub was is no news to it; its content shows it.
	files, _ := h.siblings()
	for _, s := range files {
		if s.live || s.id.born > h.cur.horizon.newest || s.size < h.seen.off {
			continue
		}
		g, err := h.openSibling(s)
		if err != nil {
			continue
		}
		if h.isCopy(g, true) {
			return g
		}
		h.discard(g)
	}
	return nil
}

// isCopy reports whether g has the content that the current generation had. A copy
// may be shorter than what was seen, when its original grew between the copying and
// the truncating; strict does not take that for a copy.
func (h *hub) isCopy(g *generation, strict bool) bool {
	if n := min(len(g.head), len(h.cur.head)); !bytes.Equal(g.head[:n], h.cur.head[:n]) {
		return false
	}
	if g.size < h.seen.off {
		return !strict
	}
	same, err := h.seen.holds(g.body)
	return same && err == nil
}
