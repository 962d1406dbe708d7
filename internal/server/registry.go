package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// keptEnded is how many ended streams /-/streams remembers.
const keptEnded = 1000

// registry knows every stream there is and the last that were. A stream is in
// it from the search for its beginning until everything it held was given back.
type registry struct {
	// Static after construction.
	maxStreams, maxPerClient int
	more                     string // what to do about maxStreams
	metrics                  *metrics
	wake                     chan struct{}   // capacity 1: tells the sweeper that there are streams
	open                     context.Context // ends, with an ending as its cause, when no stream may begin any more
	close                    context.CancelCauseFunc

	mu      sync.Mutex
	slots   int            // taken, at most maxStreams
	clients map[string]int // slots by client address, at most maxPerClient each
	live    map[string]*stream
	ended   []wire.StreamInfo // ring of keptEnded
	oldest  int               // index into ended, once it is full
}

func newRegistry(maxStreams, maxPerClient int, more string, m *metrics) *registry {
	r := &registry{
		maxStreams: maxStreams, maxPerClient: maxPerClient, more: more, metrics: m,
		wake:    make(chan struct{}, 1),
		clients: map[string]int{},
		live:    map[string]*stream{},
	}
	r.open, r.close = context.WithCancelCause(context.Background())
	return r
}

// retryFull is what 429 and 503 answers give as Retry-After: soon enough for a
// server that is only being restarted, rare enough for one that is full.
const retryFull = 5 * time.Second

// admit takes a slot for a client, so that a refused one costs no open file. A
// nil problem comes with a release that is to be called once.
func (r *registry) admit(client string) (release func(), p *wire.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.open.Err() != nil:
		return nil, shuttingDown()
	case r.slots >= r.maxStreams:
		r.metrics.limitStreams.Inc()
		return nil, wire.NewProblem(http.StatusTooManyRequests, "too many streams",
			fmt.Sprintf("all %d streams of this server are taken", r.maxStreams),
			r.more)
	case r.clients[client] >= r.maxPerClient:
		r.metrics.limitClient.Inc()
		return nil, wire.NewProblem(http.StatusTooManyRequests, "too many streams of one client",
			fmt.Sprintf("%q has %d streams, as many as one address may", client, r.maxPerClient),
			"close one of them, or start tailsrv with a larger --max-streams-per-client")
	}
	r.slots++
	r.clients[client]++
	return func() { r.release(client) }, nil
}

func shuttingDown() *wire.Problem {
	return wire.NewProblem(http.StatusServiceUnavailable, "shutting down",
		"the server is stopping", "try again in a few seconds")
}

// stream gives the context of a stream that the request asks for, from the
// search for its beginning on. It ends with the request, with the registry, or by
// end, which is to be called.
func (r *registry) stream(request context.Context) (ctx context.Context, end context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(request)
	stop := context.AfterFunc(r.open, func() { cancel(context.Cause(r.open)) })
	return ctx, func(why error) {
		stop()
		cancel(why)
	}
}

func (r *registry) release(client string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.slots--
	if r.clients[client]--; r.clients[client] == 0 {
		delete(r.clients, client)
	}
}

// add makes a stream visible to the sweeper and to DELETE.
func (r *registry) add(st *stream) {
	r.mu.Lock()
	r.live[st.id] = st
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// forget removes a stream of which nothing is to be remembered.
func (r *registry) forget(st *stream) {
	r.mu.Lock()
	delete(r.live, st.id)
	r.mu.Unlock()
	close(st.done)
}

// remove is the last thing that happens to a stream: all it held is back. What
// is remembered of it is last.
func (r *registry) remove(st *stream, last wire.StreamInfo) {
	r.mu.Lock()
	delete(r.live, st.id)
	if len(r.ended) < keptEnded {
		r.ended = append(r.ended, last)
	} else {
		r.ended[r.oldest] = last
		r.oldest = (r.oldest + 1) % keptEnded
	}
	r.mu.Unlock()
	close(st.done)
}

// find gives the live stream with this id, which is the whole secret.
func (r *registry) find(id string) (*stream, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st, ok := r.live[id]
	return st, ok
}

// shown gives the live streams whose ids begin as people are shown them.
func (r *registry) shown(id string) (found []*stream) {
	for _, st := range r.all(nil) {
		if st.id[:wire.ShownID] == id {
			found = append(found, st)
		}
	}
	return found
}

// all appends the live streams to dst, in no order.
func (r *registry) all(dst []*stream) []*stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.live {
		dst = append(dst, st)
	}
	return dst
}

// size is how many live streams there are.
func (r *registry) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live)
}

// count is how many live streams are what is wanted.
func (r *registry) count(wanted func(*stream) bool) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.live {
		if wanted(st) {
			n++
		}
	}
	return n
}

// streams is the registry as /-/streams shows it.
func (r *registry) streams() wire.Streams {
	live := r.all(nil)
	slices.SortFunc(live, func(a, b *stream) int {
		if c := a.opened.Compare(b.opened); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	s := wire.Streams{Live: make([]wire.StreamInfo, 0, len(live))}
	for _, st := range live {
		st.refresh()
		s.Live = append(s.Live, st.info())
	}
	r.mu.Lock()
	s.Ended = append(append(make([]wire.StreamInfo, 0, len(r.ended)), r.ended[r.oldest:]...), r.ended[:r.oldest]...)
	r.mu.Unlock()
	slices.Reverse(s.Ended)
	return s
}
