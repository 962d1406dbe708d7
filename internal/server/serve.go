package server

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// servePath answers GET and HEAD of everything outside /-/: a log, or with a
// trailing slash a directory.
func (s *Server) servePath(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		s.serveListing(w, r, strings.TrimSuffix(name, "/"))
		return
	}
	q, p := parseQuery(r)
	if p != nil {
		refuse(w, r, p)
		return
	}
	w.Header().Set("Vary", "Accept")
	switch {
	case r.Method == http.MethodHead:
		s.serveHead(w, r, name)
	case inBytes(r.Header.Get("Range")) && q.as == wire.Raw && q.start.Once:
		s.serveRange(w, r, name, q)
	default:
		s.serveStream(w, r, name, q)
	}
}

// serveHead answers HEAD of a log: where it ends now.
func (s *Server) serveHead(w http.ResponseWriter, r *http.Request, name string) {
	info, err := s.cfg.Logs.Stat(name)
	if err != nil {
		s.refuseErr(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", wire.TypeText)
	h.Set("Content-Length", strconv.FormatInt(info.Size, 10))
	h.Set("ETag", etag(info.Tag))
	h.Set(wire.HeaderCursor, info.Cursor)
	h.Set("Cache-Control", noStore)
	w.WriteHeader(http.StatusOK)
}

// noStore also keeps proxies from compressing, and so from buffering.
const noStore = "no-store, no-transform"

// etag names a generation. It is strong for what it is used for, If-Range: the
// bytes of a generation that were there once do not change.
func etag(tag string) string { return `"` + tag + `"` }

// serveStream answers GET of a log with a stream.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request, name string, q *query) {
	st := s.newStream(name, clientOf(r), q)
	s.live(w, r, st, func(ctx context.Context, c *conn) {
		follower, err := s.cfg.Logs.Follow(ctx, name, q.start)
		if err != nil {
			st.ended = causeOf(ctx)
			s.refuseSearch(w, r, err, st.ended)
			return
		}
		defer follower.Close()
		s.carry(ctx, w, st, c, follower, q)
	})
}

// live is the life of a stream: with a slot, and in the registry. In whatever way it
// ends, what it held is given back before the answer ends. serve sets st.ended, or has
// refused what was asked for.
func (s *Server) live(w http.ResponseWriter, r *http.Request, st *stream, serve func(ctx context.Context, c *conn)) {
	release, p := s.admit(r)
	if p != nil {
		refuse(w, r, p)
		return
	}
	ctx, end := s.registry.stream(r.Context())
	st.kernel, st.fd = kernelOf(r.Context())
	st.end = end
	c := newConn(w, st.patience())
	st.taken = c.taken
	s.registry.add(st)
	defer s.bury(st)
	defer end(nil)
	defer release()

	defer c.leave()
	defer onEnd(ctx, func(e *ending) {
		st.notice()
		if e.reason == wire.ReasonStalled {
			reset(ctx) // or the kernel would go on for minutes to deliver what nobody takes
		}
		e.hurry(c)
	})()
	serve(ctx, c)
	if st.ended != nil && st.ended.aborts() {
		panic(http.ErrAbortHandler) // nobody may take this for a clean end
	}
}

// begin counts a stream that is one from now on.
func (s *Server) begin(st *stream, at place) {
	s.metrics.opened[st.kind].Inc()
	st.begin(at)
}

// carry is the life of a stream that has its follower.
func (s *Server) carry(ctx context.Context, w http.ResponseWriter, st *stream, c *conn, follower Follower, q *query) {
	opening := follower.Opening()
	l := &loop{
		st: st, conn: c, follower: follower, once: q.start.Once, buffers: &s.buffers, sent: s.metrics.sent,
		enc: wire.NewEncoder(q.as, wire.EncoderOptions{Newlines: q.newlines, MidLine: opening.MidLine}),
	}
	open := s.openObject(st, opening)
	open.Behind = follower.Lag()
	s.begin(st, follower)
	announce(w.Header(), st, open)
	if !q.start.Once {
		// Nobody asks for anything else behind a stream. One who is stopped, and a proxy,
		// would never close the connection, and net/http would keep it for a minute.
		w.Header().Set("Connection", "close")
	}
	st.ended = &ending{reason: wire.ReasonError, detail: "internal error", cut: true} // stays so only if the loop panics
	st.ended = l.run(ctx, open)
	w.Header().Set(wire.TrailerEnd, string(st.ended.reason))
}

// refuseSearch answers for a log whose place to begin at was not found: because
// of err, or, if it is not nil, because of ended meanwhile. Looking for a time
// takes a while in a large log.
func (s *Server) refuseSearch(w http.ResponseWriter, r *http.Request, err error, ended *ending) {
	switch {
	case ended == nil:
		s.refuseErr(w, r, err)
	case ended.reason == wire.ReasonShutdown:
		refuse(w, r, shuttingDown())
	case ended.reason == wire.ReasonOperator:
		refuse(w, r, wire.NewProblem(http.StatusForbidden, "ended", "this stream was ended before it began: "+ended.detail, ""))
	}
	// Else nobody is there to be answered, and an empty answer would be a lie.
}

// onEnd runs f once ctx has ended, in a goroutine of its own since the handler's
// may be stuck in a write. The function that it returns waits until f is done
// or will never run.
func onEnd(ctx context.Context, f func(*ending)) (wait func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		f(causeOf(ctx))
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

func (s *Server) newStream(name, client string, q *query) *stream {
	now := s.clock.now()
	st := &stream{
		id: newID(), log: name, client: client, as: q.as, kind: q.as.String(),
		opened: time.Now(), born: now, clock: s.clock, heard: now,
		stall: s.cfg.StallTimeout, idle: s.cfg.IdleTimeout, hold: q.hold,
		done: make(chan struct{}),
	}
	heartbeat := q.heartbeat
	if heartbeat == 0 {
		heartbeat = s.cfg.Heartbeat
	}
	if q.as != wire.Raw || q.newlines {
		st.heartbeat = heartbeat
	}
	st.lease = s.cfg.leaseFor(q.as, q.lease, heartbeat)
	if s.cfg.MaxAge > 0 {
		st.maxAge = s.cfg.MaxAge*4/5 + rand.N(s.cfg.MaxAge/5+1) // so that streams opened together do not end together
	}
	return st
}

func (s *Server) openObject(st *stream, opening follow.Opening) wire.Open {
	return wire.Open{
		Stream: st.id, Log: st.log, Cursor: opening.Cursor, Met: wire.Met(opening.Met), Size: opening.Size,
		HeartbeatMS: st.heartbeat.Milliseconds(), LeaseMS: st.lease.Milliseconds(), MaxAgeMS: st.maxAge.Milliseconds(),
		Modified: opening.Modified, Server: "tailsrv " + s.cfg.Version,
	}
}

// announce sets the headers of a stream's answer. Raw streams, which have no
// open object, learn from them what there is to know.
func announce(h http.Header, st *stream, open wire.Open) {
	h.Set("Content-Type", st.as.ContentType())
	h.Set("Cache-Control", noStore)
	h.Set("X-Accel-Buffering", "no") // nginx: pass bytes as they come
	h.Set(wire.HeaderStream, open.Stream)
	h.Set(wire.HeaderCursor, open.Cursor)
	h.Set(wire.HeaderMet, string(open.Met))
	if st.heartbeat > 0 {
		h.Set(wire.HeaderHeartbeat, seconds(st.heartbeat))
	}
	if st.lease > 0 {
		h.Set(wire.HeaderLease, seconds(st.lease))
	}
	h.Set("Trailer", wire.TrailerEnd)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// bury counts and remembers a stream whose everything was given back, and then
// tells who waits for that. The log hears of it last: nothing waits for it. One that
// was refused has never been.
func (s *Server) bury(st *stream) {
	if st.ended == nil {
		s.registry.forget(st)
		return
	}
	st.notice()
	if st.place.Load() == nil {
		s.metrics.opened[st.kind].Inc() // what ends was opened, if only to look for its beginning
	}
	last := st.epitaph()
	s.metrics.buried(last)
	s.registry.remove(st, last)
	s.cfg.Logger.Info("stream ended",
		"log", shorten(last.Log), "client", last.Client, "as", last.As, "id", last.ID,
		"age", last.Ended.Sub(last.Opened).Round(time.Millisecond), "bytes", last.Bytes,
		"reason", last.Reason, "detail", last.Detail, "reclaim_ms", *last.ReclaimMS)
}
