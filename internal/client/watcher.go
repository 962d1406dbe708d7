package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// How often a [Watcher] asks. A second is often enough to see a stream come and go,
// and what a server answers at a thousandth of a core. One that is slow to answer,
// with very many streams or over a thin line, is left alone for as long as
// watchShare answers take: being looked after must not be what keeps it busy.
const (
	WatchEvery    = time.Second
	MaxWatchEvery = 5 * time.Second
	watchShare    = 4
)

// streamsPath is where a server tells of its streams.
const streamsPath = "/-/streams"

// listTimeout bounds an answer with all its streams, over a slow line too.
const listTimeout = 30 * time.Second

// WatcherOptions are a watcher's wishes.
type WatcherOptions struct {
	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil is [net.Dialer]'s
	UserAgent string                                                            // "" is "tailtui"
}

// Watcher watches a server's streams: it asks for them as often as somebody
// pulls. Nothing runs between two calls of Next. Next belongs to one consumer at
// a time; End and Redial may be called from anywhere.
type Watcher struct {
	// Static after NewWatcher.
	target Target
	agent  string
	http   *http.Client
	again  chan struct{} // of one, never closed: ask now

	known atomic.Bool // there was a good answer: the address is right

	// Owned by Next.
	now     Overview
	due     time.Time // when to ask next; zero for at once
	backoff link.Backoff
}

// Overview is what a watcher knows of a server at one moment. It is a copy; what
// it refers to is never changed afterwards.
type Overview struct {
	Streams wire.Streams  // of the last good answer
	At      time.Time     // when that came; zero while there was none
	Clock   time.Time     // the server's clock then
	Took    time.Duration // from asking to all of the answer
	Every   time.Duration // how often the server is asked while it answers

	Err     error     // why the newest question has no answer; nil when it has
	Failed  int       // questions without an answer since the last good one
	RetryAt time.Time // with Err: when it is asked again; zero for never
}

// NewWatcher makes a watcher of a target that [ParseServer] read. Nothing happens
// before [Watcher.Next]. Close it after use.
func NewWatcher(t Target, opt WatcherOptions) *Watcher {
	if opt.UserAgent == "" {
		opt.UserAgent = "tailtui"
	}
	tr := newControlTransport(t, opt.Dial)
	tr.ResponseHeaderTimeout = AnswerTimeout
	return &Watcher{
		target: t, agent: opt.UserAgent,
		http:  &http.Client{Transport: tr, CheckRedirect: t.sameServer(streamsElsewhere)},
		again: make(chan struct{}, 1),
		now:   Overview{Every: WatchEvery},
	}
}

// Target is the server that is watched.
func (w *Watcher) Target() Target { return w.target }

// Next waits until it is time to ask, asks, and gives what is known then, the
// first time at once. A question that fails is no error of Next: the overview
// keeps the last good answer and tells the failure, and the next question waits
// for link's backoff or as long as the server wishes.
//
// What fails before the first good answer in a way that will not pass, as the
// comment of [Session.Run] has it, is final: RetryAt is zero then, and Next gives
// io.EOF from then on. When ctx ends Next returns its cause, whatever it waits for.
func (w *Watcher) Next(ctx context.Context) (Overview, error) {
	if w.now.Err != nil && w.now.RetryAt.IsZero() {
		return Overview{}, io.EOF
	}
	if err := w.pause(ctx); err != nil {
		return Overview{}, err
	}
	began := time.Now()
	streams, clock, err := w.ask(ctx)
	if ctx.Err() != nil {
		return Overview{}, context.Cause(ctx)
	}
	if err != nil {
		w.fail(err)
		return w.now, nil
	}
	at := time.Now()
	took := at.Sub(began)
	w.backoff.Forgive()
	w.known.Store(true)
	w.now = Overview{Streams: streams, At: at, Clock: clock, Took: took, Every: min(max(WatchEvery, watchShare*took), MaxWatchEvery)}
	w.due = began.Add(w.now.Every)
	return w.now, nil
}

// Redial is the user's wish for an answer now. It returns at once.
func (w *Watcher) Redial() { signal(w.again) }

// Close gives the connections back, once Next is called no more.
func (w *Watcher) Close() { w.http.CloseIdleConnections() }

// pause waits until it is time to ask, or the user wishes it.
func (w *Watcher) pause(ctx context.Context) error {
	timer := time.NewTimer(time.Until(w.due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.again:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// fail notes a question without an answer, and when to ask again.
func (w *Watcher) fail(err error) {
	wait := w.backoff.Next(rand.Float64())
	w.now.Err, w.now.Failed = err, w.backoff.Attempts()
	w.now.RetryAt = time.Time{}
	if w.now.At.IsZero() && isFinal(err) {
		return
	}
	var problem *ProblemError
	if errors.As(err, &problem) {
		wait = max(wait, problem.RetryAfter)
	}
	w.due = time.Now().Add(wait)
	w.now.RetryAt = w.due
}

// isFinal reports whether asking again gives the same failure.
func isFinal(err error) bool {
	var (
		peer    *PeerError
		problem *ProblemError
	)
	switch {
	case errors.As(err, &peer):
		return true
	case errors.As(err, &problem):
		switch problem.Status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
			return false
		}
		return problem.Status < 500
	}
	return false
}

// ask asks for the streams, and gives the server's clock with them. Of those that
// ended a server remembers a thousand, of which most were told before: only the last
// ones are asked for, and all where that leaves a gap.
func (w *Watcher) ask(ctx context.Context) (wire.Streams, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	if len(w.now.Streams.Ended) > 0 {
		streams, clock, err := w.list(ctx, url.Values{"ended": {strconv.Itoa(lastEnded)}})
		if err != nil {
			return streams, clock, err
		}
		var isWhole bool
		if streams.Ended, isWhole = joinEnded(w.now.Streams.Ended, streams.Ended); isWhole {
			return streams, clock, nil
		}
	}
	return w.list(ctx, nil)
}

// list asks once.
func (w *Watcher) list(ctx context.Context, query url.Values) (wire.Streams, time.Time, error) {
	resp, err := w.do(ctx, http.MethodGet, streamsPath, query)
	if err != nil {
		return wire.Streams{}, time.Time{}, err
	}
	defer resp.Body.Close()
	now := time.Now()
	streams, err := w.target.readStreams(resp)
	return streams, now.Add(clockSkew(resp.Header.Get("Date"), now)), w.advise(err)
}

// End ends the live stream whose id, as people are shown it, is prefix: nil when
// it has been reclaimed. *[ProblemError] is the server's refusal: 403 to who may
// not, 404 when there is no such live stream, 409 when there are two.
func (w *Watcher) End(ctx context.Context, prefix string) error {
	if !isPrefix(prefix) {
		// The whole id is the client's own right, anything else nobody's.
		return &PeerError{Addr: w.target.Addr, Detail: fmt.Sprintf("shows a stream as %q, which is no beginning of an id", clip(prefix, maxWord)), Hint: portHint}
	}
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	resp, err := w.do(ctx, http.MethodDelete, streamsPath+"/"+prefix, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return nil
	}
	return w.advise(w.target.noAnswer(resp))
}

// isPrefix reports whether s is as much of an id as people are shown.
func isPrefix(s string) bool {
	if len(s) != wire.ShownID {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// do sends one request. Its error is as [Target.dialFailure] sorts it, with advice.
func (w *Watcher) do(ctx context.Context, method, path string, query url.Values) (*http.Response, error) {
	var conn net.Conn
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) { conn = got.Conn }, // in Do's own goroutine
	})
	req, err := http.NewRequestWithContext(traced, method, w.target.url(path, query), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", wire.TypeJSON+", "+wire.TypeProblem)
	req.Header.Set("User-Agent", w.agent)
	// Asking and ending twice is asking and ending: lets net/http repeat the request
	// when the kept connection turns out to be dead. A nil value is not sent.
	req.Header["Idempotency-Key"] = nil
	resp, err := w.http.Do(req)
	if err == nil {
		return resp, nil
	}
	if c, ok := conn.(*sniffConn); ok {
		err = c.why(err)
	}
	var timeout net.Error
	if conn != nil && errors.As(err, &timeout) && timeout.Timeout() {
		return nil, w.advise(&UnreachableError{Hint: portHint, Err: err,
			Detail: fmt.Sprintf("%s took the connection and gave no answer within %s", w.target.Addr, AnswerTimeout)})
	}
	err = w.target.dialFailure(err)
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) {
		unreachable.Unsent = conn == nil
	}
	return nil, w.advise(err)
}
