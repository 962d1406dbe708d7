package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// How a model writer rotates its log, and what it keeps of it.

// rotate begins the next generation, and deletes or packs what is not needed any more.
func (w *writer) rotate(ctx context.Context) error {
	if err := w.shift(); err != nil {
		return err
	}
	var err error
	if w.copies {
		err = w.copyTruncate(ctx)
	} else {
		err = w.renameCreate(ctx)
	}
	if err != nil {
		return err
	}
	w.rotations.Add(1)
	return w.retain()
}

// shift makes room for another .1.
func (w *writer) shift() error {
	if w.naming != numbered {
		return nil
	}
	for i := len(w.old) - 1; i >= 0; i-- {
		r := w.old[i]
		r.stem = fmt.Sprintf("%s.%d", w.name, i+2)
		if err := os.Rename(w.path(w.old[i].name()), w.path(r.name())); err != nil {
			return err
		}
		w.old[i] = r
	}
	return nil
}

// nextName is what the current generation will be called.
func (w *writer) nextName() string {
	date := time.Now().Format("20060102-150405.000000")
	switch w.naming {
	case dated:
		return w.name + "-" + date
	case innermost:
		ext := filepath.Ext(w.name)
		return strings.TrimSuffix(w.name, ext) + "-" + date + ext
	}
	return w.name + ".1"
}

func (w *writer) renameCreate(ctx context.Context) error {
	to := w.nextName()
	if err := os.Rename(w.path(w.name), w.path(to)); err != nil {
		return err
	}
	w.led.note("renamed generation %d to %s", w.gen, to)
	w.old = append([]rotated{{gen: w.gen, stem: to}}, w.old...)
	if w.rng.IntN(4) == 0 { // the log's name is missing for a while, and its writer does not mind
		if err := w.burst(w.rng.IntN(4), owed); err != nil {
			return err
		}
		linger(ctx, w.upTo(8*time.Millisecond))
	}
	before, gen := w.file, w.gen
	made, err := w.make(w.name)
	if err != nil {
		return err
	}
	w.led.note("created generation %d", w.gen+1)
	if w.rng.IntN(8) == 0 { // and goes on for a while when there is another
		if err := w.burst(1+w.rng.IntN(20), owed); err != nil {
			return err
		}
		linger(ctx, w.upTo(20*time.Millisecond))
	}
	w.file = made
	w.gen++
	if w.keeps && w.rng.IntN(3) == 0 {
		w.keepers = append(w.keepers, keeper{before, gen, 1 + w.rng.IntN(12)})
	} else if err := before.Close(); err != nil {
		return err
	}
	return w.greet()
}

// create makes the first generation.
func (w *writer) create() (err error) {
	w.file, err = w.make(w.name)
	return err
}

// greet writes the header. What is copied has a line besides: a copy that has nothing
// but what its log begins with, then and now, may be one of the log as it is.
func (w *writer) greet() error {
	if !w.header {
		return nil
	}
	if _, err := io.WriteString(w.file, w.led.add(w.gen, owed, true)); err != nil || !w.copies {
		return err
	}
	return w.burst(1, owed)
}

// make makes a file. Two of them may be born in the same tick of the kernel's clock.
func (w *writer) make(name string) (*os.File, error) {
	return os.OpenFile(w.path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
}

func (w *writer) copyTruncate(ctx context.Context) error {
	to := w.nextName()
	from, err := os.Open(w.path(w.name))
	if err != nil {
		return err
	}
	defer from.Close()
	into, err := w.make(to)
	if err != nil {
		return err
	}
	defer into.Close()
	if w.rng.IntN(3) == 0 { // it takes a while
		if _, err := io.CopyN(into, from, w.rng.Int64N(8<<10)); err != nil && err != io.EOF {
			return err
		}
		linger(ctx, w.upTo(5*time.Millisecond))
	}
	if _, err := io.Copy(into, from); err != nil {
		return err
	}
	copied, err := into.Stat()
	if err != nil {
		return err
	}
	w.led.note("copied generation %d to %s", w.gen, to)
	w.old = append([]rotated{{gen: w.gen, stem: to}}, w.old...)
	if w.between && copied.Size() > 64 && w.rng.IntN(2) == 0 { // so few bytes tell no copy from another
		if err := w.burst(w.rng.IntN(6), free); err != nil {
			return err
		}
	}
	if w.rng.IntN(3) == 0 {
		linger(ctx, w.upTo(5*time.Millisecond))
	}
	if err := w.file.Truncate(0); err != nil {
		return err
	}
	w.gen++
	w.led.note("truncated: generation %d begins", w.gen)
	return w.greet()
}

// unread is how many generations wait for the slowest client.
func (w *writer) unread() int {
	least := w.gen
	for _, o := range w.witnesses {
		least = min(least, o.reached())
	}
	return w.gen - least
}

// retain deletes the oldest generations, and packs some. Unless it is the writer's habit
// to forget, it touches none that a client may come back to.
func (w *writer) retain() error {
	if w.forgets {
		return w.forget()
	}
	keep := 2 + w.rng.IntN(6)
	for len(w.old) > keep {
		last := w.old[len(w.old)-1]
		if !w.taken(last.gen) {
			break
		}
		if err := os.Remove(w.path(last.name())); err != nil {
			return err
		}
		w.led.note("removed generation %d, %s", last.gen, last.name())
		w.old = w.old[:len(w.old)-1]
	}
	// A copy that was packed is known by its time only, and that of the one that was taken
	// last is in doubt: so it is not packed before its successor was taken, too.
	if i := len(w.old) - 1; i > 0 && w.rng.IntN(4) == 0 && !w.old[i].packed && w.taken(w.old[i].gen) && w.taken(w.old[i-1].gen) {
		return w.pack(i)
	}
	return nil
}

// taken reports whether all clients have taken all of gen, and are past it.
func (w *writer) taken(gen int) bool {
	for _, k := range w.keepers {
		if k.gen == gen {
			return false
		}
	}
	for _, o := range w.witnesses {
		if o.reached() <= gen || !o.hasLate(gen) {
			return false
		}
	}
	return true
}

// pack does what gzip does to an old generation: write another file, give it the time of
// the first, and then remove that.
func (w *writer) pack(i int) error {
	r := &w.old[i]
	info, err := os.Stat(w.path(r.stem))
	if err != nil {
		return err
	}
	content, err := os.ReadFile(w.path(r.stem))
	if err != nil {
		return err
	}
	into, err := os.Create(w.path(r.stem + ".gz"))
	if err != nil {
		return err
	}
	defer into.Close()
	z, err := gzip.NewWriterLevel(into, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := z.Write(content); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := os.Chtimes(into.Name(), info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	if err := os.Remove(w.path(r.stem)); err != nil {
		return err
	}
	r.packed = true
	w.led.note("packed generation %d as %s", r.gen, r.name())
	return nil
}

// forget deletes the oldest generations, read or not.
func (w *writer) forget() error {
	keep := 1 + w.rng.IntN(6)
	for len(w.old) > keep {
		last := w.old[len(w.old)-1]
		w.led.forget(last.gen)
		w.led.note("forgets generation %d, %s", last.gen, last.name())
		if err := os.Remove(w.path(last.name())); err != nil {
			return err
		}
		w.old = w.old[:len(w.old)-1]
	}
	return nil
}
