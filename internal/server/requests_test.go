package server

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// A later header is waited for no longer than the first, once it has begun.
func TestServe_slowLaterHeaders(t *testing.T) {
	for sent, want := range map[string]time.Duration{
		"":                      idleTimeout,
		"GET":                   idleTimeout, // net/http calls four bytes a beginning
		"GET /app.log HTTP/1.1": readHeaderTimeout,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := inMemory(t, newFakeLogs("app.log"), Config{})
			c := s.say(askHealth)
			answered(t, c)
			start := time.Now()
			io.WriteString(c, sent)
			io.Copy(io.Discard, c)
			if d := time.Since(start); d != want {
				t.Errorf("after %q it was waited for %v, want %v", sent, d, want)
			}
		})
	}
}

// A renewal whose body comes byte by byte is answered, and renews nothing.
func TestLease_slowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		tl := s.tail("/app.log")
		start := time.Now()
		c := s.say("POST /-/streams/" + tl.open.Stream + "/lease HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n")
		go drip(c)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusBadRequest || err != nil || !strings.HasPrefix(string(body), "error: the renewal's body did not come\nhint: ") {
			t.Errorf("%s, %v\n%s", res.Status, err, body)
		}
		if d := time.Since(start); d != bodyTimeout {
			t.Errorf("after %v", d)
		}
		if live := s.streams().Live; live[0].LastHeardMS != bodyTimeout.Milliseconds() {
			t.Errorf("it was taken for a renewal: %+v", live[0])
		}
		c.Close()
		time.Sleep(2 * time.Second) // for the last drop
	})
}

// pipelined is n requests as one text, each with its own answer.
func pipelined(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "GET /no-%d HTTP/1.1\r\nHost: localhost\r\n\r\n", i)
	}
	return b.String()
}

func TestPipelining_inOrder(t *testing.T) {
	const n = 100
	s := onLoopback(t, newFakeLogs("app.log"), Config{MaxConnections: 16})
	c := s.dial()
	go io.WriteString(c, pipelined(n))
	r := bufio.NewReader(c)
	for i := range n {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if want := fmt.Sprintf("error: %q: not found\n", fmt.Sprintf("no-%d", i)); err != nil || !strings.HasPrefix(string(body), want) {
			t.Fatalf("answer %d: %v\n%s\nwant %s", i, err, body, want)
		}
	}
}

// One connection's thousands of requests are that connection's own affair.
func TestPipelining_starvesNobody(t *testing.T) {
	const n = 20_000
	s := onLoopback(t, newFakeLogs("app.log"), Config{MaxConnections: 16})
	requests := pipelined(n)
	left := make(chan int, 8)
	for range cap(left) {
		c := s.dial()
		go func() {
			_, _ = io.WriteString(c, requests) // cut off at the end of the test
		}()
		go func() {
			r := bufio.NewReader(c)
			i := 0
			defer func() { left <- n - i }()
			for ; i < n; i++ {
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					return
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					return
				}
			}
		}()
	}
	tl := s.tail("/app.log")
	for i := range 20 {
		s.logs.log("app.log").append(fmt.Sprintf("line %d\n", i))
		tl.next(wire.FrameData)
		if res, _ := s.once("GET", "/-/healthz"); res.StatusCode != http.StatusOK {
			t.Errorf("health: %s", res.Status)
		}
	}
	s.stop()
	for range cap(left) {
		if <-left == 0 {
			t.Error("somebody had to wait for all of another's requests")
		}
	}
}

// Requests whose answers nobody takes end with the first that does not get out.
func TestPipelining_nobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{StallTimeout: 30 * time.Second})
		c := s.dial()
		start := time.Now()
		for {
			if _, err := io.WriteString(c, askHealth); err != nil {
				break
			}
		}
		if d := time.Since(start); d != DefaultStallTimeout+bodyTimeout {
			t.Errorf("the connection ended after %v", d)
		}
	})
}

// A request behind a stream costs the stream nothing, and goes when it goes.
func TestPipelining_behindAStream(t *testing.T) {
	const ask = "GET /app.log HTTP/1.1\r\nHost: localhost\r\nAccept: " + wire.TypeFrames + "\r\n\r\n"
	begin := func(t *testing.T) (s *site, r *bufio.Reader, tl *tail, leave func() error) {
		s = onLoopback(t, newFakeLogs("app.log"), Config{})
		c := s.dial()
		if _, err := io.WriteString(c, ask+strings.Repeat(askHealth, 1000)); err != nil {
			t.Fatal(err)
		}
		r = bufio.NewReader(c)
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		tl = &tail{Decoder: wire.NewDecoder(res.Body), t: t, res: res}
		tl.open = tl.next(wire.FrameOpen).Open
		s.logs.log("app.log").append("one\n")
		tl.next(wire.FrameData)
		return s, r, tl, c.Close
	}
	t.Run("the stream is closed", func(t *testing.T) {
		s, r, tl, _ := begin(t)
		if res, body := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, ""); res.StatusCode != http.StatusNoContent {
			t.Fatalf("%s %s", res.Status, body)
		}
		if end := tl.end(); end.Reason != wire.ReasonClientClosed {
			t.Errorf("end %+v", end)
		}
		if res, err := http.ReadResponse(r, nil); err == nil {
			t.Errorf("the connection goes on: %v", res)
		}
	})
	t.Run("the client goes", func(t *testing.T) {
		s, _, _, leave := begin(t)
		leave()
		if last := s.buried(1, 2*time.Second); last.Reason != wire.ReasonClientGone {
			t.Errorf("ended %+v", last)
		}
	})
}
