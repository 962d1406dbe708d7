package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// The kit of the end-to-end tests: a real tailsrv process, tailtui as a process
// or as a call of run in this one, and ways to wait for what they say.

// binaries are built once, with the race detector where the tests have it.
var binaries = struct{ tailsrv, tailtui string }{}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tailtui-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries.tailsrv = filepath.Join(dir, "tailsrv")
	binaries.tailtui = filepath.Join(dir, "tailtui")
	if err := proctest.Build(dir, raceEnabled, "../tailsrv", "."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	leak.Main(m, func() { os.RemoveAll(dir) })
}

// start starts a program that ends with the test, which must give back all it took.
func start(t testing.TB, name string, args ...string) *proctest.Program {
	t.Helper()
	leak.Check(t)
	return proctest.Start(t, name, args...)
}

// tailsrv is a running server.
type tailsrv struct {
	*proctest.Program
	addr string
}

func startServer(t testing.TB, args ...string) *tailsrv {
	t.Helper()
	s := &tailsrv{Program: start(t, binaries.tailsrv, args...)}
	s.addr = s.Log.AwaitMatch(t, `msg=listening addr=(\S+)`, 1)[1]
	return s
}

// serveDir starts a server for dir on any free port.
func serveDir(t testing.TB, dir string, more ...string) *tailsrv {
	t.Helper()
	return startServer(t, append([]string{"--listen", "127.0.0.1:0", dir}, more...)...)
}

func (s *tailsrv) get(t testing.TB, path string, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func (s *tailsrv) streams(t testing.TB) wire.Streams {
	t.Helper()
	_, body := s.get(t, "/-/streams", "Accept", wire.TypeJSON)
	var all wire.Streams
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return all
}

// tui is run in this process, without a terminal.
type tui struct {
	Out, Log *proctest.Output
	leave    context.CancelFunc
	code     chan int
}

func startTUI(t testing.TB, args ...string) *tui {
	t.Helper()
	leak.Check(t)
	ctx, cancel := context.WithCancel(context.Background())
	c := &tui{Out: proctest.NewOutput(), Log: proctest.NewOutput(), leave: cancel, code: make(chan int, 1)}
	go func() { c.code <- run(ctx, args, strings.NewReader(""), c.Out, c.Log) }()
	t.Cleanup(func() {
		cancel()
		c.Exit(t)
	})
	return c
}

// Exit waits for run to return and gives its code; it may be asked again.
func (c *tui) Exit(t testing.TB) int {
	t.Helper()
	select {
	case code := <-c.code:
		c.code <- code
		return code
	case <-time.After(proctest.Patience):
		t.Fatalf("tailtui did not end; it said:\n%s", c.Log)
		return -1
	}
}

// file is a log that a test writes.
type file struct {
	t    testing.TB
	path string
}

func newFile(t testing.TB, dir, name, content string) *file {
	t.Helper()
	f := &file{t, filepath.Join(dir, name)}
	if err := os.WriteFile(f.path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *file) append(s string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.WriteString(w, s); err != nil {
		f.t.Fatal(err)
	}
}

// rotate renames the log to its .1 and begins it anew.
func (f *file) rotate() {
	f.t.Helper()
	if err := os.Rename(f.path, f.path+".1"); err != nil {
		f.t.Fatal(err)
	}
	f.append("")
}

// held is what the server holds, with its goroutines.
func (s *tailsrv) held(t testing.TB) (leak.Held, error) {
	t.Helper()
	_, metrics := s.get(t, "/-/metrics")
	goroutines, err := leak.Goroutines(metrics)
	if err != nil {
		return leak.Held{}, err
	}
	held, err := leak.Of(s.Process.Pid)
	held.Goroutines = goroutines
	return held, err
}
