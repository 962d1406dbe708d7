package server

import (
	"container/list"
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// claim is what a connection is there for at the moment, which decides who makes
// room for a newcomer: see leastClaim.
//
// net/http tells of StateActive only when it has read a request's header whole,
// or given up on it, whatever its documentation says of the first byte: a client
// that sends one byte a second stays fresh or idle until then, and a request
// counts from when it has been asked.
type claim int

const (
	idle      claim = iota // between two requests, also while the next one's header is coming; leads to answering
	fresh                  // the first request's header has not come whole; leads to answering
	sending                // a request's body is awaited; leads to idle, when it is answered
	answering              // a short answer is under way; leads to sending, streaming, idle
	streaming              // it has a slot; leads to idle
	leaving                // it was closed, and net/http is not done with it yet; leads nowhere
	claims    = iota
)

// dallied is how old an answer without a slot may be before it must make room.
// It is out within milliseconds where the client takes it; by now it waits for
// one that does not. Who was refused meanwhile was told to come back after this.
const dallied = retryFull

// courtesy is how long the rest of a request is waited for in any case. A client
// sends it in one piece, and in a burst it is the server that is late to read it.
// It bounds how fast a flood of silent ones can be worked off: all places that
// streams leave, in this time.
const courtesy = 50 * time.Millisecond

// roomWait bounds how long accepting waits for room: for connections to go that
// were closed, which takes microseconds unless a handler hangs in a disk, or for
// an answer to be out, which takes little more. So a burst of requests is answered
// one after another, and clients wait in the kernel's queue.
const roomWait = 100 * time.Millisecond

// connections knows those that net/http has, for who waits until they are gone,
// and sees to it that they never become too many. A place is taken when one is
// accepted and given back when net/http is done with it.
//
// There is no limit by client address. Behind a proxy or NAT all clients have
// one, and it would buy nothing: what only waits for its client makes room for
// anybody, what is being answered does after a while, and streams are limited by
// address as it is.
type connections struct {
	// Static after construction.
	max     int // 0 is no limit
	logger  *slog.Logger
	metrics *metrics

	all sync.WaitGroup // net/http's own goroutine for each

	mu       sync.Mutex
	known    map[net.Conn]*connection
	by       [claims]list.List // of *connection, the longest there first
	draining bool              // newcomers are closed as they come
	eased    chan struct{}     // closed when one has become idle or gone; nil while nobody waits for that
	jammed   bool              // a newcomer waited in vain, and no place has come free since
	toldFull time.Time         // when the log last heard that all places are taken
}

type connection struct {
	conn     net.Conn
	claim    claim
	since    time.Time     // of the claim
	at       *list.Element // in connections.by[claim]
	slots    int           // streams on it: with HTTP/2 there can be several
	standing bool          // came when no place was free: see connections.stands
	gone     chan struct{} // closed when net/http is done with it; nil unless it is leaving
}

func newConnections(limit int, logger *slog.Logger, m *metrics) *connections {
	return &connections{max: limit, logger: logger, metrics: m, known: map[net.Conn]*connection{}}
}

// count is how many there are.
func (cs *connections) count() int {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return len(cs.known)
}

// take gives a place to a connection that was accepted. Where none is free it
// makes room, or waits for a moment until there is some; else it gives one of
// those that are kept for standing, in which a client is told that there is none.
// It reports false when even they are taken, or the server drains: then conn is to
// be closed.
func (cs *connections) take(conn net.Conn) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.full() && !cs.draining {
		cs.tellFull()
		cs.findRoom()
	}
	switch {
	case cs.draining:
		return false
	case cs.full() && len(cs.known) >= cs.max:
		cs.metrics.connsFull.Inc()
		return false
	}
	cs.add(conn, cs.full())
	return true
}

// findRoom sees to it that a place is free, for roomWait at most. After one has
// waited in vain the next do so only if there is none to stand in either. It gives
// up mu while it waits.
func (cs *connections) findRoom() {
	ctx, cancel := context.WithTimeout(context.Background(), roomWait)
	defer cancel()
	for cs.full() && !cs.draining {
		if cs.dismiss(ctx) {
			continue
		}
		late := ctx.Err() != nil
		cs.jammed = cs.jammed || late
		if late || cs.jammed && len(cs.known) < cs.max {
			return
		}
		if cs.eased == nil {
			cs.eased = make(chan struct{})
		}
		eased := cs.eased
		cs.mu.Unlock()
		again := time.NewTimer(courtesy / 5) // somebody's may be over
		select {
		case <-eased:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
		cs.mu.Lock()
	}
}

// ease is called when one has become idle or gone.
func (cs *connections) ease() {
	cs.jammed = cs.jammed && cs.full() && cs.by[idle].Len() == 0
	if cs.eased != nil {
		close(cs.eased)
		cs.eased = nil
	}
}

// dismiss closes the connection of least claim, and waits until net/http is done
// with it or ctx ends. It reports false if there is none to close, or no time. It
// gives up mu while it waits.
func (cs *connections) dismiss(ctx context.Context) bool {
	c := cs.leastClaim(time.Now())
	if c == nil || ctx.Err() != nil {
		return false
	}
	was := c.claim
	cs.metrics.connsClosed[was].Inc()
	cs.move(c, leaving)
	c.gone = make(chan struct{})
	cs.mu.Unlock()
	defer cs.mu.Lock()
	if tcp, ok := c.conn.(*net.TCPConn); ok && was == answering {
		_ = tcp.SetLinger(0) // or the kernel would go on for minutes to deliver what nobody takes
	}
	c.conn.Close()
	select {
	case <-c.gone:
	case <-ctx.Done():
	}
	return true
}

// makeRoom closes the connection of least claim, if one may be closed, for the
// sake of its descriptor.
func (cs *connections) makeRoom() {
	ctx, cancel := context.WithTimeout(context.Background(), roomWait)
	defer cancel()
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.dismiss(ctx)
}

// full reports whether only places for standing are free, or none.
func (cs *connections) full() bool {
	return cs.max > 0 && len(cs.known) >= cs.max-standingIn(cs.max)
}

func (cs *connections) add(conn net.Conn, standing bool) {
	c := &connection{conn: conn, claim: fresh, since: time.Now(), standing: standing}
	c.at = cs.by[fresh].PushBack(c)
	cs.known[conn] = c
	cs.all.Add(1)
}

// leastClaim is who makes room: the longest idle one, whom it costs nothing; else
// the one that has kept us waiting for the rest of its request for the longest,
// so that one that asks at once is hardly ever hit by a flood of those that never
// do; else the oldest short answer, if it dallied. It is nil when all others have
// a better claim than a newcomer.
func (cs *connections) leastClaim(now time.Time) *connection {
	if c := cs.longest(idle); c != nil {
		return c
	}
	asking := cs.longest(fresh)
	if body := cs.longest(sending); asking == nil || body != nil && body.since.Before(asking.since) {
		asking = body
	}
	if asking != nil && now.Sub(asking.since) >= courtesy {
		return asking
	}
	if c := cs.longest(answering); c != nil && now.Sub(c.since) >= dallied {
		return c
	}
	return nil
}

// longest is the connection that has had a claim for the longest, nil for none.
func (cs *connections) longest(had claim) *connection {
	if front := cs.by[had].Front(); front != nil {
		return front.Value.(*connection)
	}
	return nil
}

func (cs *connections) move(c *connection, to claim) {
	cs.by[c.claim].Remove(c.at)
	c.claim, c.since = to, time.Now()
	c.at = cs.by[to].PushBack(c)
	if to == idle {
		cs.ease()
	}
}

// note is an http.Server's ConnState.
func (cs *connections) note(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateActive:
		cs.become(conn, answering)
	case http.StateIdle:
		cs.become(conn, idle)
	case http.StateClosed, http.StateHijacked:
		cs.remove(conn)
	}
}

// become changes what a connection is there for, unless it has a slot.
func (cs *connections) become(conn net.Conn, to claim) {
	cs.change(conn, func(c *connection) claim {
		if c.slots > 0 {
			return streaming
		}
		return to
	})
}

// hold is told that a stream on the connection has a slot, drop that one has
// given it back.
func (cs *connections) hold(conn net.Conn) {
	cs.change(conn, func(c *connection) claim {
		c.slots++
		return streaming
	})
}

func (cs *connections) drop(conn net.Conn) {
	cs.change(conn, func(c *connection) claim {
		if c.slots--; c.slots > 0 {
			return streaming
		}
		return answering
	})
}

// change gives a connection the claim that f finds for it. One that is leaving
// keeps its own.
func (cs *connections) change(conn net.Conn, f func(*connection) claim) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.known[conn]
	if c == nil {
		return
	}
	if to := f(c); to != c.claim && c.claim != leaving {
		cs.move(c, to)
	}
}

func (cs *connections) remove(conn net.Conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.known[conn]
	if c == nil {
		return
	}
	cs.by[c.claim].Remove(c.at)
	delete(cs.known, conn)
	if c.gone != nil {
		close(c.gone)
	}
	cs.ease()
	cs.all.Done()
}

// stands reports whether a connection came when no place was free and none has
// become free since. It may ask for what the server is looked after with, and
// for nothing else.
func (cs *connections) stands(conn net.Conn) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.known[conn]
	if c == nil || !c.standing {
		return false
	}
	c.standing = len(cs.known) > cs.max-standingIn(cs.max)
	return c.standing
}

// toldEvery is how often at most the log hears of a lack that lasts.
const toldEvery = time.Minute

// tellFull counts a newcomer who found no place.
func (cs *connections) tellFull() {
	cs.metrics.limitConns.Inc()
	if now := time.Now(); cs.toldFull.IsZero() || now.Sub(cs.toldFull) >= toldEvery {
		cs.toldFull = now
		cs.logger.Warn("all connections are taken: those that ask for nothing make room", "limit", cs.max,
			"streaming", cs.by[streaming].Len(), "answering", cs.by[answering].Len(), "waiting", cs.by[idle].Len()+cs.by[fresh].Len()+cs.by[sending].Len())
	}
}

// drain closes those that have not asked for anything, and lets no further one
// in. http.Server.Shutdown waits for them for 5 s, in case they might yet.
func (cs *connections) drain() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.draining = true
	for e := cs.by[fresh].Front(); e != nil; e = e.Next() {
		e.Value.(*connection).conn.Close()
	}
}
