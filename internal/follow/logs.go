package follow

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Options are what may be chosen about all logs of a [Logs]. The zero value is what
// most want.
type Options struct {
	Hidden  bool          // dotfiles are served, too
	Poll    time.Duration // how long a change can stay unseen when the watcher misses it; 0 means 1 s
	Grace   time.Duration // how long late bytes are taken from a generation that was left; 0 means 5 s
	NoWatch bool          // poll only: for tests in fake time, and file systems that tell nothing

	// MaxFiles is how many files of logs are open at the same time at most, over all logs:
	// generations, also packed ones, what is searched or compared, directories being
	// listed, and each [Snapshot]. It does not count two descriptors for each [Root], the
	// watcher's own, and what asking for a file's name takes for some microseconds: one
	// in each goroutine that does so, and two below a directory in the root. 0 means no
	// limit, else it is at least [MinFiles].
	//
	// Each log that is followed has one of them to itself, and some 1/8 is for what is opened
	// briefly and for rotations. Where the rest is used up, older generations are closed, and
	// opened for each read by the names that they have then: first those that only late
	// bytes are waited for in, then those of the logs with more than a fair share. One that
	// was removed cannot be opened again; it is closed only where the current generation of
	// another log can be had in no other way, and told as a [Gap] to who had not read it.
	// Where not even that helps, following is refused with [WhyExhausted].
	MaxFiles int
}

// ErrClosed is the error of everything that is asked of a closed [Logs] or [Follower].
var ErrClosed = errors.New("follow: closed")

// Logs are the logs below some roots. All methods can be called from any goroutine.
type Logs struct {
	// Static after construction.
	opt   Options
	roots []*root
	weak  bool // a root's file system tells no birth time

	watcher *watcher
	buffers buffers
	files   *files
	turns   chan struct{} // one for each search that may inflate at a time

	mu      sync.Mutex
	hubs    map[hubKey]*hub
	leaving map[*hub]struct{} // that nobody needs any more, and that still hold something
	closed  bool
	wg      sync.WaitGroup // the hubs' goroutines
}

type hubKey struct {
	root *root
	name string
}

// Open opens the roots. It refuses a root that is missing, that is neither a
// directory nor a regular file, or that is in procfs, sysfs or devfs; two roots of
// the same name; and the name "-". Whoever calls it closes what it gives.
func Open(roots []Root, opt Options) (_ *Logs, err error) {
	l := &Logs{
		opt:     opt,
		watcher: &watcher{off: opt.NoWatch, dirs: make(map[string]*watchedDir), notes: make(map[string]string)},
		hubs:    make(map[hubKey]*hub),
		leaving: make(map[*hub]struct{}),
		turns:   make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	l.opt.Poll = cmp.Or(opt.Poll, defaultPoll)
	l.opt.Grace = cmp.Or(opt.Grace, defaultGrace)
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.files, err = newFiles(opt.MaxFiles, l.hintAll); err != nil {
		return nil, err
	}
	for _, r := range roots {
		opened, err := openRoot(r, l.files)
		if err != nil {
			return nil, err
		}
		l.roots = append(l.roots, opened)
		at, err := opened.stat(".")
		l.weak = l.weak || err != nil || at.id.born == 0
	}
	// A file's own name comes before the same name in a directory.
	slices.SortStableFunc(l.roots, func(a, b *root) int { return cmp.Compare(b.rank(), a.rank()) })
	return l, overlapRoots(l.roots)
}

// Close ends all followers, hubs and watches, and waits for their goroutines.
// Followers get [ErrClosed]; they are still to be closed by those who have them.
func (l *Logs) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	for _, h := range l.hubs {
		close(h.quit)
	}
	clear(l.hubs)
	l.mu.Unlock()
	l.wg.Wait()
	err := l.watcher.close()
	for _, r := range l.roots {
		err = errors.Join(err, r.close())
	}
	return err
}

// acquire gives the hub of a log, with a reference that release gives back. Where there
// is no file for another log, but one is no longer followed, it waits for that.
func (l *Logs) acquire(ctx context.Context, r *root, name string) (*hub, error) {
	for {
		h, leaving, err := l.tryAcquire(r, name)
		if leaving == nil {
			return h, err
		}
		select {
		case <-leaving.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryAcquire is acquire that does not wait: leaving is a hub to wait for, if there is one.
func (l *Logs) tryAcquire(r *root, name string) (_ *hub, leaving *hub, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, ErrClosed
	}
	key := hubKey{r, name}
	h, ok := l.hubs[key]
	if !ok {
		if err := l.files.admit(); err != nil {
			for leaving := range l.leaving {
				return nil, leaving, nil
			}
			return nil, nil, err
		}
		h = newHub(l, key)
		l.hubs[key] = h
		l.wg.Go(h.run)
	}
	h.refs++
	return h, nil, nil
}

// hintAll asks all hubs for a look.
func (l *Logs) hintAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.hubs {
		h.hint()
	}
}

// release gives back a reference. With the last one the hub ends, and release waits
// until everything that it held is given back.
func (l *Logs) release(h *hub) {
	l.mu.Lock()
	h.refs--
	last := h.refs == 0
	if last && l.hubs[h.key] == h {
		delete(l.hubs, h.key)
		l.leaving[h] = struct{}{}
		close(h.quit)
	}
	l.mu.Unlock()
	if last {
		<-h.done
	}
}

// left notes that a hub holds nothing any more.
func (l *Logs) left(h *hub) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.leaving, h)
}

// Info tells about a log as it is now.
type Info struct {
	Name   string
	Size   int64     // bytes
	MTime  time.Time // of the last change
	Cursor string    // at the end
	Tag    string    // of the generation: another one has another tag
}

// Stat tells about the log called name.
func (l *Logs) Stat(name string) (Info, error) {
	s, err := l.read(name, brief)
	if err != nil {
		return Info{}, err
	}
	end, err := spotAt(s.file, s.size)
	s.Close() // before the directory is listed
	if err != nil {
		return Info{}, refuse(name, err)
	}
	files, err := siblings(s.root, s.at.key, s.at.found)
	if isExhausted(err) {
		return Info{}, refuse(name, err)
	}
	p := position{
		tag: digest([]byte(s.root.name + "/" + s.at.key)),
		at:  place{id: s.at.id, head: s.head, horizon: horizonOf(files), spot: end},
	}
	return Info{Name: name, Size: s.size, MTime: s.mtime, Cursor: p.cursor(), Tag: s.tag}, nil
}

// Entry is one row of a directory.
type Entry struct {
	Name  string // without its directory
	Dir   bool
	Size  int64 // bytes; 0 for a directory
	MTime time.Time
}

// List gives what can be followed in a directory, and the directories in it, sorted
// by name. "" is the top, which has the roots that have names.
func (l *Logs) List(dir string) ([]Entry, error) {
	if dir == "" {
		return l.listTop()
	}
	for _, r := range l.roots {
		if r.name != "" && r.name == dir {
			return l.listRoot(dir)
		}
	}
	r, name, err := l.resolve(dir)
	if err != nil {
		return nil, err
	}
	if r.only != "" {
		return nil, &Refusal{Name: dir, Why: WhyNotFound, Detail: "it is a log, not a directory"}
	}
	return r.list(dir, name, l.opt.Hidden)
}

func (l *Logs) listTop() ([]Entry, error) {
	entries := make(map[string]Entry)
	for _, r := range l.roots {
		switch {
		case r.name != "":
			if at, err := r.stat("."); err == nil {
				entries[r.name] = Entry{Name: r.name, Dir: true, MTime: at.mtime}
			}
		default:
			below, err := r.list("", ".", l.opt.Hidden)
			if err != nil {
				return nil, err
			}
			for _, e := range below {
				if _, named := entries[e.Name]; !named && e.Name != reserved {
					entries[e.Name] = e
				}
			}
		}
	}
	return sorted(entries), nil
}

// listRoot lists all roots of one name: there may be several that are files.
func (l *Logs) listRoot(name string) ([]Entry, error) {
	entries := make(map[string]Entry)
	for _, r := range l.roots {
		if r.name != name {
			continue
		}
		below, err := r.list(name, ".", l.opt.Hidden)
		if err != nil {
			return nil, err
		}
		for _, e := range below {
			entries[e.Name] = e
		}
	}
	return sorted(entries), nil
}

func sorted(entries map[string]Entry) []Entry {
	out := slices.Collect(maps.Values(entries))
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// list gives the entries of the directory called name below r. asked is its name as
// it was asked for.
func (r *root) list(asked, name string, hidden bool) ([]Entry, error) {
	names := []string{r.only}
	if r.only == "" {
		at, err := r.stat(name)
		if err != nil {
			return nil, refuse(asked, err)
		}
		if !at.mode.IsDir() { // not opened: that might block
			return nil, &Refusal{Name: asked, Why: WhyNotFound, Detail: "it is not a directory"}
		}
		d, closeDir, err := r.openDir(name)
		if err != nil {
			return nil, refuse(asked, err)
		}
		defer closeDir()
		if names, err = d.Readdirnames(-1); err != nil {
			return nil, refuse(asked, err)
		}
	}
	slices.Sort(names)
	out := make([]Entry, 0, len(names))
	for _, n := range names {
		if badPart(n) != "" || isHidden(n) && !hidden {
			continue
		}
		at, err := r.stat(path.Join(name, n))
		if err != nil {
			continue
		}
		switch e := (Entry{Name: n, MTime: at.mtime}); {
		case at.mode.IsDir():
			e.Dir = true
			out = append(out, e)
		case at.refusal() == nil:
			e.Size = at.size
			out = append(out, e)
		}
	}
	return out, nil
}
