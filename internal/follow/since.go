package follow

import (
	"errors"
	"io"
	"slices"
	"time"
)

// era is one generation that a search through time may begin in: a file, or the
// generation that the hub has.
type era struct {
	sibling
	packed  bool
	current *generation // nil for all but the last
}

// eras are the log's generations, the latest first.
func (h *hub) eras(files []sibling) []era {
	out := []era{{sibling: sibling{found: h.live}, current: h.cur}}
	for _, s := range slices.Backward(h.truncated(h.cur, files)) {
		if s.id != h.cur.id {
			out = append(out, era{sibling: s})
		}
	}
	for _, s := range slices.Backward(packedSiblings(h.root, h.name, h.alive())) {
		out = append(out, era{sibling: s, packed: true})
	}
	return out
}

// since finds the place of a follower that begins at a moment: in the current
// generation, or in an older one if the first line of all after that one is later.
func (h *hub) since(s *search, start Start) (beginning, error) {
	if h.err != nil || h.cur.void {
		return h.begin(s, start) // there is nothing yet that could have a time
	}
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		return beginning{}, err
	}
	eras, size := h.eras(files), h.seen.off
	var best, asked, timed int // the last era to begin in; how many were searched, and had times
	var off int64
	cur := h.cur
	err = h.aside(h.cur, func(current content) error {
		for i, e := range eras {
			switch {
			case i == 0 && size == 0:
				continue
			case i > 0 && e.mtime.Before(start.Since):
				return nil // nothing in it is as late
			}
			at, age, err := h.search(s, e, current, size, start.Since)
			asked++
			if age != timeless {
				timed++
			}
			if age != older || i == 0 {
				best, off = i, at
			}
			if err != nil || age == older || age == divided {
				return err
			}
		}
		return nil
	})
	w := way{met: MetFresh}
	if err == nil && h.cur != cur {
		err = errMoved // the log has gone on: the way has another end now
	}
	switch {
	case errors.Is(err, errCut):
		w.gap = "the search for the moment was ended, as " + errCut.Error() + ": there may be lines before this that are from after it"
	case err != nil:
		return beginning{}, err
	case asked > 0 && timed == 0:
		return beginning{}, &Refusal{Why: WhyNoTimes}
	}
	return h.beginIn(w, eras[:best+1], off, files)
}

// search looks for a moment in one era. current is the content of the one that is
// current, size how much of it is known.
func (h *hub) search(s *search, e era, current content, size int64, since time.Time) (int64, age, error) {
	switch {
	case e.current != nil:
		return firstSince(s, current, size, since, e.mtime)
	case e.packed:
		release, err := h.logs.turn(s)
		if err != nil {
			return 0, timeless, err
		}
		defer release()
		p, err := h.root.openPacked(e.sibling, s)
		if err != nil {
			return 0, timeless, nil // as good as gone
		}
		defer p.Close()
		return p.firstSince(s, since, e.mtime)
	}
	f, at, err := h.root.open(e.name)
	if err != nil || at.id != e.id {
		return 0, timeless, errMoved
	}
	defer f.Close()
	off, a, err := firstSince(s, f, at.size, since, e.mtime)
	if err == io.EOF {
		err = errMoved // it was rewritten
	}
	return off, a, err
}

// beginIn begins in the last of eras, at off, and goes on through the others.
func (h *hub) beginIn(w way, eras []era, off int64, files []sibling) (beginning, error) {
	e := eras[len(eras)-1]
	var err error
	switch {
	case e.current != nil:
		if w.first = e.current; w.first.body == nil {
			return beginning{}, errMoved
		}
		w.spot, err = spotAt(w.first.body, off)
	case e.packed:
		var p *packed
		if p, err = h.root.openPacked(e.sibling, nil); err != nil {
			return beginning{}, errMoved
		}
		if w.spot, err = spotAt(p, off); err != nil {
			p.Close()
			break
		}
		w.first = unpacked(p, e.sibling, off)
	default:
		if w.first, err = h.openSibling(e.sibling); err != nil {
			return beginning{}, errMoved
		}
		w.spot, err = spotAt(w.first.body, off)
	}
	if err != nil {
		return beginning{}, err
	}
	for _, e := range slices.Backward(eras[:len(eras)-1]) {
		if e.packed {
			w.packed = append(w.packed, e.sibling)
		}
	}
	w.files = files
	if i := slices.IndexFunc(files, func(s sibling) bool { return s.id == e.id }); i >= 0 && !e.packed {
		w.files = files[i+1:]
	}
	return h.chain(w)
}
