package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// maxRenewal bounds the body of a renewal, which is a cursor; bodyTimeout bounds
// how long it may take.
const maxRenewal = 1 << 10

// closeWait bounds how long a DELETE waits for the stream to be reclaimed. It is
// far more than a stream that is being ended may take; beyond it something is
// wrong, and the client is told.
const closeWait = 3 * time.Second

// renewLease answers POST /-/streams/{id}/lease: the client lives. The body may
// carry the last cursor that it took.
func (s *Server) renewLease(w http.ResponseWriter, r *http.Request) {
	id := mux.Vars(r)["id"]
	st, ok := s.registry.find(id)
	if !ok {
		refuse(w, r, noStream(id))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRenewal))
	var tooLarge *http.MaxBytesError
	acked := strings.TrimSpace(string(body))
	switch {
	case errors.As(err, &tooLarge):
		refuse(w, r, wire.NewProblem(http.StatusRequestEntityTooLarge, "body too large",
			fmt.Sprintf("a renewal of more than %d bytes", maxRenewal), "the body is the last cursor, or empty"))
	case err != nil:
		refuse(w, r, wire.NewProblem(http.StatusBadRequest, "unreadable body",
			"the renewal's body did not come", "the body is the last cursor, or empty"))
	case acked != "" && !isCursor(acked):
		refuse(w, r, badParameter("the body "+quote(acked)+" is no cursor", "the body is the last cursor, or empty"))
	default:
		st.renew(acked)
		w.WriteHeader(http.StatusNoContent)
	}
}

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
