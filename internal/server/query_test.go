package server

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Everything that is refused, with the exact answer that a curl user reads.
func TestRefusals(t *testing.T) {
	const (
		known  = "known are lines, bytes, from, cursor, follow, heartbeat, partial, retry, strict"
		list   = "GET / lists what there is; retry=1 waits for a log that is not there yet"
		name   = "GET / lists what there is; a name has no empty, . or .. part and no NUL"
		count  = "lines takes a count from 0 to 100000, as lines=100"
		beat   = "heartbeat takes a duration from 1s to 60s, as heartbeat=15s; plain text needs heartbeat=newline:15s"
		afresh = "leave out the cursor to start afresh: from=start for all there is, from=end for what comes"
		frames = "Accept: " + wire.TypeFrames
		ndjson = "Accept: " + wire.TypeNDJSON
	)
	for _, tt := range []struct {
		target, header string
		status         int
		detail, hint   string
	}{
		{"/none.log", "", 404, `"none.log": not found`, list},
		{"/a/b/none.log", "", 404, `"a/b/none.log": not found`, "GET /a/b/ lists what there is; retry=1 waits for a log that is not there yet"},
		{"/dir", "", 404, `"dir": a directory`, "GET /dir/ lists it"},
		{"/app.log/", "", 404, `"app.log": not found: not a directory`, list},
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
		{"/app.log?cursor=app.log~99&strict=1", "", 412, `"app.log": gap`, "leave out strict to go on and be told what is missing"},
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
		{"/app.log?strict=1", "", 400, "strict says how to meet a cursor, and there is none", "give a cursor, or leave out strict"},
		{"/app.log?retry=1&follow=0", "", 400, "retry waits for a log, and follow=0 ends at once", "give one of them"},
		{"/app.log?a=%zz", "", 400, `query "a=%zz" cannot be read: invalid URL escape "%zz"`, "write % as %25 and ; as %3B"},
		{"/app.log?lines=1;from=end", "", 400, `query "lines=1;from=end" cannot be read: invalid semicolon separator in query`, "write % as %25 and ; as %3B"},
		{"/app.log?lines=1&follow=0", "Range: bytes=0-1", 400, "Range and lines both say which part of the log is meant", "give one of them"},
		{"/app.log", "Tail-Lease: 0.5", 400, `Tail-Lease "0.5" makes no sense`, "a lease is from 1 to 3600 seconds, as Tail-Lease: 45"},
		{"/app.log", "Tail-Lease: NaN", 400, `Tail-Lease "NaN" makes no sense`, "a lease is from 1 to 3600 seconds, as Tail-Lease: 45"},
		{"/app.log", "Accept: image/png", 406, `a log has no representation for Accept "image/png"`, "ask for text/plain, application/x-ndjson, text/event-stream or application/vnd.bubbletail.frames"},
		{"/?lines=3", "", 400, `a listing takes no parameters, and "lines=3" was given`, "leave out the question mark and what follows"},

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
	for _, q := range []string{"lines=5&follow=0", "heartbeat=newline:5s", "cursor=a&strict=1", "bytes=9223372036854775808", "a=%", "lines=1;x"} {
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
		if q.start.Lines < 0 || q.start.Lines > wire.MaxLines || q.start.Bytes < 0 || q.lease < 0 || q.hold < 0 {
			t.Errorf("%+v", q)
		}
	})
}
