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
	h.release(body)
	g.users--
	if h.closed {
		return ErrClosed
	}
	return err
}
