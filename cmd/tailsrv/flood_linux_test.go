package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/proctest"
)

// startWithin starts a server of dir that may have so many descriptors.
func startWithin(t testing.TB, descriptors int, dir string, more ...string) *tailsrv {
	t.Helper()
	args := []string{"-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(descriptors), binaries.tailsrv, "--listen", "127.0.0.1:0"}
	return startServer(t, nil, "sh", append(append(args, more...), dir)...)
}

// answer is what one client got, on a connection of its own.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

// askOnce sends a request and reads the answer; of a stream only its header.
func (s *tailsrv) askOnce(ctx context.Context, method, path string) (answer, error) {
	start := time.Now()
	conn, err := dialer{}.dial(ctx, s.addrs[0])
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	unset := conn.SetDeadline(start.Add(proctest.Patience))
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", method, path); err != nil || unset != nil {
		return answer{}, errors.Join(err, unset)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, took: time.Since(start)}
	if res.Header.Get("Tail-Stream") == "" {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return answer{}, err
		}
		a.body = string(b)
	}
	return a, nil
}

// flooding is one way to hold on to connections.
type flooding struct {
	name string
	hold func(c net.Conn, n int) error // makes the n-th connection one of the flood
	busy bool                          // not all who come can be served: 429 and 503 are answers
}

const healthRequest = "GET /-/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

func send(c net.Conn, s string) error {
	_, err := io.WriteString(c, s)
	return err
}

var floodings = []flooding{
	{name: "silent", hold: func(net.Conn, int) error { return nil }},
	{name: "idle after an answer", hold: func(c net.Conn, _ int) error {
		if err := send(c, healthRequest); err != nil {
			return err
		}
		_, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err
	}},
	{name: "a header that comes slowly", hold: func(c net.Conn, _ int) error { return send(c, "GET /app.log HTTP/1.1\r\nX: ") }},
	{name: "a body that never comes", hold: func(c net.Conn, _ int) error {
		return send(c, "POST /-/streams/00000000000000000000000000000000/lease HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
	}},
	{name: "a body on a stream that never comes", hold: func(c net.Conn, _ int) error {
		return send(c, "GET /app.log HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n")
	}},
	{name: "streams", busy: true, hold: func(c net.Conn, _ int) error {
		return send(c, "GET /app.log HTTP/1.1\r\nHost: localhost\r\n\r\n")
	}},
	{name: "streams of many logs", busy: true, hold: func(c net.Conn, n int) error {
		return send(c, fmt.Sprintf("GET /many-%d.log HTTP/1.1\r\nHost: localhost\r\n\r\n", n%floodSize))
	}},
	{name: "pipelined requests whose answers nobody takes", busy: true, hold: func(c net.Conn, _ int) error {
		if err := c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			return err
		}
		_ = send(c, strings.Repeat(healthRequest, 10_000)) // as much as finds room
		return nil
	}},
}

// A server of floodDescriptors meets floodSize clients, far more than it can have
// connections, and floodSize logs, far more than it can have open.
const (
	floodDescriptors = 128
	floodSize        = 100
)

func floodDir(t testing.TB) string {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "app.log"), []byte("one\n"), 0o600))
	for i := range floodSize {
		must(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("many-%d.log", i)), []byte("one\n"), 0o600))
	}
	return dir
}

// Whatever clients hold on to the server with: accepting never fails, health
// answers all the time, a newcomer gets a stream or is told why not and when to
// come back, and when they have gone everything is back.
func TestFlood(t *testing.T) {
	dir := floodDir(t)
	for _, flooding := range floodings {
		t.Run(flooding.name, func(t *testing.T) {
			s := startWithin(t, floodDescriptors, dir, "--max-streams-per-client", "1000")
			base := s.settled(t, "/app.log", "/app.log")
			c := newFlood(t, s, flooding)
			for range 3 {
				c.comes(floodSize)
				c.newcomer()
			}
			c.goes()
			must(t, s.givesBack(t.Context(), base))
			if log := s.Log.String(); strings.Contains(log, "accept") {
				t.Errorf("accepting failed:\n%s", log)
			}
			t.Logf("most descriptors at once: %d; health asked %d times, slowest %v", c.most, c.asked, c.slowest)
		})
	}
}

// flood is many clients of one server, and somebody who looks after it meanwhile.
type flood struct {
	t     *testing.T
	s     *tailsrv
	way   flooding
	conns []net.Conn
	stop  context.CancelFunc
	all   sync.WaitGroup

	most    int           // descriptors seen at once
	asked   int           // times that health was asked
	slowest time.Duration // of its answers
}

func newFlood(t *testing.T, s *tailsrv, way flooding) *flood {
	ctx, stop := context.WithCancel(t.Context())
	c := &flood{t: t, s: s, way: way, stop: stop}
	c.all.Go(func() { c.watch(ctx) })
	t.Cleanup(c.goes)
	return c
}

// watch asks for health, and counts descriptors, until ctx ends.
func (c *flood) watch(ctx context.Context) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for ctx.Err() == nil {
		a, err := c.s.askOnce(context.WithoutCancel(ctx), "GET", "/-/healthz")
		if err != nil || a.status != http.StatusOK {
			c.t.Errorf("health, asked for the %d. time: %d %s, %v", c.asked+1, a.status, a.body, err)
		}
		c.asked++
		c.slowest = max(c.slowest, a.took)
		if held, err := leak.Of(c.s.Process.Pid); err == nil {
			c.most = max(c.most, len(held.Descriptors))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
}

func (c *flood) comes(n int) {
	c.t.Helper()
	for range n {
		conn, err := dialer{narrow: true}.dial(c.t.Context(), c.s.addrs[0])
		must(c.t, err)
		c.conns = append(c.conns, conn)
		if err := c.way.hold(conn, len(c.conns)); err != nil {
			c.t.Logf("client %d: %v", len(c.conns), err)
		}
	}
	for range 20 {
		if a, err := c.s.askOnce(c.t.Context(), "GET", "/-/healthz"); err != nil || a.status != http.StatusOK {
			c.t.Errorf("health: %d %s, %v", a.status, a.body, err)
		}
	}
}

func (c *flood) newcomer() {
	c.t.Helper()
	a, err := c.s.askOnce(c.t.Context(), "GET", "/app.log")
	switch {
	case err != nil:
		c.t.Errorf("a newcomer: %v", err)
	case a.status == http.StatusOK:
	case !c.way.busy, a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable:
		c.t.Errorf("a newcomer was refused: %d\n%s", a.status, a.body)
	case a.header.Get("Retry-After") == "" || !strings.HasPrefix(a.body, "error: ") || !strings.Contains(a.body, "\nhint: "):
		c.t.Errorf("a newcomer was told %d, Retry-After %q\n%s", a.status, a.header.Get("Retry-After"), a.body)
	}
	if a.took > time.Second {
		c.t.Errorf("a newcomer waited for %v", a.took)
	}
}

func (c *flood) goes() {
	c.stop()
	c.all.Wait()
	for _, conn := range c.conns {
		conn.Close()
	}
	c.conns = nil
}

// While streams have all that they may, who looks after them gets through, and who
// asks for one more hears how many there are.
func TestFlood_streamsLeaveRoom(t *testing.T) {
	s := startWithin(t, floodDescriptors, floodDir(t), "--max-streams-per-client", "1000", "--max-streams", "1000")
	if !strings.Contains(s.Log.String(), "there will be fewer streams or connections than asked for") {
		t.Errorf("nothing was said at the start:\n%s", s.Log)
	}
	var clients []*client
	for {
		c, err := dialer{}.open(t.Context(), s.addrs[0], request{Path: "/app.log", Lease: time.Hour})
		if err != nil {
			break
		}
		defer c.Close()
		clients = append(clients, c)
	}
	a, err := s.askOnce(t.Context(), "GET", "/app.log")
	must(t, err)
	if want := fmt.Sprintf("error: all %d streams of this server are taken\n", len(clients)); a.status != 429 || a.header.Get("Retry-After") != "5" || !strings.HasPrefix(a.body, want) {
		t.Errorf("%d, Retry-After %q\n%swant %s", a.status, a.header.Get("Retry-After"), a.body, want)
	}
	if !strings.Contains(s.Log.String(), fmt.Sprintf("streams=%d ", len(clients))) {
		t.Errorf("there were %d streams, and at the start it said\n%s", len(clients), s.Log)
	}
	var renewing sync.WaitGroup
	for _, c := range clients { // all at once
		renewing.Go(func() {
			if status, err := c.send(t.Context(), "POST", "/lease"); err != nil || status != http.StatusNoContent {
				t.Errorf("renewal: %d, %v", status, err)
			}
		})
	}
	renewing.Wait()
	for _, path := range []string{"/-/healthz", "/-/metrics", "/-/streams", "/"} {
		if a, err := s.askOnce(t.Context(), "GET", path); err != nil || a.status != http.StatusOK {
			t.Errorf("%s: %d, %v", path, a.status, err)
		}
	}
	must(t, clients[0].delete(t.Context()))
	if a, err := s.askOnce(t.Context(), "GET", "/app.log"); err != nil || a.status != http.StatusOK {
		t.Errorf("after one was closed: %d, %v", a.status, err)
	}
}

// When descriptors run out all the same, an idle connection gives up its own;
// where there is none the log hears of it once, clients wait, and are served when
// there are descriptors again.
func TestFlood_descriptorsTakenByOthers(t *testing.T) {
	s := startWithin(t, floodDescriptors, floodDir(t))
	s.settled(t, "/app.log")
	proctest.Eventually(t, func() error { // so that idle ones have the lowest numbers
		if n := s.sockets(t); n > 1 {
			return fmt.Errorf("%d sockets are open beside the listener", n-1)
		}
		return nil
	})
	var idle []net.Conn
	for range 3 {
		c, err := dialer{}.dial(t.Context(), s.addrs[0])
		must(t, err)
		defer c.Close()
		must(t, floodings[1].hold(c, 0))
		idle = append(idle, c)
	}
	s.limit(t, s.lowestFree(t))
	if a, err := s.askOnce(t.Context(), "GET", "/-/healthz"); err != nil || a.status != http.StatusOK {
		t.Errorf("an idle connection makes no room: %d, %v", a.status, err)
	}
	if _, err := idle[0].Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the longest idle connection: %v", err)
	}

	s.limit(t, floodDescriptors)
	stream, err := dialer{}.open(t.Context(), s.addrs[0], request{Path: "/app.log"})
	must(t, err)
	defer stream.Close()
	s.limit(t, 3)
	answers := make(chan error, 1)
	go func() {
		a, err := s.askOnce(t.Context(), "GET", "/-/healthz")
		if err == nil && a.status != http.StatusOK {
			err = errors.New(a.body)
		}
		answers <- err
	}()
	select {
	case err := <-answers:
		t.Errorf("answered without a descriptor: %v", err)
	case <-time.After(time.Second): // for several attempts
	}
	s.limit(t, floodDescriptors)
	must(t, <-answers)
	s.Log.AwaitMatch(t, `level=INFO msg="connections are accepted again"`, 1)
	if log := s.Log.String(); strings.Count(log, `level=ERROR msg="connections cannot be accepted for now"`) != 1 || strings.Contains(log, "http: Accept") {
		t.Errorf("the log heard of it more than once:\n%s", log)
	}
	_, metrics, err := s.ask(t.Context(), "GET", "/-/metrics")
	must(t, err)
	var failed int
	if _, at, ok := strings.Cut(metrics, "tailsrv_accept_errors_total "); ok {
		_, err = fmt.Sscan(at, &failed)
	}
	if failed < 3 || err != nil {
		t.Errorf("%d attempts failed, %v", failed, err)
	}
	if status, err := stream.send(t.Context(), "POST", "/lease"); err != nil || status != http.StatusNoContent {
		t.Errorf("the stream meanwhile: %d, %v", status, err)
	}
}

// sockets is how many the server has; those that it inherited have higher numbers.
func (s *tailsrv) sockets(t testing.TB) (n int) {
	held, err := leak.Of(s.Process.Pid)
	must(t, err)
	for _, d := range held.Descriptors {
		if d.FD < floodDescriptors && strings.HasPrefix(d.Path, "socket:") {
			n++
		}
	}
	return n
}

// lowestFree is the lowest number that no descriptor of the server has.
func (s *tailsrv) lowestFree(t testing.TB) (n int) {
	held, err := leak.Of(s.Process.Pid)
	must(t, err)
	for _, d := range held.Descriptors {
		if d.FD > n {
			break
		}
		n = d.FD + 1
	}
	return n
}

// limit changes the server's limit of descriptors.
func (s *tailsrv) limit(t testing.TB, n int) {
	t.Helper()
	must(t, unix.Prlimit(s.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(n), Max: floodDescriptors}, nil))
}

func TestDescriptors_refusesToStart(t *testing.T) {
	p := proctest.Start(t, "sh", "-c", `ulimit -n 40 && exec "$0" "$1"`, binaries.tailsrv, t.TempDir())
	if code := p.Exit(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
	const want = "tailsrv: error: 40 open files are too few to serve anything\ntailsrv: hint: allow more before tailsrv starts: ulimit -n "
	if got := p.Log.String(); !strings.HasPrefix(got, want) {
		t.Errorf("said %s", got)
	}
}
