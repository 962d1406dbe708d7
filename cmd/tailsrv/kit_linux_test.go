package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// The kit of the end-to-end tests: real tailsrv processes, in a network namespace
// where a test needs one (netns_linux_test.go), and clients of them as bare TCP
// connections, in this process or in one that can be stopped and killed
// (clients_linux_test.go).

// binaries are built once, with the race detector where the tests have it.
var binaries = struct{ tailsrv string }{}

func TestMain(m *testing.M) {
	if isClientProcess() {
		os.Exit(clientProcess(os.Stdin, os.Stdout))
	}
	dir, err := os.MkdirTemp("", "tailsrv-e2e-")
	if err == nil {
		binaries.tailsrv = filepath.Join(dir, "tailsrv")
		err = proctest.Build(dir, raceEnabled, ".")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	leak.Main(m, func() { os.RemoveAll(dir) })
}

// tailsrv is a running server.
type tailsrv struct {
	*proctest.Program
	ns    *namespace // where it runs; nil for that of the tests
	addrs []string   // where it listens, in the order of its --listen
}

// startServer starts binary in a namespace, nil for that of the tests, and waits
// until it listens on as many addresses as are named by --listen in args. It ends
// with t, which must give back all it took.
func startServer(t testing.TB, ns *namespace, binary string, args ...string) *tailsrv {
	t.Helper()
	leak.Check(t)
	cmd := exec.Command(binary, args...)
	cmd.Env = proctest.Environment()
	program, err := proctest.StartCmd(t, cmd, ns.start)
	must(t, err)
	s := &tailsrv{ns: ns, Program: program}
	for i := range count(args, "--listen") {
		s.addrs = append(s.addrs, s.Log.AwaitMatch(t, `"?msg"?[=:]"?listening"?[ ,]"?addr"?[=:]"?([^\s"]+)`, i+1)[1])
	}
	return s
}

func count(args []string, what string) (n int) {
	for _, a := range args {
		if a == what {
			n++
		}
	}
	return n
}

// serveDir starts the server of this module for dir on a free port of loopback.
func serveDir(t testing.TB, dir string, more ...string) *tailsrv {
	t.Helper()
	return startServer(t, nil, binaries.tailsrv, append([]string{"--listen", "127.0.0.1:0", dir}, more...)...)
}

// ask sends one request without a body on a connection of its own, from the
// server's own namespace. Header is pairs of name and value.
func (s *tailsrv) ask(ctx context.Context, method, path string, header ...string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addrs[0]+path, nil)
	if err != nil {
		return 0, "", err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Close = true
	transport := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
		return dialer{ns: s.ns}.dial(ctx, addr)
	}}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// streams is what GET /-/streams answers.
func (s *tailsrv) streams(ctx context.Context) (all wire.Streams, err error) {
	status, body, err := s.ask(ctx, http.MethodGet, "/-/streams", "Accept", wire.TypeJSON)
	if err != nil {
		return all, err
	}
	if status != http.StatusOK {
		return all, fmt.Errorf("GET /-/streams: %d %s", status, body)
	}
	return all, json.Unmarshal([]byte(body), &all)
}

// held is what the server holds now, with its goroutines.
func (s *tailsrv) held(ctx context.Context) (leak.Held, error) {
	_, metrics, err := s.ask(ctx, http.MethodGet, "/-/metrics")
	if err != nil {
		return leak.Held{}, err
	}
	goroutines, err := leak.Goroutines(metrics)
	if err != nil {
		return leak.Held{}, err
	}
	held, err := leak.Of(s.Process.Pid)
	held.Goroutines = goroutines
	return held, err
}

// settled opens and leaves a stream on each path, so that what the server keeps
// for good is there, and gives what it holds then.
func (s *tailsrv) settled(t testing.TB, paths ...string) leak.Held {
	t.Helper()
	for _, path := range paths {
		c, err := dialer{ns: s.ns}.open(t.Context(), s.addrs[0], request{Path: path})
		must(t, err)
		_ = c.delete(t.Context()) // either will do: servers are tried that lack one of them
		c.Close()
	}
	proctest.Eventually(t, func() error {
		all, err := s.streams(t.Context())
		if err == nil && len(all.Live) > 0 {
			err = fmt.Errorf("%d streams are live", len(all.Live))
		}
		return err
	})
	var least leak.Held
	for range 20 { // the connections of these questions are ending meanwhile
		now, err := s.held(t.Context())
		must(t, err)
		if least.Goroutines == 0 || now.Goroutines+len(now.Descriptors) < least.Goroutines+len(least.Descriptors) {
			least = now
		}
	}
	return least
}

// givesBack waits until the server holds no more than base, or says what is left.
func (s *tailsrv) givesBack(ctx context.Context, base leak.Held) error {
	return leak.AwaitBack(base, func() (leak.Held, error) { return s.held(ctx) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
