package main

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// habit is how a model writer treats its log.
type habit struct {
	name    string // of the log
	naming  naming
	copies  bool // copies and truncates, instead of renaming and creating
	header  bool // each generation begins with the same line, longer than the overlap
	keeps   bool // others go on writing to a generation that was left
	between bool // lines are written between the copy and the truncate
	forgets bool // deletes and packs what nobody has read yet
}

// naming is how rotated files are called.
type naming int

const (
	numbered  naming = iota // app.log.1, shifted at each rotation
	dated                   // app.log-20261122-150405.000000
	innermost               // app-20261122-150405.000000.log
)

// writer writes one log and rotates it at random.
type writer struct {
	habit
	dir       string
	led       *ledger
	rng       *rand.Rand
	witnesses []*witness

	rotations atomic.Int64 // so far
	file      *os.File     // the log, for appending
	gen       int          // its generation
	old       []rotated    // those before it, the latest first
	keepers   []keeper
}

// rotated is a generation that was left, or its copy.
type rotated struct {
	gen    int
	stem   string // its name, without ".gz"
	packed bool
}

func (r rotated) name() string {
	if r.packed {
		return r.stem + ".gz"
	}
	return r.stem
}

// keeper is somebody who keeps a generation open.
type keeper struct {
	file  *os.File
	gen   int
	lines int // that he still writes
}

// maxUnread bounds how many generations wait for the slowest client: its writer waits, too.
const maxUnread = 40

func (w *writer) path(name string) string { return filepath.Join(w.dir, name) }

// write writes and rotates until ctx ends, and then some last lines.
func (w *writer) write(ctx context.Context) (err error) {
	defer func() {
		for _, k := range w.keepers {
			k.file.Close()
		}
		w.file.Close()
	}()
	for ctx.Err() == nil {
		if err := w.step(ctx); err != nil {
			return err
		}
	}
	for len(w.keepers) > 0 {
		if err := w.keep(); err != nil {
			return err
		}
	}
	return w.burst(10, owed)
}

// step is a burst of lines, a pause, and perhaps a rotation or several.
func (w *writer) step(ctx context.Context) error {
	if w.unread() > maxUnread {
		linger(ctx, w.upTo(20*time.Millisecond))
		return w.keep()
	}
	burst := 1 + w.rng.IntN(5)
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		burst = 10 + w.rng.IntN(30)
	case 3:
		burst = 60 + w.rng.IntN(120)
	}
	if err := w.burst(burst, owed); err != nil {
		return err
	}
	if err := w.keep(); err != nil {
		return err
	}
	switch w.rng.IntN(16) {
	case 0:
		linger(ctx, w.upTo(60*time.Millisecond))
	case 1, 2, 3, 4:
		linger(ctx, w.upTo(15*time.Millisecond))
	default:
		linger(ctx, w.upTo(4*time.Millisecond))
	}
	if w.rng.IntN(8) != 0 {
		return nil
	}
	times := 1
	if w.rng.IntN(6) == 0 {
		times = 2 + w.rng.IntN(2)
	}
	for range times {
		if w.keptTooLong() {
			return nil
		}
		if err := w.rotate(ctx); err != nil {
			return err
		}
		if w.rng.IntN(4) != 0 {
			if err := w.burst(w.rng.IntN(3), owed); err != nil {
				return err
			}
		}
		linger(ctx, 3*time.Millisecond)
	}
	return nil
}

// keptTooLong reports whether somebody would keep a generation across more rotations than
// late lines are promised for.
func (w *writer) keptTooLong() bool {
	const promised = 3
	return slices.ContainsFunc(w.keepers, func(k keeper) bool { return w.gen-k.gen >= promised })
}

// upTo is a random time.
func (w *writer) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }

// linger lets time pass, unless ctx ends.
func linger(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// burst writes n lines: in one piece, or each by itself, or one of them in two pieces.
func (w *writer) burst(n int, f fate) error {
	if n == 0 {
		return nil
	}
	first := w.led.length()
	defer func() {
		w.led.note("wrote lines %d to %d to generation %d", first, w.led.length()-1, w.gen)
	}()
	var all strings.Builder
	for range n {
		all.WriteString(w.led.add(w.gen, f, false))
	}
	text := all.String()
	switch w.rng.IntN(3) {
	case 0:
		for line := range strings.Lines(text) {
			if _, err := io.WriteString(w.file, line); err != nil {
				return err
			}
		}
		return nil
	case 1:
		at := w.rng.IntN(len(text))
		if _, err := io.WriteString(w.file, text[:at]); err != nil {
			return err
		}
		linger(context.Background(), w.upTo(3*time.Millisecond))
		text = text[at:]
	}
	_, err := io.WriteString(w.file, text)
	return err
}

// keep lets those who keep generations open write to them.
func (w *writer) keep() error {
	left := w.keepers[:0]
	for _, k := range w.keepers {
		if _, err := io.WriteString(k.file, w.led.addLate(k.gen)); err != nil {
			return err
		}
		if k.lines--; k.lines > 0 {
			left = append(left, k)
			continue
		}
		w.led.note("whoever kept generation %d closed it after %d late lines", k.gen, w.led.late[k.gen])
		k.file.Close()
	}
	w.keepers = left
	return nil
}
