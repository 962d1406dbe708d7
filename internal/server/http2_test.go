package server

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Over HTTP/2 a client whose process is stopped is found by a ping that nobody
// answers, also on a silent stream without a lease; one that is there answers, and
// stays.
func TestHTTP2_stoppedClientIsFoundByAPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Logs: newFakeLogs("app.log", "other.log")})
		l := memnet.Listen()
		hs := s.httpServer([]net.Listener{l})
		hs.Protocols.SetUnencryptedHTTP2(true) // TLS is no part of the question
		go hs.Serve(l)
		defer hs.Close()

		stopped := openHTTP2(t, l, "/app.log")
		openHTTP2(t, l, "/other.log")
		time.Sleep(time.Hour)
		if n := s.registry.size(); n != 2 {
			t.Fatalf("%d streams after an hour", n)
		}
		close(stopped)
		time.Sleep(keepAliveIdle + keepAliveIdle + time.Second)
		now := s.Streams()
		if len(now.Live) != 1 || now.Live[0].Log != "other.log" || len(now.Ended) != 1 || now.Ended[0].Reason != wire.ReasonClientGone {
			t.Errorf("live %+v, ended %+v", now.Live, now.Ended)
		}
	})
}

// openHTTP2 opens a stream on a connection of its own, whose client stops when the
// channel is closed.
func openHTTP2(t *testing.T, l *memnet.Listener, target string) (stopped chan struct{}) {
	t.Helper()
	stopped = make(chan struct{})
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := l.Dial(ctx)
		return &stoppable{c, stopped}, err
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(req)
	if err != nil || res.ProtoMajor != 2 {
		t.Fatalf("%+v, %v", res, err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return stopped
}

// stoppable is a connection to a process that can be stopped: then it says nothing
// any more.
type stoppable struct {
	net.Conn
	stopped chan struct{}
}

func (c *stoppable) Write(p []byte) (int, error) {
	select {
	case <-c.stopped:
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}
