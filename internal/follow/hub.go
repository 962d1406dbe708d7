package follow

import (
	"sync"
	"time"
)

// Periods of looking. They are short against what people notice and long against
// what a look costs, about 20 µs.
const (
	// defaultPoll is how long a change can stay unseen when every hint is lost.
	defaultPoll = time.Second
	// defaultGrace is how long bytes are still taken from a generation that was left,
	// and so how long a removed file can keep its space on the disk.
	defaultGrace = 5 * time.Second
	// defaultSettle is how long an old generation must be quiet once its successor has
	// bytes: a writer that is told to reopen its log does so within it. It delays the
	// first bytes after a rotation, so that those of the old file come before them. It
	// is never more than a quarter of the grace period.
	defaultSettle = 50 * time.Millisecond
	// maxSettle ends the settling of a generation whose writers do not stop; what they
	// write from then on is told as late.
	maxSettle = time.Second
	// removal is how long a log may be between two names before it is told as removed.
	removal = time.Second
)

// hub looks after one log for all its followers. It decides which generations the
// log has been and holds them open.
type hub struct {
	// Static after construction.
	logs  *Logs
	key   hubKey
	root  *root
	name  string // below the root
	tag   [digestLen]byte
	poll  time.Duration
	grace time.Duration
	quiet time.Duration // how long a generation is quiet before it is left
	kick  chan struct{} // capacity 1, never closed: look now
	quit  chan struct{} // closed when the hub is to end
	done  chan struct{} // closed when run has returned

	// Guarded by Logs.mu.
	refs int

	// looking serialises looks; it guards what follows, and comes before mu.
	looking   sync.Mutex
	seen      spot      // how far the current generation was seen, and its bytes there
	live      found     // what had the log's name at the last look
	err       error     // why nothing had, nil if something did
	unsure    bool      // the log changed during the last look
	exhausted bool      // the last look found no descriptor left
	absent    time.Time // since when nothing that can be followed has; zero while something does
	adrift    time.Time // since when the log's directory is away, too; zero while it is there
	stamp     time.Time // the directory's time when an empty log's siblings were last read
	used      map[identity]bool
	points    []point   // what the watcher watches for this hub
	watchAt   time.Time // when the watches are to be looked after next
	still     meta      // the current file, if it had not changed for a while when it was inspected

	mu       sync.Mutex
	cur      *generation
	gens     []*generation // all that may have a body, in the order in which they were found
	bodies   map[identity]*body
	wake     chan struct{} // closed and replaced whenever followers have something to see
	evidence *evidence     // a follower saw the current generation change under it
	away     bool          // nothing has the log's name; written by looks only
	silent   string        // the file system, where the watcher hears nothing of it; written by looks only
	watched  bool          // all of points is watched; written by looks only
	closed   bool
}

// evidence is what a follower read from the current generation and no longer finds.
type evidence struct {
	gen  *generation
	spot spot
}

func newHub(l *Logs, key hubKey) *hub {
	return &hub{
		logs: l, key: key, root: key.root, name: key.name,
		tag:    digest([]byte(key.root.name + "/" + key.name)),
		poll:   l.opt.Poll,
		grace:  l.opt.Grace,
		quiet:  min(defaultSettle, l.opt.Grace/4),
		kick:   make(chan struct{}, 1),
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
		used:   make(map[identity]bool),
		bodies: make(map[identity]*body),
		wake:   make(chan struct{}),
	}
}

// run looks at the log at every hint and every poll until quit is closed, and gives
// back what the hub holds.
func (h *hub) run() {
	defer close(h.done)
	timer := time.NewTimer(h.poll)
	defer timer.Stop()
	for {
		select {
		case <-h.quit:
			h.teardown() // not deferred: it would wait for a look that panics, and nobody would hear of it
			h.logs.left(h)
			return
		case <-h.kick:
		case <-timer.C:
		}
		h.looking.Lock()
		next := h.look()
		h.looking.Unlock()
		timer.Reset(next)
	}
}

func (h *hub) teardown() {
	h.looking.Lock()
	defer h.looking.Unlock()
	h.logs.watcher.unwatch(h, h.points)
	h.points = nil
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, g := range h.gens {
		h.drop(g)
	}
	h.gens, h.cur = nil, nil
	h.broadcast()
	h.logs.files.dismiss()
}

// hint asks for a look. It never blocks.
func (h *hub) hint() {
	select {
	case h.kick <- struct{}{}:
	default: // one is asked for already
	}
}

// suspect asks for a look with the proof that g was rewritten: s is not there any more.
func (h *hub) suspect(g *generation, s spot) {
	h.mu.Lock()
	h.evidence = &evidence{g, s}
	h.mu.Unlock()
	h.hint()
}

// broadcast wakes all followers that wait. The caller holds mu.
func (h *hub) broadcast() {
	close(h.wake)
	h.wake = make(chan struct{})
}

// add puts a generation under the hub's care. The caller holds mu.
func (h *hub) add(g *generation) { h.gens = append(h.gens, g) }

// succeed makes next the current generation, which the log came to by how.
// The caller holds mu.
func (h *hub) succeed(next *generation, how leave, now time.Time) {
	next.shared = true
	h.add(next)
	if old := h.cur; old != nil {
		old.next, old.leave, old.grown = next, how, now
		old.denied = ""
		if old.void || how.static {
			old.settled, old.left = true, now
		}
	}
	h.cur = next
	h.away = next.void
	h.broadcast()
}
