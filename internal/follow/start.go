package follow

import (
	"context"
	"errors"
	"time"
)

// From says what a follower begins at.
type From int

// Places to begin at.
const (
	FromTail   From = iota // the last Lines lines, or the last Bytes bytes
	FromStart              // the first byte of the current generation
	FromEnd                // what is appended from now on
	FromCursor             // after what Cursor was minted for
	FromSince              // the first line whose time is not before Since, also in an older generation
)

// Start says where and how a follower begins. The zero value begins at the end.
type Start struct {
	From   From
	Lines  int       // FromTail: as many lines, as tail -n counts them; at most 64 MiB of them
	Bytes  int64     // FromTail: as many bytes instead, when > 0
	Cursor string    // FromCursor
	Since  time.Time // FromSince
	Strict bool      // FromCursor: a gap is refused with WhyGap, before the first byte
	Wait   bool      // a log that is not there is waited for, instead of refused with WhyNotFound
	Once   bool      // it ends where the log ends now, instead of waiting for more
}

// Follow begins to follow the log called name. It does not wait for the log, and
// reads no more of it than it takes to find the place; when ctx ends before that is
// found, its cause is the error. Whoever calls it closes what it gives.
func (l *Logs) Follow(ctx context.Context, name string, start Start) (*Follower, error) {
	r, below, err := l.resolve(name)
	if err != nil {
		return nil, err
	}
	var c cursor
	mayBeAbsent := start.Wait
	if start.From == FromCursor {
		if c, err = parseCursorFor(name, start.Cursor, digest([]byte(r.name+"/"+below))); err != nil {
			return nil, err
		}
		mayBeAbsent = true // its generation may have another name by now
	}
	if err := r.check(below); err != nil && !(mayBeAbsent && isAbsent(err)) {
		return nil, refuse(name, err)
	}
	h, err := l.acquire(ctx, r, below)
	switch {
	case err == nil:
	case errors.Is(err, ErrClosed), ctx.Err() != nil:
		return nil, err
	default:
		return nil, refuse(name, err)
	}
	f, err := h.follow(ctx, start, c)
	if err != nil {
		l.release(h)
		if errors.Is(err, ErrClosed) || ctx.Err() != nil {
			return nil, err
		}
		return nil, refuse(name, err)
	}
	return f, nil
}

// check opens and closes a log. It is asked for each follower: a hub may hold a log
// open from when this process could still read it, and who comes later may not have it.
func (r *root) check(name string) error {
	f, _, err := r.open(name, brief)
	if err != nil {
		return err
	}
	return f.Close()
}

func parseCursorFor(name, text string, tag [digestLen]byte) (cursor, error) {
	c, ok := parseCursor(text)
	if !ok {
		return c, &Refusal{Name: name, Why: WhyBadCursor}
	}
	if c.log != tag {
		return c, &Refusal{Name: name, Why: WhyOtherLog}
	}
	return c, nil
}

// beginning is how a follower is to begin.
type beginning struct {
	at   place
	left []place // generations left before, with late bytes perhaps
	met  Met
	gap  string // why something cannot be had; "" if all can

	truncated bool // what comes is not what the last bytes read were of

	unmet *cursor // to be met once there is anything of the log; nil if that is done
}

// maxTries bounds how often the place is looked for in a log that is rotated or
// rewritten meanwhile. What goes wrong after that is found by the follower.
const maxTries = 20

// follow begins a follower.
func (h *hub) follow(ctx context.Context, start Start, c cursor) (*Follower, error) {
	h.looking.Lock()
	defer h.looking.Unlock()
	b, err := h.findPlace(ctx, start, c)
	if err != nil {
		return nil, err
	}
	return h.newFollower(start, b), nil
}

// findPlace finds the place of a follower in the log as it is now. The caller holds looking.
func (h *hub) findPlace(ctx context.Context, start Start, c cursor) (b beginning, err error) {
	s := newSearch(ctx)
	for try := 1; ; try++ {
		h.mu.Lock()
		closed := h.closed
		h.mu.Unlock()
		if closed {
			return b, ErrClosed
		}
		h.look()
		if h.cur == nil {
			err = h.err // nothing could be opened
		} else {
			b, err = h.beginning(s, start, c)
		}
		// What was found while something could not be opened may be wrong.
		if h.exhausted || s.exhausted {
			if err == nil {
				h.abandon(b.at.gen)
			}
			if err = h.yield(s); err != nil {
				return b, err
			}
			try--
			continue
		}
		if errors.Is(err, errMoved) && try < maxTries {
			continue
		}
		if err != nil {
			return b, err
		}
		if h.stillLeads(b.at.gen) || try == maxTries {
			if start.Strict {
				if why := h.gapAhead(b); why != "" {
					h.abandon(b.at.gen)
					return b, &Refusal{Why: WhyGap, Detail: why}
				}
			}
			h.hint() // what leads to the hub's own generations has to settle
			return b, h.knowHead(&b.at)
		}
		h.abandon(b.at.gen)
	}
}

// beginning finds the place of a follower in the log as it was looked at last.
func (h *hub) beginning(s *search, start Start, c cursor) (beginning, error) {
	switch start.From {
	case FromCursor:
		return h.meet(s, c, start)
	case FromSince:
		return h.since(s, start)
	}
	return h.begin(s, start)
}

// gapAhead says why something after a place cannot be had, "" if nothing is known of it.
func (h *hub) gapAhead(b beginning) string {
	if b.gap != "" {
		return b.gap
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	read := b.at.off
	for g := b.at.gen; g != nil; g = g.next {
		if g.body == nil && g.size > read {
			return "a generation is gone that was not read to its end"
		}
		if g.leave.gap != "" {
			return g.leave.gap
		}
		read = 0
	}
	return ""
}

// stillLeads looks again, and reports whether the way from g still ends where it did when
// it was made: nothing was rotated or truncated meanwhile.
func (h *hub) stillLeads(g *generation) bool {
	use := func(n int) {
		h.mu.Lock()
		g.users += n
		h.mu.Unlock()
	}
	use(1) // so that it is not let go of
	defer use(-1)
	cur := h.cur
	h.look()
	return h.cur == cur && !h.unsure && !h.exhausted
}

// knowHead completes the head of a place, if the hub has not seen as much of its
// generation: the place's cursors need it.
func (h *hub) knowHead(at *place) (err error) {
	if g := at.gen; g.body != nil && int64(len(g.head)) < min(at.off, overlap) {
		at.head, err = readHead(g.body, at.off)
	}
	return err
}

// abandon lets go of generations that were made for a follower that does not come.
func (h *hub) abandon(g *generation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ; g != nil && !g.shared; g = g.next {
		h.drop(g)
	}
}

// begin finds the place of a follower without a cursor.
func (h *hub) begin(s *search, start Start) (beginning, error) {
	if h.err != nil && !(start.Wait && isAbsent(h.err)) {
		return beginning{}, h.err
	}
	cur := h.cur
	b := beginning{met: MetFresh, at: place{gen: cur}}
	if cur.void || h.err != nil {
		b.at.off = cur.size
		if cur.body != nil { // it was removed: what is left of it was for others
			at, err := spotAt(cur.body, cur.size)
			b.at.spot = at
			return b, err
		}
		return b, nil
	}
	size := h.seen.off
	off := size
	var err error
	switch {
	case start.From == FromStart:
		off = 0
	case start.From == FromTail && start.Bytes > 0:
		off = max(0, size-start.Bytes)
	case start.From == FromTail && start.Lines > 0:
		cut := false
		err = h.aside(cur, func(r content) (err error) {
			off, cut, err = lastLines(s, r, size, start.Lines)
			return err
		})
		if cut {
			b.gap = "the search for the last lines was ended, as " + errCut.Error() + ": there are more before this"
		}
	}
	if err == nil && cur.body == nil {
		err = errMoved // it was rewritten while it was searched
	}
	if err == nil {
		b.at.spot, err = spotAt(cur.body, off)
	}
	return b, err
}

// newFollower makes the follower that begins at b.
func (h *hub) newFollower(start Start, b beginning) *Follower {
	f := &Follower{logs: h.logs, hub: h, nudge: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	f.begin(b)
	f.opening = Opening{Met: b.met, Cursor: f.pos.cursor(), Size: h.cur.size}
	if h.cur.void {
		f.opening.Size = -1
	}
	if h.err == nil {
		f.opening.Modified = h.live.mtime
	}
	before := f.pos.at.before()
	f.opening.MidLine = len(before) > 0 && before[len(before)-1] != '\n'
	if start.Once {
		f.once = &place{gen: h.cur, spot: spot{off: h.cur.size}}
	}
	return f
}

// begin puts the follower where b says. The caller holds the hub's mu.
func (f *Follower) begin(b beginning) {
	f.pos = position{tag: f.hub.tag, at: b.at, left: b.left, unmet: b.unmet}
	f.pos.at.gen.users++
	f.pos.at.know()
	if b.gap != "" {
		f.tell(Gap, nil, b.gap)
	}
	if b.truncated {
		f.tell(Truncated, nil, "the log was begun anew in place, and all of what it had was read")
	}
	f.show()
}

// tryMeet meets the cursor that could not be met while there was nothing of the log. It
// reports false while there still is nothing.
func (f *Follower) tryMeet(ctx context.Context, v view) (moved bool, err error) {
	if v.away && v.next == nil {
		return false, nil
	}
	h := f.hub
	h.looking.Lock()
	defer h.looking.Unlock()
	b, err := h.findPlace(ctx, Start{From: FromCursor, Wait: true}, *f.pos.unmet)
	if isExhausted(err) {
		h.exhausted = true
		h.hint() // the look after it wakes whoever waits
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f.pos.at.gen.users--
	f.removed, f.denied = false, ""
	if b.unmet == nil {
		f.tell(Appeared, nil, "the log is there")
	}
	f.begin(b)
	return true, nil
}
