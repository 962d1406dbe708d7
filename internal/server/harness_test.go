package server

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// site is a running server and a client of it.
type site struct {
	t      testing.TB
	logs   *fakeLogs
	server *Server
	client *http.Client
	dial   func() net.Conn
	log    *lines // what the server logged; all of it after stop
	stop   func() // ends Serve and waits for it; at the test's end if not before
}

// inMemory serves over pipes, for tests in fake time.
func inMemory(t testing.TB, logs *fakeLogs, cfg Config) *site {
	l := memnet.Listen()
	return serve(t, logs, cfg, l, l.Dial)
}

// onLoopback serves over real sockets, for tests whose subject is the kernel. When
// the test ends, it must have given back all that it took.
func onLoopback(t testing.TB, logs *fakeLogs, cfg Config) *site {
	t.Helper()
	leak.Check(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, logs, cfg, l, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	})
}

func serve(t testing.TB, logs *fakeLogs, cfg Config, l net.Listener, dial func(context.Context) (net.Conn, error)) *site {
	t.Helper()
	t.Cleanup(func() { // after the one that stops the server
		if n := logs.opened(); n != 0 {
			t.Errorf("%d followers or snapshots were not closed", n)
		}
	})
	s := serveLogs(t, logs, cfg, l, dial)
	s.logs = logs
	return s
}

func serveLogs(t testing.TB, logs Logs, cfg Config, l net.Listener, dial func(context.Context) (net.Conn, error)) *site {
	t.Helper()
	logged := &lines{}
	cfg.Logs = logs
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(logged, nil))
	}
	s := New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.Serve(ctx, l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	}()
	transport := &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true,
	}
	stop := func() {
		cancel()
		<-served
	}
	t.Cleanup(func() {
		stop()
		transport.CloseIdleConnections()
	})
	return &site{
		t: t, server: s, log: logged, stop: stop,
		client: &http.Client{Transport: transport},
		dial: func() net.Conn {
			t.Helper()
			c, err := dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		},
	}
}

// do asks and leaves the body to the caller. Header is pairs of name and value.
func (s *site) do(method, target, body string, header ...string) *http.Response {
	s.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://localhost"+target, r)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() })
	return res
}

// ask asks and reads the whole answer.
func (s *site) ask(method, target, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	res := s.do(method, target, body, header...)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	return res, string(b)
}

// tail is one native stream as a client sees it.
type tail struct {
	*wire.Decoder
	t    testing.TB
	res  *http.Response
	open *wire.Open
}

func (s *site) tail(target string, header ...string) *tail {
	s.t.Helper()
	res := s.do(http.MethodGet, target, "", append([]string{"Accept", wire.TypeFrames}, header...)...)
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(res.Body)
		s.t.Fatalf("GET %s: %s\n%s", target, res.Status, b)
	}
	tl := &tail{Decoder: wire.NewDecoder(res.Body), t: s.t, res: res}
	tl.open = tl.next(wire.FrameOpen).Open
	return tl
}

// next reads the next frame, which must be of the given type.
func (tl *tail) next(kind byte) wire.Frame {
	tl.t.Helper()
	f, err := tl.Next()
	if err != nil {
		tl.t.Fatalf("wanted frame %q: %v", kind, err)
	}
	if f.Type != kind {
		tl.t.Fatalf("wanted frame %q, got %q: %+v", kind, f.Type, f)
	}
	return f
}

// end skips to the end frame, and checks that the body ends there, cleanly.
func (tl *tail) end() *wire.End {
	tl.t.Helper()
	for {
		f, err := tl.Next()
		if err != nil {
			tl.t.Fatalf("wanted an end frame: %v", err)
		}
		if f.Type != wire.FrameEnd {
			continue
		}
		if _, err := tl.Next(); err != io.EOF {
			tl.t.Fatalf("after the end frame: %v", err)
		}
		if got := tl.res.Trailer.Get(wire.TrailerEnd); got != string(f.End.Reason) {
			tl.t.Errorf("trailer %q, end frame %q", got, f.End.Reason)
		}
		return f.End
	}
}

// streams asks for /-/streams.
func (s *site) streams() wire.Streams {
	s.t.Helper()
	_, body := s.ask(http.MethodGet, "/-/streams", "", "Accept", wire.TypeJSON)
	var streams wire.Streams
	if err := json.Unmarshal([]byte(body), &streams); err != nil {
		s.t.Fatalf("%v in %s", err, body)
	}
	return streams
}

// buried waits until no stream is live and n have ended, and gives the last.
func (s *site) buried(n int, within time.Duration) wire.StreamInfo {
	s.t.Helper()
	return s.buriedSince(time.Now(), n, within)
}

// buriedSince counts the time from start.
func (s *site) buriedSince(start time.Time, n int, within time.Duration) wire.StreamInfo {
	s.t.Helper()
	for {
		for _, st := range s.server.registry.all(nil) {
			select {
			case <-st.done:
			case <-time.After(time.Until(start.Add(within))):
				s.t.Fatalf("stream %+v was not reclaimed within %v", st.info(), within)
			}
		}
		if now := s.server.Streams(); len(now.Live) == 0 && len(now.Ended) >= n {
			return now.Ended[0]
		}
		if time.Since(start) > within {
			s.t.Fatalf("%d streams ended within %v, wanted %d", len(s.server.Streams().Ended), within, n)
		}
	}
}

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// readLine reads one line of a body that goes on.
func readLine(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	s, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("after %q: %v", s, err)
	}
	return s
}
