package server

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// A connection that never asked for anything is nothing to wait for.
func TestServe_drainsWithSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{Drain: 5 * time.Second})
		silent, begun := s.dial(), s.dial()
		if _, err := io.WriteString(begun, "GET /app.log HTTP/1.1\r\nHost: local"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		s.stop()
		if d := time.Since(start); d > 50*time.Millisecond {
			t.Errorf("Serve took %v to end", d)
		}
		if n, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read %d, %v", n, err)
		}
	})
}

// One that comes while the server drains is not taken in.
func TestConnections_comesWhileDraining(t *testing.T) {
	cs := newConnections(0, slog.New(slog.DiscardHandler), newMetrics())
	cs.drain()
	if conn, _ := net.Pipe(); cs.take(conn) || cs.count() != 0 {
		t.Error("it has a place")
	}
}

// The rule: what waits for its client makes room, what costs the client least
// first and what has waited longest first; then an answer that is not taken.
func TestConnections_whoMakesRoom(t *testing.T) {
	for _, tt := range []struct {
		name  string
		story string // a second each: NAME comes, NAME:CLAIM, NAME:hold and NAME:drop a slot
		later time.Duration
		want  string // "" is nobody
	}{
		{name: "nobody is there"},
		{name: "streams never do", story: "a a:hold b b:hold", later: time.Hour},
		{name: "the longest idle", story: "a b b:answering a:answering b:idle a:idle", want: "b"},
		{name: "to ask again is not to be idle", story: "a b a:idle b:idle a:answering a:idle", want: "b"},
		{name: "an idle one loses nothing", story: "a b b:answering b:idle", want: "b"},
		{name: "a header that does not come, the oldest", story: "a b c a:answering a:hold", want: "b"},
		{name: "a header before a later body", story: "a b b:answering b:sending", want: "a"},
		{name: "a body before a later header", story: "a a:answering a:sending b", want: "a"},
		{name: "a body that does not come", story: "a a:answering b b:answering b:sending", want: "b"},
		{name: "a body before an answer", story: "a a:answering b b:answering b:sending", later: time.Hour, want: "b"},
		{name: "answers are let be", story: "a a:answering b b:answering", later: dallied - 4*time.Second},
		{name: "until they dally, the oldest", story: "a a:answering b b:answering", later: dallied, want: "a"},
		{name: "and a stream that ended, from then on", story: "a a:hold b b:hold b:answering a:idle b:drop a:drop", later: dallied, want: "b"},
		{name: "who was told to go is not told twice", story: "a b a:leaving a:idle", want: "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cs := newConnections(0, slog.New(slog.DiscardHandler), newMetrics())
				conns := map[string]net.Conn{}
				claims := map[string]claim{"idle": idle, "sending": sending, "answering": answering, "leaving": leaving}
				for step := range strings.FieldsSeq(tt.story) {
					name, becomes, known := strings.Cut(step, ":")
					switch {
					case !known:
						conns[name], _ = net.Pipe()
						cs.take(conns[name])
					case becomes == "hold":
						cs.hold(conns[name])
					case becomes == "drop":
						cs.drop(conns[name])
					default:
						cs.become(conns[name], claims[becomes])
					}
					time.Sleep(time.Second)
				}
				time.Sleep(tt.later)
				got := ""
				if c := cs.leastClaim(time.Now()); c != nil {
					for name, conn := range conns {
						if conn == c.conn {
							got = name
						}
					}
				}
				if got != tt.want {
					t.Errorf("%q makes room, want %q", got, tt.want)
				}
			})
		})
	}
}

// crowd is a server of sixteen connections: eight for streams, six for the rest,
// two to stand in.
func crowd(t *testing.T) *site {
	return inMemory(t, newFakeLogs("app.log"), Config{MaxConnections: 16})
}

// say writes a request, or a part of one, on a new connection.
func (s *site) say(request string) net.Conn {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, request); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// once asks on a connection of its own, and reads the whole answer.
func (s *site) once(method, path string) (*http.Response, string) {
	s.t.Helper()
	c := s.say(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	c.Close()
	return res, string(body)
}

const askHealth = "GET /-/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

// However a client keeps connections waiting, somebody else gets what they ask
// for, at once, and there are never more connections than there may be.
func TestConnections_waitingOnesMakeRoom(t *testing.T) {
	const begun = "GET /app.log HTTP/1.1\r\nHost: local"
	for name, tt := range map[string]struct {
		hog func(s *site)
		why string
	}{
		"silent": {func(s *site) { s.dial() }, "header"},
		"a first header byte by byte": {func(s *site) {
			c := s.say(begun)
			go drip(c)
		}, "header"},
		"idle": {func(s *site) { answered(s.t, s.say(askHealth)) }, "idle"},
		"a second header byte by byte": {func(s *site) {
			c := s.say(askHealth)
			answered(s.t, c)
			io.WriteString(c, begun)
			go drip(c)
		}, "idle"},
		"a body that never comes": {func(s *site) {
			s.say("POST /-/streams/" + strings.Repeat("0", idDigits) + "/lease HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
		}, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := crowd(t)
				for range 4 {
					for range 40 {
						tt.hog(s)
						synctest.Wait()
						if n := s.server.conns.count(); n > 16 {
							t.Fatalf("%d connections", n)
						}
					}
					start := time.Now()
					if res, _ := s.once("GET", "/-/healthz"); res.StatusCode != http.StatusOK {
						t.Errorf("health: %s", res.Status)
					}
					tl := s.tail("/app.log", wire.HeaderLease, "3600")
					go io.Copy(io.Discard, tl.res.Body)
					if d := time.Since(start); d > 2*courtesy {
						t.Errorf("it took %v", d)
					}
					time.Sleep(time.Second)
				}
				if live := s.streams().Live; len(live) != 4 {
					t.Errorf("%d streams: they make room for nobody", len(live))
				}
				if _, metrics := s.once("GET", "/-/metrics"); strings.Contains(metrics, fmt.Sprintf(`tailsrv_connections_closed_total{why=%q} 0`, tt.why)) ||
					strings.Contains(metrics, `tailsrv_limit_hits_total{limit="connections"} 0`) {
					t.Errorf("not counted as %q:\n%s", tt.why, metrics)
				}
				s.stop()
				time.Sleep(2 * time.Second) // for the last drop of a drip
				if n := strings.Count(s.log.String(), "all connections are taken"); n != 1 {
					t.Errorf("told %d times within a minute", n)
				}
			})
		})
	}
}

// drip sends a byte a second until the connection ends.
func drip(c net.Conn) {
	for {
		time.Sleep(time.Second)
		if _, err := c.Write([]byte("x")); err != nil {
			return
		}
	}
}

// answered reads one short answer, and leaves the connection idle.
func answered(t testing.TB, c net.Conn) {
	t.Helper()
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err == nil {
		_, err = io.Copy(io.Discard, res.Body)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Streams leave room for what looks after them, and who gets none is told why.
func TestConnections_someAreNoStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowd(t)
		var tails []*tail
		for range 8 {
			tails = append(tails, s.tail("/app.log"))
		}
		const want = "error: all 8 streams of this server are taken\nhint: try again later, or start tailsrv with more connections (--max-connections, and ulimit -n)\n"
		if res, body := s.once("GET", "/app.log"); res.StatusCode != 429 || res.Header.Get("Retry-After") != "5" || body != want {
			t.Errorf("%s, Retry-After %q\n%s", res.Status, res.Header.Get("Retry-After"), body)
		}
		for range 100 { // idle ones beside them
			answered(t, s.say(askHealth))
		}
		for _, path := range []string{"/-/healthz", "/-/metrics", "/-/streams", "/"} {
			if res, body := s.once("GET", path); res.StatusCode != http.StatusOK {
				t.Errorf("%s: %s %s", path, res.Status, body)
			}
		}
		for _, tl := range tails {
			if res, body := s.once("POST", "/-/streams/"+tl.open.Stream+"/lease"); res.StatusCode != http.StatusNoContent {
				t.Errorf("renewal: %s %s", res.Status, body)
			}
		}
		go io.Copy(io.Discard, tails[0].res.Body)
		if res, body := s.once("DELETE", "/-/streams/"+tails[0].open.Stream); res.StatusCode != http.StatusNoContent {
			t.Errorf("close: %s %s", res.Status, body)
		}
		s.tail("/app.log")
	})
}

// When all is taken by streams and by answers under way, who asks for a log is
// told so, who looks after the server is served, and the one too many for even
// that is closed. Answers that nobody takes then make room.
func TestConnections_full(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := crowd(t)
		for range 8 {
			s.tail("/app.log", wire.HeaderLease, "3600")
		}
		s.client.CloseIdleConnections()
		for range 6 {
			s.say("GET /-/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n") // and does not read
			synctest.Wait()
		}
		const want = "error: all 16 connections of this server are taken\nhint: try again later, or start tailsrv with more (--max-connections, and ulimit -n)\n"
		for range 3 {
			res, body := s.once("GET", "/app.log")
			if res.StatusCode != 503 || res.Header.Get("Retry-After") != "5" || !res.Close || body != want {
				t.Errorf("%s, Retry-After %q, close %v\n%s", res.Status, res.Header.Get("Retry-After"), res.Close, body)
			}
			if res, _ := s.once("GET", "/-/healthz"); res.StatusCode != 200 || !res.Close {
				t.Errorf("health: %s, close %v", res.Status, res.Close)
			}
		}
		for range 2 {
			s.say("GET /-/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
			synctest.Wait()
		}
		late := s.dial()
		if n, err := late.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("beyond the last place: read %d, %v", n, err)
		}
		if n := s.server.conns.count(); n != 16 {
			t.Errorf("%d connections", n)
		}
		time.Sleep(dallied)
		if res, body := s.once("GET", "/app.log"); res.StatusCode != 429 {
			t.Errorf("answers that nobody takes keep their places: %s %s", res.Status, body)
		}
		_, metrics := s.once("GET", "/-/metrics")
		for _, want := range []string{
			"tailsrv_connections 1", `tailsrv_connections_closed_total{why="refused"} 3`,
			`tailsrv_connections_closed_total{why="full"} 1`, `tailsrv_connections_closed_total{why="answer"} `,
		} {
			if !strings.Contains(metrics, "\n"+want) {
				t.Errorf("no %s in\n%s", want, metrics)
			}
		}
	})
}

// A connection that came when all were taken has a place once one is free.
func TestConnections_aPlaceBecomesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs := newConnections(16, slog.New(slog.DiscardHandler), newMetrics())
		var busy []net.Conn
		for range 14 {
			c, _ := net.Pipe()
			cs.take(c)
			cs.hold(c)
			busy = append(busy, c)
		}
		late, _ := net.Pipe()
		if !cs.take(late) || !cs.stands(late) {
			t.Fatal("it does not stand")
		}
		cs.remove(busy[0])
		if cs.stands(late) {
			t.Error("it stands beside a free place")
		}
	})
}

// Where net/http does not let go of a closed connection, accepting goes on.
func TestConnections_oneThatDoesNotGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cs := newConnections(16, slog.New(slog.DiscardHandler), newMetrics())
		for range 16 {
			c, _ := net.Pipe()
			cs.take(c)
		}
		if n := cs.count(); n > 16 {
			t.Errorf("%d connections", n)
		}
		start := time.Now()
		c, _ := net.Pipe()
		cs.take(c)
		if d := time.Since(start); d > roomWait {
			t.Errorf("accepting waited %v", d)
		}
	})
}

func TestStreamsWithin(t *testing.T) {
	for connections, want := range map[int]int{MinConnections: 8, 64: 56, 72: 63, 1000: 875, 2341: 2049} {
		if got := StreamsWithin(connections); got != want {
			t.Errorf("%d of %d connections may be streams, want %d", got, connections, want)
		}
	}
	for streams := 1; streams < 5000; streams++ {
		n := ConnectionsFor(streams)
		if StreamsWithin(n) < streams || n > MinConnections && StreamsWithin(n-1) >= streams {
			t.Fatalf("%d connections for %d streams", n, streams)
		}
	}
}
