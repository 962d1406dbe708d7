package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// A log for which no file may be opened is refused in a way that clients come back from, and
// the server says that it is short of files.
func TestServer_outOfFiles(t *testing.T) {
	f := overFiles(t, follow.Options{MaxFiles: follow.MinFiles})
	for i := range follow.MinFiles {
		f.append(fmt.Sprintf("%d.log", i), "one\n")
	}
	open := 0
	for i := range follow.MinFiles {
		name := fmt.Sprintf("/%d.log", i)
		res, body := f.ask(http.MethodGet, name+"?follow=0", "")
		if res.StatusCode == http.StatusOK {
			f.tail(name).next(wire.FrameData)
			open++
			continue
		}
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(body, "out of files") {
			t.Errorf("%d %q: %s", res.StatusCode, res.Header.Get("Retry-After"), body)
		}
	}
	h := f.health()
	if open != follow.LogsWithin(follow.MinFiles) || h.Status != "degraded" || !strings.Contains(strings.Join(h.Notes, " "), "files of logs are open") {
		t.Errorf("with %d streams: %+v", open, h)
	}
	_, body := f.ask(http.MethodGet, "/-/metrics", "")
	for _, want := range []string{fmt.Sprintf("tailsrv_files_open %d\n", open), fmt.Sprintf("tailsrv_files_max %d\n", follow.MinFiles),
		fmt.Sprintf("tailsrv_limit_hits_total{limit=\"files\"} %d\n", follow.MinFiles-open)} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}
