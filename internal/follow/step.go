package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// view is what a follower needs to know of the chain for one step. It holds the
// bodies that it names until done.
type view struct {
	body             *body // of the place; nil if there is none
	late             []lateView
	head             []byte
	mark             spot
	size             int64
	next             *generation
	leave            leave
	doubt            string
	packed           bool
	settled, removed bool
	parked, away     bool
	denied           string
	wake             <-chan struct{} // closed when there is more to see than this
}

// lateView is what it needs to know of a generation left.
type lateView struct {
	body  *body // nil once its grace is over
	size  int64
	doubt string
}

func (f *Follower) view() (view, error) {
	h := f.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return view{}, ErrClosed
	}
	f.pos.at.know()
	g := f.pos.at.gen
	v := view{
		body: g.body, head: g.head, mark: g.mark, size: g.size, next: g.next, leave: g.leave,
		doubt: g.doubt, packed: g.packed,
		settled: g.settled, removed: g.removed && !g.void, parked: g.parked, away: h.away, denied: g.denied, wake: h.wake,
	}
	if g.next != nil && g.next.void && g.next.next == nil && !g.settled {
		// What it leads to is no file yet: its own goes on, as the current one's does that
		// has lost its name.
		v.next, v.removed = nil, g.next.removed
	}
	v.body.retain()
	for _, l := range f.pos.left {
		l.gen.body.retain()
		v.late = append(v.late, lateView{l.gen.body, l.gen.size, l.gen.doubt})
	}
	return v, nil
}

func (f *Follower) done(v view) {
	f.hub.mu.Lock()
	defer f.hub.mu.Unlock()
	f.hub.doneReading(v.body)
	for _, l := range v.late {
		f.hub.doneReading(l.body)
	}
}

// step gives the next event, or the channel to wait for until there may be one.
func (f *Follower) step(ctx context.Context) (Event, <-chan struct{}, error) {
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
		e, moved, err := f.try(ctx, v)
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
func (f *Follower) try(ctx context.Context, v view) (e Event, moved bool, err error) {
	if f.pos.unmet != nil {
		if moved, err := f.tryMeet(ctx, v); moved || err != nil {
			return Event{}, moved, err
		}
		return f.tryState(v)
	}
	if e, moved, wait := f.tryLate(v); moved || wait || e.Kind != Nothing {
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
	if v.body != nil {
		e, found, err := f.read(v.body, v.head, v.mark, v.size, limit)
		switch {
		case errors.Is(err, errAway):
			f.hub.seek(at.gen)
			return Event{}, false, nil
		case err != nil && v.body.packed():
			return Event{}, f.moveOffDamage(v, err), nil
		case err != nil:
			return Event{}, false, fmt.Errorf("read %q: %w", f.hub.name, err)
		case e.Kind != Nothing:
			return e, false, nil
		case found == changed && v.next == nil:
			f.hub.suspect(at.gen, at.spot)
			return Event{}, false, nil
		case found == changed:
			return Event{}, f.move(v), nil
		case v.body.damage() != nil:
			return Event{}, f.moveOffDamage(v, v.body.damage()), nil
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
		f.removed, f.denied = false, v.denied
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

// moveOffDamage is move for a packed generation of which no more can be inflated.
func (f *Follower) moveOffDamage(v view, why error) bool {
	f.tell(Gap, nil, "the rest of a packed generation cannot be inflated: "+why.Error())
	return f.move(v)
}

// move goes on to the next generation and has told what that means.
func (f *Follower) move(v view) bool {
	from := f.pos.at
	switch lost := v.size - from.off; {
	case v.packed && v.body == nil:
		f.tell(Gap, nil, "a packed generation is gone before it was read to its end")
	case v.packed:
	case lost > 0:
		f.tell(Gap, &lost, "the rest of a generation is gone before it was read")
	}
	if v.doubt != "" {
		f.tell(Gap, nil, v.doubt)
	}
	if v.leave.gap != "" {
		f.tell(Gap, nil, v.leave.gap)
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
	next := place{gen: v.next}
	next.know()
	h.mu.Unlock()
	h.hint() // what only this follower needed can go
	f.pos.at = next
	if v.body != nil && !v.leave.static {
		f.pos.left = append(slices.Clip(f.pos.left), from)
	}
	return true
}

// tell puts an event in the queue; its cursor is the one of the place to come.
func (f *Follower) tell(k Kind, lost *int64, detail string) {
	f.pending = append(f.pending, Event{Kind: k, Lost: lost, Detail: detail})
}

// tryLate gives what was appended to the generations that had been left.
// It reports wait if there are some that cannot be read now.
func (f *Follower) tryLate(v view) (e Event, moved, wait bool) {
	for i, l := range v.late {
		more := l.size - f.pos.left[i].off
		switch {
		case more > 0 && l.body == nil:
			f.endLeft(i, &more, "late bytes of a generation that had been left are gone before they were read")
			return Event{}, true, false
		case l.body == nil: // its grace is over
			if l.doubt != "" {
				f.tell(Gap, nil, l.doubt)
			}
			f.endLeft(i, nil, "")
			return Event{}, true, false
		case f.pos.late == i+1 && more <= 0:
			f.endLate()
			return Event{}, true, false
		case more <= 0:
			continue
		case f.pos.late == 0:
			f.pos.late = i + 1
			return f.event(Event{Kind: Late, Detail: "somebody still appends to a generation that had been left"}), false, false
		case f.pos.late != i+1:
			f.endLate()
			return Event{}, true, false
		}
		e, found, err := f.read(l.body, nil, spot{}, l.size, -1)
		switch {
		case e.Kind != Nothing:
			return e, false, false
		case errors.Is(err, errAway):
			f.hub.seek(f.pos.left[i].gen)
			return Event{}, false, true
		case found == changed || err != nil:
			f.endLeft(i, &more, "late bytes of a generation that had been left cannot be read")
			return Event{}, true, false
		}
	}
	return Event{}, false, false
}

// endLeft waits no longer for late bytes of the i-th generation left; lost is how many
// of them cannot be had, nil if none.
func (f *Follower) endLeft(i int, lost *int64, why string) {
	if lost != nil {
		f.tell(Gap, lost, why)
	}
	f.endLate()
	f.pos.forget(i)
}

func (f *Follower) endLate() {
	if f.pos.late > 0 {
		f.pos.late = 0
		f.tell(Rotated, nil, "back in the generation that the late bytes came in between")
	}
}
