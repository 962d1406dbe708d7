package follow

import "slices"

// Not every file that is called like a rotated one is a generation of the log: people
// unpack old ones, and make copies beside it. What the birth of such a file says is
// when that was done, and nothing else.

// written reports whether a file was written where it is. One that was written last
// before it was born was put there: unpacked, or restored with its time.
func (s sibling) written() bool {
	return s.id.born == 0 || s.mtime.UnixNano() >= s.id.born
}

// follows reports whether s can have been renamed after own was, as far as their names
// tell. Who makes an app.log.bak is not who makes app.log.1; in one style, dates grow and
// numbers count in one direction, which those of the other files show. Of two styles
// nothing is concluded: a rotator may have been set up anew.
func (s sibling) follows(own sibling, files []sibling) bool {
	m, o := s.suffix, own.suffix
	switch {
	case o.text == "" || s.live || s.id == own.id:
		return true // own's name says nothing
	case m.style.kind == word || o.style.kind == word:
		return m.style.kind == o.style.kind
	case m.style != o.style:
		return true
	case m.style.kind == dated:
		return m.text >= o.text
	}
	for _, f := range files {
		if f.suffix.text == "" || f.suffix.style != o.style || f.id.born >= own.id.born || f.id == s.id {
			continue
		}
		if before := f.suffix.compare(o); before != 0 { // f is older: so s is on the other side of own
			return o.compare(m) == before
		}
	}
	return true
}

// copyOf reports whether s is a copy of the first bytes of own, too long to be a
// generation that just begins alike.
func (h *hub) copyOf(own content, s sibling) bool {
	return s.size > sameHeader && h.isOriginal(own, s)
}

// successors gives those of files that can be generations after own. all are the log's
// siblings, nil if the order of their names says nothing.
func successors(own sibling, files, all []sibling) []sibling {
	return slices.DeleteFunc(slices.Clone(files), func(s sibling) bool {
		return !s.live && (!s.written() || !s.follows(own, all))
	})
}
