//go:build linux

package follow

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// explainStep explains Rotated, Truncated and Appeared.
func (w *witness) explainStep(a account, kind Kind) (out []account, why string) {
	why = "the log did not go on"
	for j := a.at + 1; j < len(w.model.runs); j++ {
		if not := w.fits(a, j, kind); not != "" {
			why = not
			continue
		}
		from := a
		from.removed = a.removed || kind == Appeared // what was between two appearances leaves no trace
		b, not := w.step(from, j)
		if not != "" {
			why = not
			continue
		}
		out = append(out, b)
	}
	return out, why
}

// fits says why kind is not how the log went on from where a is to run j, "" if it is.
func (w *witness) fits(a account, j int, kind Kind) string {
	truncated, replaced, away := false, false, a.removed || a.denied
	for k := a.at; k < j; k++ {
		truncated = truncated || w.model.runs[k+1].by == byTruncate
		replaced = replaced || w.model.runs[k+1].by == byFile
		for _, b := range w.model.runs[k].absences {
			away = away || !b.same
		}
		// Nobody need have seen that the next one was there before it was away, too.
		away = away || len(w.model.runs[k+1].absences) > 0 && w.glimpsed(k+1)
	}
	ok := false
	switch kind {
	case Truncated:
		// And of two files born in one tick of the kernel's clock either may be the copy.
		ok = truncated || !w.model.program.ticks && a.at > 0 && w.glimpsed(a.at)
	case Rotated:
		// Likewise; and what was packed does not tell any more whether it was renamed or copied.
		replaced = replaced || len(w.spans) > 1 && (!w.model.program.ticks || w.packed())
		// What was truncated and copied before anybody saw it looks like a file and its successor.
		ok = replaced || a.at > 0 && w.glimpsed(a.at)
		for i, b := range w.model.runs[a.at].absences {
			if a.removed && !b.same && i < a.told {
				ok = false // what was told as removed appears
			}
		}
	case Appeared:
		ok = replaced && away
	}
	if !ok {
		return fmt.Sprintf("the log did not come to %d by being %s", j, kind)
	}
	return ""
}

// jump gives the accounts of a follower that goes on somewhere else without telling how the
// log came there.
func (w *witness) jump(a account) (out []account, why string) {
	why = "nothing is missing"
	for j := a.at + 1; j < len(w.model.runs); j++ {
		b, not := w.step(a, j)
		if not != "" {
			why = not
			continue
		}
		out = append(out, b)
	}
	for j := a.at; w.nowhere && j < len(w.model.runs); j++ { // there may be nothing to go on in
		b := a
		if j > a.at {
			var not string
			if b, not = w.step(a, j); not != "" {
				continue
			}
		}
		c := w.model.runs[j]
		if b.off < int64(len(c.data)) && !w.mayMiss(j, b.off) {
			continue
		}
		if b.off == int64(len(c.data)) {
			b.unsure++
		}
		b.off = int64(len(c.data))
		b.removed, b.gaps, b.lost = true, 0, 0
		b.told = len(c.absences)
		out = append(out, b)
	}
	return out, why
}

// step moves an account on to run j. It says why not if something would be missing on the
// way that can be had, or that is not told.
func (w *witness) step(a account, j int) (account, string) {
	missing := int64(0)
	runs := w.model.runs
	truncations := true
	for k := a.at + 1; k <= j; k++ {
		truncations = truncations && runs[k].by == byTruncate
	}
	rest := int64(len(runs[a.at].data)) - a.off
	if a.lost > rest {
		return a, fmt.Sprintf("%d bytes are told as lost, %d bytes of %d were unread", a.lost, rest, a.at)
	}
	if a.lost > 0 && !w.mayMiss(a.at, int64(len(runs[a.at].data))-a.lost) {
		return a, fmt.Sprintf("the rest of %d is told as lost and can be had", a.at)
	}
	if rest > 0 && runs[a.at+1].by == byTruncate && !w.mayMiss(a.at, a.off) {
		return a, fmt.Sprintf("the rest of %d, begun anew, can be had", a.at)
	}
	missing += rest
	unknown := 0
	for k := a.at + 1; k < j; k++ {
		if len(runs[k].data) == 0 {
			continue
		}
		missing += int64(len(runs[k].data))
		if !w.mayMiss(k, 0) {
			return a, fmt.Sprintf("all of %d can be had", k)
		}
		if a.gaps == 0 && !truncations {
			if s := runs[a.at].sources; !a.removed && len(s) > 0 && runs[a.at].orphan() && !s[0].hidden && s[0].until.Before(runs[j].at) {
				return a, fmt.Sprintf("no gap was told in place of %d", k)
			}
			unknown++
		}
	}
	if a.gaps > 0 && missing == 0 {
		if !runs[a.at].orphan() && !w.unfound[a.at] && !w.packed() {
			return a, "a gap was told, and nothing is missing"
		}
		a.unsure++
	}
	if why := w.untoldAbsence(a); why != "" {
		return a, why
	}
	b := w.moved(a, j)
	b.unknown += unknown
	return b, ""
}

// moved is an account that has gone on to run j.
func (w *witness) moved(a account, j int) account {
	told := a.gaps > 0 || w.model.runs[a.at+1].by == byTruncate
	b := account{at: j, late: notLate, unknown: a.unknown, unsure: a.unsure, lefts: slices.Clone(a.lefts)}
	leave := func(l left) {
		if l.told && w.mayMiss(l.run, l.off) {
			l.excused = int64(len(w.model.runs[l.run].data))
		}
		if l.told && w.unfound[l.run] { // nobody waits for what comes late to it
			l.excused = math.MaxInt64
		}
		b.lefts = append(b.lefts, l)
	}
	leave(left{run: a.at, off: a.off, told: told})
	for k := a.at + 1; k < j; k++ {
		leave(left{run: k, told: true})
	}
	return b
}

// untoldAbsence says which absence of its run a follower that always reads should have told.
func (w *witness) untoldAbsence(a account) string {
	if !w.eager || a.at == 0 || a.removed {
		return ""
	}
	since := w.model.runs[a.at].at // the log has been there since then
	for i, b := range w.model.runs[a.at].absences {
		to, was := b.to, b.from.Sub(since)
		since = to
		if to.IsZero() {
			to = time.Now()
		}
		if i >= a.told && !b.blocked && to.Sub(b.from) >= toldFor && w.upDuring(b.from.Add(-inHand), to) && was >= inHand {
			return fmt.Sprintf("that %d was away for %s was not told", a.at, to.Sub(b.from))
		}
	}
	return ""
}
