package follow

import (
	"context"
	"slices"
	"sync"
)

// Follower reads one log from one place on. Next and Close belong to one goroutine;
// all other methods can be called from any.
type Follower struct {
	// Static after construction.
	logs    *Logs
	hub     *hub
	opening Opening
	once    *place // ends there; nil if it never does
	nudge   chan struct{}

	// Owned by the goroutine that calls Next.
	pos     position
	pending []Event // to be told before anything is read
	removed bool    // told, and not taken back
	denied  string  // told
	ended   bool    // all that once asked for was told
	buf     *[]byte // behind the last Data
	closed  bool

	mu     sync.Mutex
	public position // a copy of pos for other goroutines
}

// Opening tells how the follower began.
func (f *Follower) Opening() Opening { return f.opening }

// Next gives what comes next, and waits for it. It returns ctx's cause when that
// ends, [ErrClosed] when the follower or its [Logs] is closed, and [io.EOF] after the
// last event if [Start].Once was set, else never. After ctx ended it may be called
// again with another.
func (f *Follower) Next(ctx context.Context) (Event, error) {
	f.giveBuffer()
	for {
		if ctx.Err() != nil {
			return Event{}, context.Cause(ctx)
		}
		select {
		case <-f.nudge:
			return f.event(Event{}), nil
		default:
		}
		e, wake, err := f.step(ctx)
		if err != nil || wake == nil {
			return e, err
		}
		select {
		case <-wake:
		case <-f.nudge:
			return f.event(Event{}), nil
		case <-ctx.Done():
		}
	}
}

// Nudge lets a waiting Next, or else the next one, return at once with the kind
// Nothing.
func (f *Follower) Nudge() {
	select {
	case f.nudge <- struct{}{}:
	default: // one nudge is waiting already
	}
}

// Cursor is where the follower is: after the event that Next gave last.
func (f *Follower) Cursor() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.public.cursor()
}

// Size is that of the current generation, in bytes, as it was seen last; -1 while the
// log is not there.
func (f *Follower) Size() int64 {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	if f.hub.cur == nil || f.hub.cur.void {
		return -1
	}
	return f.hub.cur.size
}

// Lag is how many bytes of the log lie between the follower and its end, as far as is
// known: all that is left of its generation and all of those after it.
func (f *Follower) Lag() int64 {
	f.mu.Lock()
	g, off := f.public.at.gen, f.public.at.off
	f.mu.Unlock()
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	return g.rest(off)
}

// Behind is how many bytes of the log come after a cursor, as far as is known: what
// a client that has taken no more than that still lacks. It reports false for what is
// no cursor of this log, and where the cursor's generation was forgotten since nobody
// reads it any more.
func (f *Follower) Behind(text string) (n int64, ok bool) {
	c, ok := parseCursor(text)
	if !ok || c.log != f.hub.tag {
		return 0, false
	}
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	// A file that was truncated is several generations. The last one that is long
	// enough is meant: who renews a claim has read not long ago.
	for _, g := range slices.Backward(f.hub.gens) {
		if g.id == c.id && g.size >= c.off {
			return g.rest(c.off), true
		}
	}
	return 0, false
}

// Close gives back all that the follower holds. The last one of a log takes the hub
// with it. It may be called more than once.
func (f *Follower) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	f.giveBuffer()
	f.hub.mu.Lock()
	f.pos.at.gen.users--
	f.hub.mu.Unlock()
	f.hub.hint() // what only this follower needed can go
	f.logs.release(f.hub)
	return nil
}

func (f *Follower) giveBuffer() {
	if f.buf != nil {
		f.logs.buffers.put(f.buf)
		f.buf = nil
	}
}

// event completes e, which brings the follower to where pos is.
func (f *Follower) event(e Event) Event {
	e.position = f.pos
	f.show()
	return e
}

// show lets other goroutines see where the follower is.
func (f *Follower) show() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.public = f.pos
}
