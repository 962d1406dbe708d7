package server

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Who looks often asks for few of the ended ones; the text says how many more there are.
func TestStreams_endedOnesAsked(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	for range 25 {
		s.ask(http.MethodGet, "/app.log?follow=0", "")
	}
	s.buried(25, time.Second)
	for query, want := range map[string]int{"": 25, "?ended=0": 0, "?ended=3": 3, "?ended=1000": 25} {
		_, body := s.ask(http.MethodGet, "/-/streams"+query, "", "Accept", wire.TypeJSON)
		var got wire.Streams
		if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Ended) != want || got.Ended == nil {
			t.Errorf("%q: %d ended, want %d (%v)", query, len(got.Ended), want, err)
		}
	}
	_, text := s.ask(http.MethodGet, "/-/streams", "")
	if n := strings.Count(text, "complete"); n != toldEnded || !strings.HasSuffix(text, "\nand 5 that ended before: ?ended=1000 has them all\n") {
		t.Errorf("%d ended in\n%s", n, text)
	}
}
