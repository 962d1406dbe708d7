package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long the kernel takes to notice a client that vanished. Keepalive finds
// it on a silent connection; but probes are suspended while anything sent waits
// for its acknowledgement, as a heartbeat does, and then only the user timeout
// stands between us and a quarter of an hour of retransmissions.
const (
	minUserTimeout    = 30 * time.Second
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
)

// stallMargin is how much later than the sweeper the kernel may give up on a
// client that takes nothing: the sweeper must be the one to name the reason.
const stallMargin = 5 * time.Second

// userTimeout is the kernel's patience. Time in which a client is there and its
// window is closed counts, too, so that it must outlast the stall timeout.
func userTimeout(stall time.Duration) time.Duration { return max(minUserTimeout, stall+stallMargin) }

// tunedListener sets these on every connection it accepts. They are set on each
// one and not on the listener since Go's listeners are MPTCP by default, from
// which not every kernel lets accepted connections inherit them.
type tunedListener struct {
	net.Listener
	userTimeout time.Duration
	logger      *slog.Logger
	once        sync.Once // the first failure is logged: the others are of the same kind
}

func (l *tunedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	if err := tune(tcp, l.userTimeout); err != nil {
		l.once.Do(func() {
			l.logger.Warn("a client that vanishes may hold its stream longer than promised", "err", err)
		})
	}
	return c, nil
}

func tune(c *net.TCPConn, userTimeout time.Duration) error {
	if err := c.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
	}); err != nil {
		return err
	}
	return setUserTimeout(c, userTimeout)
}

// http2Config is what HTTP/2 has of its own. A ping is the one thing of all that the
// client's process must answer and not its kernel: it finds a stopped client that
// has no lease. Silence of a connection is bounded by keepAliveIdle with the answer
// to a ping, and what is written by the stall timeout.
func http2Config(stall time.Duration) *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams: http2Streams,
		SendPingTimeout:      keepAliveIdle,
		PingTimeout:          keepAliveIdle,
		WriteByteTimeout:     stall,
	}
}

// http2Streams is how many requests one connection may have at a time: every stream
// that a client's address may have by default, and its renewals and closes.
const http2Streams = 2 * DefaultMaxStreamsPerClient

// connState is what the kernel knows of a connection.
type connState struct {
	name    string        // of the state, "established"
	closed  bool          // the other side sent FIN or RST
	rtt     time.Duration // smoothed; 0 where unknown
	unacked int64         // bytes written and not acknowledged, sent or not
	acked   uint64        // bytes acknowledged in all
	silent  time.Duration // since the other side last answered anything, also a probe
}

// vanished tells, of a connection on which nothing was taken for stuck, one whose
// client is there and takes nothing from one whose client is not there. A client that
// is there answers the kernel's probes of its closed window. They come at twice the
// distance each time, so that the last answer is at most half as old as the stall,
// and a little; that of a client which vanished is as old as the stall.
func (s connState) vanished(stuck time.Duration) bool { return s.silent >= stuck*3/4 }

// progress is what the sweeper remembers of a connection from one question to
// the next.
type progress struct {
	at    time.Duration // when that was; 0 before the first
	acked uint64        // bytes acknowledged in all
	said  int           // how often the client itself said that it took more
	since time.Duration // when it was first seen to be so many while more waited; 0 while none waits
}

// due reports whether the client has taken nothing for the limit, as far as is known:
// then the question cannot wait for its turn.
func (p *progress) due(now, limit time.Duration) bool { return p.since > 0 && now-p.since >= limit }

// look takes one answer of the kernel, and how often the client itself has said that
// it took more. took says that it did since the last time; stalled that, at now,
// it is there and has taken nothing for the limit. One that vanished is the user
// timeout's affair.
func (p *progress) look(s connState, said int, now, limit time.Duration) (took, stalled bool) {
	took = s.acked != p.acked || said != p.said
	p.at, p.acked, p.said = now, s.acked, said
	switch {
	case s.unacked == 0:
		p.since = 0
	case took || p.since == 0:
		p.since = now
	default:
		stuck := now - p.since
		stalled = stuck >= limit && !s.vanished(stuck)
	}
	return took, stalled
}

// kernelSlack is how much longer than the stall timeout a write may wait where
// the kernel can be asked: the sweeper, which sees every byte that the client
// takes, has the first word. It comes a second late at most, and a tick.
const kernelSlack = 1500 * time.Millisecond

// patience is how long a write may find no room.
func (st *stream) patience() time.Duration {
	if _, ok := st.kernel(); ok {
		return st.stall + kernelSlack
	}
	return st.stall
}

// reset makes the connection end without delivering what it still holds. It comes
// before the write under way is cut: net/http closes a connection whose write fails.
func reset(ctx context.Context) {
	if c, ok := ctx.Value(connKey{}).(*net.TCPConn); ok {
		_ = c.SetLinger(0) // a connection that is gone needs no reset
	}
}

// kernel asks it. It reports false where there is no kernel to ask.
type kernel func() (connState, bool)

func noKernel() (connState, bool) { return connState{}, false }

type connKey struct{}

// withConn is an http.Server's ConnContext: it lets a handler's stream ask the
// kernel about its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// kernelOf is that of a request's connection, with the number of its descriptor; -1
// where there is none.
func kernelOf(ctx context.Context) (kernel, int) {
	c, ok := ctx.Value(connKey{}).(*net.TCPConn)
	if !ok {
		return noKernel, -1
	}
	return func() (connState, bool) { return askKernel(c) }, descriptor(c)
}
