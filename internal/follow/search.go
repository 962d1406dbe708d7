package follow

import (
	"context"
	"errors"
	"time"
)

// What finding a place may cost before a follower begins with what was found by then.
// Waiting for a turn costs nothing.
const (
	searchTime  = 3 * time.Second
	searchBytes = 2 << 30 // read or inflated
)

// search bounds the finding of one place.
type search struct {
	ctx   context.Context // the caller's: who has gone needs no place
	until time.Time
	left  int64 // bytes that may still be read

	exhausted bool          // something could not be opened
	yielded   time.Duration // waited for what others close
}

func newSearch(ctx context.Context) *search {
	return &search{ctx: ctx, until: time.Now().Add(searchTime), left: searchBytes}
}

// errCut is the error of a search that has used up what it may cost.
var errCut = errors.New("it takes too long to find")

// spend is called before so many bytes are read. It gives errCut, or the cause of the
// context's end, when the search is over.
func (s *search) spend(n int) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.left -= int64(n)
	if s.left < 0 || time.Now().After(s.until) {
		return errCut
	}
	return nil
}

// opens opens a file that was listed, to be searched. Its time stands still while it waits
// until it may be opened. s may be nil, for what costs nothing.
func (s *search) opens(r *root, file sibling) (disk, found, error) {
	if s == nil {
		return r.openListed(file)
	}
	began := time.Now()
	if err := r.files.await(s.ctx); err != nil {
		return disk{}, found{}, err
	}
	s.until = s.until.Add(time.Since(began))
	f, at, err := r.listed(file, searched)
	s.exhausted = s.exhausted || isExhausted(err)
	return f, at, err
}

// yielding is how long a follower's beginning is put off at most because nothing can be
// opened for it: until the dire shortage that comes of this has made room.
const yielding = maxSettle + maxSettle/2

// yield waits a while for others to close what they can, without holding looking. Its error
// is one that isExhausted knows when that took too long.
func (h *hub) yield(s *search) error {
	const step = 20 * time.Millisecond
	if s.yielded >= yielding {
		return errNoFile
	}
	h.looking.Unlock()
	defer h.looking.Lock()
	timer := time.NewTimer(step)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
	s.yielded += step
	s.until = s.until.Add(step)
	s.exhausted = false
	return nil
}

// turn waits until s may inflate: only so many searches do at a time as there are
// processors. Its time stands still meanwhile. Who gets a turn gives it back with release.
func (l *Logs) turn(s *search) (release func(), err error) {
	began := time.Now()
	select {
	case l.turns <- struct{}{}:
		s.until = s.until.Add(time.Since(began))
		return func() { <-l.turns }, nil
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
}

// asideOfCurrent is aside for a search whose result leads to the current generation: if
// that is another one afterwards, the error is errMoved.
func (h *hub) asideOfCurrent(find func(content) error) error {
	cur := h.cur
	err := h.aside(cur, find)
	if err == nil && h.cur != cur {
		err = errMoved
	}
	return err
}

// aside runs find without holding looking, so that the hub goes on looking while it
// searches g. Nothing that g leads to is let go of meanwhile; but what was known before
// may be out of date afterwards.
func (h *hub) aside(g *generation, find func(content) error) error {
	h.mu.Lock()
	body := g.body
	body.retain()
	g.users++
	h.mu.Unlock()

	h.looking.Unlock()
	err := find(body)
	h.looking.Lock()

	h.mu.Lock()
	defer h.mu.Unlock()
	h.doneReading(body)
	g.users--
	if h.closed {
		return ErrClosed
	}
	return err
}
