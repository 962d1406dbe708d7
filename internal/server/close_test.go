package server

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Somebody on the server's machine ends a stream by what /-/streams shows of it, and
// its client is told so.
func TestOperator_endsAStream(t *testing.T) {
	s := onLoopback(t, newFakeLogs("app.log"), Config{})
	tl := s.tail("/app.log")
	ended := make(chan *wire.End, 1)
	go func() { ended <- tl.end() }()
	if res, body := s.ask(http.MethodDelete, "/-/streams/"+s.streams().Live[0].ID, ""); res.StatusCode != http.StatusNoContent {
		t.Fatalf("%s\n%s", res.Status, body)
	}
	if last := s.buried(1, time.Second); last.Reason != wire.ReasonOperator {
		t.Errorf("ended %+v", last)
	}
	if end := <-ended; end.Reason != wire.ReasonOperator || end.Reason.Returns() {
		t.Errorf("the client was told %+v", end)
	}
	if res, _ := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream[:8], ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("the same once more: %s", res.Status)
	}
}

// What a proxy passes on, and what did not come over loopback, is no operator's.
func TestOperator_isOnTheServersMachine(t *testing.T) {
	s := onLoopback(t, newFakeLogs("app.log"), Config{})
	tl := s.tail("/app.log")
	for _, header := range relayed {
		res, body := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream[:8], "", header, "192.0.2.1")
		if res.StatusCode != http.StatusForbidden || !strings.HasPrefix(body, "error: only from the server's own machine may others' streams be ended\nhint: ") {
			t.Errorf("with %s: %s\n%s", header, res.Status, body)
		}
	}
	for _, tt := range []struct {
		local, remote string
		want          bool
	}{
		{"127.0.0.1:7070", "127.0.0.1:1234", true},
		{"127.0.0.1:7070", "127.9.9.9:1234", true},
		{"[::1]:7070", "[::1]:1234", true},
		{"[::ffff:127.0.0.1]:7070", "127.0.0.1:1234", true},
		{"192.0.2.1:7070", "192.0.2.1:1234", true}, // a machine that asks itself
		{"192.0.2.1:7070", "192.0.2.2:1234", false},
		{"192.0.2.1:7070", "127.0.0.1:1234", false},
		{"127.0.0.1:7070", "192.0.2.1:1234", false},
		{"memory", "pipe", false},
		{"127.0.0.1:7070", "", false},
	} {
		if got := sameMachine(tt.local, tt.remote); got != tt.want {
			t.Errorf("%s to %s: an operator %v, want %v", tt.remote, tt.local, got, tt.want)
		}
	}
	far := inMemory(t, newFakeLogs("app.log"), Config{})
	other := far.tail("/app.log")
	if res, _ := far.ask(http.MethodDelete, "/-/streams/"+other.open.Stream[:8], ""); res.StatusCode != http.StatusForbidden {
		t.Errorf("not over loopback: %s", res.Status)
	}
	for _, s := range []*site{s, far} {
		if live := s.streams().Live; len(live) != 1 || live[0].State != wire.StateStreaming {
			t.Errorf("live %+v", live)
		}
	}
}

func TestOperator_mustNameOneStream(t *testing.T) {
	s := onLoopback(t, newFakeLogs("app.log"), Config{})
	for _, id := range []string{"0123456700000000", "0123456711111111"} {
		st := &stream{id: id, clock: s.server.clock, kernel: noKernel, done: make(chan struct{})}
		s.server.registry.add(st)
		defer s.server.registry.forget(st)
	}
	if res, body := s.ask(http.MethodDelete, "/-/streams/01234567", ""); res.StatusCode != http.StatusConflict || !strings.Contains(body, "2 live streams") {
		t.Errorf("%s\n%s", res.Status, body)
	}
}
