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

// renew takes a sign of life from the client, with the last cursor it took if
// it says so.
func (st *stream) renew(acked string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.heard = st.clock.now()
	if acked == "" {
		return
	}
	st.acked, st.ackedAt = acked, st.heard
	if st.advances(acked) {
		st.furthest = acked
		st.acks++
	}
}

func (st *stream) lastHeard() time.Duration {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.heard
}

// advances reports whether a cursor of this log is further on than all that the client
// has sent. It cannot make one up for bytes that it has not read. The caller holds mu.
func (st *stream) advances(cursor string) bool {
	at := st.place.Load()
	if at == nil {
		return false
	}
	behind, ok := (*at).Behind(cursor)
	if before, known := (*at).Behind(st.furthest); known {
		return ok && behind < before
	}
	return ok
}

// overdue is the ending that the stream has earned by now, nil for none.
func (st *stream) overdue(now time.Duration) *ending {
	switch {
	case st.lease > 0 && now-st.lastHeard() >= st.lease:
		return &ending{reason: wire.ReasonLeaseLapsed, detail: "no renewal within " + st.lease.String()}
	case st.maxAge > 0 && now-st.born >= st.maxAge:
		return &ending{reason: wire.ReasonMaxAge, detail: "a stream lives no longer than this; go on from the cursor"}
	case st.idle > 0 && now-time.Duration(st.gave.Load()) >= st.idle:
		return &ending{reason: wire.ReasonIdle, detail: "the log was silent for " + st.idle.String()}
	}
	return nil
}
