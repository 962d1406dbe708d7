package client

import (
	"errors"
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
	case t.Kind == Local:
		return fail("it names no server", serverHint)
	case t.Path != log:
		return fail("it names a log, not a server", "leave out the path: "+strings.TrimSuffix(t.Label, t.Path+log))
	}
	t.Path, t.Label = "/", strings.TrimSuffix(t.Label, log)
	return t, nil
}
