package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Everything that is refused, with the exact answer that a curl user reads.
func TestRefusals(t *testing.T) {
	const (
		known  = "known are lines, bytes, from, cursor, since, follow, heartbeat, partial, retry, strict"
		list   = "GET / lists what there is; retry=1 waits for a log that is not there yet"
		top    = "GET / lists what there is"
		name   = "GET / lists what there is; a name has no empty, . or .. part, no NUL and no backslash, and does not begin with the reserved -/"
		none   = "this takes none: leave out the question mark and what follows"
		count  = "lines takes a count from 0 to 100000, as lines=100"
		beat   = "heartbeat takes a duration from 1s to 60s, as heartbeat=15s; plain text needs heartbeat=newline:15s"
		afresh = "leave out the cursor to start afresh: from=start for all there is, from=end for what comes"
		since  = "since takes how long ago, as since=10m or since=1d12h, or an instant, as since=2026-11-22T12:00:00Z"
		frames = "Accept: " + wire.TypeFrames
		ndjson = "Accept: " + wire.TypeNDJSON
	)
	for _, tt := range []struct {
		target, header string
		status         int
		detail, hint   string
	}{
		{"/none.log", "", 404, `"none.log": not found`, list},
		{"/a/b/none.log", "", 404, `"a/b/none.log": not found`, list},
		{"/app.log/none.log", "", 404, `"app.log/none.log": not found`, list},
		{"/dir/none.log", "", 404, `"dir/none.log": not found`, "GET /dir/ lists what there is; retry=1 waits for a log that is not there yet"},
		{"/dir/sub/a/b/none.log", "", 404, `"dir/sub/a/b/none.log": not found`, "GET /dir/sub/ lists what there is; retry=1 waits for a log that is not there yet"},
		{"/dir/none/", "", 404, `"dir/none": not found`, "GET /dir/ lists what there is"},
		{"/dir", "", 404, `"dir": a directory`, "GET /dir/ lists it"},
		{"/app.log/", "", 404, `"app.log": not found: not a directory`, top},
		{"/fifo", "", 403, `"fifo": not regular`, "only regular files and directories are served"},
		{"/secret", "", 403, `"secret": denied`, "tailsrv serves what its own user may read, through links that are relative and stay inside the root"},
		{"/.bashrc", "", 403, `".bashrc": hidden`, "tailsrv serves names that begin with a dot if started with --hidden"},
		{"/broken", "", 500, `"/broken" could not be opened`, "the server's own log says why"},
		{"/../etc/passwd", "", 400, `"../etc/passwd": bad name`, name},
		{"/..%2f..%2fetc%2fpasswd", "", 400, `"../../etc/passwd": bad name`, name},
		{"/%2e%2e/etc/passwd", "", 400, `"../etc/passwd": bad name`, name},
		{"/a%00b", "", 400, `"a\x00b": bad name`, name},
		{"/..%1b%5b2J/", "", 400, `"..\x1b[2J": bad name`, name},
		{"/-/nothing", "", 404, `there is no "/-/nothing"`, "under /-/ there are streams, healthz, version and metrics; logs are elsewhere"},

		{"/app.log?line=5", "", 400, `there is no parameter "line"`, known},
		{"/app.log?%1b%5b2J", "", 400, `there is no parameter "\x1b[2J"`, known},
		{"/app.log?lines=-1", "", 400, `lines="-1" makes no sense`, count},
		{"/app.log?lines=", "", 400, `lines="" makes no sense`, count},
		{"/app.log?lines=100001", "", 400, `lines="100001" makes no sense`, count},
		{"/app.log?lines=99999999999999999999", "", 400, `lines="99999999999999999999" makes no sense`, count},
		{"/app.log?lines=1&lines=2", "", 400, `parameter "lines" is given 2 times`, "give it once"},
		{"/app.log?bytes=0", "", 400, `bytes="0" makes no sense`, "bytes takes a count from 1 on, as bytes=4096"},
		{"/app.log?bytes=%2B5", "", 400, `bytes="+5" makes no sense`, "bytes takes a count from 1 on, as bytes=4096"},
		{"/app.log?from=middle", "", 400, `from="middle" makes no sense`, "from takes start or end"},
		{"/app.log?cursor=", "", 400, `cursor="" makes no sense`, "cursor takes what an earlier answer gave as its cursor"},
		{"/app.log?cursor=a%0ab", "", 400, `cursor="a\nb" makes no sense`, "cursor takes what an earlier answer gave as its cursor"},
		{"/app.log?cursor=junk", "", 409, `"app.log": bad cursor`, afresh},
		{"/app.log?cursor=other.log~3", "", 409, `"app.log": another log`, afresh},
		{"/app.log?cursor=app.log~99&strict=1", "", 412, `"app.log": gap`, "leave out strict to go on and be told what is missing; or " + afresh},
		{"/app.log?since=10m", "", 422, `"app.log": no times`, "use lines=100 to begin with its last lines, or from=start with its first"},
		{"/app.log?since=", "", 400, `since="" makes no sense`, since},
		{"/app.log?since=-10m", "", 400, `since="-10m" makes no sense`, since},
		{"/app.log?since=10", "", 400, `since="10" makes no sense`, since},
		{"/app.log?since=1w", "", 400, `since="1w" makes no sense`, since},
		{"/app.log?since=noon", "", 400, `since="noon" makes no sense`, since},
		{"/app.log?since=10m&since=1h", "", 400, `parameter "since" is given 2 times`, "give it once"},
		{"/none.log?since=10m", "", 404, `"none.log": not found`, list},
		{"/app.log", "Last-Event-ID: a b", 400, `Last-Event-ID "a b" is no cursor`, "it is the id of the last event that came"},
		{"/app.log?follow=yes", "", 400, `follow="yes" makes no sense`, "follow takes 1, or 0 to end at the log's current end"},
		{"/app.log?heartbeat=15", frames, 400, `heartbeat="15" makes no sense`, beat},
		{"/app.log?heartbeat=999ms", frames, 400, `heartbeat="999ms" makes no sense`, beat},
		{"/app.log?heartbeat=61s", frames, 400, `heartbeat="61s" makes no sense`, beat},
		{"/app.log?heartbeat=15s", "", 400, "plain text has nothing to say a heartbeat with", "give heartbeat=newline:15s to have empty lines inserted, or leave it out"},
		{"/app.log?heartbeat=newline:15s", frames, 400, "heartbeats as newlines are for plain text", "give heartbeat=15s"},
		{"/app.log?partial=2m", ndjson, 400, `partial="2m" makes no sense`, "partial takes a duration from 0s to 60s, as partial=500ms"},
		{"/app.log?partial=1s", frames, 400, "partial holds back unfinished lines, and frames passes them at once", "leave it out, or ask for application/x-ndjson"},
		{"/app.log?lines=1&from=end", "", 400, "lines and from both say where to begin", "give one of them"},
		{"/app.log?cursor=app.log~0&bytes=1", "", 400, "bytes and cursor both say where to begin", "give one of them"},
		{"/app.log?lines=1&since=10m", "", 400, "lines and since both say where to begin", "give one of them"},
		{"/app.log?bytes=1&since=10m", "", 400, "bytes and since both say where to begin", "give one of them"},
		{"/app.log?from=start&since=10m", "", 400, "from and since both say where to begin", "give one of them"},
		{"/app.log?cursor=app.log~0&since=10m", "", 400, "cursor and since both say where to begin", "give one of them"},
		{"/app.log?since=10m&strict=1", "", 400, "strict says how to meet a cursor, and there is none", "give a cursor, or leave out strict"},
		{"/app.log?strict=1", "", 400, "strict says how to meet a cursor, and there is none", "give a cursor, or leave out strict"},
		{"/app.log?retry=1&follow=0", "", 400, "retry waits for a log, and follow=0 ends at once", "give one of them"},
		{"/app.log?a=%zz", "", 400, `query "a=%zz" cannot be read: invalid URL escape "%zz"`, "write % as %25 and ; as %3B"},
		{"/app.log?lines=1;from=end", "", 400, `query "lines=1;from=end" cannot be read: invalid semicolon separator in query`, "write % as %25 and ; as %3B"},
		{"/app.log?lines=1&follow=0", "Range: bytes=0-1", 400, "Range and lines both say which part of the log is meant", "give one of them"},
		{"/app.log?since=10m&follow=0", "Range: bytes=0-1", 400, "Range and since both say which part of the log is meant", "give one of them"},
		{"/app.log?cursor=app.log~0", "Last-Event-ID: other.log~3", 409, `"app.log": another log`, "leave out Last-Event-ID to start afresh: from=start for all there is, from=end for what comes"},
		{"/app.log", "Tail-Lease: 0.5", 400, `Tail-Lease "0.5" makes no sense`, "a lease is from 1 to 3600 seconds, as Tail-Lease: 45"},
		{"/app.log", "Tail-Lease: NaN", 400, `Tail-Lease "NaN" makes no sense`, "a lease is from 1 to 3600 seconds, as Tail-Lease: 45"},
		{"/app.log", "Accept: image/png", 406, `a log has no representation for Accept "image/png"`, "ask for text/plain, application/x-ndjson, text/event-stream or application/vnd.bubbletail.frames"},
		{"/?lines=3", "", 400, `there is no parameter "lines"`, none},
		{"/-/streams?last=1", "", 400, `there is no parameter "last"`, "there is ended=N, for the last N that ended"},
		{"/-/streams?ended=1001", "", 400, `ended="1001" is no number from 0 to 1000`, "as in ended=50, once"},
		{"/-/streams?ended=", "", 400, `ended="" is no number from 0 to 1000`, "as in ended=50, once"},
		{"/-/healthz?b&a", "", 400, `there is no parameter "a"`, none},
		{"/-/version?lines=3", "", 400, `there is no parameter "lines"`, none},
		{"/-/metrics?%zz", "", 400, `query "%zz" cannot be read: invalid URL escape "%zz"`, "write % as %25 and ; as %3B"},

		{"/app.log", "Host: evil.example", 421, `"evil.example" is no name of this server`, "use its address; or start tailsrv with --allow-host evil.example"},
		{"/-/healthz", "Host: evil.example:7070", 421, `"evil.example:7070" is no name of this server`, "use its address; or start tailsrv with --allow-host evil.example"},
		{"/app.log", "Sec-Fetch-Site: cross-site", 403, `a browser asked on behalf of another site (Sec-Fetch-Site "cross-site")`, "open the address itself; pages of other sites may not read logs"},
		{"/-/streams", "Sec-Fetch-Site: same-site", 403, `a browser asked on behalf of another site (Sec-Fetch-Site "same-site")`, "open the address itself; pages of other sites may not read logs"},
	} {
		t.Run(tt.target+" "+tt.header, func(t *testing.T) {
			s := inMemory(t, newFakeLogs("app.log"), Config{})
			header := []string{}
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				header = append(header, name, value)
			}
			res, body := s.ask(http.MethodGet, tt.target, "", header...)
			if want := "error: " + tt.detail + "\nhint: " + tt.hint + "\n"; res.StatusCode != tt.status || body != want {
				t.Errorf("got %d\n%s\nwant %d\n%s", res.StatusCode, body, tt.status, want)
			}
			if got := res.Header.Get("Content-Type"); got != wire.TypeText {
				t.Errorf("Content-Type %q", got)
			}
			if strings.ContainsFunc(body, func(c rune) bool { return c < ' ' && c != '\n' }) {
				t.Errorf("a control character reached the terminal: %q", body)
			}
		})
	}
}

func TestRefusals_asProblemJSON(t *testing.T) {
	s := inMemory(t, newFakeLogs(), Config{})
	for _, accept := range []string{"text/plain, " + wire.TypeProblem, wire.TypeFrames + ", " + wire.TypeProblem + ";q=0.5"} {
		res, body := s.ask(http.MethodGet, "/none.log", "", "Accept", accept)
		var p wire.Problem
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		if res.Header.Get("Content-Type") != wire.TypeProblem || p.Status != 404 || p.Type != "about:blank#not-found" || p.Hint == "" {
			t.Errorf("%s %s", res.Header.Get("Content-Type"), body)
		}
	}
}

// Who names problems says how errors are to come, and nothing about logs.
func TestAccept_problemsAreNoRepresentation(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.log("app.log").append("one\n")
	s := inMemory(t, logs, Config{})
	for accept, want := range map[string]string{
		wire.TypeProblem:                          wire.TypeText,
		wire.TypeProblem + ";q=0.5":               wire.TypeText,
		wire.TypeNDJSON + ", " + wire.TypeProblem: wire.TypeNDJSON,
		wire.TypeProblem + ", image/png":          wire.TypeProblem,
	} {
		res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", "Accept", accept)
		if got := res.Header.Get("Content-Type"); got != want {
			t.Errorf("Accept %s: %s, %s\n%s", accept, res.Status, got, body)
		}
	}
	res, body := s.ask(http.MethodGet, "/none.log", "", "Accept", wire.TypeProblem)
	if res.StatusCode != 404 || res.Header.Get("Content-Type") != wire.TypeProblem || !strings.HasPrefix(body, "{") {
		t.Errorf("%s %s", res.Status, body)
	}
}

// Hints for who reads them in tailtui name its flags, and commands for a shell.
func TestHints_tailtui(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	const flags = "; --retry waits for a log that is not there yet"
	for target, want := range map[string]string{
		"/none.log":             "curl http://127.0.0.1:7070/ lists what there is" + flags,
		"/dir/none.log":         "curl http://127.0.0.1:7070/dir/ lists what there is" + flags,
		"/dir/%1b%3b/x":         "curl 'http://127.0.0.1:7070/dir/%1B;/' lists what there is" + flags,
		"/dir":                  "name a log in it; curl http://127.0.0.1:7070/dir/ lists them",
		"/app.log?cursor=stale": "start tailtui again to start afresh",
		"/app.log?since=10m":    "leave out --since: -n 100 begins with its last lines, -n all with its first",
	} {
		res, body := s.ask(http.MethodGet, target, "", "User-Agent", "tailtui/0.1.0", "Host", "127.0.0.1:7070")
		if _, hint, _ := strings.Cut(body, "hint: "); hint != want+"\n" {
			t.Errorf("%s: %s\n%s", target, res.Status, body)
		}
	}
}

// What a client sends is neither repeated at any length nor our log's error.
func TestRefusals_longNames(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	long := strings.Repeat("ü", 2000)
	escaped := url.PathEscape(long)
	for target, header := range map[string][]string{
		"/" + escaped:                nil,
		"/" + escaped + "/":          nil,
		"/-/" + escaped:              nil,
		"/.." + escaped:              nil,
		"/app.log?" + escaped + "=1": nil,
		"/app.log?from=" + escaped:   nil,
		"/app.log?%zz" + escaped:     nil,
		"/app.log?since=" + escaped:  nil,
		"/app.log?cursor=x&lines=1":  {"Last-Event-ID", long},
		"/app.log?heartbeat=1h":      {"Accept", long},
		"/app.log?lines=3000000":     {wire.HeaderLease, long},
		"/app.log?follow=0":          {"Range", "bytes=" + long},
		"/":                          {"Sec-Fetch-Site", long},
		"/-/healthz":                 {"Host", strings.Repeat("x", 4000)},
	} {
		res, body := s.ask(http.MethodGet, target, "", header...)
		if res.StatusCode < 400 || res.StatusCode >= 500 || len(body) > 800 {
			t.Errorf("%.40s: %s, %d bytes: %s", target, res.Status, len(body), body)
		}
		if strings.ContainsRune(body, '\uFFFD') || strings.Contains(body, `\xc3…`) {
			t.Errorf("%.40s: a character was cut in two: %s", target, body)
		}
	}
	s.ask(http.MethodGet, "/broken", "")
	tl := s.tail("/" + escaped + "?retry=1")
	tl.res.Body.Close()
	s.buried(1, time.Second)
	s.stop()
	got := s.log.String()
	if strings.Count(got, "level=ERROR") != 1 || !strings.Contains(got, "path=/broken") {
		t.Errorf("errors that are no client's: %s", got)
	}
	for line := range strings.Lines(got) {
		if len(line) > 1000 {
			t.Errorf("a log line of %d bytes: %s", len(line), line)
		}
	}
}

// An id that is no id is likely a part of one.
func TestRefusals_shownID(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	tl := s.tail("/app.log")
	const whole = "the id is the stream's Tail-Stream header, all 32 digits; /-/streams shows only its beginning"
	for id, want := range map[string]string{
		tl.open.Stream[:9]:      whole,
		strings.Repeat("0", 32): "it has ended, or never was; GET /-/streams shows both kinds",
	} {
		for method, target := range map[string]string{http.MethodDelete: "/-/streams/" + id, http.MethodPost: "/-/streams/" + id + "/lease"} {
			res, body := s.ask(method, target, "")
			if want := "error: no live stream has this id\nhint: " + want + "\n"; res.StatusCode != 404 || body != want {
				t.Errorf("%s %s: %s\n%s", method, target, res.Status, body)
			}
		}
	}
}

func TestRefusals_method(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	for _, tt := range []struct{ method, target, allow, hint string }{
		{"PUT", "/app.log", "GET, HEAD", "use GET or HEAD"},
		{"DELETE", "/app.log", "GET, HEAD", "use GET or HEAD"},
		{"OPTIONS", "/app.log", "GET, HEAD", "use GET or HEAD"},
		{"POST", "/-/streams", "GET, HEAD", "use GET or HEAD"},
		{"GET", "/-/streams/0123", "DELETE", "use DELETE"},
		{"GET", "/-/streams/0123/lease", "POST", "use POST"},
		{"POST", "/-/metrics", "GET, HEAD", "use GET or HEAD"},
	} {
		res, body := s.ask(tt.method, tt.target, "")
		want := "error: " + tt.method + ` is no method of "` + tt.target + "\"\nhint: " + tt.hint + "\n"
		if res.StatusCode != 405 || res.Header.Get("Allow") != tt.allow || body != want {
			t.Errorf("%s %s: %s, Allow %q\n%s", tt.method, tt.target, res.Status, res.Header.Get("Allow"), body)
		}
	}
}

// A body on a stream's request would blind net/http to the client's leaving, or
// block the first flush: it is refused without being read.
func TestRefusals_body(t *testing.T) {
	for name, request := range map[string]string{
		"announced":        "GET /app.log HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
		"never sent":       "GET /app.log HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
		"chunked":          "GET /app.log HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
		"expects continue": "GET /app.log HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
		"on delete":        "DELETE /-/streams/0123 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello",
	} {
		t.Run(name, func(t *testing.T) {
			s := onLoopback(t, newFakeLogs("app.log"), Config{})
			c := s.dial()
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			b, _ := io.ReadAll(c) // the server closes; with what it did not read, perhaps by a reset
			if got := string(b); !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.Contains(got, "error: this request takes no body\n") {
				t.Errorf("got %q", got)
			}
			if n := len(s.server.Streams().Ended); n != 0 {
				t.Errorf("%d streams began", n)
			}
		})
	}
}

func TestRenewal_refusesWhatIsNoCursor(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{})
	tl := s.tail("/app.log")
	for body, status := range map[string]int{
		strings.Repeat("x", 2000): http.StatusRequestEntityTooLarge,
		strings.Repeat("x", 300):  http.StatusBadRequest,
		"two words":               http.StatusBadRequest,
		"\x1b[2J":                 http.StatusBadRequest,
		"app.log~0\n":             http.StatusNoContent,
	} {
		if res, answer := s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", body); res.StatusCode != status {
			t.Errorf("%.20q: %s, want %d\n%s", body, res.Status, status, answer)
		}
	}
}

func TestGuard_hostsThatAreOurs(t *testing.T) {
	s := inMemory(t, newFakeLogs("app.log"), Config{AllowHosts: []string{"Logs.Example"}})
	for _, host := range []string{
		"localhost", "LOCALHOST:7070", "tail.localhost", "127.0.0.1:7070", "[::1]:7070", "192.0.2.7", "logs.example:80", "logs.example.", "in-process",
	} {
		if res, body := s.ask(http.MethodGet, "/-/healthz", "", "Host", host); res.StatusCode != 200 {
			t.Errorf("Host %q: %s\n%s", host, res.Status, body)
		}
	}
	for _, site := range []string{"none", "same-origin"} {
		if res, _ := s.ask(http.MethodGet, "/-/healthz", "", "Sec-Fetch-Site", site); res.StatusCode != 200 {
			t.Errorf("Sec-Fetch-Site %q: %s", site, res.Status)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, q := range []string{"lines=5&follow=0", "heartbeat=newline:5s", "cursor=a&strict=1", "bytes=9223372036854775808", "a=%", "lines=1;x", "since=1d12h", "since=2026-11-22T12:00:00+01:00"} {
		f.Add(q, "", "")
	}
	f.Add("", "x~1", "45")
	f.Fuzz(func(t *testing.T, rawQuery, lastEventID, lease string) {
		r, err := http.NewRequest(http.MethodGet, "http://localhost/app.log", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = rawQuery
		r.Header.Set("Last-Event-ID", lastEventID)
		r.Header.Set(wire.HeaderLease, lease)
		q, p := parseQuery(r)
		if p != nil {
			if p.Status < 400 || p.Hint == "" || strings.ContainsFunc(p.Detail+p.Hint, func(c rune) bool { return c < ' ' }) {
				t.Errorf("%+v", p)
			}
			return
		}
		if q.start.Since.After(time.Now()) || q.start.Since.IsZero() == (q.start.From == follow.FromSince) {
			t.Errorf("since %v from %v", q.start.Since, q.start.From)
		}
		if q.start.Lines < 0 || q.start.Lines > wire.MaxLines || q.start.Bytes < 0 || q.lease < 0 || q.hold < 0 {
			t.Errorf("%+v", q)
		}
	})
}
