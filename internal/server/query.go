package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// defaultLines is how many lines a stream begins with, as tail's does.
const defaultLines = 10

// defaultHold is how long an unfinished line is held back, so that a writer that
// writes a line in two goes does not make two lines of it.
const defaultHold = time.Second

// maxHold keeps what a client may ask for under the longest heartbeat.
const maxHold = wire.MaxHeartbeat

// query is what a request asks of a log.
type query struct {
	as    wire.Representation
	start follow.Start

	heartbeat time.Duration // 0 leaves it to the server
	newlines  bool          // raw: a heartbeat is an empty line
	hold      time.Duration
	lease     time.Duration // 0 leaves it to the server

	given map[string]bool // parameters that the request has
}

// param is one parameter a log's URL may have.
type param struct {
	name string
	hint string // what it takes
	set  func(q *query, value string) bool
}

// params are all of them, in the order in which people are told.
var params = []param{
	{"lines", "lines takes a count from 0 to 100000, as lines=100", (*query).setLines},
	{"bytes", "bytes takes a count from 1 on, as bytes=4096", (*query).setBytes},
	{"from", "from takes start or end", (*query).setFrom},
	{"cursor", "cursor takes what an earlier answer gave as its cursor", (*query).setCursor},
	{"since", "since takes how long ago, as since=10m or since=1d12h, or an instant, as since=2026-11-22T12:00:00Z", (*query).setSince},
	{"follow", "follow takes 1, or 0 to end at the log's current end", (*query).setFollow},
	{"heartbeat", "heartbeat takes a duration from 1s to 60s, as heartbeat=15s; plain text needs heartbeat=newline:15s", (*query).setHeartbeat},
	{"partial", "partial takes a duration from 0s to 60s, as partial=500ms", (*query).setPartial},
	{"retry", "retry takes 1, to wait for a log that is not there, or 0", (*query).setRetry},
	{"strict", "strict takes 1, to be refused rather than told of a gap, or 0", (*query).setStrict},
}

// beginnings are the parameters that say where to begin. A request has one of
// them at most.
var beginnings = [...]string{"lines", "bytes", "from", "cursor", "since"}

// Codes of problems with parameters.
const (
	codeUnknownParameter = "unknown parameter"
	codeBadParameter     = "bad parameter"
	codeContradiction    = "contradictory parameters"
)

// parseQuery reads what a request asks of a log. What it does not understand it
// refuses by name, so that a typo is not silently another question.
func parseQuery(r *http.Request) (*query, *wire.Problem) {
	as, ok := wire.Negotiate(beyondProblems(strings.Join(r.Header.Values("Accept"), ",")))
	if !ok {
		return nil, wire.NewProblem(http.StatusNotAcceptable, "not acceptable",
			"a log has no representation for Accept "+quote(r.Header.Get("Accept")),
			"ask for text/plain, "+wire.TypeNDJSON+", "+wire.TypeSSE+" or "+wire.TypeFrames)
	}
	q := &query{as: as, hold: defaultHold, given: map[string]bool{}}
	q.start.Lines = defaultLines
	values, p := parameters(r)
	if p != nil {
		return nil, p
	}
	for _, name := range sortedKeys(values) {
		if p := q.take(name, values[name]); p != nil {
			return nil, p
		}
	}
	if p := q.takeHeaders(r.Header); p != nil {
		return nil, p
	}
	if now := time.Now(); q.start.Since.After(now) {
		return nil, badParameter("since="+quote(values.Get("since"))+" is in the future",
			"it is "+now.Format(time.RFC3339)+" here; "+hintsFor(r).coming)
	}
	return q, q.contradiction()
}

// beyondProblems is an Accept header without problems, which say how errors are
// to come and nothing about logs: who names nothing else takes what there is.
func beyondProblems(accept string) string {
	parts := slices.DeleteFunc(strings.Split(accept, ","), func(part string) bool {
		return wire.Accepts(part, wire.TypeProblem)
	})
	return strings.Join(parts, ",")
}

// parameters are those of a request's URL.
func parameters(r *http.Request) (url.Values, *wire.Problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badParameter(fmt.Sprintf("query %s cannot be read: %v", quote(r.URL.RawQuery), err), `write % as %25 and ; as %3B`)
	}
	return values, nil
}

// bare refuses the parameters of a request whose route takes none.
func bare(r *http.Request) *wire.Problem {
	values, p := parameters(r)
	if p == nil && len(values) > 0 {
		p = unknownParameter(sortedKeys(values)[0], "this takes none: leave out the question mark and what follows")
	}
	return p
}

func unknownParameter(name, hint string) *wire.Problem {
	return wire.NewProblem(http.StatusBadRequest, codeUnknownParameter, "there is no parameter "+quote(name), hint)
}

func sortedKeys(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// take sets one parameter.
func (q *query) take(name string, values []string) *wire.Problem {
	i := slices.IndexFunc(params, func(p param) bool { return p.name == name })
	switch {
	case i < 0:
		return unknownParameter(name, "known are "+knownParams())
	case len(values) > 1:
		return badParameter(fmt.Sprintf("parameter %q is given %d times", name, len(values)), "give it once")
	case !params[i].set(q, values[0]):
		return badParameter(name+"="+quote(values[0])+" makes no sense", params[i].hint)
	}
	q.given[name] = true
	return nil
}

func knownParams() string {
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}

func badParameter(detail, hint string) *wire.Problem {
	return wire.NewProblem(http.StatusBadRequest, codeBadParameter, detail, hint)
}

// takeHeaders reads what may come as a header. Last-Event-ID wins over every
// parameter about where to begin: an EventSource that reconnects sends it along
// with the URL that it began with.
func (q *query) takeHeaders(h http.Header) *wire.Problem {
	if id := h.Get("Last-Event-ID"); id != "" {
		for _, name := range beginnings {
			delete(q.given, name)
		}
		if !q.setCursor(id) {
			return badParameter("Last-Event-ID "+quote(id)+" is no cursor", "it is the id of the last event that came")
		}
		q.start.Lines, q.start.Bytes, q.start.Since = 0, 0, time.Time{}
		q.given["cursor"] = true
	}
	if value := h.Get(wire.HeaderLease); value != "" {
		seconds, err := strconv.ParseFloat(value, 64)
		lease := time.Duration(seconds * float64(time.Second))
		if err != nil || !(seconds >= wire.MinLease.Seconds() && seconds <= wire.MaxLease.Seconds()) {
			return badParameter(wire.HeaderLease+" "+quote(value)+" makes no sense",
				"a lease is from 1 to 3600 seconds, as "+wire.HeaderLease+": 45")
		}
		q.lease = lease
	}
	return nil
}

func (q *query) setLines(v string) bool {
	n, err := strconv.ParseUint(v, 10, 31)
	q.start.Lines = int(n)
	return err == nil && n <= wire.MaxLines
}

func (q *query) setBytes(v string) bool {
	n, err := strconv.ParseInt(v, 10, 64)
	q.start.Bytes = n
	return err == nil && n > 0 && v[0] != '+'
}

func (q *query) setFrom(v string) bool {
	switch v {
	case "start":
		q.start.From = follow.FromStart
	case "end":
		q.start.From = follow.FromEnd
	default:
		return false
	}
	return true
}

func (q *query) setCursor(v string) bool {
	q.start.From, q.start.Cursor = follow.FromCursor, v
	return isCursor(v)
}

// setSince takes an instant without an offset, and a duration, by this server's
// own clock and zone: those of the log, as a rule.
func (q *query) setSince(v string) (ok bool) {
	q.start.From = follow.FromSince
	q.start.Since, ok = wire.ParseSince(v, time.Now())
	return ok
}

// isCursor reports whether v can be a cursor at all; only the log knows whether
// it is one. Cursors go into headers and into SSE's id.
func isCursor(v string) bool {
	if v == "" || len(v) > wire.MaxCursor {
		return false
	}
	return !strings.ContainsFunc(v, func(c rune) bool { return c <= ' ' || c > '~' })
}

func (q *query) setFollow(v string) bool {
	ok, on := parseSwitch(v)
	q.start.Once = !on
	return ok
}

func (q *query) setRetry(v string) (ok bool) {
	ok, q.start.Wait = parseSwitch(v)
	return ok
}

func (q *query) setStrict(v string) (ok bool) {
	ok, q.start.Strict = parseSwitch(v)
	return ok
}

func parseSwitch(v string) (ok, on bool) { return v == "0" || v == "1", v == "1" }

func (q *query) setHeartbeat(v string) bool {
	v, q.newlines = strings.CutPrefix(v, "newline:")
	d, err := time.ParseDuration(v)
	q.heartbeat = d
	return err == nil && d >= wire.MinHeartbeat && d <= wire.MaxHeartbeat
}

func (q *query) setPartial(v string) bool {
	d, err := time.ParseDuration(v)
	q.hold = d
	return err == nil && d >= 0 && d <= maxHold
}

// has reports whether the request gave all of these parameters.
func (q *query) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !q.given[name] })
}

// contradiction refuses what cannot be meant at the same time, rather than let
// one of two parameters win silently.
func (q *query) contradiction() *wire.Problem {
	starts := slices.DeleteFunc(slices.Clone(beginnings[:]), func(n string) bool { return !q.given[n] })
	lines := q.as == wire.NDJSON || q.as == wire.SSE
	refuse := func(detail, hint string) *wire.Problem {
		return wire.NewProblem(http.StatusBadRequest, codeContradiction, detail, hint)
	}
	switch {
	case len(starts) > 1:
		return refuse(fmt.Sprintf("%s and %s both say where to begin", starts[0], starts[1]), "give one of them")
	case q.has("strict") && q.start.Strict && q.start.From != follow.FromCursor:
		return refuse("strict says how to meet a cursor, and there is none", "give a cursor, or leave out strict")
	case q.start.Wait && q.start.Once:
		return refuse("retry waits for a log, and follow=0 ends at once", "give one of them")
	case q.newlines && q.as != wire.Raw:
		return refuse("heartbeats as newlines are for plain text", "give heartbeat="+q.heartbeat.String())
	case q.has("heartbeat") && q.as == wire.Raw && !q.newlines:
		return refuse("plain text has nothing to say a heartbeat with",
			"give heartbeat=newline:"+q.heartbeat.String()+" to have empty lines inserted, or leave it out")
	case q.has("partial") && !lines:
		return refuse("partial holds back unfinished lines, and "+q.as.String()+" passes them at once",
			"leave it out, or ask for "+wire.TypeNDJSON)
	}
	return nil
}
