package server

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// placedListener gives every connection a place before net/http has it.
//
// Accepting does not fail for a lack of anything: net/http would log a line for
// each attempt where descriptors have run out, and end the server where memory
// has. Here the one of least claim makes room, and it is tried again. Until then
// clients wait in the kernel's queue.
type placedListener struct {
	net.Listener
	conns *connections

	// Owned by Accept.
	lacking bool      // the log heard of a lack, and not yet of its end
	told    time.Time // when it last heard of one

	once   sync.Once
	closed chan struct{} // closed by Close
}

func placed(l net.Listener, conns *connections) *placedListener {
	return &placedListener{Listener: l, conns: conns, closed: make(chan struct{})}
}

// Times between two attempts to accept, doubling from the one to the other.
const (
	minAcceptWait = 5 * time.Millisecond
	maxAcceptWait = time.Second
)

// Accept waits for a connection that gets a place. Its errors are for good.
func (l *placedListener) Accept() (net.Conn, error) {
	for wait := minAcceptWait; ; {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			l.well()
			if l.conns.take(c) {
				return c, nil
			}
			c.Close()
			continue
		case !passes(err):
			return nil, err
		}
		l.lack(err)
		l.conns.makeRoom()
		if !l.rest(wait) {
			return nil, net.ErrClosed
		}
		wait = min(2*wait, maxAcceptWait)
	}
}

// Close ends Accept.
func (l *placedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// rest waits, and reports false if the listener was closed meanwhile.
func (l *placedListener) rest(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.closed:
		return false
	}
}

// lack counts a failed attempt. The log hears of the first, and then of one a
// minute.
func (l *placedListener) lack(err error) {
	l.conns.metrics.acceptFails.Inc()
	if now := time.Now(); l.told.IsZero() || now.Sub(l.told) >= toldEvery {
		l.told, l.lacking = now, true
		l.conns.logger.Error("connections cannot be accepted for now", "addr", l.Addr().String(), "err", err)
	}
}

// well tells the log that the lack it heard of is over.
func (l *placedListener) well() {
	if l.lacking {
		l.lacking = false
		l.conns.logger.Info("connections are accepted again", "addr", l.Addr().String())
	}
}

// passes reports whether an error of Accept is one of the moment: something ran
// out, or, as Linux has it, the connection had an error before it was taken.
func passes(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	switch errno {
	case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.ECONNABORTED, syscall.EPROTO, syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH:
		return true
	}
	return false
}
