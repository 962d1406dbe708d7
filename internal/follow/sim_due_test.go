//go:build linux

package follow

import (
	"fmt"
	"slices"
	"time"
)

// What the model asks of followers, in the fake clock. All of it is promised with the
// periods that the options default to.
const (
	// inHand is how long a file must be there, while its log is followed, until it cannot be
	// lost any more by being removed: one poll, and some looks that came in between.
	inHand = defaultPoll + 500*time.Millisecond
	// caughtUp is how long bytes must be there until a follower that always reads has them:
	// a poll for the bytes and one for their file, and the longest settling of the one before.
	caughtUp = 4 * time.Second
	// lateFor is how long after a rotation bytes still count that come to the old file: the
	// grace period without the last poll in it.
	lateFor = defaultGrace - defaultPoll - 500*time.Millisecond
	// toldFor is how long a log must be away until that is told.
	toldFor = removal + caughtUp
)

// openBehind is how many generations a follower can be behind and have them all in hand.
func (w *witness) openBehind() int {
	if w.limit {
		return 0
	}
	return maxOpen - 2
}

// finished says what is wrong with an account once all is quiet and everything was read, ""
// if nothing is.
func (w *witness) finished(a account) string {
	last := w.model.last()
	for k := a.at + 1; w.model.live == nil && k <= last.number; k++ {
		if !w.glimpsed(k) && !(w.mayMiss(k, 0) && w.model.runs[k].orphan()) {
			break
		}
		if k == last.number {
			return "" // it has the log's name no more: it is taken when another one has it
		}
	}
	switch {
	case a.at != last.number:
		return fmt.Sprintf("it did not come to %d", last.number)
	case a.off != int64(len(last.data)) && !(w.model.live == nil && w.mayMiss(a.at, a.off)):
		return fmt.Sprintf("it did not come to the end of %d, %d bytes on", last.number, int64(len(last.data))-a.off)
	case a.late != notLate:
		return "late bytes did not end"
	case a.gaps > 0:
		return "it stays at a gap"
	case a.removed && w.model.live != nil && a.at > 0:
		return "the log has appeared untold"
	}
	for _, l := range a.lefts {
		switch {
		case w.unread(l) == 0:
		case a.unmet && w.model.live == nil: // what was left is looked for when there is something of the log
		case l.lateTold && !w.eager: // it came for them when their grace was over
		case l.lateTold && w.limit: // or its file was away when that was
		case l.forgotten && w.allLate(l):
		case !w.mayMiss(l.run, max(l.off, l.excused)):
			return fmt.Sprintf("%d bytes of %d after %d are missing and could have been had", w.unread(l), l.run, l.off)
		case !l.told && !w.allLate(l):
			return fmt.Sprintf("%d bytes of %d after %d are missing, untold", w.unread(l), l.run, l.off)
		}
	}
	return w.untoldAbsence(a)
}

// allLate reports whether all of a run that was not read came after the log had gone on.
func (w *witness) allLate(l left) bool {
	over := w.model.over(w.model.runs[l.run])
	for _, s := range w.model.runs[l.run].written {
		if s.end > l.off && (over.IsZero() || s.at.Before(over)) {
			return false
		}
	}
	return true
}

// waitedFor reports whether all that run l was not read of had come before anything was
// written to the next one: a follower that always reads gives it before that, not as late.
func (w *witness) waitedFor(l left) bool {
	next := l.run + 1
	if !w.eager || next != len(w.model.runs)-1 || !w.upDuring(w.model.runs[l.run].at, time.Now()) || len(w.model.runs[l.run].absences) > 0 {
		return false // it is left sooner when it is not the last one but one
	}
	first, over := time.Now(), w.model.over(w.model.runs[l.run])
	if written := w.model.runs[next].written; len(written) > 0 {
		first = written[0].at
	}
	for _, s := range w.model.runs[l.run].written {
		if s.end > l.off && (!s.at.Before(first) || s.at.Sub(over) >= defaultGrace/2) {
			return false
		}
	}
	return true
}

func (w *witness) unread(l left) int64 { return int64(len(w.model.runs[l.run].data)) - l.off }

// mayMiss reports whether a follower may be without all that run k has from off on: each
// piece was taken away, everywhere, before the follower can have had it in hand.
func (w *witness) mayMiss(k int, off int64) bool {
	if w.unfound[k] {
		return true
	}
	c := w.model.runs[k]
	ends := make([]int64, 0, len(c.written)+len(c.sources))
	for _, s := range c.written {
		ends = append(ends, s.end)
	}
	for _, s := range c.sources {
		if s.size > 0 {
			ends = append(ends, s.size)
		}
	}
	for _, end := range ends {
		if end > off && !w.mayMissPiece(c, end) {
			return false
		}
	}
	return true
}

// mayMissPiece is mayMiss for the bytes just before end.
func (w *witness) mayMissPiece(c *run, end int64) bool {
	i, _ := slices.BinarySearchFunc(c.written, end, func(w stamp, end int64) int { return int(w.end - end) })
	at := c.written[i].at
	if over := w.model.over(c); !over.IsZero() && at.Sub(over) >= lateFor {
		return true
	}
	for _, s := range c.sources {
		switch {
		case s.size >= 0 && s.size < end:
		case w.limit && w.gaveUp(s):
		case s.until.IsZero():
			return false
		case s.how == byFile && w.inHand(s) && w.behind(c.number, s.until) <= w.openBehind():
			return false
		case s.how == byTruncate && w.eager && w.upDuring(s.until.Add(-caughtUp), s.until) &&
			!at.After(s.until.Add(-caughtUp)):
			return false
		}
	}
	return true
}

// gaveUp reports whether the directory of a file that may have been closed was away for as long
// as it is waited for, while the follower was there.
func (w *witness) gaveUp(s *source) bool {
	return slices.ContainsFunc(s.away, func(a uptime) bool {
		return a.to.Sub(a.from) >= maxAway && w.upDuring(a.from, a.from.Add(maxAway))
	})
}

// inHand reports whether a file that was taken away had been there long enough before, while
// the log was there, and the follower has been there ever since.
func (w *witness) inHand(s *source) bool {
	up := w.spans[len(w.spans)-1]
	if !up.to.IsZero() || w.waiting {
		return false
	}
	for _, l := range w.model.lives {
		from, to := latest(l.from, up.from, w.metAt, s.since), s.until
		if !l.to.IsZero() && l.to.Before(to) {
			to = l.to
		}
		if to.Sub(from) >= inHand {
			return true
		}
	}
	return false
}

func latest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.After(t) {
			t = o
		}
	}
	return t
}

// glimpsed reports whether a look can have missed all of the time in which run k had the
// log's name.
func (w *witness) glimpsed(k int) bool {
	c, to := w.model.runs[k], time.Now()
	if k+1 < len(w.model.runs) {
		to = w.model.runs[k+1].at
	}
	if len(c.absences) > 0 {
		to = c.absences[0].from
	}
	return to.Sub(c.at) < inHand || !w.upDuring(to.Add(-inHand), to)
}

// behind is how many runs there were after k at a time.
func (w *witness) behind(k int, at time.Time) int {
	n := 0
	for _, c := range w.model.runs[k+1:] {
		if !c.at.After(at) {
			n++
		}
	}
	return n
}

// upDuring reports whether the follower was there all that time.
func (w *witness) upDuring(from, to time.Time) bool {
	for _, s := range w.spans {
		if !s.from.After(from) && (s.to.IsZero() || !s.to.Before(to)) {
			return true
		}
	}
	return false
}

// over is when a run's file had the log's name no more, zero while it has, and for one that
// was truncated.
func (m *model) over(c *run) time.Time {
	if c.number+1 < len(m.runs) && m.runs[c.number+1].by == byTruncate {
		return time.Time{}
	}
	for _, a := range c.absences {
		if !a.same {
			return a.from
		}
	}
	if c.number+1 < len(m.runs) {
		return m.runs[c.number+1].at
	}
	return time.Time{}
}

// orphan reports that the file of a run has no name any more, or other content: then nothing
// can show what came after it.
func (c *run) orphan() bool { return len(c.sources) > 0 && !c.sources[0].until.IsZero() }

// truncatedAfter reports whether run k ended with a truncation.
func (w *witness) truncatedAfter(k int) bool {
	return k+1 < len(w.model.runs) && w.model.runs[k+1].by == byTruncate
}
