package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bubbletail/bubbletail/internal/cli"
)

// TestBadInput_eachHasItsOwnWords: what can be wrong, one row each: the exit
// code, a piece of the error, a piece of the hint.
func TestBadInput_eachHasItsOwnWords(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	newFile(t, dir, ".hidden", "line\n")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	srv := serveDir(t, dir)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!doctype html><title>hello</title>")
	}))
	defer page.Close()
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer closed.Close()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer gateway.Close()
	moved := httptest.NewServer(http.RedirectHandler("https://web-2:7070/-/streams", http.StatusMovedPermanently))
	defer moved.Close()
	banner := serveBanner(t, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n")

	for _, tt := range []struct {
		name        string
		args        []string
		code        int
		says, hints string
	}{
		{"no target", nil, cli.ExitUsage, "no TARGET", "tailtui --demo"},
		{"no path", []string{srv.addr}, cli.ExitUsage, "path", "app.log"},
		{"no port", []string{"web-1:/app.log"}, cli.ExitUsage, "port", "7070"},
		{"unknown flag", []string{"--frobnicate", "x"}, cli.ExitUsage, "frobnicate", "--help"},
		{"negative lines", []string{"-n", "-1", "x"}, cli.ExitUsage, `"-1"`, "--help"},
		{"a time that is none", []string{"--since", "10 minutes", "x"}, cli.ExitUsage, `"10 minutes"`, "10m"},
		{"an empty time", []string{"--since", "", "x"}, cli.ExitUsage, "--since", "10m"},
		{"two beginnings", []string{"--since", "10m", "-n", "10", "x"}, cli.ExitUsage, "--since", "one of them"},
		{"the future", []string{"--since", "9999-12-31", srv.addr + "/app.log"}, cli.ExitRefused, "future", "-n 0"},
		{"heartbeat out of range", []string{"--heartbeat", "1ms", "x"}, cli.ExitUsage, "1ms", "--help"},
		{"demo with a target", []string{"--demo", "x"}, cli.ExitUsage, "--demo", "leave"},
		{"streams of nothing", []string{"--streams", ""}, cli.ExitUsage, "empty", "host:port"},
		{"streams of a log", []string{"--streams", srv.addr + "/app.log"}, cli.ExitUsage, "not a server", "leave out the path"},
		{"streams without a port", []string{"--streams", "web-1"}, cli.ExitUsage, "port is missing", "web-1:7070"},
		{"streams and a target", []string{"--streams", srv.addr, srv.addr + "/app.log"}, cli.ExitUsage, "no TARGET", "--streams away"},
		{"streams and demo", []string{"--streams", srv.addr, "--demo"}, cli.ExitUsage, "--demo", "one of them"},
		{"streams and lines", []string{"--streams", srv.addr, "-n", "5"}, cli.ExitUsage, "--lines", "one of them"},
		{"streams and retry", []string{"--streams", srv.addr, "--retry"}, cli.ExitUsage, "--retry", "one of them"},
		{"streams of nobody", []string{"--streams", closedPort(t)}, cli.ExitError, "refuse", "tailsrv"},
		{"streams of a page", []string{"--streams", page.Listener.Addr().String()}, cli.ExitError, "text/html", "port"},
		{"streams of one who refuses", []string{"--streams", closed.Listener.Addr().String()}, cli.ExitRefused, "answers 403", "operator"},
		{"streams behind a bad gateway", []string{"--streams", gateway.Listener.Addr().String()}, cli.ExitError, "answers 502", "the server's own log"},
		{"streams that moved", []string{"--streams", moved.Listener.Addr().String()}, cli.ExitError, "redirects", "--streams https://web-2:7070\n"},
		{"a log behind a bad gateway, once", []string{"--no-follow", gateway.Listener.Addr().String() + "/app.log"}, cli.ExitError, "answers 502", "the server's own log"},
		{"missing local file", []string{filepath.Join(dir, "nope.log")}, cli.ExitRefused, "nope.log", "--retry"},
		{"local directory", []string{dir}, cli.ExitRefused, "directory", "file"},
		{"a good local file and a bad target", []string{filepath.Join(dir, "app.log"), "web-1:/app.log"}, cli.ExitUsage, "port", "7070"},
		{"missing log", []string{srv.addr + "/nope.log"}, cli.ExitRefused, "nope.log", ""},
		{"a directory as log", []string{srv.addr + "/sub"}, cli.ExitRefused, "sub", ""},
		{"a named pipe", []string{srv.addr + "/pipe"}, cli.ExitRefused, "pipe", ""},
		{"a dotfile", []string{srv.addr + "/.hidden"}, cli.ExitRefused, ".hidden", ""},
		{"a way out", []string{srv.addr + "/../../etc/passwd"}, cli.ExitRefused, "..", ""},
		{"an HTML page", []string{page.Listener.Addr().String() + "/app.log"}, cli.ExitError, "text/html", "port"},
		{"no HTTP", []string{banner + "/app.log"}, cli.ExitError, "HTTP", "port"},
		{"nobody there, once", []string{"--no-follow", closedPort(t) + "/app.log"}, cli.ExitError, "refuse", "tailsrv"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := startTUI(t, append([]string{"--plain"}, tt.args...)...)
			code := c.Exit(t)
			said := c.Log.String()
			errorLine, hintLine := lineWith(said, "tailtui: error: "), lineWith(said, "tailtui: hint: ")
			if code != tt.code || !strings.Contains(errorLine, tt.says) || hintLine == "" || !strings.Contains(hintLine, tt.hints) || strings.Contains(hintLine, " again") {
				t.Errorf("exit %d, want %d with an error of %q and a hint of %q; said:\n%s", code, tt.code, tt.says, tt.hints, said)
			}
			if c.Out.String() != "" {
				t.Errorf("stdout got %q", c.Out)
			}
		})
	}
	if live := srv.streams(t).Live; len(live) != 0 {
		t.Errorf("still live: %+v", live)
	}
}

func lineWith(all, prefix string) string {
	for line := range strings.Lines(all) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return rest
		}
	}
	return ""
}

// serveBanner listens and greets as another protocol does.
func serveBanner(t *testing.T, banner string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, banner)
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestServer_refusesABadCommandLine: exit code 2, an error and a hint.
func TestServer_refusesABadCommandLine(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{},
		{"--frobnicate", dir},
		{"--listen", "nonsense", dir},
		{"--listen", "0.0.0.0:0", dir},
		{"--listen", ":0", dir},
		{"--heartbeat", "100ms", dir},
		{"--heartbeat", "2m", dir},
		{"--lease", "1ms", dir},
		{"--max-age", "-1s", dir},
		{"--max-streams", "0", dir},
		{"--log-level", "loud", dir},
		{"--log-format", "xml", dir},
		{dir, dir},
		{"=" + dir},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			p := start(t, binaries.tailsrv, args...)
			code := p.Exit(t)
			if s := p.Log.String(); code != 2 || lineWith(s, "tailsrv: error: ") == "" || lineWith(s, "tailsrv: hint: ") == "" {
				t.Errorf("exit %d; said:\n%s", code, s)
			}
		})
	}
	t.Run("missing root", func(t *testing.T) {
		p := start(t, binaries.tailsrv, filepath.Join(dir, "nope"))
		if code, s := p.Exit(t), p.Log.String(); code != 1 || lineWith(s, "tailsrv: hint: ") == "" {
			t.Errorf("exit %d; said:\n%s", code, s)
		}
	})
	t.Run("port in use", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p := start(t, binaries.tailsrv, "--listen", l.Addr().String(), dir)
		if code, s := p.Exit(t), p.Log.String(); code != 1 || !strings.Contains(lineWith(s, "tailsrv: hint: "), "another port") {
			t.Errorf("exit %d; said:\n%s", code, s)
		}
	})
}
