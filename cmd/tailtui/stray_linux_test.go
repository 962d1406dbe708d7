package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// What net/http logs by itself, of peers that send what nobody asked for, must not
// get to the terminal: in the middle of a screen it stays, and what it says is the
// peer's.

// stray is what the peers of these tests send behind an answer.
const stray = "STRAY\x1b[31m"

// awaitAnswers waits for so many answers that had stray bytes behind them, a line each.
func awaitAnswers(t *testing.T, answers *proctest.Output, n int) {
	t.Helper()
	answers.Await(t, fmt.Sprintf("%d answers", n), func(s string) bool { return strings.Count(s, "\n") >= n })
}

// TestStray_behindTheStreams: the screen of a server's streams stays whole.
func TestStray_behindTheStreams(t *testing.T) {
	answers := proctest.NewOutput()
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerWithStray(t, w, http.StatusOK, wire.TypeJSON, `{"live":[],"ended":[]}`)
		fmt.Fprintln(answers)
	}))
	defer peer.Close()
	x := startTerminal(t, "--streams", peer.Listener.Addr().String())
	x.shows(t, "LIVE")
	awaitAnswers(t, answers, 3)
	x.press(t, "?")
	if screen := x.shows(t, "this help"); strings.Contains(screen, "STRAY") || !strings.Contains(screen, "LIVE") {
		t.Errorf("the screen is\n%s", screen)
	}
	x.press(t, "Q")
	if code, _ := x.gone(t); code != 0 || x.stderr.String() != "" {
		t.Errorf("exit code %d, stderr %q", code, x.stderr)
	}
}

// TestStray_behindALog: nor is the screen of a log torn, or what a pipe's user reads.
func TestStray_behindALog(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	answers := proctest.NewOutput()
	behind := &url.URL{Scheme: "http", Host: srv.addr}
	proxy := httputil.NewSingleHostReverseProxy(behind)
	proxy.FlushInterval = -1
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/lease") {
			proxy.ServeHTTP(w, r)
			return
		}
		answerWithStray(t, w, http.StatusNoContent, "", "")
		fmt.Fprintln(answers)
	}))
	defer peer.Close()
	target := peer.Listener.Addr().String() + "/app.log"

	x := startTerminal(t, "--heartbeat", "1s", target)
	x.shows(t, "line")
	awaitAnswers(t, answers, 3)
	x.press(t, "q")
	if code, _ := x.gone(t); code != 0 || strings.Contains(x.stderr.String(), "STRAY") || strings.Contains(x.screen.String(), "STRAY") {
		t.Errorf("exit code %d, stderr %q", code, x.stderr)
	}
	p := start(t, binaries.tailtui, "--plain", "--heartbeat", "1s", target)
	p.Out.AwaitMatch(t, `line\n`, 1)
	awaitAnswers(t, answers, 6)
	p.Process.Kill()
	p.Exit(t)
	if strings.Contains(p.Log.String(), "STRAY") {
		t.Errorf("states: %s", p.Log)
	}
}

// answerWithStray answers on the bare connection, keeps that open, and reads it to
// its end so that nothing is lost by a reset.
func answerWithStray(t *testing.T, w http.ResponseWriter, status int, mediaType, body string) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	if mediaType != "" {
		head += fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", mediaType, len(body))
	}
	io.WriteString(conn, head+"\r\n"+body+stray)
	drain(conn, buffered.Reader)
}

// drain waits, as long as a test may, until the other side has closed.
func drain(conn net.Conn, r *bufio.Reader) {
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(proctest.Patience))
	io.Copy(io.Discard, r)
}
