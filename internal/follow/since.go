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
	for _, s := range slices.Backward(h.truncatedNow(files)) {
		if s.id != h.cur.id {
			out = append(out, era{sibling: s})
		}
	}
	for _, s := range slices.Backward(h.packed()) {
		out = append(out, era{sibling: s, packed: true})
	}
	return out
}

// finding is what the search of one era came to.
type finding struct {
	at     int64 // where to begin in it
	age    age
	cut    bool  // the search was ended before it was sure of at and age
	damage error // why there may be lines that were not looked at; nil if there are none
}

// last reports that older eras need not be searched: they have nothing as late, or there
// is no time left.
func (f finding) last() bool {
	return f.age == passed || f.age == divided || f.age == older || f.cut
}

// choose chooses the era to begin in, the current one being the first: the oldest with a
// line from the moment on, or else the current one. Lines without a time belong to those
// before them, so an era that has no others is no place to begin at. It reports false if
// all lines that there are were looked at, and no time was found.
func choose(found []finding) (best int, ok bool) {
	lines := false
	for i, f := range found {
		switch f.age {
		case younger, divided:
			best = i
			fallthrough
		case passed, older:
			ok = true
		case timeless:
			lines = true
		}
		ok = ok || f.cut || f.damage != nil
	}
	return best, ok || !lines
}

// missing says why lines from the moment on may lie before the beginning in the era best;
// "" if none can. What is wrong with later eras is told when the follower comes to it.
func missing(found []finding, best int) string {
	for _, f := range found {
		if f.cut {
			return "the search for the moment was ended, as " + errCut.Error() + ": there may be lines before this that are from after it"
		}
	}
	for _, f := range found[best+1:] {
		if f.damage != nil {
			return "an older generation cannot be read to its end, and may have had lines from after the moment: " + f.damage.Error()
		}
	}
	return ""
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
	var found []finding
	err = h.asideOfCurrent(func(current content) (err error) {
		found, err = h.searchAll(s, eras, current, size, start.Since)
		return err
	})
	if err != nil {
		return beginning{}, err
	}
	best, ok := choose(found)
	if !ok {
		return beginning{}, &Refusal{Why: WhyNoTimes}
	}
	return h.beginIn(way{met: MetFresh, gap: missing(found, best)}, eras[:best+1], found[best].at, files)
}

// searchAll looks for a moment in the eras, as far back as it can be. current is the
// content of the current one, size how much of it is known.
func (h *hub) searchAll(s *search, eras []era, current content, size int64, since time.Time) (found []finding, err error) {
	for i, e := range eras {
		f := finding{age: passed}
		switch {
		case i == 0:
			f, err = searchCurrent(s, e, current, size, since)
		case !e.mtime.Before(since):
			f, err = h.search(s, e, since)
		}
		if err != nil {
			return nil, err
		}
		if found = append(found, f); f.last() {
			break
		}
	}
	return found, nil
}

func searchCurrent(s *search, e era, current content, size int64, since time.Time) (finding, error) {
	off, a, err := firstSince(s, current, size, since, e.mtime)
	f, err := conclude(s, off, a, err)
	if err == nil {
		err = f.damage // there is nothing to go on with
	}
	return f, err
}

// search looks for a moment in an era that is not the current one.
func (h *hub) search(s *search, e era, since time.Time) (finding, error) {
	if e.packed {
		return h.searchPacked(s, e, since)
	}
	f, at, err := s.opens(h.root, e.sibling)
	if err != nil {
		return conclude(s, 0, timeless, err)
	}
	defer f.Close()
	off, a, err := firstSince(s, f, at.size, since, e.mtime)
	return conclude(s, off, a, err)
}

func (h *hub) searchPacked(s *search, e era, since time.Time) (finding, error) {
	release, err := h.logs.turn(s)
	if err != nil {
		return finding{}, err
	}
	defer release()
	p, err := h.root.openPacked(e.sibling, s)
	if err != nil {
		return conclude(s, 0, timeless, err)
	}
	defer p.Close()
	off, a, err := p.firstSince(s, since, e.mtime)
	f, err := conclude(s, off, a, err)
	if f.damage == nil {
		f.damage = p.damage
	}
	return f, err
}

// conclude makes a finding of where a search came to. An error that it gives is one of
// the search for all eras; what is wrong with this one is the finding's damage.
func conclude(s *search, at int64, a age, err error) (finding, error) {
	switch {
	case err == nil:
		return finding{at: at, age: a}, nil
	case errors.Is(err, errCut):
		return finding{at: at, age: a, cut: true}, nil
	case s.ctx.Err() != nil:
		return finding{}, err
	case moved(err):
		return finding{}, errMoved
	}
	return finding{age: timeless, damage: err}, nil
}

// moved reports that a file which was listed is not there any more under its name, or
// not as long as it was: looking again will tell where it is.
func moved(err error) bool {
	return errors.Is(err, errMoved) || err == io.EOF || isAbsent(err)
}

// beginIn begins in the last of eras, at off, and goes on through the others.
func (h *hub) beginIn(w way, eras []era, off int64, files []sibling) (beginning, error) {
	e := eras[len(eras)-1]
	var err error
	if w.first, w.spot, err = h.openEra(e, off); err != nil {
		if moved(err) {
			err = errMoved
		}
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

// openEra opens an era to begin in it at off.
func (h *hub) openEra(e era, off int64) (*generation, spot, error) {
	switch {
	case e.current != nil:
		if e.current.body == nil {
			return nil, spot{}, errMoved
		}
		at, err := spotAt(e.current.body, off)
		return e.current, at, err
	case e.packed:
		p, err := h.root.openPacked(e.sibling, nil)
		h.exhausted = h.exhausted || isExhausted(err)
		if err != nil {
			return nil, spot{}, err
		}
		at, err := spotAt(p, off)
		if err != nil {
			p.Close()
			return nil, spot{}, err
		}
		return h.unpacked(p, e.sibling, off), at, nil
	}
	g, err := h.openSibling(e.sibling)
	if err != nil {
		return nil, spot{}, err
	}
	at, err := spotAt(g.body, off)
	if err != nil {
		h.unhold(g)
	}
	return g, at, err
}
