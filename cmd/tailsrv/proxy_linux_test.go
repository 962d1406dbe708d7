package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Streams behind proxies. The server sees the proxy and not the client, so that what
// is promised is promised through leases, heartbeats and the end object.

// speaking is a path of the log that asks for a word each second, which in raw streams
// is an empty line.
func speaking(as wire.Representation) string {
	if as == wire.Raw {
		return "/app.log?lines=0&heartbeat=newline:1s"
	}
	return "/app.log?lines=0&heartbeat=1s"
}

// mute is one that asks for nothing but what the log says.
func mute(as wire.Representation) string {
	if as == wire.Raw {
		return "/app.log?lines=0"
	}
	return "/app.log?lines=0&heartbeat=60s"
}

// everyPassage opens a stream of each representation through each proxy. A proxy that
// holds back the header until there is a body gets a raw stream that begins with a line.
func everyPassage(t testing.TB, proxies []*proxy, path func(wire.Representation) string, lease time.Duration) (all []*passage) {
	t.Helper()
	for _, p := range proxies {
		for _, as := range representations {
			target := path(as)
			if p.holds && as == wire.Raw {
				target = strings.Replace(target, "lines=0", "lines=1", 1)
			}
			all = append(all, p.open(t, target, as, lease))
		}
	}
	return all
}

// TestProxies_passAtOnce: what is appended is there at once behind every proxy, with
// nothing after it that would push it.
func TestProxies_passAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := logFile(t, dir, "app.log", []byte("something old\n"))
	srv := serveDir(t, dir)
	all := everyPassage(t, startProxies(t, srv.addrs[0]), mute, 0)
	written := time.Now()
	write("something new\n")
	for _, s := range all {
		s.got.AwaitMatch(t, `something new`, 1)
		t.Logf("%v: after %v", s, s.last.Load().Sub(written).Round(time.Microsecond))
	}
}

// TestProxies_leaseLapses: a client that does not renew is reclaimed though the proxy
// keeps its connection to the server, whether the client reads on or does nothing more.
func TestProxies_leaseLapses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	proxies := startProxies(t, srv.addrs[0])
	const lease = 2 * time.Second
	all := everyPassage(t, proxies, speaking, lease)
	for _, p := range proxies {
		for _, as := range representations {
			all = append(all, p.openOnly(t, speaking(as), as, lease))
		}
	}
	for _, s := range all {
		last := srv.awaitEnded(t, s.id)
		took := last.Ended.Sub(last.Opened)
		if last.Reason != wire.ReasonLeaseLapsed || took > lease+time.Second {
			t.Errorf("%v: %s after %v, expected %s within %v and a second", s, last.Reason, took, wire.ReasonLeaseLapsed, lease)
		}
	}
}

// TestProxies_renewAndClose: renewals keep a stream behind a proxy for longer than its
// lease; a DELETE ends it, and the end object comes through.
func TestProxies_renewAndClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	const lease = 2 * time.Second
	all := everyPassage(t, startProxies(t, srv.addrs[0]), speaking, lease)
	renewal := time.NewTicker(lease / 3)
	defer renewal.Stop()
	for range 2 * 3 {
		<-renewal.C
		for _, s := range all {
			s.renew(t)
		}
	}
	for _, s := range all {
		srv.live(t, s.id)
		if status, text := s.status(t, http.MethodDelete, "/-/streams/"+s.id, ""); status != http.StatusNoContent {
			t.Errorf("%v: DELETE answered %d %s", s, status, text)
		}
		if last := srv.awaitEnded(t, s.id); last.Reason != wire.ReasonClientClosed || *last.ReclaimMS > 100 {
			t.Errorf("%v: ended %+v", s, last)
		}
		s.endsWith(t, wire.ReasonClientClosed)
	}
}

// endsWith waits for a clean end that the stream itself tells, where it can.
func (p *passage) endsWith(t testing.TB, reason wire.Reason) {
	t.Helper()
	err := p.awaitEnd(t)
	want := string(reason)
	if p.as == wire.Raw {
		want = ""
	}
	if got := p.endObject(); err != nil || got != want {
		t.Errorf("%v: ended with %q and error %v, expected %q and none", p, got, err, want)
	}
}

// TestProxies_maxAge: a stream that lived for long enough ends with its end object.
func TestProxies_maxAge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir, "--max-age", "2s")
	for _, s := range everyPassage(t, startProxies(t, srv.addrs[0]), speaking, 0) {
		s.endsWith(t, wire.ReasonMaxAge)
	}
}

// TestProxies_shutdown: a server that stops says so to everybody behind a proxy.
func TestProxies_shutdown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	all := everyPassage(t, startProxies(t, srv.addrs[0]), speaking, 0)
	srv.Signal(t, syscall.SIGTERM)
	for _, s := range all {
		s.endsWith(t, wire.ReasonShutdown)
	}
	if code := srv.Exit(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestProxies_leavingIsSeen: a client that closes its connection to the proxy is
// noticed. A proxy that keeps its own takes up to three heartbeats: the first goes into
// the void, the second is answered with a reset, and only the third is an error to it.
func TestProxies_leavingIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	const heartbeat = time.Second
	all := everyPassage(t, startProxies(t, srv.addrs[0]), speaking, time.Minute)
	left := make([]time.Time, len(all))
	for i, s := range all {
		left[i] = time.Now()
		s.leave()
	}
	for i, s := range all {
		bound := time.Second
		if s.clings {
			bound += 3 * heartbeat
		}
		last := srv.awaitEnded(t, s.id)
		took := last.Ended.Sub(left[i])
		if last.Reason != wire.ReasonClientGone || took > bound {
			t.Errorf("%v: %s after %v, expected %s within %v", s, last.Reason, took, wire.ReasonClientGone, bound)
		}
		t.Logf("%v: noticed after %v", s, took.Round(10*time.Microsecond))
	}
}

// TestProxies_cutIsNoEnd: whatever a proxy makes of a stream that was cut, the end
// object is missing in it, so that nobody takes it for a clean end.
func TestProxies_cutIsNoEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	all := everyPassage(t, startProxies(t, srv.addrs[0]), speaking, 0)
	srv.Signal(t, syscall.SIGKILL)
	for _, s := range all {
		err := s.awaitEnd(t)
		t.Logf("%v: the body ended with %v", s, err)
		if got := s.endObject(); got != "" {
			t.Errorf("%v: ended with %q", s, got)
		}
		if err == nil && strings.HasPrefix(s.name, "nginx") {
			t.Errorf("%v: the cut stream looks whole", s) // it would not, were it asked over HTTP/1.1
		}
	}
}

// TestProxies_stalled: a client that takes nothing of a large log is named when the
// proxy takes no more, and what it reads later has no end object.
func TestProxies_stalled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := strings.Repeat("x", 1023) + "\n"
	logFile(t, dir, "app.log", bytes.Repeat([]byte(line), 48<<10))
	srv := serveDir(t, dir, "--stall-timeout", "1s")
	for _, p := range startProxies(t, srv.addrs[0]) {
		if p.more != "" && p.cuts {
			continue // it takes a gigabyte into a file first
		}
		s := p.openOnly(t, "/app.log?from=start", wire.Frames, 0)
		last := srv.awaitEnded(t, s.id)
		if last.Reason != wire.ReasonStalled {
			t.Errorf("%v: ended %+v", s, last)
		}
		frames := wire.NewDecoder(s.res.Body)
		var taken int
		var err error
		for err == nil {
			var f wire.Frame
			f, err = frames.Next()
			taken += len(f.Data)
			if f.Type == wire.FrameEnd {
				t.Errorf("%v: ended with %+v", s, f.End)
			}
		}
		t.Logf("%v: %s after %d KiB, of which %d KiB arrived; then %v", s, last.Reason, last.Bytes>>10, taken>>10, err)
	}
}

// TestProxies_host: a server behind a proxy that passes the name on must know it.
func TestProxies_host(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	for _, tt := range []struct {
		flags  []string
		status int
	}{
		{nil, http.StatusMisdirectedRequest},
		{[]string{"--allow-host", "logs.example"}, http.StatusOK},
	} {
		srv := serveDir(t, dir, tt.flags...)
		for _, p := range startProxies(t, srv.addrs[0]) {
			if status, text := p.status(t, http.MethodGet, "/-/version", "", "Host", "logs.example"); status != tt.status {
				t.Errorf("%s before tailsrv %v: %d %s", p.name, tt.flags, status, text)
			}
		}
	}
}

// TestProxies_nobodyIsAnOperator: who comes through a proxy that runs beside the
// server is not somebody on its machine.
func TestProxies_nobodyIsAnOperator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logFile(t, dir, "app.log", nil)
	srv := serveDir(t, dir)
	for _, p := range startProxies(t, srv.addrs[0]) {
		s := p.open(t, mute(wire.NDJSON), wire.NDJSON, 0)
		if status, text := p.status(t, http.MethodDelete, "/-/streams/"+s.id[:wire.ShownID], ""); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", p.name, status, text)
		}
		srv.live(t, s.id)
	}
}

// TestProxies_idleMinute: a stream on a log that is silent for more than the minute
// after which proxies lose patience goes on, since heartbeats pass. A raw stream has
// none unless it asks for them, and is cut by a proxy that has no patience.
func TestProxies_idleMinute(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 65 s")
	}
	t.Parallel()
	dir := t.TempDir()
	write := logFile(t, dir, "app.log", []byte("something old\n"))
	srv := serveDir(t, dir)
	proxies := startProxies(t, srv.addrs[0])
	all := everyPassage(t, proxies, func(as wire.Representation) string {
		if as == wire.Raw {
			return "/app.log?lines=0&heartbeat=newline:15s"
		}
		return "/app.log?lines=0" // with the server's own 15 s
	}, 0)
	var silent []*passage
	for _, p := range proxies {
		silent = append(silent, p.open(t, "/app.log?lines=1", wire.Raw, 0))
	}
	opened := time.Now()
	renewal := time.NewTicker(13 * time.Second)
	defer renewal.Stop()
	for time.Since(opened) < 61*time.Second {
		<-renewal.C
		for _, s := range all {
			if s.as == wire.Frames {
				s.renew(t)
			}
		}
	}
	t.Logf("after %v", time.Since(opened).Round(time.Second))
	for _, s := range silent {
		if !s.cuts {
			all = append(all, s)
			continue
		}
		err := s.awaitEnd(t)
		last := srv.awaitEnded(t, s.id)
		t.Logf("%v, without a word: cut after %v: %v; %s", s, last.Ended.Sub(last.Opened).Round(time.Millisecond), err, last.Reason)
		if err == nil || last.Reason != wire.ReasonClientGone {
			t.Errorf("%v: ended with %v, %+v", s, err, last)
		}
	}
	write("still there\n")
	for _, s := range all {
		s.got.AwaitMatch(t, "still there", 1)
	}
}

// TestProxies_tailtui: the real client through each proxy: kept for longer than its
// lease, stopped and reclaimed, awake and back without a line lost or doubled, and
// gone when it says so.
func TestProxies_tailtui(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	must(t, proctest.Build(bin, raceEnabled, "../tailtui"))
	for _, kind := range proxyKinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			throughTailtui(t, kind, bin+"/tailtui")
		})
	}
}

func throughTailtui(t *testing.T, kind proxyKind, tailtui string) {
	dir := t.TempDir()
	write := logFile(t, dir, "app.log", []byte("first\n"))
	srv := serveDir(t, dir)
	p := startProxy(t, kind, srv.addrs[0])
	c := proctest.Start(t, tailtui, "--plain", "--heartbeat", "1s", p.addr+"/app.log")
	c.Out.AwaitMatch(t, `first\n`, 1)
	st := srv.onlyStream(t)
	lease := time.Duration(st.LeaseMS) * time.Millisecond
	proctest.Eventually(t, func() error {
		if st := srv.onlyStream(t); time.Since(st.Opened) < 2*lease {
			return fmt.Errorf("stream %s is not twice as old as its lease of %v", st.ID, lease)
		}
		return nil
	})
	if again := srv.onlyStream(t); again.ID != st.ID {
		t.Errorf("stream %s became %s", st.ID, again.ID)
	}

	c.Signal(t, syscall.SIGSTOP)
	stopped := time.Now()
	last := srv.awaitEnded(t, st.ID)
	if took := last.Ended.Sub(stopped); last.Reason != wire.ReasonLeaseLapsed || took > lease+time.Second {
		t.Errorf("stopped: %s after %v, expected %s within %v and a second", last.Reason, took, wire.ReasonLeaseLapsed, lease)
	}
	write("second\n")
	c.Signal(t, syscall.SIGCONT)
	c.Out.AwaitMatch(t, `second\n`, 1)

	srv.restart(t)
	write("third\n")
	c.Out.AwaitMatch(t, `third\n`, 1)
	if got := c.Out.String(); got != "first\nsecond\nthird\n" {
		t.Errorf("got %q", got)
	}
	st = srv.onlyStream(t)
	c.Signal(t, syscall.SIGTERM)
	if code := c.Exit(t); code != 0 {
		t.Errorf("exit code %d: %s", code, c.Log)
	}
	if last := srv.awaitEnded(t, st.ID); last.Reason != wire.ReasonClientClosed {
		t.Errorf("ended %+v", last)
	}
}

// onlyStream waits for one live stream and gives it.
func (s *tailsrv) onlyStream(t testing.TB) (st wire.StreamInfo) {
	t.Helper()
	proctest.Eventually(t, func() error {
		all, err := s.streams(t.Context())
		if err == nil && len(all.Live) != 1 {
			err = fmt.Errorf("%d streams are live", len(all.Live))
		}
		if err == nil {
			st = all.Live[0]
		}
		return err
	})
	return st
}

// restart kills the server and starts it again where it was.
func (s *tailsrv) restart(t testing.TB) {
	t.Helper()
	s.Signal(t, syscall.SIGKILL)
	<-s.Exited
	args := append([]string{"--listen", s.addrs[0]}, s.Args[3:]...)
	*s = *startServer(t, s.ns, s.Path, args...)
}
