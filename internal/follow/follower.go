package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
		e, wake, err := f.step()
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
	lag := -off
	for ; g != nil; g = g.next {
		lag += g.size
	}
	return max(lag, 0)
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
	f.mu.Lock()
	f.public = f.pos
	f.mu.Unlock()
	return e
}

// view is what a follower needs to know of the chain for one step. It holds the
// bodies that it names until done.
type view struct {
	body, late       *body // of the place, and of the one left last; nil if there is none
	head             []byte
	mark             spot
	size, lateSize   int64
	next             *generation
	leave            leave
	settled, removed bool
	parked           bool
	denied           string
	wake             <-chan struct{} // closed when there is more to see than this
}

func (f *Follower) view() (view, error) {
	h := f.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return view{}, ErrClosed
	}
	at, g := &f.pos.at, f.pos.at.gen
	at.id, at.head, at.newest = g.id, g.head, g.newest
	v := view{
		body: g.body, head: g.head, mark: g.mark, size: g.size, next: g.next, leave: g.leave,
		settled: g.settled, removed: g.removed, parked: g.parked, denied: g.denied, wake: h.wake,
	}
	if p := f.pos.prev.gen; p != nil {
		v.late, v.lateSize = p.body, p.size
	}
	for _, b := range []*body{v.body, v.late} {
		if b != nil {
			b.refs++
		}
	}
	return v, nil
}

func (f *Follower) done(v view) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.hub.release(v.body)
	f.hub.release(v.late)
}

// step gives the next event, or the channel to wait for until there may be one.
func (f *Follower) step() (Event, <-chan struct{}, error) {
	if f.closed {
		return Event{}, nil, ErrClosed
	}
	for {
		if len(f.pending) > 0 {
			e := f.pending[0]
			f.pending = f.pending[1:]
			return f.event(e), nil, nil
		}
		if f.ended {
			return Event{}, nil, io.EOF
		}
		v, err := f.view()
		if err != nil {
			return Event{}, nil, err
		}
		e, moved, err := f.try(v)
		f.done(v)
		switch {
		case err != nil:
			return Event{}, nil, err
		case e.Kind != Nothing:
			return e, nil, nil
		case !moved:
			return Event{}, v.wake, nil
		}
	}
}

// try does what can be done in one view: give an event, or move (then there may be
// more to do at once), or neither.
func (f *Follower) try(v view) (e Event, moved bool, err error) {
	if e, moved := f.tryLate(v); moved || e.Kind != Nothing {
		return e, moved, nil
	}
	if v.parked {
		f.hub.hint()
		return Event{}, false, nil
	}
	at := &f.pos.at
	limit := int64(-1)
	if f.once != nil && f.once.gen == at.gen {
		if limit = f.once.off - at.off; limit <= 0 {
			f.ended = true
			return Event{}, true, nil
		}
	}
	if v.body != nil && at.off == 0 && len(v.head) == 0 && v.size == 0 && v.next == nil {
		// The first bytes are only taken once the hub has seen them: its idea of this
		// generation and the follower's begin with the same bytes.
		return f.tryState(v)
	}
	if v.body != nil {
		e, found, err := f.read(v.body, v.head, v.mark, v.size, limit)
		switch {
		case err != nil:
			return Event{}, false, fmt.Errorf("read %q: %w", f.hub.name, err)
		case e.Kind != Nothing:
			return e, false, nil
		case found == changed && v.next == nil:
			f.hub.suspect(at.gen, at.spot)
			return Event{}, false, nil
		case found == changed:
			return Event{}, f.move(v), nil
		}
	}
	if v.next != nil && (v.settled || v.body == nil) {
		return Event{}, f.move(v), nil
	}
	return f.tryState(v)
}

// tryState tells what became of the log's name while no other generation follows.
func (f *Follower) tryState(v view) (Event, bool, error) {
	switch {
	case v.next != nil:
	case v.removed && !f.removed:
		f.removed = true
		return f.event(Event{Kind: Removed, Detail: "nothing has the log's name any more"}), false, nil
	case !v.removed && f.removed && v.body != nil:
		f.removed = false
		return f.event(Event{Kind: Appeared, Detail: "the same file has the log's name again"}), false, nil
	case v.denied != f.denied:
		f.denied = v.denied
		if v.denied != "" {
			return f.event(Event{Kind: Denied, Detail: v.denied}), false, nil
		}
	}
	return Event{}, false, nil
}

// move goes on to the next generation and has told what that means.
func (f *Follower) move(v view) bool {
	from := f.pos.at
	if lost := v.size - from.off; lost > 0 {
		f.tell(Gap, &lost, "the rest of a generation is gone before it was read")
	}
	if v.leave.gap {
		f.tell(Gap, nil, "the old file was removed before its successor was seen; others may have been between them")
	}
	if v.removed && !f.removed {
		f.tell(Removed, nil, "nothing had the log's name any more")
	}
	if v.leave.kind != Nothing {
		f.tell(v.leave.kind, nil, v.leave.detail)
		f.removed = false
	}
	f.denied = ""
	f.ended = f.once != nil && f.once.gen == from.gen

	h := f.hub
	h.mu.Lock()
	from.gen.users--
	v.next.users++
	next := place{gen: v.next, id: v.next.id, newest: v.next.newest, head: v.next.head}
	h.mu.Unlock()
	h.hint() // what only this follower needed can go
	f.pos.at, f.pos.prev = next, place{}
	if v.body != nil && !v.leave.static {
		f.pos.prev = from
	}
	return true
}

// tell puts an event in the queue; its cursor is the one of the place to come.
func (f *Follower) tell(k Kind, lost *int64, detail string) {
	f.pending = append(f.pending, Event{Kind: k, Lost: lost, Detail: detail})
}

// tryLate gives what was appended to the generation left last.
func (f *Follower) tryLate(v view) (Event, bool) {
	prev := &f.pos.prev
	more := v.lateSize - prev.off
	switch {
	case prev.gen == nil:
	case more > 0 && v.late == nil:
		f.tell(Gap, &more, "late bytes of a generation that had been left are gone before they were read")
		f.endLate()
		f.pos.prev = place{}
		return Event{}, true
	case more > 0 && !f.pos.late:
		f.pos.late = true
		return f.event(Event{Kind: Late, Detail: "somebody still appends to the generation before this one"}), false
	case more > 0:
		e, found, err := f.read(v.late, nil, spot{}, v.lateSize, -1)
		if e.Kind != Nothing {
			return e, false
		}
		if found == changed || err != nil {
			f.tell(Gap, &more, "late bytes of a generation that had been left cannot be read")
			f.endLate()
			f.pos.prev = place{}
			return Event{}, true
		}
	case v.late == nil: // its grace is over
		f.pos.prev = place{}
	}
	if f.pos.late {
		f.endLate()
		return Event{}, true
	}
	return Event{}, false
}

func (f *Follower) endLate() {
	if f.pos.late {
		f.pos.late = false
		f.tell(Rotated, nil, "back in the generation that the late bytes came in between")
	}
}

// outcome is what a read came to that gave no event.
type outcome int

const (
	atEnd   outcome = iota // nothing is there yet
	changed                // what is before the place is not what was read there
)

// read reads on from the place that the position is reading in. head is what the
// generation is known to begin with, mark where it was seen, size how far, limit how
// many bytes are wanted, negative for all.
func (f *Follower) read(b *body, head []byte, mark spot, size, limit int64) (Event, outcome, error) {
	p := f.pos.reading()
	before := p.before()
	k := len(before)
	want := size - p.off
	if limit >= 0 {
		want = min(want, limit)
	}
	f.buf = f.logs.buffers.get(want)
	buf := *f.buf
	room := len(buf)
	if limit >= 0 {
		room = int(min(int64(room), int64(k)+limit))
	}
	n, err := b.file.ReadAt(buf[:room], p.off-int64(k))
	if err != nil && !errors.Is(err, io.EOF) {
		f.giveBuffer()
		return Event{}, atEnd, err
	}
	known := before
	if k == 0 {
		known = head[:min(len(head), n)]
	}
	if n < k || !bytes.Equal(buf[:len(known)], known) {
		f.giveBuffer()
		return Event{}, changed, nil
	}
	if n == k {
		f.giveBuffer()
		return Event{}, atEnd, nil
	}
	// The file may have been rewritten while it was read: then what was read last is
	// new, and so is what is before the place by now.
	again := spot{off: p.off - int64(k) + int64(len(known))}
	copy(again.tail[:], known)
	same, err := again.holds(b.file)
	if same && err == nil && k < overlap { // few bytes prove little
		same, err = mark.holds(b.file)
	}
	if !same || err != nil {
		f.giveBuffer()
		return Event{}, changed, err
	}
	if e, ok := f.hole(b, buf[k:n]); ok {
		if e.Kind == Hole {
			f.giveBuffer()
			return e, atEnd, nil
		}
		n = k + len(e.Data)
	}
	e := f.event(Event{Kind: Data, Data: buf[k:n:n], More: n == len(buf), window: buf[:n:n]})
	p.advance(buf[:n], int64(n-k))
	f.mu.Lock()
	f.public = f.pos
	f.mu.Unlock()
	return e, atEnd, nil
}
