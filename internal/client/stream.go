package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// read sends the request and reads the stream to its end. It blocks; ctx ends it.
func (st *stream) read(ctx context.Context) *ending {
	s := st.s
	resp, err := s.get(ctx)
	if err != nil {
		return s.judge(s.target.dialFailure(err))
	}
	defer resp.Body.Close()
	s.noteHeard()
	if err := s.target.refusal(resp); err != nil {
		return s.judge(err)
	}
	s.learnStream(resp.Header.Get(wire.HeaderStream))

	dec := wire.NewDecoder(heardReader{resp.Body, s})
	first, err := dec.Next()
	if err != nil {
		return st.cut(err)
	}
	if first.Open == nil {
		return refused(&PeerError{Addr: s.target.Addr, Detail: fmt.Sprintf("begins a stream with a frame of type %q", first.Type), Hint: portHint})
	}
	st.open(*first.Open, clockSkew(resp.Header.Get("Date"), time.Now()))
	for {
		f, err := dec.Next()
		if err != nil {
			return st.cut(err)
		}
		switch {
		case st.hasLeft():
			// Read on to the server's last word, or until ctx ends.
		case f.End != nil:
			return st.end(f.End)
		case !st.take(ctx, f) && !st.hasLeft():
			return lost("given up") // what was read further must not be taken over this gap
		}
	}
}

// get sends the request for a stream from the last cursor on.
func (s *Session) get(ctx context.Context) (*http.Response, error) {
	var conn net.Conn
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) { // in Do's own goroutine
			conn = got.Conn
			s.learnReached()
		},
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.target.url(s.target.log(), s.query()), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", wire.TypeFrames+", "+wire.TypeProblem)
	req.Header.Set("User-Agent", s.opt.UserAgent)
	resp, err := s.streams.Do(req)
	if c, ok := conn.(*sniffConn); ok && err != nil {
		err = c.why(err)
	}
	return resp, err
}

// query asks for a new stream. A server takes one answer only to the question of
// where to begin: a session that has a cursor goes on from there.
func (s *Session) query() url.Values {
	q := url.Values{}
	switch cursor := s.Status().Cursor; {
	case cursor != "":
		q.Set("cursor", cursor)
	case s.opt.Since != "":
		q.Set("since", s.since(time.Now()))
	case s.opt.From != "":
		q.Set("from", s.opt.From)
	case s.opt.Lines > 0:
		q.Set("lines", strconv.Itoa(s.opt.Lines))
	}
	if s.opt.Heartbeat > 0 {
		q.Set("heartbeat", s.opt.Heartbeat.String())
	}
	switch {
	case s.opt.NoFollow:
		q.Set("follow", "0")
	case s.opt.Retry:
		q.Set("retry", "1") // the stream opens, and waits for the log
	}
	return q
}

// since is Options.Since at now. A duration counts from when the session began,
// however long it then took to reach the server: it grows by that.
func (s *Session) since(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ago, ok := wire.ParseAgo(s.opt.Since)
	waited := now.Sub(s.began).Truncate(time.Second)
	if !ok || waited == 0 {
		return s.opt.Since
	}
	return (ago + waited).String()
}

// judge decides what follows from an attempt that brought no stream. Run's
// comment has the rules.
func (s *Session) judge(err error) *ending {
	if !s.mayPass(err) {
		return refused(err)
	}
	e := &ending{event: link.Lost, detail: err.Error(), hint: Hint(err)}
	var problem *ProblemError
	if errors.As(err, &problem) {
		e.retry = problem.RetryAfter
	}
	return e
}

// mayPass reports whether what stopped an attempt may be over at the next.
func (s *Session) mayPass(err error) bool {
	seen := s.Status().Connects > 0
	patient := seen || s.opt.Retry || !s.opt.NoFollow
	var (
		unreachable *UnreachableError
		peer        *PeerError
		problem     *ProblemError
	)
	switch {
	case errors.As(err, &unreachable):
		return patient
	case errors.As(err, &peer):
		return seen
	case errors.As(err, &problem):
		switch status := problem.Status; status {
		case http.StatusNotFound:
			return seen || s.opt.Retry
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return patient
		default:
			return patient && status >= 500
		}
	}
	return false
}

// cut tells of a stream that ended without an end frame.
func (st *stream) cut(err error) *ending {
	var protocol *wire.ProtocolError
	switch {
	case errors.As(err, &protocol):
		// The same bytes would come again: a fault of the network does not get
		// past TCP, this is a server of another making.
		return refused(&PeerError{Addr: st.s.target.Addr, Detail: "sends a stream that cannot be read: " + clip(protocol.Error(), maxText),
			Hint: "use a tailtui of the server's version", Err: err})
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return lost("the connection was cut")
	}
	return lost("the connection was cut: " + clip(rootCause(err), maxText))
}

// end decides what follows from the server's own end of the stream.
func (st *stream) end(e *wire.End) *ending {
	s := st.s
	s.mu.Lock()
	st.flushResumed(nil)
	s.learnCursor(e.Cursor)
	s.mu.Unlock()
	reason := wire.Reason(clip(string(e.Reason), maxWord))
	detail := clip(e.Detail, maxText)
	switch {
	case e.Reason == wire.ReasonComplete:
		return &ending{event: link.Refused, reason: reason, detail: detail}
	case e.Reason.Returns(), e.Reason == wire.ReasonRemoved && s.opt.Retry:
		return &ending{event: link.Goodbye, reason: reason, detail: detail, retry: boundRetry(e.RetryMS, time.Millisecond)}
	}
	end := refused(&EndError{Reason: reason, Detail: detail, Hint: endHint(e.Reason)})
	end.reason, end.detail = reason, detail
	return end
}

// endHint is the next step after a final end.
func endHint(r wire.Reason) string {
	switch r {
	case wire.ReasonRemoved:
		return "--retry waits until the log is there again"
	case wire.ReasonDenied:
		return "ask the server's operator for access"
	case wire.ReasonClientClosed:
		return "somebody closed this stream; start again to go on"
	case wire.ReasonOperator:
		return "ask who looks after the server, or start again to go on"
	case wire.ReasonIdle:
		return "the server ends streams of silent logs; start again to go on"
	}
	return ""
}

// open takes the first frame: the stream is live, and if there was one before
// it, the view is told what lies between. Skew is the server's clock against ours.
//
// The backoff is not forgiven yet: a server that opens each stream only to end it
// at once would be asked without a pause.
func (st *stream) open(o wire.Open, skew time.Duration) {
	s := st.s
	s.mu.Lock()
	if s.now.Connects > 0 {
		r := Resumed{Away: time.Since(s.contact), Attempts: s.tries, Met: o.Met, CaughtUp: max(o.Behind, 0)}
		if server := clip(o.Server, maxWord); server != s.now.Server {
			r.Server = server
		}
		st.resumed = &r
	}
	s.learnOpen(o)
	s.learnWritten(o, skew)
	s.contact = s.now.Heard
	s.tries = 0
	s.move(link.Opened, string(s.now.Met))
	if o.Met != wire.MetGap && o.Met != wire.MetTruncated {
		st.flushResumed(nil) // else the frame that follows says what is lost
	}
	s.mu.Unlock()
	close(st.opened)
}

// flushResumed puts the mark of a resumed stream into its place before the first
// item; lost is what that item says is missing. Callers hold mu.
func (st *stream) flushResumed(lost *int64) {
	if st.resumed == nil {
		return
	}
	st.resumed.Lost = lost
	st.s.put(Item{Kind: ItemResumed, Resumed: *st.resumed})
	st.resumed = nil
}

// hasLeft reports whether the user has left: from then on nothing is taken, not
// even a cursor, which could lie behind data that was not.
func (st *stream) hasLeft() bool {
	select {
	case <-st.leaving:
		return true
	default:
		return false
	}
}

// take puts a frame into the buffer and its cursor into its place, both or
// neither. It waits while the buffer is full; it reports false, and has taken
// nothing, if ctx ends or the user leaves before there is room.
func (st *stream) take(ctx context.Context, f wire.Frame) bool {
	s := st.s
	switch f.Type {
	case wire.FrameData:
		if !s.makeRoom(ctx, st.leaving, len(f.Data)) {
			return false
		}
		st.flushResumed(nil)
		s.putData(f.Data)
		s.learnCursor(f.Cursor)
	case wire.FrameEvent:
		if !s.makeRoom(ctx, st.leaving, itemCost) {
			return false
		}
		e := *f.Event
		e.Detail = clip(e.Detail, maxText)
		st.flushResumed(e.Lost)
		s.learnEvent(e)
		s.put(Item{Kind: ItemEvent, Event: e})
	case wire.FrameHeartbeat:
		s.mu.Lock()
		st.flushResumed(nil)
		s.behind = 0 // whatever was to come of it: the server has no more to say
		s.learnSize(f.Heartbeat.Size)
		s.learnCursor(f.Heartbeat.Cursor)
		s.wake()
	default:
		return true // a second open frame tells nothing new
	}
	s.backoff.Forgive()
	s.now.Attempt = 0
	s.mu.Unlock()
	return true
}

// heardReader notes when the server was heard.
type heardReader struct {
	r io.Reader
	s *Session
}

func (h heardReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	if n > 0 {
		h.s.noteHeard()
	}
	return n, err
}

// noteHeard notes that bytes of the server came.
func (s *Session) noteHeard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	s.now.Heard = s.heard
	s.move(link.Heard, "")
	if s.now.State == link.Live { // not yet: the first frame is only on its way
		s.contact = s.heard
	}
}
