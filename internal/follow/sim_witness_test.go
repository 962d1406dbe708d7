//go:build linux

package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// witness is a follower with all explanations of what it was told.
type witness struct {
	*simulation
	name  string
	eager bool // it always reads
	f     *Follower
	cut   int // of the last event of a visit, thousandths

	cursor   string
	accounts []account
	spans    []uptime
	met      Met
	unfound  map[int]bool // runs that were out of sight when it began
	metAt    time.Time    // when it found something, if there was nothing when it began
	waiting  bool         // it has not found anything yet
	nowhere  bool         // nothing had the log's name when it began
	log      []string     // what it was told last
}

// begin opens the follower if it is not open: at the beginning of the log, or at its cursor.
func (s *simulation) begin(w *witness, strict bool) {
	if w.f != nil || s.failure != "" {
		return
	}
	start := Start{From: FromStart, Wait: true}
	if w.cursor != "" {
		start = Start{From: FromCursor, Cursor: w.cursor, Wait: true, Strict: strict}
	}
	if log := s.nodes[hiddenName]; w.cursor != "" && s.live == nil && log != nil && log.run == s.last() {
		return // renamed by hand to what is no sibling: nobody knows it until it is back
	}
	void := w.nowhere
	w.nowhere = s.live == nil
	hidden := s.hidden()
	var f *Follower
	var err error
	follow := func() { f, err = s.logs.Follow(context.Background(), s.model.log, start) }
	s.let(follow)
	w.nowhere = w.nowhere || s.live == nil
	w.waiting = w.nowhere
	var refused *Refusal
	if strict && errors.As(err, &refused) && refused.Why == WhyGap {
		w.refused()
		strict, start.Strict = false, false
		s.let(follow)
	}
	if errors.As(err, &refused) && refused.Why == WhyDirectory && s.dirs[s.log] {
		return // it is tried again
	}
	if err != nil {
		s.fail("%s: follow: %v", w.name, err)
		return
	}
	w.f, w.met = f, f.Opening().Met
	w.spans = append(w.spans, uptime{from: time.Now()})
	s.trace("%s: met %s", w.name, w.met)
	if strict && w.met == MetGap {
		s.fail("%s: a gap was met, which it did not want", w.name)
	}
	if w.cursor == "" {
		a := account{at: len(s.runs) - 1, late: notLate}
		a.removed = s.live == nil
		w.accounts = []account{a}
	} else {
		maps.Copy(hidden, s.hidden())
		w.loseSight(hidden)
		w.resumed(void)
	}
	w.cursor = f.Opening().Cursor
}

// hidden are the runs whose file has a name that no follower can know.
func (m *model) hidden() map[int]bool {
	hidden := make(map[int]bool)
	for k, c := range m.runs {
		if c.orphan() && c.sources[0].hidden {
			hidden[k] = true
		}
	}
	return hidden
}

// loseSight notes which runs the follower could not find when it began: those of hidden, that were
// so before it began or after.
func (w *witness) loseSight(hidden map[int]bool) {
	w.unfound = make(map[int]bool)
	for _, a := range w.accounts {
		for _, l := range a.lefts {
			w.unfound[l.run] = w.unfound[l.run] || hidden[l.run]
		}
	}
	void := slices.ContainsFunc(w.accounts, func(a account) bool { return a.at == 0 })
	for k := range w.runs {
		w.unfound[k] = w.unfound[k] || (w.met == MetGap || void && w.nowhere) && hidden[k]
	}
}

// resumed gives the accounts of a follower that came back with its cursor. void says that it
// began last time when there was no log.
func (w *witness) resumed(void bool) {
	var out []account
	for _, a := range w.accounts {
		a.lefts = slices.Clone(a.lefts)
		for i := range max(0, len(a.lefts)-maxLeft) {
			a.lefts[i].forgotten = true
		}
		if a.opening { // how it was met told of the gap
			b := a
			b.gaps = 1
			more, _ := w.jump(b)
			out = append(out, more...)
		}
		denied := a.denied && w.runs[a.at].orphan()
		a.late, a.opening, a.denied = notLate, w.met == MetGap, false
		a.unmet = a.unmet || w.nowhere
		if a.removed && a.at > 0 { // what the log is like is told to each follower that comes
			b := a
			b.removed, b.told = false, max(0, a.told-1)
			out = append(out, b)
			b.told = len(w.runs[a.at].absences)
			out = append(out, b)
		}
		// It was between two events of which the first one told where it goes.
		// Or the log's name was of something else, and its own file gone.
		if a.gaps > 0 || a.removed || void || denied {
			more, _ := w.jump(a)
			for _, b := range more {
				b.opening, b.unmet = a.opening, a.unmet
				out = append(out, b)
			}
		}
		if a.gaps == 0 {
			out = append(out, a)
			out = append(out, w.inTheSameHole(a)...)
		}
	}
	w.accounts = distinct(out)
}

// inTheSameHole gives the accounts of a cursor that fits a later content of the same file as well:
// both begin alike, and have nothing but a hole before it.
func (w *witness) inTheSameHole(a account) (out []account) {
	around := func(c *run) (head, tail []byte) {
		if a.off < overlap || a.off > int64(len(c.data)) {
			return nil, nil
		}
		return c.data[:overlap], c.data[a.off-overlap : a.off]
	}
	head, tail := around(w.runs[a.at])
	if len(bytes.Trim(tail, "\x00")) > 0 {
		return nil
	}
	for j := a.at + 1; j < len(w.runs) && w.runs[j].by == byTruncate; j++ {
		if h, t := around(w.runs[j]); head != nil && bytes.Equal(h, head) && bytes.Equal(t, tail) {
			b := a
			b.at, b.told = j, 0
			out = append(out, b)
		}
	}
	return out
}

// refused looks whether there was reason to refuse to go on without a gap.
func (w *witness) refused() {
	w.trace("%s: refused, there is a gap", w.name)
	if w.packed() {
		return
	}
	for _, a := range w.accounts {
		a.late, a.gaps = notLate, 1
		if out, _ := w.jump(a); len(out) > 0 {
			return
		}
	}
	w.fail("%s: it is refused, and nothing is missing after %v", w.name, w.accounts)
}

// end closes the follower. What it was told last it took only a part of.
func (w *witness) end() {
	if w.f == nil {
		return
	}
	var err error
	w.let(func() { err = w.f.Close() })
	if err != nil {
		w.fail("%s: close: %v", w.name, err)
	}
	w.f = nil
	w.spans[len(w.spans)-1].to = time.Now()
}

// pump takes at most n events, all if negative, and waits for them until then.
func (w *witness) pump(n int, until time.Time) {
	if w.f == nil {
		return
	}
	for n != 0 && w.failure == "" {
		var e Event
		var wake <-chan struct{}
		var err error
		w.let(func() {
			w.f.giveBuffer()
			e, wake, err = w.f.step(context.Background())
		})
		switch {
		case err != nil:
			w.fail("%s: next: %v", w.name, err)
			return
		case wake == nil:
			n--
			keep := len(e.Data)
			cut := e.Kind == Data && n == 0 && w.cut > 0
			if cut {
				keep = keep * w.cut / 1000
			}
			if w.program.alike && (w.program.style == "copy" || w.program.style == "rewrite") && keep < len(header)+overlap {
				keep = len(e.Data) // inside what is the same again nothing tells a truncation but a copy
			}
			if w.take(e, keep); cut {
				w.end()
				return
			}
		case !w.wait(wake, until):
			return
		}
	}
}

// wait waits until there is more to take. It reports false when that does not come by then.
func (w *witness) wait(wake <-chan struct{}, until time.Time) bool {
	timer := time.NewTimer(max(0, time.Until(until)))
	defer timer.Stop()
	woken := false
	w.let(func() {
		select {
		case <-wake:
			woken = true
			return
		default:
		}
		select {
		case <-wake:
			woken = true
		case <-timer.C:
		}
	})
	return woken
}

// take looks whether an event can be explained. Of data only the first keep bytes are taken.
func (w *witness) take(e Event, keep int) {
	w.cursor = e.CursorAt(keep)
	e.Data = e.Data[:keep]
	text := string(e.Kind)
	if e.Kind == Data {
		text = fmt.Sprintf("%d bytes %.40q", len(e.Data), e.Data)
		w.total.read += int64(keep)
	} else if e.Lost != nil {
		text += fmt.Sprintf(" %d", *e.Lost)
	}
	if e.Kind != Data {
		text += " (" + e.Detail + ")"
	}
	w.trace("%s: %s", w.name, text)
	if w.waiting && (e.Kind == Appeared || e.Kind == Data) {
		w.waiting, w.metAt = false, time.Now()
	}
	switch e.Kind {
	case Late:
		w.total.lates++
	case Gap:
		w.total.gaps++
	}
	if e.Kind == Data && keep == 0 {
		return
	}
	var out []account
	var whys []string
	for _, a := range w.accounts {
		more, why := w.explain(a, e)
		out = append(out, more...)
		if len(more) == 0 {
			whys = append(whys, fmt.Sprintf("%s: %s", a, why))
		}
	}
	w.log = append(w.log, text)
	if len(out) == 0 {
		w.fail("%s: after %q: %s\n\t%s", w.name, w.log[max(0, len(w.log)-4):len(w.log)-1], text, strings.Join(whys, "\n\t"))
		return
	}
	w.accounts = distinct(out)
}

// finish looks whether one explanation holds to the end.
func (w *witness) finish() {
	var whys []string
	accounts := w.accounts
	for _, a := range w.accounts {
		accounts = append(accounts, w.unseen(a)...)
	}
	for _, a := range accounts {
		why := w.finished(a)
		if why == "" {
			w.total.unsure += a.unsure
			w.total.unknown += a.unknown
			if lag := w.f.Lag(); lag != 0 && w.live != nil {
				w.fail("%s: at the end it lags by %d", w.name, lag)
			}
			return
		}
		whys = append(whys, fmt.Sprintf("%s: %s", a, why))
	}
	w.fail("%s: at the end, after %q:\n\t%s", w.name, w.log[max(0, len(w.log)-4):], strings.Join(whys, "\n\t"))
}
