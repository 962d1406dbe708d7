package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// A part of a log is a stream while it is sent: it is listed, counted, and ended as one.
func TestRange_isAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append(strings.Repeat("x", 10<<20))
		s := inMemory(t, logs, Config{})
		ask := func() *http.Response { return s.do(http.MethodGet, "/app.log?follow=0", "", "Range", "bytes=1024-") }
		res := ask()
		if _, err := io.ReadFull(res.Body, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		live := s.streams().Live
		if len(live) != 1 || live[0].As != "range" || live[0].State != wire.StateStreaming || live[0].Bytes < 1<<20 || live[0].Lag+live[0].Bytes > 10<<20-1024 {
			t.Fatalf("live %+v", live)
		}
		if res, body := s.ask(http.MethodDelete, "/-/streams/"+res.Header.Get(wire.HeaderStream), ""); res.StatusCode != http.StatusNoContent {
			t.Errorf("%s\n%s", res.Status, body)
		}
		if _, err := io.Copy(io.Discard, res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("what was cut looks whole: %v", err)
		}
		if n, err := io.Copy(io.Discard, ask().Body); n != 10<<20-1024 || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
		s.buried(2, time.Second)
		ended := s.streams().Ended
		if ended[1].Reason != wire.ReasonClientClosed || ended[0].Reason != wire.ReasonComplete || ended[0].Bytes != 10<<20-1024 {
			t.Errorf("ended %+v", ended)
		}
		_, metrics := s.ask(http.MethodGet, "/-/metrics", "")
		for _, want := range []string{`tailsrv_streams_opened_total{as="range"} 2`, `tailsrv_streams{as="range"} 0`, `tailsrv_streams{as="raw"} 0`} {
			if !strings.Contains(metrics, want+"\n") {
				t.Errorf("no %s in\n%s", want, metrics)
			}
		}
	})
}

// A log that became shorter while a part of it was sent is a fault, and not a whole part.
func TestRange_ofALogThatBecameShorter(t *testing.T) {
	p := newPart(strings.NewReader("0123456789"), 2, 20)
	if b, err := io.ReadAll(p); !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != "23456789" || p.unread == nil {
		t.Errorf("%q, %v", b, err)
	}
}

// A part that nobody takes holds no drain for longer than the drain lasts, and is told
// of in the end.
func TestRange_drains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append(strings.Repeat("x", 10<<20))
		s := inMemory(t, logs, Config{Drain: 5 * time.Second})
		s.do(http.MethodGet, "/app.log?follow=0", "", "Range", "bytes=0-")
		synctest.Wait()
		start := time.Now()
		s.stop()
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("Serve took %v to end", d)
		}
		if ended := s.server.Streams().Ended; len(ended) != 1 || ended[0].Reason != wire.ReasonShutdown {
			t.Errorf("ended %+v", ended)
		}
	})
}
