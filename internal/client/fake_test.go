package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// beat is the heartbeat that the fake server announces.
const beat = 5 * time.Second

// script plays one stream; the stream is cut when it returns.
type script func(st *fakeStream)

// fake is a server whose streams are scripts, in memory. The last script is
// played again for every further request.
type fake struct {
	t       *testing.T
	scripts []script

	mu       sync.Mutex
	down     error // connecting fails with it
	queries  []query
	renewals []renewal
	deletes  []time.Time
	streams  map[string]*fakeStream

	// Set before the session runs.
	onRenew  func(w http.ResponseWriter) // nil: 204
	onDelete func(st *fakeStream)        // called before the stream is ended
	listener *memnet.Listener
	conns    atomic.Int32 // connections that are open
}

// query is a request for a stream.
type query struct {
	url.Values
	at time.Time
}

// renewal is a request to renew a lease.
type renewal struct {
	at     time.Time
	cursor string
}

// serve starts a fake server in the test's bubble.
func serve(t *testing.T, scripts ...script) *fake {
	f := &fake{t: t, scripts: scripts, streams: map[string]*fakeStream{}, listener: memnet.Listen()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app.log", f.stream)
	mux.HandleFunc("POST /-/streams/{id}/lease", f.renew)
	mux.HandleFunc("DELETE /-/streams/{id}", f.delete)
	srv := &http.Server{Handler: mux, ConnState: func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			f.conns.Add(1)
		case http.StateClosed:
			f.conns.Add(-1)
		}
	}}
	go srv.Serve(f.listener)
	t.Cleanup(func() { srv.Close() })
	return f
}

func (f *fake) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	if down != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: down}
	}
	return f.listener.Dial(ctx)
}

// setDown makes connecting fail with err, or succeed again.
func (f *fake) setDown(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

func (f *fake) asked() []query {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.queries
}

func (f *fake) renewed() []renewal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.renewals
}

func (f *fake) deleted() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deletes
}

func (f *fake) stream(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	f.mu.Lock()
	n := len(f.queries)
	f.queries = append(f.queries, query{r.URL.Query(), time.Now()})
	st := &fakeStream{
		f: f, w: w, r: r, ctx: ctx, cancel: cancel, done: done, id: fmt.Sprintf("id%d", n),
		enc: wire.NewEncoder(wire.Frames, wire.EncoderOptions{}),
	}
	f.streams[st.id] = st
	f.mu.Unlock()
	if got := r.Header.Get("Accept"); got != wire.TypeFrames+", "+wire.TypeProblem {
		f.t.Errorf("Accept: %q", got)
	}
	f.scripts[min(n, len(f.scripts)-1)](st)
}

func (f *fake) renew(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.renewals = append(f.renewals, renewal{time.Now(), string(body)})
	f.mu.Unlock()
	if f.onRenew != nil {
		f.onRenew(w)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// delete answers, as tailsrv does, when the stream has come to its end.
func (f *fake) delete(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.deletes = append(f.deletes, time.Now())
	st := f.streams[r.PathValue("id")]
	f.mu.Unlock()
	if st == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if f.onDelete != nil {
		f.onDelete(st)
	}
	st.cancel()
	select {
	case <-st.done:
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}

// fakeStream is one stream as its script sees it.
type fakeStream struct {
	f      *fake
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context // ends when the client leaves, also by DELETE
	cancel context.CancelFunc
	done   chan struct{} // closed when the script has ended
	id     string
	enc    wire.Encoder
}

// send writes what an encoder appended.
func (st *fakeStream) send(p []byte) {
	st.w.Write(p)
	st.w.(http.Flusher).Flush()
}

func (st *fakeStream) header() {
	st.w.Header().Set("Content-Type", wire.TypeFrames)
	st.w.Header().Set(wire.HeaderStream, st.id)
}

// open begins the stream; change may alter the open frame.
func (st *fakeStream) open(change ...func(*wire.Open)) {
	o := wire.Open{
		Stream: st.id, Log: "app.log", Cursor: "begin", Met: wire.MetFresh, Size: 0,
		HeartbeatMS: beat.Milliseconds(), Server: "tailsrv test",
	}
	if c := st.r.URL.Query().Get("cursor"); c != "" {
		o.Cursor, o.Met = c, wire.MetContinued
	}
	for _, c := range change {
		c(&o)
	}
	st.header()
	st.send(st.enc.Open(nil, o))
}

func (st *fakeStream) data(text, cursor string) {
	st.send(st.enc.Data(nil, []byte(text), func(int) string { return cursor }))
}

func (st *fakeStream) event(e wire.Event) { st.send(st.enc.Event(nil, e)) }

func (st *fakeStream) heartbeat(cursor string, size int64) {
	st.send(st.enc.Heartbeat(nil, wire.Heartbeat{Cursor: cursor, Size: size}))
}

func (st *fakeStream) end(e wire.End) { st.send(st.enc.End(nil, e)) }

// silent says nothing more until the client leaves.
func (st *fakeStream) silent() { <-st.ctx.Done() }

// beatOn says heartbeats until the client leaves.
func (st *fakeStream) beatOn() {
	for {
		select {
		case <-st.ctx.Done():
			return
		case <-time.After(beat):
			st.heartbeat("", 0)
		}
	}
}

// live is a stream that only lives.
func live(st *fakeStream) { st.open(); st.beatOn() }

// leased asks for renewals.
func leased(d time.Duration) func(*wire.Open) {
	return func(o *wire.Open) { o.LeaseMS = d.Milliseconds() }
}

// problem answers with a problem.
func problem(status int, header ...string) script {
	return func(st *fakeStream) {
		for i := 0; i < len(header); i += 2 {
			st.w.Header().Set(header[i], header[i+1])
		}
		st.w.Header().Set("Content-Type", wire.TypeProblem)
		st.w.WriteHeader(status)
		st.w.Write(wire.NewProblem(status, "a title", "a detail", "a hint").JSON())
	}
}

// viewer runs a session and takes all that Next brings.
type viewer struct {
	t      *testing.T
	s      *Session
	leave  context.CancelFunc
	done   chan struct{} // closed when Run returned
	pulled chan struct{} // closed after the last update
	err    error         // Run's, after done

	mu       sync.Mutex
	items    []Item
	text     bytes.Buffer
	statuses []Status
}

// view runs a session against f. It pulls unless told not to.
func view(t *testing.T, f *fake, opt Options, pull bool) *viewer {
	opt.Dial = f.dial
	target := Target{Kind: HTTP, Addr: "fake:7070", Path: "/app.log", Label: "fake:7070/app.log"}
	ctx, cancel := context.WithCancel(context.Background())
	v := &viewer{t: t, s: NewSession(target, opt), leave: cancel, done: make(chan struct{}), pulled: make(chan struct{})}
	go func() {
		defer close(v.done)
		v.err = v.s.Run(ctx)
	}()
	if pull {
		go v.pull()
	}
	t.Cleanup(func() { cancel(); <-v.done })
	return v
}

func (v *viewer) pull() {
	defer close(v.pulled)
	for {
		u, err := v.s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			v.t.Errorf("Next: %v", err)
			return
		}
		v.mu.Lock()
		for _, it := range u.Items {
			v.items = append(v.items, it)
			v.text.Write(it.Data)
		}
		v.statuses = append(v.statuses, u.Status)
		v.mu.Unlock()
	}
}

// got is the log as the viewer has it.
func (v *viewer) got() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.text.String()
}

// find gives the items of a kind.
func (v *viewer) find(kind ItemKind) (found []Item) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, it := range v.items {
		if it.Kind == kind {
			found = append(found, it)
		}
	}
	return found
}

// state fails the test unless the session is in state.
func (v *viewer) state(want link.State) Status {
	v.t.Helper()
	synctest.Wait()
	st := v.s.Status()
	if st.State != want {
		v.t.Fatalf("state is %v (%s), want %v; history: %s", st.State, st.Detail, want, path(st))
	}
	return st
}

// over fails the test unless Run has returned, and gives its error.
func (v *viewer) over() error {
	v.t.Helper()
	synctest.Wait()
	select {
	case <-v.done:
		return v.err
	default:
		v.t.Fatalf("Run has not returned; history: %s", path(v.s.Status()))
		return nil
	}
}

// path writes the states that a session went through.
func path(st Status) string {
	words := make([]string, len(st.History))
	for i, c := range st.History {
		words[i] = c.State.String()
	}
	return strings.Join(words, " ")
}

// after lets fake time pass and everybody react.
func after(d time.Duration) {
	time.Sleep(d) // in a bubble: no waiting
	synctest.Wait()
}

const refusedErr = syscall.ECONNREFUSED
