package server

import (
	"net/http"
	"sync"
	"time"
)

// writePiece is what one armed write carries at most, so that the deadline
// means "nothing moved" and not "a large buffer needed long on a slow line".
const writePiece = 64 << 10

// conn is how a stream's loop touches its connection: here and nowhere else.
//
// The deadline is armed for each write and cleared after it. An armed one left
// behind would end an idle stream on HTTP/2, where it is the stream's own.
type conn struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	stall time.Duration

	mu    sync.Mutex
	limit time.Time // set by hurry: no deadline is later than this
	due   time.Time // the deadline of the write under way, before any hurry
	armed bool      // a write is under way, or may be
	short bool      // hurry came before due: what a deadline cuts from then on it cuts for that
}

func newConn(w http.ResponseWriter, stall time.Duration) *conn {
	return &conn{w: w, rc: http.NewResponseController(w), stall: stall}
}

// send writes p and flushes it, as one piece on the wire where it fits. With an
// empty p it flushes the headers.
func (c *conn) send(p []byte) error {
	for len(p) > 0 {
		n := min(len(p), writePiece)
		if _, err := c.Write(p[:n]); err != nil {
			return err
		}
		p = p[n:]
	}
	if err := c.arm(); err != nil {
		return err
	}
	if err := c.rc.Flush(); err != nil {
		return err
	}
	return c.disarm()
}

// Write arms the deadline and writes, without a flush.
func (c *conn) Write(p []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
}

// Header and WriteHeader make conn an http.ResponseWriter whose writes are armed.
func (c *conn) Header() http.Header { return c.w.Header() }

// WriteHeader is http.ResponseWriter's.
func (c *conn) WriteHeader(status int) { c.w.WriteHeader(status) }

// arm sets the deadline of the next write. A handler leaves it armed when it
// returns: net/http still writes the last chunk. Every request arms anew.
func (c *conn) arm() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = time.Now().Add(c.stall)
	deadline := c.due
	if !c.limit.IsZero() && c.limit.Before(deadline) {
		deadline = c.limit
	}
	c.armed = true
	return c.rc.SetWriteDeadline(deadline)
}

// taken is told that the client took something, which the kernel knows and a
// write does not: a full buffer of some MB lets a writer go on only when a third
// of it is free. The write under way then has its whole time again. It may be
// called by another goroutine than the handler's, as hurry.
func (c *conn) taken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.armed && c.limit.IsZero() {
		c.due = time.Now().Add(c.stall)
		_ = c.rc.SetWriteDeadline(c.due) // it worked when the write was armed
	}
}

// leave keeps taken from touching the connection after the handler returned.
func (c *conn) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
}

func (c *conn) disarm() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	if !c.limit.IsZero() {
		return nil
	}
	return c.rc.SetWriteDeadline(time.Time{})
}

// hurry bounds the write under way and all later ones: the stream is ending.
// It may be called by another goroutine than the handler's; it sets a deadline
// and writes nothing.
func (c *conn) hurry(grace time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.limit.IsZero() {
		return // the first to hurry it counts, or the grace would grow
	}
	now := time.Now()
	c.short = !c.armed || now.Before(c.due)
	c.limit = now.Add(grace)
	_ = c.rc.SetWriteDeadline(c.limit) // it worked when the write was armed, or there is no connection left to hurry
}

// hurried reports whether a write that found no room in time was cut for the sake of
// the stream's ending, and not because it had all the time that it may have. The two
// look the same: a write that fails ends the stream, and every ending hurries.
func (c *conn) hurried() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.short
}
