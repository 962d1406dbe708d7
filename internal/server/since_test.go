package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// stamped is a log of which each line has a time, one a minute, the last a second
// before now.
func stamped(s *site, name string, now time.Time, words ...string) {
	for i, w := range words {
		at := now.Add(-time.Second - time.Duration(len(words)-1-i)*time.Minute)
		s.logs.log(name).append(at.Format(time.RFC3339Nano) + " " + w + "\n")
	}
}

// Where a stream begins is reckoned when it is asked for, by the server's clock,
// whatever it is asked for as.
func TestSince_beginsWithTheFirstLineInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		now := time.Now()
		stamped(s, "app.log", now, "four", "three", "two", "one")
		words := func(target string, header ...string) string {
			t.Helper()
			res, body := s.ask(http.MethodGet, target, "", header...)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s\n%s", target, res.Status, body)
			}
			var out []string
			for line := range strings.Lines(body) {
				_, word, _ := strings.Cut(strings.TrimSpace(line), "Z ")
				out = append(out, word)
			}
			return strings.Join(out, " ")
		}
		for since, want := range map[string]string{
			"2m":       "two one",
			"2m1s":     "three two one",
			"0s":       "",
			"1d":       "four three two one",
			"0d2m1.0s": "three two one",
			now.Add(-90 * time.Second).Format(time.RFC3339):                              "two one",
			now.Add(-61 * time.Second).Format(time.RFC3339):                              "two one", // not before: the line's own time is in
			now.Add(-61 * time.Second).In(time.FixedZone("", 7200)).Format(time.RFC3339): "two one",
			now.Add(-90 * time.Second).Format(time.DateTime):                             "two one",
		} {
			if got := words("/app.log?follow=0&since=" + url.QueryEscape(since)); got != want {
				t.Errorf("since %s: %q, want %q", since, got, want)
			}
		}
		time.Sleep(time.Minute)
		if got := words("/app.log?follow=0&since=2m1s"); got != "two one" {
			t.Errorf("a minute later: %q", got)
		}
		for _, accept := range []string{wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames} {
			_, body := s.ask(http.MethodGet, "/app.log?follow=0&since=2m1s", "", "Accept", accept)
			if strings.Contains(body, "three") || !strings.Contains(body, "two") || !strings.Contains(body, `"met":"fresh"`) {
				t.Errorf("%s: %s", accept, body)
			}
		}
	})
}

// A plus sign that nobody escaped is a blank when it comes.
func TestSince_takesAnOffsetAsCurlSendsIt(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	s.logs.log("app.log").append("2026-11-22T11:00:00Z one\n2026-11-22T12:00:00Z two\n")
	if _, body := s.ask(http.MethodGet, "/app.log?follow=0&since=2026-11-22T13:00:00+01:00", ""); body != "2026-11-22T12:00:00Z two\n" {
		t.Errorf("got %q", body)
	}
}

func TestSince_goesOnWithWhatIsAppended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		stamped(s, "app.log", time.Now(), "two", "one")
		tl := s.tail("/app.log?since=30s")
		if f := tl.next(wire.FrameData); !strings.HasSuffix(string(f.Data), " one\n") || strings.Contains(string(f.Data), "two") {
			t.Errorf("got %q", f.Data)
		}
		s.logs.log("app.log").append("no time at all\n")
		if f := tl.next(wire.FrameData); string(f.Data) != "no time at all\n" {
			t.Errorf("got %q", f.Data)
		}
	})
}

// Who means the future is told what time it is here: the two clocks may differ.
func TestSince_refusesTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		here := time.Now()
		later := here.Add(time.Second).Format(time.RFC3339)
		for agent, coming := range map[string]string{"curl/8": "from=end is for what comes", "tailtui/0.1.0": "-n 0 shows what comes"} {
			res, body := s.ask(http.MethodGet, "/app.log?since="+url.QueryEscape(later), "", "User-Agent", agent)
			want := `error: since="` + later + "\" is in the future\nhint: it is " + here.Format(time.RFC3339) + " here; " + coming + "\n"
			if res.StatusCode != http.StatusBadRequest || body != want {
				t.Errorf("%s\n%s\nwant\n%s", res.Status, body, want)
			}
		}
		if res, body := s.ask(http.MethodGet, "/app.log?follow=0&since="+url.QueryEscape(later), "", "Last-Event-ID", "app.log~0"); res.StatusCode != 200 {
			t.Errorf("%s\n%s", res.Status, body)
		}
	})
}

func TestSince_lastEventIDWins(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	s.logs.log("app.log").append("one\ntwo\n") // no times: since alone is refused
	res, body := s.ask(http.MethodGet, "/app.log?follow=0&since=10m", "", "Last-Event-ID", "app.log~4")
	if res.StatusCode != http.StatusOK || body != "two\n" {
		t.Errorf("%s %q", res.Status, body)
	}
	if res, _ := s.ask(http.MethodGet, "/app.log?follow=0&since=10m&strict=1", "", "Last-Event-ID", "app.log~99"); res.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("%s", res.Status)
	}
}

// HEAD tells of the log's end, and refuses only what GET would not understand.
func TestSince_isNothingToHead(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	for target, want := range map[string]int{"/app.log?since=10m": 200, "/app.log?since=ten": 400} {
		if res, _ := s.ask(http.MethodHead, target, ""); res.StatusCode != want {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
}

// A client that leaves while its place is looked for ends the search, and gives back
// its slot. It is seen while it is there, its leaving is remembered, and nobody calls
// that an error.
func TestSearch_endsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.search = make(chan struct{})
		s := inMemory(t, logs, Config{MaxStreams: 1})
		for range 3 {
			ctx, leave := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/app.log?since=10m", nil)
			if err != nil {
				t.Fatal(err)
			}
			asked := make(chan error, 1)
			go func() {
				res, err := s.client.Do(req)
				if err == nil {
					res.Body.Close()
				}
				asked <- err
			}()
			<-logs.search // one slot: this comes only when the search before has ended
			if live := s.server.Streams().Live; len(live) != 1 || live[0].State != wire.StateOpening {
				t.Errorf("live %+v", live)
			}
			leave()
			if err := <-asked; !errors.Is(err, context.Canceled) {
				t.Errorf("the answer was %v", err)
			}
			synctest.Wait()
		}
		s.stop()
		if got := s.log.String(); strings.Contains(got, "level=ERROR") || strings.Contains(got, "level=WARN") {
			t.Errorf("logged %s", got)
		}
		opened := s.server.metrics.opened["raw"].Get()
		if ended := s.server.metrics.ended[wire.ReasonClientGone].Get(); opened != 3 || ended != 3 {
			t.Errorf("%d opened, %d ended", opened, ended)
		}
		all := s.server.Streams()
		if len(all.Live) != 0 || len(all.Ended) != 3 || all.Ended[0].Reason != wire.ReasonClientGone {
			t.Errorf("left behind: %+v", all)
		}
	})
}

// One that was told that there is nothing for it has not been a stream.
func TestSearch_refusedLeavesNoTrace(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{MaxStreams: 1})
	for _, target := range []string{"/missing.log", "/app.log?cursor=nonsense", "/secret", "/broken"} {
		if res, _ := s.ask(http.MethodGet, target, ""); res.StatusCode < 400 || res.StatusCode == http.StatusTooManyRequests {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
	if all := s.streams(); len(all.Live)+len(all.Ended) != 0 {
		t.Errorf("streams that never were: %+v", all)
	}
}

// The kernel is asked also during a search: net/http stops looking at a connection
// on which anything more has come.
func TestSearch_strayByteThenFIN(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.search = make(chan struct{})
	s := onLoopback(t, logs, Config{})
	c := s.dial()
	if _, err := io.WriteString(c, "GET /app.log?since=10m HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-logs.search
	start := time.Now()
	io.WriteString(c, "x")
	c.Close()
	if last := s.buriedSince(start, 1, 2*time.Second); last.Reason != wire.ReasonClientGone {
		t.Errorf("ended %+v", last)
	}
}

// An operator ends what only searches, too, and the client hears of it.
func TestSearch_endedByAnOperator(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.search = make(chan struct{})
	s := onLoopback(t, logs, Config{})
	answer := make(chan string)
	go func() {
		res, body := s.ask(http.MethodGet, "/app.log?since=10m", "")
		answer <- res.Status + ": " + body
	}()
	<-logs.search
	if res, body := s.ask(http.MethodDelete, "/-/streams/"+s.streams().Live[0].ID, ""); res.StatusCode != http.StatusNoContent {
		t.Errorf("%s\n%s", res.Status, body)
	}
	if got, want := <-answer, "403 Forbidden: error: this stream was ended before it began: an operator of the server ended it\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q", got)
	}
	if last := s.buried(1, time.Second); last.Reason != wire.ReasonOperator {
		t.Errorf("ended %+v", last)
	}
}

// A client that closed only its sending half has gone; it is not given an answer
// that looks like the whole of an empty log.
func TestSearch_givesNoEmptyAnswer(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.search = make(chan struct{})
	s := onLoopback(t, logs, Config{})
	c := s.dial()
	if _, err := io.WriteString(c, "GET /app.log?since=10m HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-logs.search
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

// A server that stops does not wait for a search.
func TestSearch_endsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.search = make(chan struct{})
		s := inMemory(t, logs, Config{Drain: time.Hour})
		go func() {
			<-logs.search
			s.stop()
		}()
		begun := time.Now()
		res, body := s.ask(http.MethodGet, "/app.log?since=10m", "")
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || body != "error: the server is stopping\nhint: try again in a few seconds\n" {
			t.Errorf("%s\n%s", res.Status, body)
		}
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
