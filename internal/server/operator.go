package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// endStream answers DELETE /-/streams/{id} with the beginning of an id, as
// /-/streams shows it: somebody who looks after the server ends another's stream.
func (s *Server) endStream(w http.ResponseWriter, r *http.Request, id string) {
	if !operates(r) {
		refuse(w, r, wire.NewProblem(http.StatusForbidden, "not an operator",
			"only from the server's own machine may others' streams be ended",
			"ask there, as by ssh, or with the whole id, which the stream's own client has"))
		return
	}
	switch found := s.registry.shown(id); len(found) {
	case 0:
		refuse(w, r, noStream(id))
	case 1:
		found[0].end(&ending{reason: wire.ReasonOperator, detail: "an operator of the server ended it"})
		s.awaitReclaim(w, r, found[0])
	default:
		refuse(w, r, wire.NewProblem(http.StatusConflict, "ambiguous id",
			fmt.Sprintf("%d live streams have ids that begin with %s", len(found), id), "try again when one of them has ended"))
	}
}

// relayed are headers of a request that somebody else's was made into.
var relayed = []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"}

// operates reports whether a request is that of somebody who looks after the server.
// Nobody is asked who they are, so that it is one who is on its machine: a request
// that came over loopback, and was not brought there by a proxy, which says so.
func operates(r *http.Request) bool {
	for _, name := range relayed {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && isLoopback(local.String()) && isLoopback(r.RemoteAddr)
}

func isLoopback(hostport string) bool {
	addr, err := netip.ParseAddrPort(hostport)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}
