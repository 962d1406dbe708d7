package client

import (
	"errors"
	"net"
	"strings"
)

const serverHint = "write it as host:port, as in web-1:7070"

// ParseServer reads a server as people write it: host:port, http://host or
// https://host, without a path. Its Target names no log: it is what a [Watcher]
// asks. Its errors are *[TargetError].
func ParseServer(s string) (Target, error) {
	fail := func(detail, hint string) (Target, error) {
		return Target{}, &TargetError{Target: s, Detail: detail, Hint: hint}
	}
	// What is said of a log's target holds for the server before it.
	const log = "/log"
	t, err := ParseTarget(strings.TrimSuffix(s, "/") + log)
	var bad *TargetError
	switch {
	case strings.TrimSpace(s) == "":
		return fail("it is empty", serverHint)
	case errors.As(err, &bad):
		return fail(bad.Detail, serverHint)
	case t.Kind == Local && isHost(strings.TrimSuffix(s, "/")):
		return fail("the port is missing", "tailsrv listens on 7070 by default: "+net.JoinHostPort(strings.TrimSuffix(s, "/"), "7070"))
	case t.Kind == Local:
		return fail("it names no server", serverHint)
	case t.Path != log && t.Kind == HTTPS:
		return fail("it names a log, not a server", "leave out the path: https://"+strings.TrimSuffix(t.Label, t.Path))
	case t.Path != log:
		return fail("it names a log, not a server", "leave out the path: "+t.Addr)
	}
	t.Path, t.Label = "/", strings.TrimSuffix(t.Label, log)
	return t, nil
}

// isHost reports whether s can be a host and nothing else.
func isHost(s string) bool { return badHost(s) == "" && !strings.HasPrefix(s, ".") }
