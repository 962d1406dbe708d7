package server

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"
)

// How long the kernel takes to notice a client that vanished. Keepalive finds
// it on a silent connection; but probes are suspended while anything sent waits
// for its acknowledgement, as a heartbeat does, and then only the user timeout
// stands between us and a quarter of an hour of retransmissions.
const (
	userTimeout       = 30 * time.Second
	keepAliveIdle     = 15 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 3
)

// tunedListener sets these on every connection it accepts. They are set on each
// one and not on the listener since Go's listeners are MPTCP by default, from
// which not every kernel lets accepted connections inherit them.
type tunedListener struct {
	net.Listener
	logger *slog.Logger
	once   sync.Once // the first failure is logged: the others are of the same kind
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
	if err := tune(tcp); err != nil {
		l.once.Do(func() {
			l.logger.Warn("a client that vanishes may hold its stream longer than promised", "err", err)
		})
	}
	return c, nil
}

func tune(c *net.TCPConn) error {
	if err := c.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
	}); err != nil {
		return err
	}
	return setUserTimeout(c, userTimeout)
}

// connState is what the kernel knows of a connection.
type connState struct {
	closed bool          // the other side sent FIN or RST
	rtt    time.Duration // smoothed; 0 where unknown
}

// kernel asks it. It reports false where there is no kernel to ask.
type kernel func() (connState, bool)

type connKey struct{}

// withConn is an http.Server's ConnContext: it lets a handler's stream ask the
// kernel about its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func kernelOf(ctx context.Context) kernel {
	c, ok := ctx.Value(connKey{}).(*net.TCPConn)
	if !ok {
		return func() (connState, bool) { return connState{}, false }
	}
	return func() (connState, bool) { return askKernel(c) }
}
