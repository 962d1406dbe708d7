package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/link"
)

func TestAnswer_whatIsFinalAndWhatIsTriedAgain(t *testing.T) {
	tests := []struct {
		status int
		opt    Options
		again  bool
	}{
		{status: 400}, {status: 401}, {status: 403}, {status: 404}, {status: 405}, {status: 409},
		{status: 410}, {status: 412}, {status: 421},
		{status: 404, opt: Options{Retry: true}, again: true},
		{status: 408, again: true}, {status: 425, again: true}, {status: 429, again: true},
		{status: 500, again: true}, {status: 502, again: true}, {status: 503, again: true},
		{status: 503, opt: Options{NoFollow: true}},
		{status: 503, opt: Options{NoFollow: true, Retry: true}, again: true},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, problem(tt.status), live)
			v := view(t, f, tt.opt, true)
			synctest.Wait()
			if st := v.s.Status(); st.Detail != "a detail" || st.Hint != "a hint" {
				t.Errorf("%d: detail %q, hint %q", tt.status, st.Detail, st.Hint)
			}
			if tt.again {
				v.state(link.Waiting)
				after(link.MinDelay)
				v.state(link.Live)
				return
			}
			v.state(link.Closed)
			var p *ProblemError
			if err := v.over(); !errors.As(err, &p) || p.Status != tt.status || p.Title != "a title" || Hint(err) != "a hint" {
				t.Errorf("%d: Run: %#v", tt.status, err)
			}
		})
	}
}

func TestAnswer_retryAfterIsHonoured(t *testing.T) {
	tests := []struct {
		header string
		want   time.Duration
	}{
		{"7", 7 * time.Second},
		{"99999999999999", MaxRetryAfter},
		{"Sat, 01 Jan 2000 00:00:09 GMT", 9 * time.Second}, // a bubble's time begins at midnight
		{"Sat, 01 Jan 2000 09:00:00 GMT", MaxRetryAfter},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, problem(429, "Retry-After", tt.header), live)
			v := view(t, f, Options{}, true)
			st := v.state(link.Waiting)
			if got := st.RetryAt.Sub(st.Since); got != tt.want {
				t.Errorf("Retry-After %q: waits %v, want %v", tt.header, got, tt.want)
			}
			after(tt.want)
			v.state(link.Live)
		})
	}
	for _, s := range []string{"", "soon", "-5", "Sat, 01 Jan 2000 00:00:00 GMT"} {
		if got := retryAfter(s, time.Now()); got != 0 {
			t.Errorf("Retry-After %q is %v, want none", s, got)
		}
	}
}

// TestAnswer_logWithoutANameForAMoment has a log that was seen and is missing
// when the session comes back: between the two steps of a rotation.
func TestAnswer_logWithoutANameForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.open() }, problem(404), live)
		v := view(t, f, Options{}, true)
		after(time.Second)
		if st := v.state(link.Live); st.Connects != 2 || len(f.asked()) != 3 {
			t.Errorf("%d streams, %d requests", st.Connects, len(f.asked()))
		}
	})
}

// TestAnswer_somethingComesBetween has a page in the server's place for a while,
// as a sign-in page of a network is.
func TestAnswer_somethingComesBetween(t *testing.T) {
	page := func(st *fakeStream) {
		st.w.Header().Set("Content-Type", "text/html")
		io.WriteString(st.w, "<!doctype html>Welcome to our hotel")
	}
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.open() }, page, live)
		v := view(t, f, Options{}, true)
		after(time.Second)
		if st := v.state(link.Live); st.Connects != 2 || len(f.asked()) != 3 {
			t.Errorf("%d streams, %d requests", st.Connects, len(f.asked()))
		}
	})
}

func TestAnswer_unreachableSaysWhy(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{refusedErr, "fake:7070 refuses the connection"},
		{&net.DNSError{Name: "fake", IsNotFound: true}, `no address is known for "fake"`},
		{os.ErrDeadlineExceeded, "fake:7070 gives no sign within 5s"},
		{syscall.EHOSTUNREACH, "no route to host"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			f := serve(t, live)
			f.setDown(tt.err)
			v := view(t, f, Options{}, true)
			st := v.state(link.Waiting)
			if !strings.Contains(st.Detail, tt.want) {
				t.Errorf("waiting: %q, want %q", st.Detail, tt.want)
			}
		})
	}
}

func TestAnswer_noFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, live)
		f.setDown(refusedErr)
		v := view(t, f, Options{NoFollow: true}, true)
		var unreachable *UnreachableError
		if err := v.over(); !errors.As(err, &unreachable) || Hint(err) == "" || !errors.Is(err, refusedErr) {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestAnswer_localNeedsADialer(t *testing.T) {
	err := NewSession(Target{Kind: Local, Addr: "localhost", Path: "x.log"}, Options{NoFollow: true}).Run(t.Context())
	if !errors.Is(err, errNoServer) {
		t.Errorf("Run: %v", err)
	}
}

func TestAnswer_noneAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.header(); st.send(nil); st.silent() }, live)
		v := view(t, f, Options{}, true)
		after(AnswerTimeout - time.Millisecond)
		v.state(link.Dialing)
		after(time.Millisecond)
		if st := v.state(link.Waiting); !strings.Contains(st.Detail, "gave no stream within 10s") || st.Hint == "" {
			t.Errorf("waiting: %q, hint %q", st.Detail, st.Hint)
		}
		after(link.MinDelay)
		v.state(link.Live)
	})
}

func TestAnswer_connectingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSession(Target{Addr: "fake:7070", Path: "/app.log"}, Options{
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		})
		v := &viewer{t: t, s: s, done: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { defer close(v.done); s.Run(ctx) }()
		if st := v.state(link.Dialing); st.Reached || !st.GiveUpAt.Equal(time.Now().Add(DialTimeout)) {
			t.Errorf("reached %v, given up at %v", st.Reached, st.GiveUpAt)
		}
		after(DialTimeout)
		if st := v.state(link.Waiting); !strings.Contains(st.Detail, "no sign within 5s") {
			t.Errorf("waiting: %q", st.Detail)
		}
		cancel()
		<-v.done
	})
}

// watchOnce runs a session on a real address until it is over or waits, and
// gives its status and Run's error, which is nil when it waits.
func watchOnce(t *testing.T, addr string) (Status, error) {
	t.Helper()
	s := NewSession(Target{Addr: addr, Path: "/app.log", Label: addr + "/app.log"}, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	defer cancel()
	for {
		u, err := s.Next(ctx)
		switch {
		case err != nil:
			t.Fatalf("Next: %v; %+v", err, s.Status())
		case u.Closed:
			return u.Status, <-ran
		case u.Status.State == link.Waiting:
			cancel()
			return u.Status, <-ran
		}
	}
}

// accept runs a server of raw TCP that treats each connection with serve.
func accept(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	leak.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

func TestAnswer_nobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	st, err := watchOnce(t, ln.Addr().String())
	if err != nil || st.State != link.Waiting || !strings.Contains(st.Detail, "refuses the connection") || st.Hint == "" {
		t.Errorf("Run: %v; %v: %q, hint %q", err, st.State, st.Detail, st.Hint)
	}
}

// readRequest takes the request, so that closing does not reset what was said.
func readRequest(c net.Conn) { http.ReadRequest(bufio.NewReader(c)) }

func TestAnswer_speaksNoHTTP(t *testing.T) {
	tests := []struct {
		name   string
		serve  func(net.Conn)
		detail string
		hint   string
	}{
		{"a banner at once", func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); readRequest(c) }, "SSH-2.0", "ssh server"},
		{"a banner and gone", func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }, "SSH-2.0", "ssh server"},
		{"a banner later", func(c net.Conn) { readRequest(c); io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }, "SSH-2.0", "ssh server"},
		{"a few bytes at a time", func(c net.Conn) {
			readRequest(c)
			for _, b := range []byte("HTTPS is something else") {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
		}, "speaks no HTTP", "7070"},
		{"binary", func(c net.Conn) { readRequest(c); c.Write([]byte{0x15, 0x03, 0x01, 0, 2, 2, 70}) }, "speaks no HTTP", "https://"},
		{"an endless banner", func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("\x1b]0;x", 1000))); err != nil {
					return
				}
			}
		}, "speaks no HTTP", "7070"},
		{"broken HTTP", func(c net.Conn) { readRequest(c); io.WriteString(c, "HTTP/1.1 what\r\n\r\n") }, "speaks no HTTP", "7070"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st, err := watchOnce(t, accept(t, tt.serve))
			var peer *PeerError
			if !errors.As(err, &peer) || st.State != link.Closed {
				t.Fatalf("Run: %v; %v: %s", err, st.State, st.Detail)
			}
			if !strings.Contains(peer.Detail, tt.detail) || !strings.Contains(peer.Hint, tt.hint) || len(peer.Detail) > maxText {
				t.Errorf("detail %q, hint %q", peer.Detail, peer.Hint)
			}
			if strings.ContainsAny(peer.Detail, "\x1b\x03\n") {
				t.Errorf("detail %q has the peer's control characters", peer.Detail)
			}
		})
	}
}

func TestAnswer_closesWithoutOne(t *testing.T) {
	st, err := watchOnce(t, accept(t, readRequest))
	if err != nil || st.State != link.Waiting || !strings.Contains(st.Detail, "without an answer") || st.Hint == "" {
		t.Errorf("Run: %v; %v: %q, hint %q", err, st.State, st.Detail, st.Hint)
	}
}

// TestAnswer_cutWithinItsFirstLine: that is no other protocol, it is a server that died.
func TestAnswer_cutWithinItsFirstLine(t *testing.T) {
	for _, said := range []string{"H", "HTTP/1.", "HTTP/1.1 2", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r"} {
		st, err := watchOnce(t, accept(t, func(c net.Conn) { readRequest(c); io.WriteString(c, said) }))
		if err != nil || st.State != link.Waiting {
			t.Errorf("after %q Run: %v; %v: %q", said, err, st.State, st.Detail)
		}
	}
}

func TestAnswer_somethingElse(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	answer := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{media}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	const page = "<!DOCTYPE html><html><title>Welcome</title>"
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // in the error
		hint    string
	}{
		{"a page", answer(200, "text/html; charset=utf-8", page), "HTML page", "tailsrv"},
		{"a page in disguise", answer(200, "text/plain", page), "HTML page", "tailsrv"},
		{"text", answer(200, "text/plain", "hello"), `"text/plain"`, "tailsrv"},
		{"raw stream", answer(200, "application/octet-stream", "hello"), "octet-stream", "tailsrv"},
		{"untyped", answer(200, "", "hello"), "does not say", "tailsrv"},
		{"a problem with 200", answer(200, "application/problem+json", `{"title":"not found","status":404,"detail":"no log \"x\""}`), `no log "x"`, "--retry"},
		{"no content", answer(204, "application/vnd.bubbletail.frames", ""), "frames", "tailsrv"},
		{"not modified", answer(304, "", ""), "304 not modified", "tailsrv"},
		{"a page with 404", answer(404, "text/html", page), "404 not found", "--retry"},
		{"text with 400", answer(400, "text/plain", "Client sent an HTTP request to an HTTPS server.\n"), "HTTPS server", ""},
		{"tailsrv's text", answer(405, "text/plain; charset=utf-8", "error: no\nhint: yes\n"), "no", "yes"},
		{"a broken problem", answer(403, "application/problem+json", "{"), "403 forbidden", "operator"},
		{"an endless detail", answer(403, "application/problem+json", `{"title":"`+strings.Repeat("t", 9000)+`","detail":"`+strings.Repeat("ä", 9000)+`"}`), "ä…", "operator"},
		{"elsewhere", http.RedirectHandler(other.URL+"/app.log", http.StatusFound).ServeHTTP, "redirects to another server", other.URL + "/app.log"},
		{"in circles", http.RedirectHandler("/app.log", http.StatusFound).ServeHTTP, "redirects more than", ""},
		{"not a stream", answer(200, "application/vnd.bubbletail.frames", "hello world"), "cannot be read", "version"},
		{"no open frame", answer(200, "application/vnd.bubbletail.frames", "H\x00\x00\x00\x02{}"), "begins a stream with", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			srv := httptest.NewServer(tt.handler)
			defer srv.Close()
			st, err := watchOnce(t, strings.TrimPrefix(srv.URL, "http://"))
			if err == nil || st.State != link.Closed {
				t.Fatalf("Run: %v; %v: %s", err, st.State, st.Detail)
			}
			if !strings.Contains(err.Error(), tt.want) || len(err.Error()) > maxText+100 {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
			if !strings.Contains(Hint(err), tt.hint) {
				t.Errorf("hint %q, want %q in it", Hint(err), tt.hint)
			}
		})
	}
}

func TestAnswer_redirectOnTheSameServerIsFollowed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/moved.log" {
			http.Redirect(w, r, "/moved.log", http.StatusMovedPermanently)
			return
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer srv.Close()
	_, err := watchOnce(t, strings.TrimPrefix(srv.URL, "http://"))
	var p *ProblemError
	if !errors.As(err, &p) || p.Status != http.StatusTeapot {
		t.Errorf("Run: %v", err)
	}
}

func TestAnswer_tls(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	tests := []struct{ url, want string }{
		{secure.URL, "not trusted"},
		{strings.Replace(plain.URL, "http:", "https:", 1), "speaks no TLS"},
	}
	for _, tt := range tests {
		target, err := ParseTarget(tt.url + "/app.log")
		if err != nil {
			t.Fatal(err)
		}
		err = NewSession(target, Options{}).Run(t.Context())
		var peer *PeerError
		if !errors.As(err, &peer) || !strings.Contains(peer.Detail, tt.want) || peer.Hint == "" {
			t.Errorf("Run: %v, want %q", err, tt.want)
		}
	}
}

// quiet is a logger for servers that expect broken handshakes.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
