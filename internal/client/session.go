package client

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Options are a session's wishes. The zero value follows from the server's
// default on (the last 10 lines) with the server's heartbeat.
type Options struct {
	Lines     int           // begin with the last n lines; 0 leaves it to the server, none is From "end"
	From      string        // "start" or "end"; wins over Lines
	Since     string        // begin with the first line since then, as [wire.ParseSince] reads it, by the server's clock; wins over both
	Cursor    string        // begin after this cursor, of an earlier session; wins over all three
	NoFollow  bool          // end where the log ends now
	Heartbeat time.Duration // ask the server to speak this often; 0 leaves it to the server
	Retry     bool          // wait for a log that is not there, and for a server even with NoFollow

	// Dial makes connections; nil is [net.Dialer]'s. A target of kind Local is
	// served in-process, and Dial leads there.
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	UserAgent string // "" is "tailtui"
	// Buffer is how many bytes may wait for Next before the reader stops
	// reading; 0 is 4 MiB. A single frame larger than that still passes.
	Buffer int
}

// Session is a user's wish to watch a log. It outlives streams.
type Session struct {
	// Static after NewSession.
	target   Target
	opt      Options
	streams  *http.Client
	controls *http.Client

	// Channels of one, never closed; a value says "look again".
	more  chan struct{} // to Next: there is something new
	room  chan struct{} // to the reader: Next made room
	again chan struct{} // to Run: the user wants the next attempt now

	backoff link.Backoff // guarded by mu

	mu      sync.Mutex // guards all that follows
	now     Status
	began   time.Time // when Run was called
	contact time.Time // the last byte of a stream that was open
	heard   time.Time // from when on silence is counted
	blocked bool      // the reader waits for room, so silence is not the server's
	tries   int       // attempts since the last stream that opened
	behind  int64     // bytes still to come that the log had when the stream began
	late    bool      // what comes belongs to an older generation

	items       []Item // what Next has not fetched
	held        int    // bytes in items, and itemCost for each without data
	fresh       bool   // something changed since the last fetch
	finished    bool   // Run is over: nothing more will come
	fetchedLast bool   // Next has returned the last update
}

// NewSession makes a session. Nothing happens before [Session.Run]. A target of
// kind Local needs Options.Dial: without it every attempt fails.
func NewSession(t Target, opt Options) *Session {
	if opt.Buffer <= 0 {
		opt.Buffer = defaultBuffer
	}
	if opt.UserAgent == "" {
		opt.UserAgent = "tailtui"
	}
	return &Session{
		target:   t,
		opt:      opt,
		streams:  &http.Client{Transport: newStreamTransport(t, opt.Dial), CheckRedirect: t.sameServer(logElsewhere)},
		controls: &http.Client{Transport: newControlTransport(t, opt.Dial), CheckRedirect: t.sameServer(logElsewhere)},
		more:     make(chan struct{}, 1),
		room:     make(chan struct{}, 1),
		again:    make(chan struct{}, 1),
		now:      Status{Cursor: opt.Cursor, Addr: t.Addr, Size: -1},
	}
}

// Target is what the session watches.
func (s *Session) Target() Target { return s.target }

// Run watches the log. It blocks until ctx ends or there is nothing more to be
// had, and it is called once.
//
// When ctx ends, Run tells the server (DELETE), gives the connections back and
// returns nil, all within [CloseTimeout], also while nobody calls Next.
// It returns nil as well when Options.NoFollow brought all there was.
//
// What is tried again, with link's backoff or after the time that the server
// asks for, and shown as Waiting meanwhile, is whatever may pass by itself:
//
//   - no connection or no answer: refused, unknown host, timeout. Also at the very
//     first attempt, since a server that is just starting is worth waiting for
//     and the status says all the while what is wrong; a mistyped host is seen as
//     soon as it would be in an error. Only with NoFollow, as scripts have it, the
//     first attempt must succeed.
//   - a stream that was cut or fell silent, or that the server ended for a reason
//     that calls for a return (wire.Reason.Returns)
//   - 408, 425, 429 and 5xx, with NoFollow once there was a stream
//   - 404 with Options.Retry, or once there was a stream: between the two steps
//     of a rotation a log has no name
//   - what is no tailsrv, but only once there was a stream: then something has
//     come between, the sign-in page of a hotel or of a proxy, and goes again.
//
// Everything else is final, and the error says why: *[ProblemError] for the
// server's other refusals, *[PeerError] for what is no tailsrv at all (no HTTP,
// an HTML page, another host's log, unreadable frames), *[EndError] for a stream
// that the server ended for good.
func (s *Session) Run(ctx context.Context) error {
	s.mu.Lock()
	s.began = time.Now()
	s.mu.Unlock()
	defer s.streams.CloseIdleConnections()
	defer s.finish()
	return s.run(ctx)
}

// run makes attempts until one is the last.
func (s *Session) run(ctx context.Context) error {
	for next := link.Dial; ; {
		if ctx.Err() != nil {
			s.stop()
			return nil
		}
		s.advance(next)
		end := s.attempt(ctx)
		if end == nil {
			return nil // the user left, and was told so to the server
		}
		if end.event == link.Refused {
			s.conclude(end)
			return end.err
		}
		var due bool
		if next, due = s.pause(ctx, end); !due {
			s.stop()
			return nil
		}
	}
}

// advance begins an attempt.
func (s *Session) advance(e link.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.RetryAt = time.Time{}
	s.now.Reached, s.now.GiveUpAt = false, time.Now().Add(s.target.reachTimeout())
	s.move(e, "")
}

// pause waits for the next attempt after end and gives the event that begins it:
// Due in time, Dial for the user's wish. It reports false when ctx ends first.
func (s *Session) pause(ctx context.Context, end *ending) (link.Event, bool) {
	s.mu.Lock()
	held := !s.now.Opened.IsZero() && time.Since(s.now.Opened) >= s.now.Heartbeat
	if held {
		s.backoff.Forgive() // a stream that was held for so long is no hammering, even if it brought nothing
	}
	wait := s.backoff.Next(rand.Float64())
	s.tries++
	switch {
	case end.soon:
		wait = 0
	case end.reason == wire.ReasonMaxAge && end.retry == 0 && held:
		wait = 0 // as planned
	case end.retry > 0:
		wait = max(end.retry, link.MinDelay) // a server that says 1 ms must not be hammered either
	}
	s.now.Attempt = s.backoff.Attempts()
	s.now.RetryAt = time.Now().Add(wait)
	s.settle(end)
	s.mu.Unlock()

	due := time.NewTimer(wait)
	defer due.Stop()
	select {
	case <-due.C:
		if end.soon {
			return link.Dial, true
		}
		return link.Due, true
	case <-s.again:
		return link.Dial, true
	case <-ctx.Done():
		return 0, false
	}
}

// conclude ends the session with what ended its last stream.
func (s *Session) conclude(end *ending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end.err != nil {
		s.put(Item{Kind: ItemProblem, Err: end.err})
	}
	s.settle(end)
}

// settle notes how a stream ended and moves the link on. Callers hold mu.
func (s *Session) settle(end *ending) {
	s.now.Reason, s.now.Detail, s.now.Hint = end.reason, end.detail, end.hint
	s.now.Stream, s.now.Opened = "", time.Time{}
	s.move(end.event, end.detail)
	s.wake() // also when an attempt fails as the one before did
}

// stop closes a session that has no stream, at the user's wish.
func (s *Session) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.RetryAt = time.Time{}
	s.move(link.Stop, "")
}

// finish lets Next return what is left, and then no more.
func (s *Session) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	s.wake()
}

// Redial is the user's wish for a connection now: a session that waits dials at
// once, one that is stalled gives its stream up first. In any other state it
// means nothing and is not kept for later.
func (s *Session) Redial() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.State == link.Waiting || s.now.State == link.Stalled {
		signal(s.again)
	}
}
