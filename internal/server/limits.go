package server

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// MinConnections is the least that [Config.MaxConnections] can be: below it
// there is no room for streams beside the requests that look after them.
const MinConnections = 16

// controlIn is how many of so many connections no stream may have. They are for
// what looks after streams: closing them, renewing their leases, asking for
// health and metrics. Each client that has a lease renews it three times within
// it, on a connection that it may keep in between, so that an eighth of all
// serves the rest of them where idle ones make room for one another.
func controlIn(connections int) int { return max(8, connections/8) }

// standingIn is how many of those remain for who finds everything else taken by
// answers and streams, and is told so.
func standingIn(connections int) int { return controlIn(connections) / 4 }

// StreamsWithin is how many streams there can be at the same time within so many
// connections: each has one, and some connections are kept for the requests that
// look after them.
func StreamsWithin(connections int) int {
	return max(0, connections-controlIn(connections))
}

// ConnectionsFor is the least [Config.MaxConnections] with so many streams within.
func ConnectionsFor(streams int) int {
	return max(MinConnections, streams+8, 8*(streams-1)/7+1)
}

// maxStreams is how many streams there can really be, and what a client is told
// to do about it.
func (c *Config) maxStreams() (n int, hint string) {
	if c.MaxConnections > 0 && StreamsWithin(c.MaxConnections) < c.MaxStreams {
		return StreamsWithin(c.MaxConnections), "try again later, or start tailsrv with more connections (--max-connections, and ulimit -n)"
	}
	return c.MaxStreams, "try again later, or start tailsrv with a larger --max-streams"
}

// admit takes a slot for the client that asks, as registry.admit does. Until it is
// released the connection makes room for nobody.
func (s *Server) admit(r *http.Request) (release func(), p *wire.Problem) {
	give, p := s.registry.admit(clientOf(r))
	if p != nil {
		return nil, p
	}
	conn := connOf(r)
	s.conns.hold(conn)
	return func() {
		give()
		s.conns.drop(conn)
	}, nil
}

// crowded is the answer to who asks for anything but control on a connection
// that found no place, nil for anybody else. It is 503 and not 429: the client
// may have done nothing to it, and its address says nothing behind a proxy.
func (cs *connections) crowded(w http.ResponseWriter, r *http.Request) *wire.Problem {
	if !cs.stands(connOf(r)) {
		return nil
	}
	w.Header().Set("Connection", "close") // one request, and the place is somebody else's
	if strings.HasPrefix(r.URL.Path, "/-/") {
		return nil
	}
	cs.metrics.connsRefused.Inc()
	return wire.NewProblem(http.StatusServiceUnavailable, "too many connections",
		fmt.Sprintf("all %d connections of this server are taken", cs.max),
		"try again later, or start tailsrv with more (--max-connections, and ulimit -n)")
}

// connOf is the connection that a request came on.
func connOf(r *http.Request) net.Conn {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return c
}
