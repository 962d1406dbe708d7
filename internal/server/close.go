package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gorilla/mux"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// closeWait bounds how long a DELETE waits for the stream to be reclaimed. It is
// far more than a stream that is being ended may take; beyond it something is
// wrong, and the client is told.
const closeWait = 3 * time.Second

// closeStream answers DELETE /-/streams/{id}: with a whole id it is the cooperative
// close, with what people are shown of one an operator's end.
func (s *Server) closeStream(w http.ResponseWriter, r *http.Request) {
	id := mux.Vars(r)["id"]
	if len(id) == wire.ShownID {
		s.endStream(w, r, id)
		return
	}
	st, ok := s.registry.find(id)
	if !ok {
		refuse(w, r, noStream(id))
		return
	}
	st.end(&ending{reason: wire.ReasonClientClosed, detail: "the client asked for it"})
	s.awaitReclaim(w, r, st)
}

// awaitReclaim answers 204 once everything that the stream held has been given back.
func (s *Server) awaitReclaim(w http.ResponseWriter, r *http.Request, st *stream) {
	timeout := time.NewTimer(closeWait)
	defer timeout.Stop()
	select {
	case <-st.done:
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	case <-timeout.C:
		refuse(w, r, wire.NewProblem(http.StatusGatewayTimeout, "still closing",
			"the stream is ending and has not given everything back yet", "GET /-/streams shows when it has"))
	}
}

// noStream answers for an id that names no live stream. It does not repeat the
// id, which may be somebody's right to close.
func noStream(id string) *wire.Problem {
	hint := "it has ended, or never was; GET /-/streams shows both kinds"
	if len(id) != idDigits {
		hint = fmt.Sprintf("the id is the stream's %s header, all %d digits; /-/streams shows only its beginning", wire.HeaderStream, idDigits)
	}
	return wire.NewProblem(http.StatusNotFound, "no such stream", "no live stream has this id", hint)
}

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
// between two addresses of loopback, or from an address to itself, that was not brought
// there by a proxy, which says so.
func operates(r *http.Request) bool {
	for _, name := range relayed {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && sameMachine(local.String(), r.RemoteAddr)
}

func sameMachine(local, remote string) bool {
	l, err := netip.ParseAddrPort(local)
	if err != nil {
		return false
	}
	r, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	return l.Addr().Unmap() == r.Addr().Unmap() || l.Addr().Unmap().IsLoopback() && r.Addr().Unmap().IsLoopback()
}
