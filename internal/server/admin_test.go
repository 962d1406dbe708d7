package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestListing(t *testing.T) {
	logs := newFakeLogs("app.log", "odd\x1b name", " blank", "blank ", `"quoted"`, "a b.log", "no utf-8\xff")
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	epoch := time.Unix(0, 0).Local().Format(time.DateTime)
	_, text := s.ask(http.MethodGet, "/", "")
	want := "   -  " + epoch + "  dir/\n"
	for _, name := range []string{`" blank"`, `"\"quoted\""`, "a b.log", "app.log", `"blank "`, `"no utf-8\xff"`, `"odd\x1b name"`} {
		size := " 0"
		if name == "app.log" {
			size = "10"
		}
		want += "  " + size + "  " + epoch + "  " + name + "\n"
	}
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// Whatever a log is called, its href leads to it.
func TestListing_json(t *testing.T) {
	names := []string{"app.log", "a:b.log", "odd\x1b name", "50%", "%41", "q?x=1#y", "no utf-8\xff", "ü", "a;b&c+d"}
	logs := newFakeLogs(names...)
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	_, body := s.ask(http.MethodGet, "/", "", "Accept", wire.TypeJSON)
	var got wire.Listing
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if want := (wire.Entry{Name: "dir/", Href: "dir/"}); got.Path != "" || got.Entries[0].Name != want.Name || got.Entries[0].Href != want.Href || got.Entries[0].Size != 0 {
		t.Errorf("%+v", got)
	}
	base := &url.URL{Scheme: "http", Host: "localhost", Path: "/"}
	found := map[string]string{}
	for _, e := range got.Entries {
		u, err := base.Parse(e.Href)
		if err != nil || u.Host != "localhost" {
			t.Fatalf("%q leads to %v, %v", e.Href, u, err)
		}
		found[u.Path] = e.Href
		if e.Href == "app.log" && (e.Size != 10 || !e.MTime.Equal(time.Unix(0, 0))) {
			t.Errorf("%+v", e)
		}
	}
	for _, name := range names {
		if found["/"+name] == "" {
			t.Errorf("nothing leads to %q: %q", name, found)
		}
	}
	if got := found["/a:b.log"]; got != "./a:b.log" {
		t.Errorf("a colon is no scheme: %q", got)
	}
	_, body = s.ask(http.MethodGet, "/dir/", "", "Accept", wire.TypeJSON)
	if want := `{"path":"dir/","entries":[{"name":"inner.log","href":"inner.log","size":7,"mtime":`; !strings.HasPrefix(body, want) {
		t.Errorf("got %s", body)
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
		{"one byte", []string{"Range", "BYTES=0-0"}, 206, "bytes 0-0/10", "0"},
		{"all", []string{"Range", "bytes=0-99999999999999999999"}, 206, "bytes 0-9/10", "0123456789"},
		{"more than all from the end", []string{"Range", "bytes=-99999999999999999999"}, 206, "bytes 0-9/10", "0123456789"},
		{"a unit that nobody knows", []string{"Range", "lines=1-2"}, 200, "", "0123456789"},
		{"no unit", []string{"Range", "1-2"}, 200, "", "0123456789"},
		{"nothing", []string{"Range", "bytes=-0"}, 416, "bytes */10",
			"error: Range \"bytes=-0\" has no part in the log's 10 bytes\nhint: a range is bytes=FIRST-LAST, bytes=FIRST- or bytes=-LENGTH, within the log's size\n"},
		{"several", []string{"Range", "bytes=0-1,4-5"}, 416, "bytes */10",
			"error: Range \"bytes=0-1,4-5\" names several parts\nhint: ask for one part at a time\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", tt.header...)
			if res.StatusCode != tt.status || res.Header.Get("Content-Range") != tt.contentRange || body != tt.body {
				t.Errorf("%s, Content-Range %q\n%s", res.Status, res.Header.Get("Content-Range"), body)
			}
			if tt.contentRange != "" && tt.status < 300 && res.Header.Get("ETag") != `"tag-app.log"` {
				t.Errorf("ETag %q", res.Header.Get("ETag"))
			}
		})
	}
}

func TestRange_malformed(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.log("app.log").append("0123456789")
	s := inMemory(t, logs, Config{})
	for _, header := range []string{"bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-2", "bytes=a-b", "bytes=+1-2", "bytes=1-2-3", "bytes=--2"} {
		res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", "Range", header)
		want := fmt.Sprintf("error: Range %q makes no sense\nhint: a range is bytes=FIRST-LAST, bytes=FIRST- or bytes=-LENGTH\n", header)
		if res.StatusCode != 416 || res.Header.Get("Content-Range") != "bytes */10" || body != want {
			t.Errorf("%q: %s, Content-Range %q\n%s", header, res.Status, res.Header.Get("Content-Range"), body)
		}
	}
}

func TestRange_ofAnEmptyLog(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	for _, header := range []string{"bytes=0-", "bytes=-1", "bytes=0-0"} {
		res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", "Range", header)
		if res.StatusCode != 416 || res.Header.Get("Content-Range") != "bytes */0" || !strings.Contains(body, "has no part in the log's 0 bytes") {
			t.Errorf("%q: %s, Content-Range %q\n%s", header, res.Status, res.Header.Get("Content-Range"), body)
		}
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
		if len(rows) != 6 || len(rows[0]) != len(rows[1])-len("app.log")+len("LOG") || len(rows[3]) != strings.Index(rows[4], "b.log")+len("LOG") {
			t.Fatalf("got\n%s", text)
		}
		if got, want := strings.Join(strings.Fields(rows[1]), " "), tl.open.Stream[:8]+" frames streaming 2s 12 0 - 0 - 2s 2s - - - pipe app.log"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := strings.Join(strings.Fields(rows[4])[1:], " "); got != "raw 2s 0s 0 0.0ms complete pipe b.log (the end that the log had when the stream began)" {
			t.Errorf("got %q", got)
		}
	})
}

func TestHealth(t *testing.T) {
	logs := newFakeLogs()
	s := inMemory(t, logs, Config{Version: "1.2.3"})
	if _, body := s.ask(http.MethodGet, "/-/healthz", ""); body != `{"status":"ok","watching":"inotify","identity":"strong","logs":0,"polled":0,"watches":0,"generations":0}`+"\n" {
		t.Errorf("got %s", body)
	}
	logs.setHealth(follow.Health{Watching: "polling", Identity: "weak", Notes: []string{"no inotify instances left"}, Hubs: 5, Polled: 4, Watches: 3, Generations: 7})
	if _, body := s.ask(http.MethodGet, "/-/healthz", ""); body != `{"status":"degraded","watching":"polling","identity":"weak","logs":5,"polled":4,"watches":3,"generations":7,"notes":["no inotify instances left"]}`+"\n" {
		t.Errorf("got %s", body)
	}
	if _, body := s.ask(http.MethodGet, "/-/version", ""); !strings.HasPrefix(body, `{"name":"tailsrv","version":"1.2.3","wire":1,"go":"go`) {
		t.Errorf("got %s", body)
	}
}

// Logs that are only polled say so, and how many files are held open is no secret.
func TestHealth_ofRealLogs(t *testing.T) {
	for _, tt := range []struct {
		opt    follow.Options
		status string
		polled int
	}{
		{follow.Options{NoWatch: true}, "degraded", 2},
		{follow.Options{}, "ok", 0},
	} {
		f := overFiles(t, tt.opt)
		well := f.health().Status == "ok" // else this is no place to watch logs well
		if !well && tt.status == "ok" {
			continue
		}
		for _, name := range []string{"a.log", "b.log"} {
			f.append(name, "one\n")
			f.tail("/" + name).next(wire.FrameData)
		}
		h := f.health()
		if h.Status != tt.status || h.Logs != 2 || h.Polled != tt.polled || (h.Watches == 0) != tt.opt.NoWatch || h.Generations != 2 {
			t.Errorf("%+v: %+v", tt.opt, h)
		}
		_, body := f.ask(http.MethodGet, "/-/metrics", "")
		for _, want := range []string{fmt.Sprintf("tailsrv_logs_polled %d\n", tt.polled), "tailsrv_hubs 2\n", "tailsrv_generations_open 2\n"} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in\n%s", want, body)
			}
		}
	}
}

func (s *site) health() (h wire.Health) {
	s.t.Helper()
	_, body := s.ask(http.MethodGet, "/-/healthz", "")
	if err := json.Unmarshal([]byte(body), &h); err != nil {
		s.t.Fatalf("%v in %s", err, body)
	}
	return h
}

func TestMetrics(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.health.Hubs, logs.health.Watches, logs.health.Polled, logs.health.Generations = 3, 2, 1, 5
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
		`tailsrv_limit_hits_total{limit="client"} 1`, `tailsrv_hubs 3`, `tailsrv_watches 2`, `tailsrv_logs_polled 1`, `tailsrv_generations_open 5`,
		`tailsrv_watching_degraded 0`, `tailsrv_log_lines_lost_total 0`,
	} {
		if !strings.Contains(body, want+"\n") {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

func TestMetrics_ofTheProcess(t *testing.T) {
	s := inMemory(t, newFakeLogs(), Config{})
	_, body := s.ask(http.MethodGet, "/-/metrics", "")
	for _, want := range []string{"go_goroutines ", "process_"} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}

// A value counts in its bucket and in all wider ones; a bound belongs to its bucket.
func TestHistogram(t *testing.T) {
	set := vm.NewSet()
	h := newHistogram(set, "h", []float64{0.0001, 0.5, 30})
	for _, v := range []float64{0.00005, 0.5, 0.25, 7, 100} {
		h.update(v)
	}
	var b strings.Builder
	set.WritePrometheus(&b)
	for _, want := range []string{`h_bucket{le="0.0001"} 1`, `h_bucket{le="0.5"} 3`, `h_bucket{le="30"} 4`, `h_bucket{le="+Inf"} 5`, "h_count 5", "h_sum 107.75005"} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("no %s in\n%s", want, &b)
		}
	}
}

func TestHealth_changesAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log", wire.HeaderLease, "3600")
		go io.Copy(io.Discard, tl.res.Body)
		well := logs.Health()
		for _, h := range []follow.Health{well, {Watching: "polling", Notes: []string{"no inotify instances left"}}, well} {
			logs.setHealth(h)
			time.Sleep(10 * time.Second)
			if degraded(h) {
				if _, body := s.ask(http.MethodGet, "/-/metrics", ""); !strings.Contains(body, "tailsrv_watching_degraded 1\n") {
					t.Errorf("got %s", body)
				}
			}
		}
		s.stop()
		got := s.log.String()
		warn, info := strings.Index(got, `level=WARN msg="logs are watched less`), strings.Index(got, `level=INFO msg="logs are watched well again`)
		if warn < 0 || info < warn || strings.Count(got, "are watched") != 2 || !strings.Contains(got, "no inotify instances left") {
			t.Errorf("logged %s", got)
		}
	})
}

// While a client is stuck the lag grows before everybody's eyes.
func TestStreams_lagOfAStuckClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{StallTimeout: time.Hour})
		s.do(http.MethodGet, "/app.log", "")
		logs.log("app.log").append(strings.Repeat("x", 100_000)) // taken, and stuck in a write
		synctest.Wait()
		if lag := s.streams().Live[0].Lag; lag != 100_000 {
			t.Errorf("lag %d while nothing of 100000 bytes was taken", lag)
		}
		logs.log("app.log").append(strings.Repeat("x", 234_567))
		if lag := s.streams().Live[0].Lag; lag != 334_567 {
			t.Errorf("lag %d, 234567 bytes later", lag)
		}
	})
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
	r := newRegistry(1, 1, "", newMetrics())
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

// A part that is read a little at a time is not stalled; it ends with the maximum age
// all the same, and does not look whole.
func TestRange_maxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append(strings.Repeat("x", 10<<20))
		s := inMemory(t, logs, Config{StallTimeout: 10 * time.Second, MaxAge: 100 * time.Second})
		start := time.Now()
		res := s.do(http.MethodGet, "/app.log?follow=0", "", "Range", "bytes=0-")
		buf := make([]byte, 32<<10)
		var err error
		for err == nil && time.Since(start) < time.Hour {
			time.Sleep(3 * time.Second)
			_, err = io.ReadFull(res.Body, buf)
		}
		if d := time.Since(start); !errors.Is(err, io.ErrUnexpectedEOF) || d < 80*time.Second || d > 105*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
	})
}
