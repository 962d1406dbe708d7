package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// witness is what one client took of one log, held against the ledger as it comes:
// each line once, whole, in its order, late ones only where late was told, and a gap
// told where something is missing, and nowhere else.
type witness struct {
	name string
	led  *ledger

	mu      sync.Mutex
	next    int        // the line expected next
	line    unfinished // bytes after the last newline
	lateOne unfinished // the same, of late bytes
	late    bool       // what comes was appended to a generation that had been left
	lateGot map[int]int
	gaps    int   // told since the last line
	lost    int64 // bytes that they told of
	diary   []op
	tally   tally
}

// unfinished is a line whose newline has not come.
type unfinished struct {
	text []byte
	cut  int // where in text something happened to the log; 0 for nowhere
}

// tally is what a witness saw in all.
type tally struct {
	streams, lines, late, events, gaps, missing int
	met                                         map[wire.Met]int
}

func newWitness(name string, led *ledger) *witness {
	return &witness{name: name, led: led, lateGot: make(map[int]int), tally: tally{met: make(map[wire.Met]int)}}
}

// note keeps what happened to the client.
func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.write(format, args...)
}

func (w *witness) write(format string, args ...any) {
	w.diary = append(w.diary, op{time.Now(), w.next, fmt.Sprintf(format, args...)})
}

// opened takes the beginning of a stream.
func (w *witness) opened(cursor string, met wire.Met) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = false
	w.tally.streams++
	w.tally.met[met]++
	w.write("met %q with cursor %s", met, cursor)
	if met == wire.MetGap {
		return w.mayGap("the cursor was met with a gap")
	}
	return nil
}

// mayGap objects to a gap in a log that nothing was deleted from.
func (w *witness) mayGap(detail string) error {
	w.led.mu.Lock()
	defer w.led.mu.Unlock()
	if w.led.gone > 0 {
		return nil
	}
	for n := w.next; n < len(w.led.lines); n++ {
		if w.led.lines[n].fate != owed {
			return nil
		}
	}
	return fmt.Errorf("a gap was told (%s), and all is there", detail)
}

// event takes what happened to the log.
func (w *witness) event(e wire.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	lost := ""
	if e.Lost != nil {
		lost = fmt.Sprintf(" (%d bytes)", *e.Lost)
	}
	w.tally.events++
	w.write("%s%s: %s; cursor %s", e.Kind, lost, e.Detail, e.Cursor)
	switch e.Kind {
	case wire.KindLate:
		w.late = true
		return nil
	case wire.KindRotated:
		if w.late {
			w.late = false
			return nil
		}
	case wire.KindGap:
		w.gaps++
		w.tally.gaps++
		if e.Lost != nil {
			w.lost += *e.Lost
		}
		if err := w.mayGap(e.Detail); err != nil {
			return err
		}
	case wire.KindHole, wire.KindDenied:
		return fmt.Errorf("told %s, which nobody did", e.Kind)
	}
	w.line.cut = len(w.line.text)
	return nil
}

// take takes bytes of the log.
func (w *witness) take(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.line
	if w.late {
		u = &w.lateOne
	}
	for {
		part, rest, found := bytes.Cut(p, []byte{'\n'})
		u.text = append(u.text, part...)
		if !found {
			return nil
		}
		if err := w.whole(u); err != nil {
			return err
		}
		u.text, u.cut = u.text[:0], 0
		p = rest
	}
}

// whole takes a line whose newline has come.
func (w *witness) whole(u *unfinished) error {
	l := w.led
	l.mu.Lock()
	defer l.mu.Unlock()
	if gen, n, ok := l.findLate(u.text); ok {
		return w.takeLate(gen, n)
	}
	n := l.find(u.text, w.next)
	torn := 0
	if n < 0 && u.cut > 0 { // a line that lost its rest, and another
		if w.next < len(l.lines) && l.lines[w.next].fate != owed && strings.HasPrefix(l.text(w.next), string(u.text[:u.cut])) {
			n, torn = l.find(u.text[u.cut:], w.next+1), u.cut
		}
	}
	if n < 0 {
		return fmt.Errorf("torn: after line %d came %.300q", w.next-1, u.text)
	}
	return w.takeLine(n, torn)
}

// takeLine takes line n; of the one expected, torn bytes came and no more.
func (w *witness) takeLine(n, torn int) error {
	l := w.led
	switch {
	case w.late:
		return fmt.Errorf("line %d came as late", n)
	case n < w.next:
		return fmt.Errorf("doubled: line %d of generation %d came again after line %d of generation %d",
			n, l.lines[n].gen, w.next-1, l.lines[w.next-1].gen)
	}
	for m := w.next; m < n; m++ {
		if f := l.lines[m].fate; f == owed || f == told && w.gaps == 0 {
			return fmt.Errorf("lost: line %d of generation %d to line %d of generation %d are missing, gaps told: %d",
				w.next, l.lines[w.next].gen, n-1, l.lines[n-1].gen, w.gaps)
		}
	}
	if err := w.fits(n, torn); err != nil {
		return err
	}
	w.tally.lines++
	w.tally.missing += n - w.next
	w.next, w.gaps, w.lost = n+1, 0, 0
	return nil
}

// fits reports whether the gaps that were told before line n are about what is missing.
func (w *witness) fits(n, torn int) error {
	l := w.led
	if w.gaps == 0 {
		return nil
	}
	if n == w.next && w.next > 0 && int(l.lines[w.next-1].gen) >= l.gone {
		return errors.New("a gap was told, and nothing is missing")
	}
	if missing := l.lines[n].at - l.lines[w.next].at - int64(torn); w.lost > missing {
		return fmt.Errorf("a gap of %d bytes was told, and %d are missing", w.lost, missing)
	}
	return nil
}

// takeLate takes the n-th line that was written to gen by somebody who kept it open.
func (w *witness) takeLate(gen, n int) error {
	if at := w.next - 1; at >= 0 && int(w.led.lines[at].gen) > gen && !w.late {
		return fmt.Errorf("out of order: a line came to generation %d after those of %d, and was not told as late", gen, w.led.lines[at].gen)
	}
	if got := w.lateGot[gen]; n != got {
		return fmt.Errorf("late line %d of generation %d came where %d was expected", n, gen, got)
	}
	w.lateGot[gen]++
	w.tally.late++
	return nil
}

// reached is the generation of the last line taken, -1 before the first: all before it
// are no longer needed but for late lines.
func (w *witness) reached() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == 0 {
		return -1
	}
	w.led.mu.Lock()
	defer w.led.mu.Unlock()
	return int(w.led.lines[w.next-1].gen)
}

// hasLate reports whether all late lines of gen have come that there are by now.
func (w *witness) hasLate(gen int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.led.mu.Lock()
	defer w.led.mu.Unlock()
	return w.lateGot[gen] == w.led.late[gen]
}

// complete says what has not come yet, nil when all has.
func (w *witness) complete() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.led
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.next < len(l.lines) {
		return fmt.Errorf("%s: lines %d to %d did not come", w.name, w.next, len(l.lines)-1)
	}
	for gen, n := range l.late {
		if w.lateGot[gen] != n && gen >= l.gone {
			return fmt.Errorf("%s: of %d late lines of generation %d came %d", w.name, n, gen, w.lateGot[gen])
		}
	}
	return nil
}

// about is the line that a failure is about: the one expected next, or the first that was
// written after a generation of which late lines are missing.
func (w *witness) about() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.led.mu.Lock()
	defer w.led.mu.Unlock()
	n := w.next
	for gen, late := range w.led.late {
		if w.lateGot[gen] < late {
			n = min(n, sort.Search(n, func(i int) bool { return int(w.led.lines[i].gen) > gen }))
		}
	}
	return n
}

// tallied is what was seen so far.
func (w *witness) tallied() tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tally
	t.met = maps.Clone(t.met)
	return t
}

// told is the tally as text.
func (w *witness) told() string {
	t := w.tallied()
	return fmt.Sprintf("%8d lines, %5d late, %5d streams %v, %6d events, %4d gaps, %6d lines missing", t.lines, t.late, t.streams, t.met, t.events, t.gaps, t.missing)
}

// around tells what happened to the client when it expected line n.
func (w *witness) around(n int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	i := sort.Search(len(w.diary), func(i int) bool { return w.diary[i].line > n })
	for _, o := range w.diary[max(0, i-40):min(i+20, len(w.diary))] {
		fmt.Fprintf(&b, "  %s  expecting line %d: %s\n", o.at.Format(stamp), o.line, o.text)
	}
	return b.String()
}
