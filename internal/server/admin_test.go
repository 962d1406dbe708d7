package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestListing(t *testing.T) {
	logs := newFakeLogs("app.log", "odd\x1b name")
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	epoch := time.Unix(0, 0).Local().Format(time.DateTime)
	_, text := s.ask(http.MethodGet, "/", "")
	want := "   -  " + epoch + "  dir/\n  10  " + epoch + "  app.log\n   0  " + epoch + "  \"odd\\x1b name\"\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	for target, want := range map[string]wire.Listing{
		"/": {Path: "", Entries: []wire.Entry{
			{Name: "dir/", MTime: time.Unix(0, 0)}, {Name: "app.log", Size: 10, MTime: time.Unix(0, 0)}, {Name: "odd\x1b name", MTime: time.Unix(0, 0)},
		}},
		"/dir/": {Path: "dir/", Entries: []wire.Entry{{Name: "inner.log", Size: 7, MTime: time.Unix(0, 0)}}},
	} {
		_, body := s.ask(http.MethodGet, target, "", "Accept", wire.TypeJSON)
		var got wire.Listing
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if got.Path != want.Path || len(got.Entries) != len(want.Entries) {
			t.Fatalf("%s: %+v", target, got)
		}
		for i, e := range got.Entries {
			if w := want.Entries[i]; e.Name != w.Name || e.Size != w.Size || !e.MTime.Equal(w.MTime) {
				t.Errorf("%s: %+v, want %+v", target, e, w)
			}
		}
	}
}

func TestHead(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	res, body := s.ask(http.MethodHead, "/app.log", "")
	for name, want := range map[string]string{"Content-Length": "10", "ETag": `"tag-app.log"`, wire.HeaderCursor: "app.log~10", "Content-Type": wire.TypeText} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if res.StatusCode != 200 || body != "" {
		t.Errorf("%s %q", res.Status, body)
	}
	if res, _ := s.ask(http.MethodHead, "/none.log", ""); res.StatusCode != 404 {
		t.Errorf("of nothing: %s", res.Status)
	}
	if res, _ := s.ask(http.MethodHead, "/app.log?line=1", ""); res.StatusCode != 400 {
		t.Errorf("with a typo: %s", res.Status)
	}
}

func TestRange(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	for _, tt := range []struct {
		name         string
		header       []string
		status       int
		contentRange string
		body         string
	}{
		{"part", []string{"Range", "bytes=2-4"}, 206, "bytes 2-4/10", "234"},
		{"tail", []string{"Range", "bytes=-3"}, 206, "bytes 7-9/10", "789"},
		{"beyond the end", []string{"Range", "bytes=8-99"}, 206, "bytes 8-9/10", "89"},
		{"same generation", []string{"Range", "bytes=2-4", "If-Range", `"tag-app.log"`}, 206, "bytes 2-4/10", "234"},
		{"other generation", []string{"Range", "bytes=2-4", "If-Range", `"tag-old"`}, 200, "", "0123456789"},
		{"the tag does not mean not modified", []string{"Range", "bytes=2-4", "If-None-Match", `"tag-app.log"`}, 206, "bytes 2-4/10", "234"},
		{"outside", []string{"Range", "bytes=10-"}, 416, "bytes */10",
			"error: Range \"bytes=10-\" has no part in the log's 10 bytes\nhint: a range is bytes=FIRST-LAST, bytes=FIRST- or bytes=-LENGTH, within the log's size\n"},
		{"nonsense", []string{"Range", "lines=1-2"}, 416, "",
			"error: Range \"lines=1-2\" has no part in the log's 10 bytes\nhint: a range is bytes=FIRST-LAST, bytes=FIRST- or bytes=-LENGTH, within the log's size\n"},
		{"several", []string{"Range", "bytes=0-1,4-5"}, 416, "",
			"error: Range \"bytes=0-1,4-5\" names several parts\nhint: ask for one part at a time\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", tt.header...)
			if res.StatusCode != tt.status || res.Header.Get("Content-Range") != tt.contentRange || body != tt.body {
				t.Errorf("%s, Content-Range %q\n%s", res.Status, res.Header.Get("Content-Range"), body)
			}
			if tt.status < 300 && res.Header.Get("ETag") != `"tag-app.log"` {
				t.Errorf("ETag %q", res.Header.Get("ETag"))
			}
		})
	}
}

func TestStreams_text(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log", "b.log")
		logs.log("app.log").append("twelve bytes")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		tl.next(wire.FrameData)
		s.ask(http.MethodGet, "/b.log?follow=0", "")
		time.Sleep(2 * time.Second)
		_, text := s.ask(http.MethodGet, "/-/streams", "")
		rows := strings.Split(text, "\n")
		if len(rows) != 4 || len(rows[0]) != len(rows[1])-len("app.log")+len("LOG") {
			t.Fatalf("got\n%s", text)
		}
		if want := []string{tl.open.Stream[:8], "frames", "2s", "12", "0", "2s", "2s", "streaming", "pipe", "app.log"}; strings.Join(strings.Fields(rows[1]), " ") != strings.Join(want, " ") {
			t.Errorf("got %q, want %q", strings.Fields(rows[1]), want)
		}
		if got := strings.Fields(rows[2]); got[7] != "complete" || got[9] != "b.log" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHealth(t *testing.T) {
	logs := newFakeLogs()
	s := inMemory(t, logs, Config{Version: "1.2.3"})
	if _, body := s.ask(http.MethodGet, "/-/healthz", ""); body != `{"status":"ok","watching":"inotify","identity":"strong"}`+"\n" {
		t.Errorf("got %s", body)
	}
	logs.health = follow.Health{Watching: "polling", Identity: "weak", Notes: []string{"no inotify instances left"}}
	if _, body := s.ask(http.MethodGet, "/-/healthz", ""); body != `{"status":"degraded","watching":"polling","identity":"weak","notes":["no inotify instances left"]}`+"\n" {
		t.Errorf("got %s", body)
	}
	if _, body := s.ask(http.MethodGet, "/-/version", ""); !strings.HasPrefix(body, `{"name":"tailsrv","version":"1.2.3","wire":1,"go":"go`) {
		t.Errorf("got %s", body)
	}
}

func TestMetrics(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.health.Hubs, logs.health.Watches = 3, 2
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{MaxStreamsPerClient: 1})
	s.ask(http.MethodGet, "/app.log?follow=0", "")
	s.tail("/app.log")
	s.ask(http.MethodGet, "/app.log", "") // one too many
	_, body := s.ask(http.MethodGet, "/-/metrics", "")
	for _, want := range []string{
		`tailsrv_streams{as="frames"} 1`, `tailsrv_streams{as="raw"} 0`,
		`tailsrv_streams_opened_total{as="raw"} 1`, `tailsrv_streams_ended_total{reason="complete"} 1`,
		`tailsrv_streams_ended_total{reason="stalled"} 0`, `tailsrv_reclaim_seconds_count 1`,
		`tailsrv_limit_hits_total{limit="client"} 1`, `tailsrv_hubs 3`, `tailsrv_watches 2`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			cfg    Config
			detail string
		}{
			{Config{MaxStreams: 2}, "all 2 streams of this server are taken"},
			{Config{MaxStreamsPerClient: 2}, `"pipe" has 2 streams, as many as one address may`},
		} {
			s := inMemory(t, newFakeLogs("app.log"), tt.cfg)
			first := s.tail("/app.log")
			s.tail("/app.log")
			res, body := s.ask(http.MethodGet, "/app.log", "")
			if res.StatusCode != 429 || res.Header.Get("Retry-After") != "5" || !strings.HasPrefix(body, "error: "+tt.detail+"\nhint: ") {
				t.Errorf("%s, Retry-After %q\n%s", res.Status, res.Header.Get("Retry-After"), body)
			}
			if res, _ := s.ask(http.MethodGet, "/app.log?follow=0", "", "Range", "bytes=0-1"); res.StatusCode != 429 {
				t.Errorf("a range is no way around: %s", res.Status)
			}
			go io.Copy(io.Discard, first.res.Body)
			s.ask(http.MethodDelete, "/-/streams/"+first.open.Stream, "")
			s.tail("/app.log") // there is room again
		}
	})
}

func TestRegistry_remembersTheLastEnded(t *testing.T) {
	r := newRegistry(1, 1, newMetrics())
	for i := range keptEnded + 5 {
		st := &stream{id: fmt.Sprintf("%08d…", i), clock: &clock{start: time.Now()}, done: make(chan struct{}), ended: &ending{reason: wire.ReasonIdle}}
		r.add(st)
		r.remove(st, st.epitaph())
	}
	ended := r.streams().Ended
	if len(ended) != keptEnded || ended[0].ID != fmt.Sprintf("%08d", keptEnded+4) || ended[keptEnded-1].ID != "00000005" {
		t.Errorf("%d kept, from %q back to %q", len(ended), ended[0].ID, ended[len(ended)-1].ID)
	}
}
