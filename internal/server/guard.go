package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// bodyTimeout is how long a request's body may take. Without it net/http waits
// for ever to read off a body that never comes, also after the answer.
const bodyTimeout = 5 * time.Second

// guard is what every request passes before its route.
type guard struct {
	next  http.Handler
	hosts map[string]bool // lower case, without port
	conns *connections
	stall time.Duration
}

// ServeHTTP refuses requests that a browser makes for a foreign page. Loopback
// is no boundary for browsers: any page may ask 127.0.0.1, under a name of its
// own that resolves to it, or as a cross-site request.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Thousands of requests in one piece keep net/http's goroutine busy for as long
	// as the scheduler lets it, and many such connections everybody else waiting.
	runtime.Gosched()
	// An answer that nobody reads ends, whatever the route, also one that had to wait
	// for a body first. Connections are reused: this also replaces what the last answer
	// left armed.
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(g.stall + bodyTimeout))
	if r.ContentLength != 0 {
		_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout))
		g.conns.become(connOf(r), sending)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if p := g.conns.crowded(w, r); p != nil {
		refuse(w, r, p)
		return
	}
	if host, ok := g.allows(r.Host); !ok {
		refuse(w, r, wire.NewProblem(http.StatusMisdirectedRequest, "unknown host",
			quote(r.Host)+" is no name of this server",
			"use its address; or start tailsrv with --allow-host "+quotePath(shorten(host))))
		return
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
		g.next.ServeHTTP(w, r)
	default:
		refuse(w, r, wire.NewProblem(http.StatusForbidden, "cross-site request",
			fmt.Sprintf("a browser asked on behalf of another site (Sec-Fetch-Site %s)", quote(site)),
			"open the address itself; pages of other sites may not read logs"))
	}
}

// allows reports whether a Host header names this server. One without a host,
// as HTTP/1.0 has it, is no browser's.
func (g *guard) allows(hostport string) (host string, ok bool) {
	host = hostname(hostport)
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || g.hosts[host] {
		return host, true
	}
	_, err := netip.ParseAddr(host)
	return host, err == nil
}

// hostname is the lower-case host of "host", "host:port" or "[v6]:port".
func hostname(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// noBody refuses a request body. An unread one switches off net/http's watch
// over the connection, and one that never comes blocks the first flush: with
// either, a client that goes is not noticed.
func noBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close")
			_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // do not wait for it after the answer
			refuse(w, r, wire.NewProblem(http.StatusBadRequest, "unexpected body",
				"this request takes no body", "send it without one; parameters go into the URL"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// noParameters refuses those of a route that takes none.
func noParameters(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := bare(r); p != nil {
			refuse(w, r, p)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// methods dispatches by method, and answers any other with those it has.
type methods struct {
	names []string // in the order of the Allow header
	by    map[string]http.Handler
}

// on makes methods of one that takes no body. HEAD comes with GET.
func on(method string, h http.HandlerFunc) *methods {
	m := &methods{names: []string{method}, by: map[string]http.Handler{method: noBody(h)}}
	if method == http.MethodGet {
		m.names = append(m.names, http.MethodHead)
		m.by[http.MethodHead] = m.by[method]
	}
	return m
}

// onBody makes methods of one that reads its body itself.
func onBody(method string, h http.HandlerFunc) *methods {
	return &methods{names: []string{method}, by: map[string]http.Handler{method: h}}
}

func (m *methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := m.by[r.Method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(m.names, ", "))
	refuse(w, r, wire.NewProblem(http.StatusMethodNotAllowed, "method not allowed",
		shorten(r.Method)+" is no method of "+quote(r.URL.Path), "use "+strings.Join(m.names, " or ")))
}

// clientOf is the address that a request comes from, without the port: what
// limits count by and people are shown.
func clientOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
