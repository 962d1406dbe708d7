package main

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// rawConn is a client that speaks HTTP by hand, to leave in ways that net/http
// would not.
type rawConn struct {
	*net.TCPConn
	r *bufio.Reader
}

func dialRaw(t testing.TB, addr string) (*rawConn, error) {
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &rawConn{TCPConn: conn.(*net.TCPConn), r: bufio.NewReader(conn)}, nil
}

// open asks for a native stream and gives its id once its header is read.
func (c *rawConn) open(path string) (id string, err error) {
	if err := c.SetDeadline(time.Now().Add(proctest.Patience)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n", path, wire.TypeFrames); err != nil {
		return "", err
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if line == "\r\n" {
			break
		}
		if m := streamHeader.FindStringSubmatch(line); m != nil {
			id = m[1]
		}
	}
	if id == "" {
		return "", fmt.Errorf("the answer names no stream")
	}
	_, err = c.r.ReadByte() // the stream has begun
	return id, err
}

var streamHeader = regexp.MustCompile(`^` + wire.HeaderStream + `: (\w+)`)
