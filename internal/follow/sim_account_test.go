//go:build linux

package follow

import (
	"bytes"
	"fmt"
	"slices"
)

// account is one explanation of what a follower has been told: where it is in what the model
// did, and what it may still be told. A follower has several as long as bytes or events do
// not decide between them; when none is left it has told what cannot be.
type account struct {
	at  int   // the run that it reads, by number
	off int64 // bytes of it that it has read

	lefts []left
	late  int // the one of lefts whose late bytes are being read, or notLate, or lateSelf

	gaps    int   // told since the last data or step
	lost    int64 // bytes that these were said to be
	removed bool  // told, and not taken back
	denied  bool  // likewise
	told    int   // absences of the run that were told, or are too old to be told
	unmet   bool  // it came back when there was nothing of the log: its place is looked for when there is
	opening bool  // nothing has been told since the follower began at a cursor
	unknown int   // runs that came and went without a trace
	unsure  int   // gaps told where nothing is missing, but nothing could show that
}

const (
	notLate  = -1
	lateSelf = -2 // late bytes of the run that it is at, since nothing came after it yet
)

// left is a run that a follower has moved on from.
type left struct {
	run       int
	off       int64 // bytes of it that were read
	told      bool  // that the rest cannot be had
	excused   int64 // up to here it could not be had when that was told
	lateTold  bool  // that late bytes cannot be had
	forgotten bool  // a cursor had no room for it
}

func (a account) String() string {
	s := fmt.Sprintf("at %d+%d", a.at, a.off)
	if a.late >= 0 {
		s += fmt.Sprintf(" late %d+%d", a.lefts[a.late].run, a.lefts[a.late].off)
	}
	if a.gaps > 0 {
		s += fmt.Sprintf(" gaps %d lost %d", a.gaps, a.lost)
	}
	if a.removed {
		s += " removed"
	}
	if a.denied {
		s += " denied"
	}
	return s
}

// explain gives the accounts that an event leaves possible, and why if there are none.
func (w *witness) explain(a account, e Event) (out []account, why string) {
	for _, b := range append([]account{a}, w.unseen(a)...) {
		more, not := w.explainFrom(b, e)
		out = append(out, more...)
		if why == "" {
			why = not
		}
	}
	return out, why
}

// distinct leaves out accounts that say the same.
func distinct(accounts []account) []account {
	seen := make(map[string]bool)
	return slices.DeleteFunc(accounts, func(a account) bool {
		key := fmt.Sprintf("%#v", a)
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

// unseen gives the accounts of a follower that is further on than it knows: a run that
// was begun anew before anybody could see any of it leaves no trace, but in a copy.
func (w *witness) unseen(a account) (out []account) {
	for j := a.at + 1; a.off == 0 && a.gaps == 0 && a.late == notLate && j < len(w.model.runs); j++ {
		if w.model.runs[j].by != byTruncate || !w.mayMiss(j-1, 0) {
			break
		}
		b := w.moved(a, j)
		for k := a.at; k < j; k++ {
			if len(w.model.runs[k].data) > 0 {
				b.unknown++
			}
		}
		b.removed, b.denied, b.opening, b.unmet = a.removed, a.denied, a.opening, a.unmet
		out = append(out, b)
	}
	return out
}

func (w *witness) explainFrom(a account, e Event) (out []account, why string) {
	opening := a.opening
	a.opening = false
	switch e.Kind {
	case Data:
		return w.explainData(a, e.Data)
	case Hole:
		return w.explainHole(a, *e.Lost)
	case Late:
		for i, l := range a.lefts {
			if w.unread(l) > 0 && !w.truncatedAfter(l.run) && !w.waitedFor(l) {
				b := a
				b.late = i
				out = append(out, b)
			}
		}
		if !w.model.over(w.model.runs[a.at]).IsZero() { // it waits for the next one already
			b := a
			b.late = lateSelf
			out = append(out, b)
		}
		return out, "nothing came late"
	case Gap:
		return w.explainGap(a, e.Lost, opening)
	case Removed:
		return w.explainRemoved(a)
	case Denied:
		for _, c := range w.model.runs[a.at:] {
			for _, b := range c.absences {
				if b.blocked {
					a.denied = true
					return []account{a}, ""
				}
			}
		}
		return nil, "nothing is in the way"
	case Rotated:
		if a.late != notLate {
			a.late = notLate
			return []account{a}, ""
		}
	case Appeared:
		if a.unmet {
			b := a
			b.unmet, b.removed, b.denied, b.opening = false, false, false, true
			b.told = len(w.model.runs[a.at].absences)
			out = append(out, b)
		}
		absences := w.model.runs[a.at].absences
		for i, b := range absences {
			if b.same && i+1 >= a.told && (a.removed || a.denied) {
				b := a
				b.removed, b.denied = false, false
				b.told = max(a.told, i+1)
				out = append(out, b)
				break
			}
		}
	}
	more, why := w.explainStep(a, e.Kind)
	return append(out, more...), why
}

func (w *witness) explainData(a account, data []byte) (out []account, why string) {
	if a.late >= 0 {
		l := a.lefts[a.late]
		if !bytes.HasPrefix(w.model.runs[l.run].data[l.off:], data) {
			return nil, "other bytes than came late"
		}
		a.lefts = slices.Clone(a.lefts)
		a.lefts[a.late].off += int64(len(data))
		return []account{a}, ""
	}
	if a.gaps > 0 {
		return nil, "a gap was told, and then came what follows without one"
	}
	c := w.model.runs[a.at]
	if bytes.HasPrefix(c.data[a.off:], data) {
		if c.overHole(a.off, data) {
			return nil, "a hole came as data"
		}
		b := a
		b.off += int64(len(data))
		out = append(out, b)
	}
	return out, "other bytes than were written there: " + w.whence(data)
}

// whence says where the model has data.
func (w *witness) whence(data []byte) string {
	var found []string
	for i, c := range w.model.runs {
		if k := bytes.Index(c.data, data); k >= 0 {
			found = append(found, fmt.Sprintf("%d+%d", i, k))
		}
	}
	return fmt.Sprintf("these are at %v", found)
}

// overHole reports whether data at off has a whole block of a hole in it.
func (c *run) overHole(off int64, data []byte) bool {
	const block = 4096
	if len(c.sources) > 1 || c.sources[0].packed || c.sources[0].how == byTruncate {
		return false // in a copy it is stored as it reads, and what is truncated has none any more
	}
	for _, h := range c.holes {
		from := (max(h.from, off) + block - 1) / block * block
		if from+block <= min(h.to, off+int64(len(data))) {
			return true
		}
	}
	return false
}

func (w *witness) explainHole(a account, lost int64) ([]account, string) {
	run, off := a.at, &a.off
	if a.late >= 0 {
		a.lefts = slices.Clone(a.lefts)
		run, off = a.lefts[a.late].run, &a.lefts[a.late].off
	}
	for _, h := range w.model.runs[run].holes {
		if h.from <= *off && *off+lost == h.to {
			*off = h.to
			return []account{a}, ""
		}
	}
	return nil, "no hole is there, or another"
}

func (w *witness) explainGap(a account, lost *int64, opening bool) (out []account, why string) {
	// It may be of late bytes.
	late := !opening && lost != nil
	if late && !w.model.over(w.model.runs[a.at]).IsZero() && *lost <= int64(len(w.model.runs[a.at].data))-a.off {
		out = append(out, a)
	}
	for i, l := range a.lefts {
		if late && !l.lateTold && *lost <= w.unread(l) && !w.truncatedAfter(l.run) {
			b := a
			b.lefts = slices.Clone(a.lefts)
			b.lefts[i].told, b.lefts[i].lateTold = true, true
			out = append(out, b)
		}
	}
	for i, l := range a.lefts {
		// Late bytes may have come to a file that was removed, or away, while it was closed.
		if w.limit && lost == nil && !opening && !l.lateTold && (w.model.runs[l.run].orphan() || w.wasAway()) {
			b := a
			b.lefts = slices.Clone(a.lefts)
			b.lefts[i].told, b.lefts[i].lateTold = true, true
			if w.unread(l) == 0 {
				b.unsure++
			}
			out = append(out, b)
		}
	}
	a.gaps++
	if lost != nil {
		a.lost += *lost
	}
	if !opening {
		return append(out, a), ""
	}
	if w.packed() { // it may have been a copy, for all that a cursor can tell
		b := a
		b.gaps, b.lost = 0, 0
		b.unsure++
		out = append(out, b)
	}
	more, why := w.jump(a)
	return append(out, more...), why
}

// wasAway reports whether the log ever was between two names, or its directory was.
func (w *witness) wasAway() bool {
	return slices.ContainsFunc(w.model.runs[1:], func(c *run) bool { return len(c.absences) > 0 })
}

// packed reports whether any run was packed.
func (w *witness) packed() bool {
	return slices.ContainsFunc(w.model.runs, func(c *run) bool {
		return slices.ContainsFunc(c.sources, func(s *source) bool { return s.packed })
	})
}

func (w *witness) explainRemoved(a account) ([]account, string) {
	if a.removed {
		return nil, "it is told already"
	}
	for k := a.at; k < len(w.model.runs) && (k == a.at || w.glimpsed(k)); k++ {
		absences := w.model.runs[k].absences
		told := a.told
		if k > a.at {
			told = 0
		}
		if n := len(absences); n > told || n > 0 && absences[n-1].to.IsZero() {
			a.removed = true
			if k == a.at {
				a.told = n
			}
			return []account{a}, ""
		}
	}
	return nil, "the log was not away"
}
