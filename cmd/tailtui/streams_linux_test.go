package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestStreams_endsOne: the screen shows who watches what; x and y end the stream
// that was named, with the reason operator, and no other; its client hears of it.
func TestStreams_endsOne(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	newFile(t, dir, "other.log", "line\n")
	srv := serveDir(t, dir)
	app, other := startTUI(t, srv.addr+"/app.log"), startTUI(t, srv.addr+"/other.log")
	app.Out.AwaitMatch(t, `line\n`, 1)
	other.Out.AwaitMatch(t, `line\n`, 1)

	x := startTerminal(t, "--streams", srv.addr)
	x.shows(t, "[live 2: 2 frames]")
	x.shows(t, "LIVE")
	x.press(t, "/other\r")
	x.shows(t, "1 of 2")
	x.press(t, "x")
	x.shows(t, "end the stream of other.log to 127.0.0.1")
	x.press(t, "n") // no
	x.press(t, "x")
	x.press(t, "y")
	x.shows(t, "ended: the stream of other.log to 127.0.0.1")
	x.shows(t, "[live 1: 1 frames]")
	if code := other.Exit(t); code != 4 {
		t.Errorf("the client ended with %d:\n%s", code, other.Log)
	}
	other.Log.AwaitMatch(t, `ended by the server: operator`, 1)

	all := srv.streams(t)
	if len(all.Live) != 1 || all.Live[0].Log != "app.log" {
		t.Errorf("live: %+v", all.Live)
	}
	if len(all.Ended) != 1 || all.Ended[0].Reason != wire.ReasonOperator || all.Ended[0].Log != "other.log" {
		t.Errorf("ended: %+v", all.Ended)
	}
	x.press(t, "e")
	x.shows(t, "operator")
	x.press(t, "q")
	if code, took := x.gone(t); code != 0 || x.stderr.String() != "" {
		t.Errorf("exit code %d after %v, stderr %q", code, took, x.stderr)
	}
}

// TestStreams_serverAwayAndBack: never LIVE over what is old, and what was last
// known stays in view.
func TestStreams_serverAwayAndBack(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	c := startTUI(t, srv.addr+"/app.log")
	c.Out.AwaitMatch(t, `line\n`, 1)
	x := startTerminal(t, "--streams", srv.addr)
	x.shows(t, "app.log")
	srv.Signal(t, syscall.SIGKILL)
	srv.Exit(t)
	if screen := x.shows(t, "NO CONTACT"); !strings.Contains(screen, "app.log") || !strings.Contains(screen, "as of ") {
		t.Errorf("what was known is gone:\n%s", screen)
	}
	x.shows(t, "retry ")
	startServer(t, "--listen", srv.addr, dir)
	x.press(t, "R")
	x.shows(t, "LIVE")
	x.press(t, "q")
	if code, _ := x.gone(t); code != 0 {
		t.Errorf("exit code %d: %s", code, x.stderr)
	}
}

// TestStreams_endsNothingThere: what could not be asked for is not in doubt, and the
// address is right.
func TestStreams_endsNothingThere(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	c := startTUI(t, srv.addr+"/app.log")
	c.Out.AwaitMatch(t, `line\n`, 1)
	x := startTerminal(t, "--streams", srv.addr)
	x.shows(t, "app.log")
	srv.Signal(t, syscall.SIGKILL)
	srv.Exit(t)
	x.shows(t, "NO CONTACT") // the connection that was kept is known to be closed
	x.press(t, "x")
	x.shows(t, "end the stream of app.log")
	x.press(t, "y")
	if screen := x.shows(t, "not ended: the stream of app.log"); !strings.Contains(screen, "hint: it was there before") {
		t.Errorf("the screen is\n%s", screen)
	}
	x.press(t, "q")
	if code, _ := x.gone(t); code != 0 {
		t.Errorf("exit code %d: %s", code, x.stderr)
	}
}

// TestStreams_whoIsStuck: a client that takes nothing is told from one that has all,
// long before it is ended for that.
func TestStreams_whoIsStuck(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	conn, err := dialRaw(t, srv.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.open("/app.log"); err != nil {
		t.Fatal(err)
	}
	x := startTerminal(t, "--streams", srv.addr)
	x.shows(t, "● app.log")
	log.append(strings.Repeat(strings.Repeat("x", 1023)+"\n", 16<<10)) // more than any buffer takes
	x.shows(t, "! app.log")
	x.press(t, "\r")
	x.shows(t, "streaming; its client takes nothing")
	x.press(t, "Q")
	if code, _ := x.gone(t); code != 0 {
		t.Errorf("exit code %d: %s", code, x.stderr)
	}
}

// TestStreams_screenOverNothing: a server that is not there is waited for, and what
// is no tailsrv ends with an error, once the user has seen it.
func TestStreams_screenOverNothing(t *testing.T) {
	x := startTerminal(t, "--streams", closedPort(t))
	x.shows(t, "RETRY")
	x.shows(t, "is tailsrv running there")
	x.press(t, "q")
	if code, _ := x.gone(t); code != 0 {
		t.Errorf("a user who left: exit code %d", code)
	}
	x = startTerminal(t, "--streams", serveBanner(t, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n"))
	x.shows(t, "CLOSED")
	x.press(t, "q")
	if code, _ := x.gone(t); code != 1 || !strings.Contains(x.stderr.String(), "tailtui: hint: that is an ssh server") {
		t.Errorf("exit code %d: %s", code, x.stderr)
	}
}

// TestStreams_inAPipe: the table once, with nothing of a name that a terminal would
// obey.
func TestStreams_inAPipe(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "a\x1b[2J.log", "line\n")
	srv := serveDir(t, dir)
	c := startTUI(t, "http://"+srv.addr+"/a%1b%5b2J.log")
	c.Out.AwaitMatch(t, `line\n`, 1)
	p := start(t, binaries.tailtui, "--streams", srv.addr)
	if code := p.Exit(t); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.Log)
	}
	if !regexp.MustCompile(`(?m)^frames .* 5 .* streaming +[0-9a-f]{8}  a␛\[2J\.log  127\.0\.0\.1$`).MatchString(p.Out.String()) {
		t.Errorf("the table is\n%s", p.Out)
	}
	if p := start(t, binaries.tailtui, "--ascii", "--plain", "--streams", "http://"+srv.addr+"/"); p.Exit(t) != 0 || !strings.Contains(p.Out.String(), "a^[[2J.log") {
		t.Errorf("in ASCII\n%s%s", p.Out, p.Log)
	}
	head := exec.CommandContext(t.Context(), "sh", "-c", fmt.Sprintf("%s --streams %s | head -1", binaries.tailtui, srv.addr))
	if out, err := head.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "AS ") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("with head: %v, %q", err, out)
	}
}
