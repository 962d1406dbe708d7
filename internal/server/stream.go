package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// stream is what the rest of the server knows of one live stream: the sweeper,
// the lease and close requests, and /-/streams.
type stream struct {
	// Static after construction.
	id        string // 128 random bits in hex: the right to renew and to close
	log       string
	client    string // address, without the port
	as        wire.Representation
	kind      string // as people are shown it: of as, or kindRange
	opened    time.Time
	born      time.Duration // opened, by the clock
	clock     *clock
	heartbeat time.Duration // 0 where the representation has none
	lease     time.Duration // 0 without one
	stall     time.Duration // how long a client may take nothing
	maxAge    time.Duration // jittered; 0 is never
	idle      time.Duration // 0 is never
	hold      time.Duration // how long an unfinished line is held back
	kernel    kernel        // asks about the connection
	fd        int           // number of the connection's descriptor, for hangups; -1 without one
	end       context.CancelCauseFunc
	taken     func()        // the client took something: the write under way has its whole time again
	done      chan struct{} // closed by registry.remove: everything was given back

	place atomic.Pointer[place] // where it is in its log; nil while its beginning is looked for

	// Written by the loop, read by anyone. Times are the clock's.
	spoke   atomic.Int64 // last write
	gave    atomic.Int64 // last byte of the log
	held    atomic.Int64 // since when an unfinished line is held back; 0 for none
	noticed atomic.Int64 // when the ending was noticed; 0 before
	bytes   atomic.Int64 // of the log, sent
	passing atomic.Int64 // bytes of the log that were taken and are not sent yet
	writing atomic.Bool  // something is being sent, which may find no room
	stuck   atomic.Int64 // since when the client takes nothing; 0 while nothing waits. Written by the sweeper

	// The sweeper's alone.
	progress progress
	hungUp   bool // the connection may have ended

	mu       sync.Mutex
	heard    time.Duration // last sign of the client: its request, a renewal
	acked    string        // cursor of the last renewal that had one
	ackedAt  time.Duration
	furthest string        // the cursor that was the furthest on of all
	acks     int           // renewals that came from further on than all before
	conn     connState     // what the kernel answered last
	asked    time.Duration // when it did; 0 before it was asked, and where nobody can be

	ended *ending // set by the handler before bury reads it; nil if the stream was refused
}

// place is where a stream is in its log, for others than its own loop. Of a [Follower]
// it is the part that any goroutine may ask.
type place interface {
	Nudge()
	Lag() int64
	Behind(cursor string) (int64, bool)
}

// clock counts from a start that is one for the whole server, so that instants
// fit into an atomic and a step of the wall clock moves nothing.
type clock struct{ start time.Time }

func (c *clock) now() time.Duration { return time.Since(c.start) + 1 } // never 0, which means "not"

// idDigits is how many digits a whole id has: 128 bits in hex.
const idDigits = 32

func newID() string {
	var b [idDigits / 2]byte
	_, _ = rand.Read(b[:]) // documented to never fail
	return hex.EncodeToString(b[:])
}

// learn keeps what the kernel answered at now. It gives how often the client has said
// that it took more.
func (st *stream) learn(conn connState, now time.Duration) (said int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.conn, st.asked = conn, now
	return st.acks
}

// refresh has the kernel asked for somebody who wants to know how the connection is: of
// an idle one the sweeper has not asked for long.
func (st *stream) refresh() {
	if conn, ok := st.kernel(); ok {
		st.learn(conn, st.clock.now())
	}
}

// knew is what the kernel answered last, as of now: a connection on which a write failed
// cannot be asked about any more. It reports false where nobody has answered.
func (st *stream) knew() (connState, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	conn := st.conn
	conn.silent += st.clock.now() - st.asked
	return conn, st.asked > 0
}

// starved is for how long the client has taken nothing, for one on which a write has
// found no room for all its time. Before that write had to wait, others filled buffers.
func (st *stream) starved() time.Duration {
	if stuck := time.Duration(st.stuck.Load()); stuck > 0 {
		return max(st.stall, st.clock.now()-stuck)
	}
	return st.stall
}

// begin says where the stream is from now on. Only now does time count that the client
// or the log lets pass: neither had a part in the search.
func (st *stream) begin(at place) {
	now := st.clock.now()
	st.spoke.Store(int64(now))
	st.gave.Store(int64(now))
	st.renew("")
	st.place.Store(&at)
}

// notice marks the moment at which reclaiming began; the first mark counts.
func (st *stream) notice() { st.noticed.CompareAndSwap(0, int64(st.clock.now())) }

// heartbeatDue reports whether at now the stream must speak to keep its promise.
// The sweeper looks only every tick and may be late by a little itself, so a
// heartbeat goes out up to slack early and never late.
func (st *stream) heartbeatDue(now time.Duration) bool {
	return st.heartbeat > 0 && now-time.Duration(st.spoke.Load()) >= st.heartbeat-slack
}

// lineDue reports whether an unfinished line was held back for long enough.
func (st *stream) lineDue(now time.Duration) bool {
	held := time.Duration(st.held.Load())
	return held > 0 && now-held >= st.hold
}

// info is the stream as /-/streams shows it.
func (st *stream) info() wire.StreamInfo {
	now := st.clock.now()
	st.mu.Lock()
	defer st.mu.Unlock()
	in := wire.StreamInfo{
		ID:          st.id[:wire.ShownID],
		Log:         st.log,
		Client:      st.client,
		As:          st.kind,
		Opened:      st.opened.Round(0),
		Bytes:       st.bytes.Load(),
		LastHeardMS: (now - st.heard).Milliseconds(),
		State:       wire.StateOpening,
		LeaseMS:     st.lease.Milliseconds(),
	}
	if at := st.place.Load(); at != nil {
		in.State = wire.StateStreaming
		in.Lag = (*at).Lag() + st.passing.Load()
		in.IdleMS = (now - time.Duration(st.gave.Load())).Milliseconds()
		st.tellAcked(&in, *at, now)
	}
	if st.asked > 0 {
		st.tellConn(&in, now)
	}
	if st.noticed.Load() != 0 {
		in.State = wire.StateClosing
	}
	return in
}

// tellAcked adds how far the client really is. The caller holds mu.
func (st *stream) tellAcked(in *wire.StreamInfo, at place, now time.Duration) {
	if st.acked == "" {
		return
	}
	in.Acked, in.AckedMS = st.acked, (now - st.ackedAt).Milliseconds()
	if n, ok := at.Behind(st.acked); ok {
		in.Behind = &n
	}
}

// tellConn adds what the kernel answered last. The caller holds mu.
func (st *stream) tellConn(in *wire.StreamInfo, now time.Duration) {
	contact := (st.conn.silent + now - st.asked).Milliseconds()
	in.TCP, in.RTTUS, in.Unacked, in.ContactMS = st.conn.name, st.conn.rtt.Microseconds(), st.conn.unacked, &contact
	if stuck := time.Duration(st.stuck.Load()); stuck > 0 && in.Unacked > 0 {
		in.StuckMS = (now - stuck).Milliseconds()
	}
}

// epitaph is what is kept of a stream that has been reclaimed.
func (st *stream) epitaph() wire.StreamInfo {
	in := st.info()
	at := time.Now().Round(0)
	took := st.clock.now() - time.Duration(st.noticed.Load())
	reclaim := float64(took.Microseconds()) / 1000
	in.State, in.Ended, in.ReclaimMS = wire.StateEnded, &at, &reclaim
	in.Reason, in.Detail = st.ended.reason, st.ended.detail
	return in
}
