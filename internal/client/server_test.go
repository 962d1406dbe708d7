package client

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseServer_whatPeopleWrite(t *testing.T) {
	for in, want := range map[string]string{
		"web-1:7070":         "web-1:7070 web-1:7070 0",
		"web-1:7070/":        "web-1:7070 web-1:7070 0",
		"[::1]:7070":         "[::1]:7070 [::1]:7070 0",
		"http://web-1":       "web-1 web-1:80 0",
		"http://web-1:7070/": "web-1:7070 web-1:7070 0",
		"https://web-1":      "web-1 web-1:443 1",
	} {
		got, err := ParseServer(in)
		if said := fmt.Sprintf("%s %s %d", got.Label, got.Addr, got.Kind); err != nil || said != want {
			t.Errorf("ParseServer(%q) = %s, %v; want %s", in, said, err, want)
		}
	}
}

func TestParseServer_nonsenseHasAHint(t *testing.T) {
	for in, says := range map[string]string{
		"":                      "empty",
		" ":                     "empty",
		"web-1":                 "port is missing",
		"10.0.0.1/":             "port is missing",
		"./web-1":               "no server",
		".":                     "no server",
		"/var/log":              "no server",
		"web-1:":                "port",
		"web-1:http":            "port",
		":7070":                 "host",
		"web-1:7070/app.log":    "a log",
		"http://web-1:7070/a/b": "a log",
		"http://h:1?x=1":        "parameters",
		"http://u@h:1":          "user",
		"ssh://web-1":           "ssh",
		"unix:/run/x":           "unix",
		"a\x00b:1":              "NUL",
	} {
		_, err := ParseServer(in)
		var bad *TargetError
		if !errors.As(err, &bad) || !strings.Contains(bad.Detail, says) || bad.Hint == "" || bad.Target != in {
			t.Errorf("ParseServer(%q): %v (%+v), want %q", in, err, bad, says)
		}
	}
}

// TestParseServer_hintsCanBeTyped: who gave a log or no port is told what to write.
func TestParseServer_hintsCanBeTyped(t *testing.T) {
	for in, want := range map[string]string{
		"web-1:7070/app.log":          "web-1:7070",
		"http://web-1:7070/a/b%20c":   "web-1:7070",
		"http://web-1/app.log":        "web-1:80",
		"https://web-1:7443/app.log/": "https://web-1:7443",
		"[::1]:7070/app.log":          "[::1]:7070",
		"127.0.0.1":                   "127.0.0.1:7070",
	} {
		_, err := ParseServer(in)
		_, typed, _ := strings.Cut(Hint(err), ": ")
		if typed != want {
			t.Errorf("ParseServer(%q): hint %q, want %q in it", in, Hint(err), want)
		}
		if _, err := ParseServer(typed); err != nil {
			t.Errorf("%q is no server: %v", typed, err)
		}
	}
}
