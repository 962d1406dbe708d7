package server

import (
	"net/http"
	"net/url"
	"strings"
)

// hints are what a hint calls things by, which depends on who reads it: what
// works as a URL's parameter in curl is a flag in tailtui.
type hints struct {
	list   func(dir string) string // what lists a directory, given as the path of a URL
	inside string                  // what to ask for in place of a directory; "" is the listing itself
	wait   string                  // for a log that is not there yet
	coming string                  // for what is yet to be written, and no more
	begin  string                  // in place of since, for a log without times
	afresh string                  // after a cursor that is of no use
}

// tuiAgent begins tailtui's User-Agent.
const tuiAgent = "tailtui/"

func hintsFor(r *http.Request) hints {
	if strings.HasPrefix(r.UserAgent(), tuiAgent) {
		return hints{
			list:   func(dir string) string { return "curl " + shellURL(r.Host, dir) },
			inside: "name a log in it",
			wait:   "--retry waits for a log that is not there yet",
			coming: "-n 0 shows what comes",
			begin:  "leave out --since: -n 100 begins with its last lines, -n all with its first",
			afresh: "start tailtui again to start afresh",
		}
	}
	return hints{
		list:   func(dir string) string { return "GET " + quotePath(dir) },
		wait:   "retry=1 waits for a log that is not there yet",
		coming: "from=end is for what comes",
		begin:  "use lines=100 to begin with its last lines, or from=start with its first",
		afresh: "leave out " + cursorOf(r) + " to start afresh: from=start for all there is, from=end for what comes",
	}
}

// cursorOf is what the request's cursor came as.
func cursorOf(r *http.Request) string {
	if r.Header.Get("Last-Event-ID") != "" {
		return "Last-Event-ID"
	}
	return "the cursor"
}

// missing is the hint for a log that is not there, with the nearest directory
// that is.
func (h hints) missing(nearest string) string {
	return h.list(nearest) + " lists what there is; " + h.wait
}

// directory is the hint for a directory that was asked for as a log.
func (h hints) directory(dir string) string {
	if h.inside == "" {
		return h.list(dir) + " lists it"
	}
	return h.inside + "; " + h.list(dir) + " lists them"
}

// shellURL is a URL as a shell takes it. Of the bytes that a shell would take
// for its own, percent-encoding leaves only these.
func shellURL(host, path string) string {
	u := (&url.URL{Scheme: "http", Host: host, Path: path}).String()
	if strings.ContainsAny(u, "$&;[]") {
		return "'" + u + "'"
	}
	return u
}
