package main

import (
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
)

// TestSecondSignal: who does not want to wait for the first SIGTERM's farewells sends
// another.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	if fault := secondSignal(t, binaries.tailsrv); fault != "" {
		t.Error(fault)
	}
}

// secondSignal stops a server that has a reason to take its time, again and again from
// then on, and says what is wrong with how it ends; "" if nothing is.
func secondSignal(t testing.TB, binary string) (fault string) {
	t.Helper()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := startServer(t, nil, binary, "--listen", "127.0.0.1:0", "--drain", "1m", dir)
	// A renewal whose body does not come is waited for: five seconds.
	conn, err := net.Dial("tcp", srv.addrs[0])
	must(t, err)
	defer conn.Close()
	stream, err := dialer{}.open(t.Context(), srv.addrs[0], request{Path: "/app.log"})
	must(t, err)
	defer stream.Close()
	_, err = fmt.Fprintf(conn, "POST /-/streams/%s/lease HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", stream.id)
	must(t, err)
	_, err = io.ReadFull(conn, make([]byte, len("HTTP/1.1 100")))
	must(t, err) // it waits for the body

	srv.Signal(t, syscall.SIGTERM)
	must(t, (&site{tailsrv: srv}).refusing(t.Context())) // the first has been taken
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for late := time.After(proctest.Patience); ; {
		select {
		case <-srv.Exited:
			status, ok := srv.ProcessState.Sys().(syscall.WaitStatus)
			if !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
				return fmt.Sprintf("after further SIGTERMs it ended with %v, expected the signal", srv.ProcessState)
			}
			return ""
		case <-again.C:
			_ = srv.Process.Signal(syscall.SIGTERM) // it may have ended
		case <-late:
			return "further SIGTERMs do not end it"
		}
	}
}
