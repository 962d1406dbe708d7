package server

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// ending is why a stream ended. It is the cause that a stream's context is
// cancelled with, which is why it is an error.
type ending struct {
	reason wire.Reason
	detail string
	cut    bool          // bytes may be missing on the wire: no end frame can follow them
	smear  *smear        // when the clients may come back, of an ending that many streams share; nil otherwise
	grace  time.Duration // that the stream has at most, if the reason does not say
}

func (e *ending) Error() string { return string(e.reason) + ": " + e.detail }

// aborts reports whether the connection must not end as if all were well.
func (e *ending) aborts() bool {
	switch e.reason {
	case wire.ReasonClientGone, wire.ReasonStalled, wire.ReasonError:
		return true
	}
	return e.cut
}

// Times that a stream which others end may still spend on writing what it has
// under way and its end object: its write may be stuck, and the bounds of the
// package documentation hold all the same. Who asked for the close does not wait
// for the words; who merely fell silent may still be reading.
const (
	closeGrace = 50 * time.Millisecond
	endGrace   = 500 * time.Millisecond
)

// hurry makes c obey the ending's grace. An ending with nobody waiting for it,
// such as the end of the log, has the stall timeout as every write has.
func (e *ending) hurry(c *conn) {
	switch e.reason {
	case wire.ReasonClientClosed, wire.ReasonClientGone, wire.ReasonStalled, wire.ReasonOperator:
		c.hurry(closeGrace)
	case wire.ReasonLeaseLapsed, wire.ReasonMaxAge, wire.ReasonIdle:
		c.hurry(endGrace)
	case wire.ReasonShutdown:
		c.hurry(e.grace)
	}
}

func (e *ending) retryMS() int64 {
	switch {
	case e.smear != nil:
		return e.smear.next().Milliseconds()
	case e.reason == wire.ReasonError:
		return newSmear(1).next().Milliseconds()
	}
	return 0
}

// causeOf is the ending that ctx was cancelled with. A stream's context that
// ended without one of ours was ended by net/http: the connection is gone.
func causeOf(ctx context.Context) *ending {
	if ctx.Err() == nil {
		return nil
	}
	var e *ending
	if errors.As(context.Cause(ctx), &e) {
		return e
	}
	return &ending{reason: wire.ReasonClientGone, detail: "the connection ended"}
}

// gone is what the kernel's giving up on a client looks like: its connection ends as
// that of any other. What was never answered tells the two apart.
func (st *stream) gone(e *ending) *ending {
	conn, ok := st.knew()
	if ok && e.reason == wire.ReasonClientGone && st.stuck.Load() > 0 && conn.silent >= minUserTimeout*3/4 {
		return &ending{reason: e.reason, detail: vanished, cut: e.cut}
	}
	return e
}

const vanished = "the client's machine answers nothing any more"

// unread turns an error of Follower.Next into an ending.
func (st *stream) unread(ctx context.Context, err error) *ending {
	if e := causeOf(ctx); e != nil {
		return st.gone(e)
	}
	if errors.Is(err, io.EOF) {
		return &ending{reason: wire.ReasonComplete, detail: "the end that the log had when the stream began"}
	}
	var refusal *follow.Refusal
	if errors.As(err, &refusal) {
		switch refusal.Why {
		case follow.WhyNotFound:
			return &ending{reason: wire.ReasonRemoved, detail: wordsOf(err)}
		case follow.WhyDenied:
			return &ending{reason: wire.ReasonDenied, detail: wordsOf(err)}
		}
	}
	return &ending{reason: wire.ReasonError, detail: wordsOf(err)}
}

// unwritten turns an error of a write into an ending. net/http ends the
// request's context when a write fails, so that only a cause of ours counts
// here: a stream whose write was cut short by its own ending keeps that reason.
func (st *stream) unwritten(ctx context.Context, c *conn, err error) *ending {
	var e *ending
	if errors.As(context.Cause(ctx), &e) {
		return &ending{reason: e.reason, detail: e.detail, cut: true}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.hurried() {
		// With much on the way the write deadline is before the kernel's user timeout.
		if state, ok := st.knew(); ok && state.vanished(st.starved()) {
			return &ending{reason: wire.ReasonClientGone, detail: vanished, cut: true}
		}
		return &ending{reason: wire.ReasonStalled, detail: "the client took nothing for the stall timeout", cut: true}
	}
	return st.gone(&ending{reason: wire.ReasonClientGone, detail: "the connection ended", cut: true})
}
