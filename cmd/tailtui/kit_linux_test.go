package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// The kit of the end-to-end tests: a real tailsrv process, tailtui as a process
// or as a call of run in this one, and ways to wait for what they say.

// patience is how long a test waits for something that is bound to happen. It is
// no bound of the product: those are asserted by their own figures.
const patience = 20 * time.Second

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
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "../tailsrv", ".")...)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the commands:", err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// output collects what a program says and lets a test wait for it.
type output struct {
	mu      sync.Mutex
	all     bytes.Buffer
	changed chan struct{} // closed and replaced at each write
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

func (o *output) snapshot() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String(), o.changed
}

// await blocks until ok accepts everything said so far.
func (o *output) await(t testing.TB, what string, ok func(string) bool) string {
	t.Helper()
	late := time.After(patience)
	for {
		s, changed := o.snapshot()
		if ok(s) {
			return s
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("waited %v for %s; got %d bytes ending in:\n%s", patience, what, len(s), s[max(0, len(s)-3000):])
		}
	}
}

// awaitMatch blocks until pattern has matched n times and gives the last match.
func (o *output) awaitMatch(t testing.TB, pattern string, n int) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var found [][]string
	o.await(t, fmt.Sprintf("%d of %s", n, pattern), func(s string) bool {
		found = re.FindAllStringSubmatch(s, -1)
		return len(found) >= n
	})
	return found[n-1]
}

// process is a started program. It is ended with the test, by pid.
type process struct {
	*exec.Cmd
	out, log *output
	exited   chan struct{}
}

// quickExit is the environment in which a program that is built with the race
// detector ends when it has ended, and not a second later, and at a race at once.
func quickExit(more ...string) []string {
	return append(append(os.Environ(), "GORACE=halt_on_error=1 atexit_sleep_ms=0"), more...)
}

func start(t testing.TB, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), out: newOutput(), log: newOutput(), exited: make(chan struct{})}
	p.Stdout, p.Stderr = p.out, p.log
	p.Env = quickExit()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.Process.Kill()
		<-p.exited
		if s := p.log.String(); strings.Contains(s, "DATA RACE") || strings.Contains(s, "panic:") {
			t.Errorf("%s said:\n%s", filepath.Base(name), s)
		}
	})
	return p
}

// exit waits for the end and gives the exit code.
func (p *process) exit(t testing.TB) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s did not end; it said:\n%s", p.Path, p.log)
		return -1
	}
}

// tailsrv is a running server.
type tailsrv struct {
	*process
	addr string
}

func startServer(t testing.TB, args ...string) *tailsrv {
	t.Helper()
	s := &tailsrv{process: start(t, binaries.tailsrv, args...)}
	s.addr = s.log.awaitMatch(t, `msg=listening addr=(\S+)`, 1)[1]
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
	out, log *output
	leave    context.CancelFunc
	code     chan int
}

func startTUI(t testing.TB, args ...string) *tui {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c := &tui{out: newOutput(), log: newOutput(), leave: cancel, code: make(chan int, 1)}
	go func() { c.code <- run(ctx, args, strings.NewReader(""), c.out, c.log) }()
	t.Cleanup(func() {
		cancel()
		c.exit(t)
	})
	return c
}

// exit waits for run to return and gives its code; it may be asked again.
func (c *tui) exit(t testing.TB) int {
	t.Helper()
	select {
	case code := <-c.code:
		c.code <- code
		return code
	case <-time.After(patience):
		t.Fatalf("tailtui did not end; it said:\n%s", c.log)
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

// held is what a process holds of the kernel: open descriptors and inotify watches.
type held struct{ descriptors, watches int }

func heldBy(t testing.TB, pid int) (h held) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fdinfo", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		h.descriptors++
		for sc := bufio.NewScanner(bytes.NewReader(info)); sc.Scan(); {
			if strings.HasPrefix(sc.Text(), "inotify wd:") {
				h.watches++
			}
		}
	}
	return h
}

// eventually asks again until check has nothing to object to. It is for what the
// kernel shows and nobody announces.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("still after %v: %v", patience, err)
		}
	}
}

func (p *process) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}
