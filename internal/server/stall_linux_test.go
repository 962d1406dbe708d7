package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// dialNarrow dials with a receive buffer of a few KiB: what is in flight stays
// with the server.
func (s *site) dialNarrow() net.Conn {
	s.t.Helper()
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		if e := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
		}); e != nil {
			return e
		}
		return err
	}}
	addr := s.dial().RemoteAddr().String()
	c, err := d.DialContext(s.t.Context(), "tcp", addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

// Clients that are there and read nothing are stalled, not gone, also where the
// little that the log says fits into the kernel's buffers and no write ever waits.
func TestReclaim_stalledReader(t *testing.T) {
	t.Parallel()
	const stall = 1500 * time.Millisecond
	logs := newFakeLogs("trickling.log", "busy.log")
	s := onLoopback(t, logs, Config{StallTimeout: stall})
	var clients []net.Conn
	for _, log := range []string{"trickling.log", "busy.log"} {
		for _, accept := range []string{"*/*", wire.TypeFrames} {
			c := s.dialNarrow()
			s.beginOn(c, "/"+log+"?from=start", accept)
			clients = append(clients, c)
		}
	}
	start := time.Now()
	logs.log("trickling.log").append(strings.Repeat("x", 12<<10))
	logs.log("busy.log").append(strings.Repeat("x", 1<<20))
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for len(s.server.Streams().Live) > 0 {
		<-ticker.C
		logs.log("trickling.log").append(strings.Repeat("x", 10))
		logs.log("busy.log").append(strings.Repeat("x", 64<<10))
		if time.Since(start) > stall+3*time.Second {
			t.Fatalf("not reclaimed: %+v", s.server.Streams().Live)
		}
	}
	for _, last := range s.server.Streams().Ended {
		if d := last.Ended.Sub(start); last.Reason != wire.ReasonStalled || d < stall {
			t.Errorf("after %v: %+v", d, last)
		}
		if last.Log == "trickling.log" && last.Detail != "the client is there and took nothing for 1.5s" {
			t.Errorf("noticed by another than the sweeper: %s", last.Detail)
		}
	}
	for _, c := range clients {
		c.SetReadDeadline(time.Now().Add(2 * time.Second)) // after a clean end the connection would stay open
		if b, _ := io.ReadAll(c); strings.Contains(string(b), "\r\n0\r\n") {
			t.Error("a client that reads on takes this for a clean end")
		}
	}
}

// Slow is not stalled: as long as the client takes something now and then.
func TestReclaim_slowReaderIsKept(t *testing.T) {
	t.Parallel()
	const stall = time.Second
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{StallTimeout: stall})
	r := s.beginOn(s.dialNarrow(), "/app.log?from=start", "*/*")
	logs.log("app.log").append(strings.Repeat("x", 64<<10)) // fits into the kernel's buffers, but not into the client's
	ticker := time.NewTicker(stall / 4)
	defer ticker.Stop()
	for start := time.Now(); time.Since(start) < 4*stall; {
		<-ticker.C
		if _, err := bufio.NewReaderSize(r, 16).Discard(1 << 10); err != nil {
			t.Fatal(err)
		}
	}
	if live := s.server.Streams().Live; len(live) != 1 {
		t.Errorf("ended %+v", s.server.Streams().Ended)
	}
}

// Slow is not stalled on a busy log either, where the kernel's buffers are full all
// the time and a write finds no room for longer than the stall timeout: the client
// takes something in every part of it.
func TestReclaim_slowReaderOfABusyLogIsKept(t *testing.T) {
	t.Parallel()
	const stall = time.Second
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{StallTimeout: stall})
	r := s.beginOn(s.dialNarrow(), "/app.log?from=start", "*/*")
	ticker := time.NewTicker(stall / 10)
	defer ticker.Stop()
	for start := time.Now(); time.Since(start) < 7*stall; {
		<-ticker.C
		logs.log("app.log").append(strings.Repeat("x", 256<<10))
		if _, err := bufio.NewReaderSize(r, 16).Discard(4 << 10); err != nil {
			t.Fatalf("after %v: %v; ended %+v", time.Since(start), err, s.server.Streams().Ended)
		}
	}
	if live := s.server.Streams().Live; len(live) != 1 {
		t.Errorf("ended %+v", s.server.Streams().Ended)
	}
}

// A client with a large buffer that reads slowly shows its kernel nothing for longer
// than the stall timeout. One that has a lease says how far it is.
func TestReclaim_slowReaderThatSaysSoIsKept(t *testing.T) {
	t.Parallel()
	const stall = time.Second
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{StallTimeout: stall})
	const truth = "how far it is"
	for says, cursor := range map[string]func(turn int) string{
		truth:                  func(turn int) string { return fmt.Sprintf("app.log~%d", turn) },
		"the same again, back": func(turn int) string { return fmt.Sprintf("app.log~%d", turn%2) },
		"nonsense":             func(turn int) string { return fmt.Sprintf("nonsense%d", turn) },
	} {
		kept := says == truth
		tl := s.tail("/app.log?from=start", wire.HeaderLease, "60")
		logs.log("app.log").append(strings.Repeat("x", 16<<20)) // fills all buffers, and nothing is read
		ticker := time.NewTicker(stall / 4)
		defer ticker.Stop()
		for turn := range 20 {
			<-ticker.C
			if len(s.server.Streams().Live) == 0 {
				break
			}
			s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", cursor(turn))
		}
		live, ended := s.server.Streams().Live, s.server.Streams().Ended
		if kept && len(live) != 1 || !kept && (len(live) != 0 || ended[0].Reason != wire.ReasonStalled) {
			t.Errorf("it says %s: live %+v, ended %+v", says, live, ended)
		}
		if kept {
			s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, "")
		}
	}
}

// The kernel gives up what a stalled client has not taken: the client is reset and
// does not go on to read what the server has given back.
func TestReclaim_stalledReaderIsReset(t *testing.T) {
	t.Parallel()
	logs := newFakeLogs("app.log")
	var plain net.ListenConfig
	plain.SetMultipathTCP(false) // as tailsrv listens: MPTCP has no reset of ours
	l, err := plain.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, logs, Config{StallTimeout: time.Second}, l, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	})
	c := s.dialNarrow()
	s.beginOn(c, "/app.log?from=start", "*/*")
	const size = 8 << 20
	logs.log("app.log").append(strings.Repeat("x", size))
	s.buried(1, 5*time.Second)
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := io.Copy(io.Discard, c)
	if !errors.Is(err, syscall.ECONNRESET) || n > 1<<20 {
		t.Errorf("read %d more bytes, then %v", n, err)
	}
}

// A client that goes while a write waits for it is gone, and not stalled, although the
// write is cut by a deadline then: of a full buffer nobody tells the writer.
func TestReclaim_goesInsideAWrite(t *testing.T) {
	t.Parallel()
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{})
	logs.log("app.log").append(strings.Repeat("x", 8<<20))
	for turn := range 20 {
		c := s.dialNarrow()
		s.beginOn(c, "/app.log?from=start", "*/*")
		ticker := time.NewTicker(5 * time.Millisecond)
		for stuck := false; !stuck; { // the loop hangs in a write
			<-ticker.C
			live := s.server.registry.all(nil)
			stuck = len(live) == 1 && live[0].passing.Load() > 0
		}
		ticker.Stop()
		c.(*net.TCPConn).CloseWrite()
		if last := s.buried(turn+1, 2*time.Second); last.Reason != wire.ReasonClientGone {
			t.Fatalf("ended %+v", last)
		}
		c.Close()
	}
}
