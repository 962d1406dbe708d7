package follow

import (
	"fmt"
	"io"
)

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
		if v.body != nil && !f.removed {
			return f.event(Event{Kind: Appeared, Detail: "it may be read again, and is the same file"}), false, nil
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
		f.tell(Gap, nil, "a file between the last and the next one is gone, or there may have been one")
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
