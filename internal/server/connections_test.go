package server

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/memnet"
)

// A connection that never asked for anything is nothing to wait for.
func TestServe_drainsWithSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{Drain: 5 * time.Second})
		silent, begun := s.dial(), s.dial()
		if _, err := io.WriteString(begun, "GET /app.log HTTP/1.1\r\nHost: local"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		s.stop()
		if d := time.Since(start); d > 50*time.Millisecond {
			t.Errorf("Serve took %v to end", d)
		}
		if n, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read %d, %v", n, err)
		}
	})
}

// One that comes while the server drains is not taken in.
func TestConnections_comesWhileDraining(t *testing.T) {
	l := memnet.Listen()
	defer l.Close()
	go l.Dial(t.Context())
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var conns connections
	conns.drain()
	conns.open(c)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("it is open")
	}
}
