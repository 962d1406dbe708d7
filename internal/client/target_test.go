package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestParseTarget_whatPeopleWrite(t *testing.T) {
	tests := []struct {
		in    string
		kind  Kind
		addr  string
		path  string
		label string
		url   string
	}{
		{"web-1:7070/app.log", HTTP, "web-1:7070", "/app.log", "web-1:7070/app.log", "http://web-1:7070/app.log"},
		{"web_1.example:7070/a/b.log", HTTP, "web_1.example:7070", "/a/b.log", "web_1.example:7070/a/b.log", "http://web_1.example:7070/a/b.log"},
		{"h:7070/a b#?.log", HTTP, "h:7070", "/a b#?.log", "h:7070/a b#?.log", "http://h:7070/a%20b%23%3F.log"},
		{"h:7070/100%.log", HTTP, "h:7070", "/100%.log", "h:7070/100%.log", "http://h:7070/100%25.log"},
		{"h:7070/%20.log", HTTP, "h:7070", "/%20.log", "h:7070/%20.log", "http://h:7070/%2520.log"},
		{"h:7070/a:b@c&d=e.log", HTTP, "h:7070", "/a:b@c&d=e.log", "h:7070/a:b@c&d=e.log", "http://h:7070/a:b@c&d=e.log"},
		{"h:7070/тест.log", HTTP, "h:7070", "/тест.log", "h:7070/тест.log", "http://h:7070/%D1%82%D0%B5%D1%81%D1%82.log"},
		{"[::1]:7070/x", HTTP, "[::1]:7070", "/x", "[::1]:7070/x", "http://[::1]:7070/x"},
		{"[fe80::1%eth0]:7070/x", HTTP, "[fe80::1%eth0]:7070", "/x", "[fe80::1%eth0]:7070/x", "http://[fe80::1%25eth0]:7070/x"},
		{"http://h/x", HTTP, "h:80", "/x", "h/x", "http://h:80/x"},
		{"HTTP://h:7070/a%20b", HTTP, "h:7070", "/a b", "h:7070/a b", "http://h:7070/a%20b"},
		{"https://h/x.log", HTTPS, "h:443", "/x.log", "h/x.log", "https://h:443/x.log"},
		{"https://[::1]/x.log", HTTPS, "[::1]:443", "/x.log", "[::1]/x.log", "https://[::1]:443/x.log"},
		{"x.log", Local, "localhost", "x.log", "x.log", "http://localhost/x.log"},
		{"./a:1/x.log", Local, "localhost", "./a:1/x.log", "./a:1/x.log", "http://localhost/x.log"},
		{"/var/log/a b#?.log", Local, "localhost", "/var/log/a b#?.log", "/var/log/a b#?.log", "http://localhost/a%20b%23%3F.log"},
		{"logs/x.log", Local, "localhost", "logs/x.log", "logs/x.log", "http://localhost/x.log"},
		{"../x.log", Local, "localhost", "../x.log", "../x.log", "http://localhost/x.log"},
	}
	for _, tt := range tests {
		got, err := ParseTarget(tt.in)
		if err != nil {
			t.Errorf("ParseTarget(%q): %v", tt.in, err)
			continue
		}
		if want := (Target{Kind: tt.kind, Addr: tt.addr, Path: tt.path, Label: tt.label}); got != want {
			t.Errorf("ParseTarget(%q) = %+v, want %+v", tt.in, got, want)
		}
		u := got.url(got.log(), nil)
		if u != tt.url {
			t.Errorf("%q asks for %s, want %s", tt.in, u, tt.url)
		}
		req, err := http.NewRequest(http.MethodGet, u, nil)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
		} else if req.URL.Path != got.log() || req.URL.RawQuery != "" {
			t.Errorf("%q requests path %q and query %q, want the log's whole name", tt.in, req.URL.Path, req.URL.RawQuery)
		}
	}
}

func TestParseTarget_nonsenseHasAHint(t *testing.T) {
	tests := []struct{ in, detail string }{
		{"", "empty"},
		{"  ", "empty"},
		{"h:7070", "path of the log is missing"},
		{"h:7070/", "path of the log is missing"},
		{"h:7070//", "path of the log is missing"},
		{"h:7070/dir/", "names a directory"},
		{"http://h:7070/dir/", "names a directory"},
		{"./dir/", "names a directory"},
		{"h:/x", "port is missing"},
		{"[::1]/x", "port is missing"},
		{"[::1]7070/x", "port is missing"},
		{":7070/x", "host is missing"},
		{"http:///x", "host is missing"},
		{"http://h", "path of the log is missing"},
		{"http://h/x?lines=3", "no parameters"},
		{"http://h/x?", "no parameters"},
		{"http://h/x#y", "no fragment"},
		{"http://h/x#", "no fragment"},
		{"http://u:p@h/x", "not supported"},
		{"http://h/%zz", "not a URL"},
		{"http://h/%00", "NUL"},
		{"http://h:0/x", "not a port"},
		{"h:7070/a\x00b", "NUL"},
		{"h:70700/x", "not a port"},
		{"h:-1/x", "not a port"},
		{"h:+80/x", "not a port"},
		{"h:log/x", "not a port"},
		{"::1:7070/x", "brackets"},
		{"[::1/x", "no IPv6 address"},
		{"[127.0.0.1]:7070/x", "no IPv6 address"},
		{"me@h:7070/x", "not a host name"},
		{"a b:7070/x", "not a host name"},
		{"h\r\n:7070/x", "not a host name"},
		{"gopher://h/x", "unknown scheme"},
		{"file:///x", "local file"},
		{"ssh://h/x", "not yet in this version"},
		{"unix:/run/x.sock:/x", "not yet in this version"},
	}
	for _, tt := range tests {
		got, err := ParseTarget(tt.in)
		var bad *TargetError
		if !errors.As(err, &bad) {
			t.Errorf("ParseTarget(%q) = %+v, %v, want a *TargetError", tt.in, got, err)
			continue
		}
		if !strings.Contains(bad.Detail, tt.detail) {
			t.Errorf("ParseTarget(%q): %q, want %q in it", tt.in, bad.Detail, tt.detail)
		}
		if bad.Hint == "" || Hint(err) != bad.Hint {
			t.Errorf("ParseTarget(%q): no hint", tt.in)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"h:7070/x", "[::1]:7070/x", "http://h/a%20b", "./x", "h:7070/a b#?.log", "::", "://", "[", "a:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTarget(s)
		if err != nil {
			if Hint(err) == "" {
				t.Errorf("ParseTarget(%q): %v: no hint", s, err)
			}
			return
		}
		req, err := http.NewRequest(http.MethodGet, got.url(got.log(), nil), nil)
		if err != nil {
			t.Fatalf("ParseTarget(%q) = %+v, which cannot be requested: %v", s, got, err)
		}
		if req.URL.Path != got.log() || req.URL.RawQuery != "" {
			t.Errorf("ParseTarget(%q) requests %q?%q, want %q", s, req.URL.Path, req.URL.RawQuery, got.log())
		}
	})
}
