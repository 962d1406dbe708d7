package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// dialer makes the connections of clients.
type dialer struct {
	ns     *namespace // where; nil for that of the tests
	from   string     // the client's address, without a port; "" leaves it to the kernel
	narrow bool       // with a receive buffer of a few KiB: what is under way stays with the server
}

// dial opens a connection to addr, which is HOST:PORT with a literal address. It is
// not a TCPConn's business in which namespace it was made.
func (d dialer) dial(ctx context.Context, addr string) (c *net.TCPConn, err error) {
	nd := net.Dialer{Timeout: proctest.Patience, KeepAlive: -1}
	if d.from != "" {
		nd.LocalAddr = &net.TCPAddr{IP: net.ParseIP(d.from)}
	}
	if d.narrow {
		nd.Control = narrow
	}
	err = d.ns.do(func() error {
		dialed, err := nd.DialContext(ctx, "tcp4", addr) // a literal address: dialed by this goroutine
		if err == nil {
			c = dialed.(*net.TCPConn)
		}
		return err
	})
	return c, err
}

// narrow is a net.Dialer's Control.
func narrow(_, _ string, c syscall.RawConn) (err error) {
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096)
	}); e != nil {
		return e
	}
	return err
}

// request is what a client asks for.
type request struct {
	Path  string              // of the log, with its query: "/app.log?heartbeat=60s"
	As    wire.Representation //
	Lease time.Duration       // in whole seconds; 0 leaves it to the server
}

// accepts has the media type that asks for each representation.
var accepts = map[wire.Representation]string{
	wire.Raw: "*/*", wire.NDJSON: wire.TypeNDJSON, wire.SSE: wire.TypeSSE, wire.Frames: wire.TypeFrames,
}

// header is the request on the wire.
func (r request) header() string {
	s := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n", r.Path, accepts[r.As])
	if r.Lease > 0 {
		s += fmt.Sprintf("%s: %d\r\n", wire.HeaderLease, int(r.Lease.Seconds()))
	}
	return s + "\r\n"
}

// client is one connection with its stream. It speaks HTTP by hand, to leave in
// ways that net/http would not.
type client struct {
	*net.TCPConn
	dialer
	r     *bufio.Reader // the answer after its header, in chunks
	id    string        // all digits: the right to renew and to close
	lease time.Duration // as the server gave it; 0 for none
}

// take reads n bytes of the answer.
func (c *client) take(n int) error {
	_, err := c.r.Discard(n)
	return err
}

// open connects, asks and reads the answer's header.
func (d dialer) open(ctx context.Context, addr string, ask request) (*client, error) {
	conn, err := d.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	c := &client{TCPConn: conn, dialer: d, r: bufio.NewReaderSize(conn, 1<<10)}
	if err := c.begin(ask); err != nil {
		conn.Close()
		return nil, fmt.Errorf("GET %s as %v: %w", ask.Path, ask.As, err)
	}
	return c, nil
}

func (c *client) begin(ask request) error {
	if err := c.SetDeadline(time.Now().Add(proctest.Patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, ask.header()); err != nil {
		return err
	}
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	c.id = res.Header.Get(wire.HeaderStream)
	if lease := res.Header.Get(wire.HeaderLease); lease != "" {
		seconds, err := strconv.ParseFloat(lease, 64)
		if err != nil {
			return err
		}
		c.lease = time.Duration(seconds * float64(time.Second))
	}
	return c.SetDeadline(time.Time{})
}

// read takes everything until the connection ends, as a client does that is well.
func (c *client) read() { _, _ = io.Copy(io.Discard, c.r) }

// readFor reads for so long, however little comes. It fails if the answer ends.
func (c *client) readFor(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, c.r)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the answer ended: %w", cmp.Or(err, io.EOF))
	}
	return c.SetReadDeadline(time.Time{})
}

// send sends a request about the stream on a connection of its own and gives the
// status of the answer: DELETE of the stream, or POST of its lease.
func (c *client) send(ctx context.Context, method, about string) (status int, err error) {
	conn, err := dialer{ns: c.ns, from: c.from}.dial(ctx, c.RemoteAddr().String())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(proctest.Patience)); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(conn, "%s /-/streams/%s%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", method, c.id, about)
	if err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, nil
}

func (c *client) delete(ctx context.Context) error {
	status, err := c.send(ctx, http.MethodDelete, "")
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("DELETE answered %d", status)
	}
	return err
}

// renew renews the lease at a third of its length, until ctx or the stream ends.
func (c *client) renew(ctx context.Context) {
	if c.lease == 0 {
		return
	}
	ticker := time.NewTicker(c.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if status, err := c.send(ctx, http.MethodPost, "/lease"); err != nil || status != http.StatusNoContent {
			return
		}
	}
}

// A client process is this test binary, started again, with several connections: it
// can be killed and stopped as no connection of the tests themselves can. It is told
// what to open, says which streams it got, and reads and renews until it is ended.

const clientProcessEnv = "TAILSRV_TEST_CLIENT_PROCESS"

func isClientProcess() bool { return os.Getenv(clientProcessEnv) != "" }

// refused begins what a client process says instead of an id when it cannot go on.
const refused = "client process: "

// order is one connection that a client process is to open.
type order struct {
	Addr   string
	From   string
	Narrow bool
	Ask    request
}

// startClients starts a client process in a namespace, waits until it has all its
// streams, and gives their ids in order. It ends with t at the latest.
func startClients(t testing.TB, ns *namespace, orders []order) (p *proctest.Program, ids []string, err error) {
	told, err := json.Marshal(orders)
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = proctest.Environment(clientProcessEnv + "=1")
	stdin, err := cmd.StdinPipe() // stays open: its end ends the process
	if err != nil {
		return nil, nil, err
	}
	p, err = proctest.StartCmd(t, cmd, ns.start)
	if err != nil {
		return nil, nil, err
	}
	if _, err := stdin.Write(append(told, '\n')); err != nil {
		return nil, nil, err
	}
	said, err := p.Out.Wait("the streams of the client process", func(s string) bool {
		return strings.Count(s, "\n") >= len(orders) || strings.Contains(s, refused)
	})
	if strings.Contains(said, refused) {
		err = errors.New(said)
	}
	return p, strings.Fields(said), err
}

// clientProcess is its main: orders come as a line of JSON on stdin, the ids of the
// streams go to stdout, one a line.
func clientProcess(stdin io.Reader, stdout io.Writer) (code int) {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var orders []order
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &orders)
	}
	if err != nil {
		fmt.Fprintln(stdout, refused+err.Error())
		return 1
	}
	for _, o := range orders {
		c, err := dialer{from: o.From, narrow: o.Narrow}.open(ctx, o.Addr, o.Ask)
		if err != nil {
			fmt.Fprintln(stdout, refused+err.Error())
			return 1
		}
		defer c.Close()
		running.Go(c.read)
		running.Go(func() { c.renew(ctx) })
		fmt.Fprintln(stdout, c.id)
	}
	_, _ = io.Copy(io.Discard, in)
	return 0
}
