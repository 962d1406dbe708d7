package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestPair_bytesOnceThroughRotation: what tailtui gives is what was written.
func TestPair_bytesOnceThroughRotation(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "")
	srv := serveDir(t, dir)
	c := startTUI(t, "--plain", "-n", "all", srv.addr+"/app.log")
	c.Log.AwaitMatch(t, `: live\n`, 1)

	var want strings.Builder
	write := func(s string) {
		want.WriteString(s)
		log.append(s)
	}
	write("first\n")
	for round := range 3 {
		for i := range 200 {
			write(fmt.Sprintf("round %d line %d\n", round, i))
		}
		write("torn by the rotation")
		log.rotate()
		write("next generation\n")
		c.Log.AwaitMatch(t, `: rotated`, round+1)
	}
	got := c.Out.Await(t, "every byte", func(s string) bool { return len(s) >= want.Len() })
	if got != want.String() {
		t.Errorf("wrote %d bytes, got %d, equal: %v", want.Len(), len(got), got == want.String())
	}
}

// TestRaw_bytesExactly: curl gets 10,000 random lines, many of them no UTF-8,
// byte for byte.
func TestRaw_bytesExactly(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "")
	srv := serveDir(t, dir)

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+srv.addr+"/app.log?from=start", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()

	rng := rand.New(rand.NewPCG(1, 2))
	var written bytes.Buffer
	for range 100 {
		var part bytes.Buffer
		for range 100 {
			line := make([]byte, rng.IntN(200))
			for i := range line {
				line[i] = byte(rng.Uint32())
			}
			part.Write(append(line, '\n'))
		}
		written.Write(part.Bytes())
		log.append(part.String())
	}
	got := make([]byte, written.Len())
	if _, err := io.ReadFull(res.Body, got); err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(written.Bytes()) {
		t.Error("the bytes differ from those written")
	}
}

// TestClose_isToldAndGivesBack: leaving tailtui ends its stream at the server
// before run returns, whoever wishes it.
func TestClose_isToldAndGivesBack(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	before := len(srv.streams(t).Ended)

	c := startTUI(t, "--plain", srv.addr+"/app.log")
	c.Out.AwaitMatch(t, `line\n`, 1)
	if live := srv.streams(t).Live; len(live) != 1 || live[0].Log != "app.log" || live[0].As != "frames" {
		t.Fatalf("live streams: %+v", live)
	}
	c.leave()
	if code := c.Exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	all := srv.streams(t)
	if len(all.Live) != 0 || len(all.Ended) != before+1 || all.Ended[0].Reason != wire.ReasonClientClosed {
		t.Errorf("after leaving: %+v", all)
	}
	if took := all.Ended[0].ReclaimMS; took == nil || *took > 100 {
		t.Errorf("reclaimed within %v ms, want 100", took)
	}
	c.Log.AwaitMatch(t, `tailtui: \S+/app.log: .*\n$`, 1)
}

// TestKill_isNoticedOnASilentLog: a killed client's stream is gone within 1 s,
// though the log says nothing.
func TestKill_isNoticedOnASilentLog(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir, "--heartbeat", "60s")
	c := start(t, binaries.tailtui, "--plain", "--heartbeat", "60s", srv.addr+"/app.log")
	c.Out.AwaitMatch(t, `line\n`, 1)
	killed := time.Now()
	c.Signal(t, syscall.SIGKILL)
	srv.Log.AwaitMatch(t, `reason=client-gone`, 1)
	if took := time.Since(killed); took > time.Second {
		t.Errorf("noticed after %v", took)
	}
	all := srv.streams(t)
	if len(all.Live) != 0 || all.Ended[0].Reason != wire.ReasonClientGone {
		t.Errorf("after the kill: %+v", all)
	}
}

// TestStop_isNoticedByTheLease: a stopped client's stream is given back when its lease
// lapses, and what it missed comes when it goes on.
func TestStop_isNoticedByTheLease(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "before\n")
	srv := serveDir(t, dir)
	c := start(t, binaries.tailtui, "--plain", "--heartbeat", "1s", srv.addr+"/app.log")
	c.Out.AwaitMatch(t, `before\n`, 1)
	stopped := time.Now()
	c.Signal(t, syscall.SIGSTOP)
	srv.Log.AwaitMatch(t, `reason=lease-lapsed`, 1)
	if took, lease := time.Since(stopped), 3*time.Second; took > lease+time.Second {
		t.Errorf("noticed after %v", took)
	}
	log.append("meanwhile\n")
	c.Signal(t, syscall.SIGCONT)
	c.Out.AwaitMatch(t, `meanwhile\n`, 1)
	if got := c.Out.String(); got != "before\nmeanwhile\n" {
		t.Errorf("got %q", got)
	}
}

// TestManyClients_leaveNothing: 500 clients come to two silent logs and leave in
// different ways; descriptors, watches and goroutines return to where they were.
func TestManyClients_leaveNothing(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "a.log", "line\n")
	newFile(t, dir, "b.log", "line\n")
	srv := serveDir(t, dir, "--max-streams-per-client", "1000")
	settle := func() { // one of each, so that what the server keeps for good is there
		for _, name := range []string{"a.log", "b.log"} {
			c := startTUI(t, "--plain", srv.addr+"/"+name)
			c.Out.AwaitMatch(t, `line\n`, 1)
			c.leave()
			c.Exit(t)
		}
	}
	settle()
	held := func() (leak.Held, error) { return srv.held(t) }
	baseline, err := held()
	if err != nil {
		t.Fatal(err)
	}

	const clients, together = 500, 25
	slots := make(chan struct{}, together)
	var all sync.WaitGroup
	for i := range clients {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			leaveSomehow(t, srv.addr, i)
		})
	}
	all.Wait()
	srv.Log.Await(t, "every ending", func(s string) bool { return strings.Count(s, "reason=client-") >= clients+2 })
	if err := leak.AwaitBack(baseline, held); err != nil {
		t.Error(err)
	}
	if live := srv.streams(t).Live; len(live) != 0 {
		t.Errorf("still live: %+v", live)
	}
}

// leaveSomehow watches a silent log and leaves: by closing the connection, by a
// reset, or by DELETE.
func leaveSomehow(t *testing.T, addr string, i int) {
	conn, err := dialRaw(t, addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	path := []string{"/a.log", "/b.log"}[i%2]
	id, err := conn.open(path)
	if err != nil {
		t.Error(err)
		return
	}
	switch i % 3 {
	case 0: // FIN, by the deferred Close
	case 1:
		conn.SetLinger(0)
	case 2:
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+addr+"/-/streams/"+id, nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Close = true
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNoContent {
			t.Errorf("DELETE answered %s", res.Status)
		}
	}
}

// TestRestart_losesNothing: the server is killed and started again, several
// times, under a running tailtui, while lines are written.
func TestRestart_losesNothing(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "")
	srv := serveDir(t, dir)
	addr := srv.addr
	c := startTUI(t, "--plain", "-n", "all", addr+"/app.log")
	c.Log.AwaitMatch(t, `: live\n`, 1)

	const lines = 3000
	written := make(chan struct{})
	go func() {
		defer close(written)
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for i := range lines {
			<-ticker.C
			log.append(fmt.Sprintf("line %d\n", i))
		}
	}()
	for i, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGKILL} {
		c.Out.Await(t, "lines between two restarts", func(s string) bool { return strings.Count(s, "\n") > (i+1)*300 })
		srv.Signal(t, sig)
		srv.Exit(t)
		srv = startServer(t, "--listen", addr, dir)
		c.Log.AwaitMatch(t, `: live\n`, i+2)
	}
	<-written
	var want strings.Builder
	for i := range lines {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	got := c.Out.Await(t, "every line", func(s string) bool { return strings.Contains(s, fmt.Sprintf("line %d\n", lines-1)) })
	if got != want.String() {
		t.Errorf("lines were lost or doubled: wrote %d bytes, got %d", want.Len(), len(got))
	}
	if strings.Contains(c.Log.String(), "lost,") {
		t.Errorf("a loss was told:\n%s", c.Log)
	}
}

// TestShutdown_isToldAndEnds: SIGTERM reaches every client as a word, and the
// server ends with 0 within its drain time.
func TestShutdown_isToldAndEnds(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir, "--drain", "5s")
	var bodies [3]string
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i, accept := range []string{wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+srv.addr+"/app.log", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Errorf("%s: the body ended with %v", accept, err)
			}
			bodies[i] = string(b)
			if got := res.Trailer.Get(wire.TrailerEnd); got != string(wire.ReasonShutdown) {
				t.Errorf("%s: trailer %q", accept, got)
			}
		})
	}
	begun := time.Now()
	srv.Signal(t, syscall.SIGTERM)
	if code := srv.Exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("draining took %v", took)
	}
	all.Wait()
	for i, b := range bodies {
		if !strings.Contains(b, `"reason":"shutdown"`) {
			t.Errorf("body %d ends without the reason: %q", i, b)
		}
	}
}

// TestLocalFile_isServedInProcess: the whole pair in this process, where its
// goroutines are counted.
func TestLocalFile_isServedInProcess(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "one\n")
	c := startTUI(t, "--plain", log.path)
	c.Out.AwaitMatch(t, `one\n`, 1)
	log.append("two\n")
	c.Out.AwaitMatch(t, `two\n`, 1)
	log.rotate()
	log.append("three\n")
	c.Out.AwaitMatch(t, `three\n`, 1)
	c.leave()
	if code := c.Exit(t); code != 0 || c.Out.String() != "one\ntwo\nthree\n" {
		t.Errorf("exit %d, output %q, states:\n%s", code, c.Out, c.Log)
	}
}

// TestSymlink_isFollowedOnce: a local target may be a link to anywhere.
func TestSymlink_isFollowedOnce(t *testing.T) {
	there, here := t.TempDir(), t.TempDir()
	log := newFile(t, there, "real.log", "one\n")
	link := filepath.Join(here, "link.log")
	if err := os.Symlink(log.path, link); err != nil {
		t.Fatal(err)
	}
	c := startTUI(t, "--plain", link)
	c.Out.AwaitMatch(t, `one\n`, 1)
}

// TestRetry_waitsForAFile: a file that is not there yet is waited for if asked to,
// and a missing one among several is told in its place.
func TestRetry_waitsForAFile(t *testing.T) {
	dir := t.TempDir()
	c := startTUI(t, "--plain", "--retry", filepath.Join(dir, "later.log"))
	c.Log.AwaitMatch(t, `: live\n`, 1)
	newFile(t, dir, "later.log", "here\n")
	c.Out.AwaitMatch(t, `here\n`, 1)

	d := startTUI(t, "--plain", filepath.Join(dir, "later.log"), filepath.Join(dir, "never.log"))
	d.Out.AwaitMatch(t, `here\n`, 1)
	d.Log.AwaitMatch(t, `never.log: closed: `, 1)
}

// TestNoFollow_isComplete: the log up to its end, then exit 0.
func TestNoFollow_isComplete(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", strings.Repeat("line\n", 100_000))
	srv := serveDir(t, dir)
	c := startTUI(t, "--plain", "--no-follow", "-n", "all", srv.addr+"/app.log")
	if code := c.Exit(t); code != 0 || len(c.Out.String()) != 500_000 {
		t.Errorf("exit %d, %d bytes, states:\n%s", code, len(c.Out.String()), c.Log)
	}
}

// TestSeveralLogs_keepTheirLinesWhole: two logs share stdout as tail -f has it.
func TestSeveralLogs_keepTheirLinesWhole(t *testing.T) {
	dir := t.TempDir()
	a, b := newFile(t, dir, "a.log", "a1\n"), newFile(t, dir, "b.log", "b1\n")
	srv := serveDir(t, dir)
	c := startTUI(t, "--plain", srv.addr+"/a.log", srv.addr+"/b.log")
	c.Out.Await(t, "both", func(s string) bool { return strings.Contains(s, "a1\n") && strings.Contains(s, "b1\n") })
	a.append("a2 begins, ")
	b.append("b2\n")
	c.Out.AwaitMatch(t, `b2\n`, 1)
	a.append("a2 ends\n")
	got := c.Out.Await(t, "the whole line", func(s string) bool { return strings.Contains(s, "a2 begins, a2 ends\n") })
	if strings.Count(got, "==> ") < 3 {
		t.Errorf("headings are missing in %q", got)
	}
}
