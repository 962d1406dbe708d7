package follow

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watcher turns what the system tells of directories into hints for hubs. What it
// says is never relied on. There is one for all hubs, and one watch a directory.
type watcher struct {
	off bool // Options.NoWatch
	wg  sync.WaitGroup

	// changing serialises changes of what is watched, and comes before mu. fsnotify
	// may wait for relay in such a change, and relay needs mu: so mu is never held then.
	changing sync.Mutex
	fs       *fsnotify.Watcher // nil before the first watch, and while the system has none left
	done     bool

	mu    sync.Mutex
	dirs  map[string]*watchedDir
	notes map[string]string // what went wrong, by where; shown by Health
}

// watchedDir is one watch, and who wants to know what.
type watchedDir struct {
	info os.FileInfo // which directory it was
	hubs map[string][]*hub
}

// point is a name in a directory that a hub wants to hear of.
type point struct{ dir, base string }

// watch replaces the points of h. It reports whether all of them are watched.
func (w *watcher) watch(h *hub, old, points []point) bool {
	w.changing.Lock()
	defer w.changing.Unlock()
	all := !w.done
	for _, p := range points {
		err := w.add(h, p)
		w.note(p.dir, err)
		all = all && err == nil
	}
	for _, p := range old {
		if !slices.Contains(points, p) {
			w.remove(h, p)
		}
	}
	return all
}

// unwatch ends all watching for h.
func (w *watcher) unwatch(h *hub, points []point) {
	w.changing.Lock()
	defer w.changing.Unlock()
	for _, p := range points {
		w.remove(h, p)
	}
}

// add watches p.dir, if that is not done yet, and lets h hear of p.base there. The
// caller holds changing.
func (w *watcher) add(h *hub, p point) error {
	info, err := os.Stat(p.dir)
	if err != nil {
		return err
	}
	if w.done {
		return os.ErrClosed
	}
	if w.fs == nil {
		fs, err := fsnotify.NewWatcher()
		if err != nil {
			return explain(err)
		}
		w.fs = fs
		w.wg.Go(func() { w.relay(fs) })
	}
	w.mu.Lock()
	d := w.dirs[p.dir]
	if d == nil {
		d = &watchedDir{info: info, hubs: make(map[string][]*hub)}
		w.dirs[p.dir] = d
	}
	if !slices.Contains(d.hubs[p.base], h) {
		d.hubs[p.base] = append(d.hubs[p.base], h)
	}
	replaced := !os.SameFile(d.info, info)
	d.info = info
	w.mu.Unlock()
	if replaced { // it was removed or renamed, and another made
		w.fs.Remove(p.dir)
	}
	// Adding again costs one system call, and mends a watch that was lost in the meantime.
	if err := w.fs.Add(p.dir); err != nil {
		w.remove(h, p)
		return explain(err)
	}
	return nil
}

// explain says what the system's error means here: its own words are of disks and
// descriptors.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("no watch is left (fs.inotify.max_user_watches): %w", err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("no instance or no descriptor is left (fs.inotify.max_user_instances, ulimit -n): %w", err)
	}
	return err
}

// remove ends h's hearing of p, and the watch with the last that heard. The caller
// holds changing.
func (w *watcher) remove(h *hub, p point) {
	w.note(p.dir, nil)
	w.mu.Lock()
	d := w.dirs[p.dir]
	if d == nil {
		w.mu.Unlock()
		return
	}
	left := slices.DeleteFunc(d.hubs[p.base], func(o *hub) bool { return o == h })
	if d.hubs[p.base] = left; len(left) == 0 {
		delete(d.hubs, p.base)
	}
	last := len(d.hubs) == 0
	if last {
		delete(w.dirs, p.dir)
	}
	w.mu.Unlock()
	if last && w.fs != nil {
		w.fs.Remove(p.dir) // fails where the directory is gone, and the watch with it
	}
}

// note keeps for Health why dir is not watched; a nil err takes the note back.
func (w *watcher) note(dir string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.notes[dir] = err.Error()
	} else {
		delete(w.notes, dir)
	}
}

// relay passes hints on until the watcher is closed.
func (w *watcher) relay(fs *fsnotify.Watcher) {
	for {
		select {
		case e, ok := <-fs.Events:
			if !ok {
				return
			}
			w.route(e.Name)
		case _, ok := <-fs.Errors:
			if !ok {
				return
			}
			w.hintAll() // the queue ran over: anything may have happened
		}
	}
}

// route hints at the hubs that want to hear of a name. Rotated siblings carry the
// log's name with something added, so their hubs hear of them, too.
func (w *watcher) route(name string) {
	dir, base := filepath.Split(name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.dirs[name]; d != nil { // a watched directory was removed or renamed
		for _, hubs := range d.hubs {
			hintEach(hubs)
		}
	}
	d := w.dirs[filepath.Clean(dir)]
	if d == nil {
		return
	}
	if hubs, ok := d.hubs[base]; ok {
		hintEach(hubs)
		return
	}
	for of, hubs := range d.hubs {
		if _, ok := suffixOf(of, base); ok {
			hintEach(hubs)
		}
	}
}

func hintEach(hubs []*hub) {
	for _, h := range hubs {
		h.hint()
	}
}

func (w *watcher) hintAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.dirs {
		for _, hubs := range d.hubs {
			hintEach(hubs)
		}
	}
}

// close ends the watching and waits for it to have ended.
func (w *watcher) close() error {
	w.changing.Lock()
	w.done = true
	fs := w.fs
	w.changing.Unlock()
	var err error
	if fs != nil {
		err = fs.Close()
	}
	w.wg.Wait()
	return err
}

// maxLinks is how many symlinks a name may go through, as many as the kernel allows.
const maxLinks = 40

// rewatchEvery is after how many polls watches that stood are looked after again. It
// costs several times what a look does.
const rewatchEvery = 10

// dueToRewatch reports whether the watches are to be looked after.
func (h *hub) dueToRewatch(now time.Time) bool { return !now.Before(h.watchAt) }

// rewatch sees to it that the watches fit the way from the root to the log as it is
// now. The caller holds looking.
func (h *hub) rewatch(now time.Time) {
	if h.logs.watcher.off {
		return
	}
	points := pointsOf(h.root.path, h.name)
	changed := !slices.Equal(points, h.points)
	all := h.logs.watcher.watch(h, h.points, points)
	h.points = points
	h.mu.Lock()
	h.watched = all
	h.mu.Unlock()
	h.watchAt = now.Add(h.poll)
	if all && !changed {
		h.watchAt = now.Add(rewatchEvery * h.poll)
	}
	if changed {
		h.hint() // something may have happened before there was a watch
	}
}

// pointsOf lists the names that decide what file name is below dir: each symlink on the
// way, and those in their targets, the log itself where it is, and where the way ends too
// early the part that is missing. All directories are real paths, so that one has one
// watch.
func pointsOf(dir, name string) []point {
	var points []point
	at, rest := dir, name
	for links := 0; rest != "" && links <= maxLinks; {
		var part string
		part, rest, _ = strings.Cut(rest, "/")
		switch part {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		here := filepath.Join(at, part)
		fi, err := os.Lstat(here)
		link := err == nil && fi.Mode()&os.ModeSymlink != 0
		if err != nil || link || rest == "" {
			points = append(points, point{at, part})
		}
		if err != nil {
			return points
		}
		if !link {
			at = here
			continue
		}
		target, err := os.Readlink(here)
		if err != nil || filepath.IsAbs(target) { // which the root does not follow
			return points
		}
		rest = filepath.ToSlash(target) + "/" + rest
		rest = strings.TrimSuffix(rest, "/")
		links++
	}
	return points
}
