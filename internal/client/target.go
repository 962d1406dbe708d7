package client

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// Kind says how a target is reached.
type Kind int

// The kinds of targets.
const (
	HTTP  Kind = iota // host:port/path and http://…
	HTTPS             // https://…, trusting the system's roots
	Local             // a file of this machine, served in-process through Options.Dial
)

// Target is one log to watch.
type Target struct {
	Kind Kind
	Addr string // host:port to connect to; for Local "localhost", a Host that every server takes
	// Path names the log. For HTTP and HTTPS it is the path on the server,
	// decoded, with its leading slash. For Local it is the file's path; whoever
	// serves it in-process makes the file, or its directory, the unnamed root, so
	// that there the log's path is a slash and the last element.
	Path  string
	Label string // what people see: "web-1:7070/app.log"
}

// TargetError tells why a target is none, and what to write instead.
type TargetError struct {
	Target string
	Detail string
	Hint   string
}

func (e *TargetError) Error() string { return "target " + strconv.Quote(e.Target) + ": " + e.Detail }

const exampleHint = "write it as host:port/path, as in web-1:7070/app.log"

// ParseTarget reads a target as people write it.
//
//	host:port/path   the path literally: "web-1:7070/a b#?.log" is a log of that name
//	http://host/path a URL: the path percent-encoded, the port 80 or 443 unless given
//	./x, /x, x.log   a local file: anything without a scheme and without host:port
//
// It looks at the text only, never at a file or the network. Its errors are
// *[TargetError].
func ParseTarget(s string) (Target, error) {
	fail := func(detail, hint string) (Target, error) {
		return Target{}, &TargetError{Target: s, Detail: detail, Hint: hint}
	}
	switch {
	case strings.TrimSpace(s) == "":
		return fail("it is empty", exampleHint)
	case strings.ContainsRune(s, 0):
		return fail("it has a NUL byte, which no file name can have", exampleHint)
	case strings.HasPrefix(s, "unix:"):
		return fail("unix sockets are not yet in this version", "let tailsrv listen on 127.0.0.1:7070 and write 127.0.0.1:7070/path")
	}
	if scheme, _, ok := strings.Cut(s, "://"); ok && isScheme(scheme) {
		switch strings.ToLower(scheme) {
		case "http":
			return parseURL(s, HTTP, "80")
		case "https":
			return parseURL(s, HTTPS, "443")
		case "ssh":
			return fail("ssh is not yet in this version", "forward a port: ssh -L 7070:127.0.0.1:7070 host, then write 127.0.0.1:7070/path")
		case "file":
			return fail("a local file is named by its path", "leave out file://")
		}
		return fail("unknown scheme "+strconv.Quote(scheme), "use host:port/path, http:// or https://, or a local path")
	}
	if isLocal(s) {
		if strings.HasSuffix(s, "/") || strings.HasSuffix(s, string(filepath.Separator)) {
			return fail("it names a directory, not a log", "add the name of a file")
		}
		return Target{Kind: Local, Addr: "localhost", Path: s, Label: s}, nil
	}
	authority, path, _ := strings.Cut(s, "/")
	host, port, err := splitAuthority(authority)
	if err != nil {
		return fail(err.detail, err.hint)
	}
	return finish(s, HTTP, net.JoinHostPort(host, port), authority, "/"+path)
}

// parseURL reads a target that is a URL; defaultPort is its scheme's.
func parseURL(s string, kind Kind, defaultPort string) (Target, error) {
	fail := func(detail, hint string) (Target, error) {
		return Target{}, &TargetError{Target: s, Detail: detail, Hint: hint}
	}
	u, err := url.Parse(s)
	if err != nil {
		return fail("it is not a URL", "percent-encode what is special in it, or write host:port/path, where nothing is")
	}
	switch {
	case u.User != nil:
		return fail("a user or password in a target is not supported", "leave out what stands before the @")
	case u.Host == "":
		return fail("the host is missing", exampleHint)
	case u.RawQuery != "" || u.ForceQuery:
		return fail("a target takes no parameters", "use flags such as --lines; a question mark in a name is %3F")
	case u.Fragment != "" || strings.HasSuffix(s, "#"):
		return fail("a target takes no fragment", "a # in a name is %23")
	}
	authority := u.Host
	if u.Port() == "" {
		authority = strings.TrimSuffix(authority, ":") + ":" + defaultPort
	}
	host, port, bad := splitAuthority(authority)
	if bad != nil {
		return fail(bad.detail, bad.hint)
	}
	return finish(s, kind, net.JoinHostPort(host, port), u.Host, u.Path)
}

// finish checks the path, which URLs and plain targets have in common. The label
// has the host as it was written.
func finish(s string, kind Kind, addr, host, path string) (Target, error) {
	fail := func(detail, hint string) (Target, error) {
		return Target{}, &TargetError{Target: s, Detail: detail, Hint: hint}
	}
	switch {
	case strings.ContainsRune(path, 0):
		return fail("it has a NUL byte, which no file name can have", exampleHint)
	case strings.Trim(path, "/") == "":
		return fail("the path of the log is missing", "add it, as in "+host+"/app.log; curl "+host+"/ lists what is served")
	case strings.HasSuffix(path, "/"):
		return fail("it names a directory, not a log", "add the name of a log; curl "+host+path+" lists them")
	}
	return Target{Kind: kind, Addr: addr, Path: path, Label: host + path}, nil
}

// isScheme reports whether s can be the scheme of a URL.
func isScheme(s string) bool {
	for i, c := range s {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", c)) {
			return false
		}
	}
	return s != ""
}

// isLocal reports whether s names a file of this machine: a path that begins as
// one, or one without a colon where host:port would stand.
func isLocal(s string) bool {
	switch s[0] {
	case '/', '.', '~':
		return true
	case '[':
		return false
	}
	if filepath.VolumeName(s) != "" || s[0] == filepath.Separator {
		return true
	}
	first, _, _ := strings.Cut(s, "/")
	return !strings.Contains(first, ":")
}

// badAuthority is a TargetError before its target is known.
type badAuthority struct{ detail, hint string }

// splitAuthority takes host:port apart and checks both.
func splitAuthority(s string) (host, port string, bad *badAuthority) {
	fail := func(detail, hint string) (string, string, *badAuthority) {
		return "", "", &badAuthority{detail, hint}
	}
	if rest, ok := strings.CutPrefix(s, "["); ok {
		var closed bool
		host, rest, closed = strings.Cut(rest, "]")
		if addr, err := netip.ParseAddr(host); !closed || err != nil || !addr.Is6() {
			return fail("what stands in brackets is no IPv6 address", "write it as [::1]:7070/app.log")
		}
		port, ok = strings.CutPrefix(rest, ":")
		if !ok && rest != "" {
			return fail("the port is missing after the address", "write it as ["+host+"]:7070/app.log")
		}
	} else {
		host, port, _ = strings.Cut(s, ":")
		if strings.Contains(port, ":") {
			return fail("an IPv6 address stands in brackets", "write it as [::1]:7070/app.log")
		}
		if detail := badHost(host); detail != "" {
			return fail(detail, exampleHint+"; for a local file begin with ./")
		}
	}
	if port == "" {
		return fail("the port is missing", "tailsrv listens on 7070 by default: "+net.JoinHostPort(host, "7070")+"/app.log")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fail(strconv.Quote(port)+" is not a port, 1 to 65535", exampleHint+"; for a local file begin with ./")
	}
	return host, port, nil
}

// badHost says what is wrong with a host name, or nothing. It refuses what would
// make another request of the URL, and leaves the rest to the resolver.
func badHost(host string) string {
	if host == "" {
		return "the host is missing"
	}
	for _, c := range host {
		if c == '-' || c == '.' || c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) {
			continue
		}
		return strconv.Quote(host) + " is not a host name"
	}
	return ""
}

// url is the address of a path on the target's server.
func (t Target) url(path string, query url.Values) string {
	u := url.URL{Scheme: "http", Host: t.Addr, Path: path, RawQuery: query.Encode()}
	if t.Kind == HTTPS {
		u.Scheme = "https"
	}
	return u.String()
}

// log is the path of the log on its server.
func (t Target) log() string {
	if t.Kind == Local {
		return "/" + filepath.Base(t.Path)
	}
	return t.Path
}
