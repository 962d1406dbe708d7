package server

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// accepts reports whether the request asks for a media type by its name.
func accepts(r *http.Request, mediaType string) bool {
	return wire.Accepts(strings.Join(r.Header.Values("Accept"), ","), mediaType)
}

// refuse answers with a problem: as JSON to who asks for it, else as two lines
// that read well under a curl command.
func refuse(w http.ResponseWriter, r *http.Request, p *wire.Problem) {
	h := w.Header()
	body := p.Text()
	h.Set("Content-Type", wire.TypeText)
	if accepts(r, wire.TypeProblem) || accepts(r, wire.TypeJSON) {
		body = p.JSON()
		h.Set("Content-Type", wire.TypeProblem)
	}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(retryFull/time.Second)))
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who went away needs no answer
	}
}

// refuseErr answers for an error of [Logs]. Refusals are the client's business,
// anything else is ours: it is logged, and the client learns only that.
func (s *Server) refuseErr(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *follow.Refusal
	if errors.As(err, &refusal) && refusal.Why != follow.WhyFault {
		refuse(w, r, problemOf(refusal, r.URL.Path))
		return
	}
	s.cfg.Logger.Error("a log could not be opened", "path", r.URL.Path, "client", clientOf(r), "err", err)
	refuse(w, r, wire.NewProblem(http.StatusInternalServerError, "internal error",
		fmt.Sprintf("%q could not be opened", r.URL.Path), "the server's own log says why"))
}

// problemOf is the one table from refusals to answers.
func problemOf(refusal *follow.Refusal, urlPath string) *wire.Problem {
	problem := func(status int, code, hint string) *wire.Problem {
		return wire.NewProblem(status, code, refusal.Error(), hint)
	}
	switch refusal.Why {
	case follow.WhyNotFound:
		return problem(http.StatusNotFound, "not found",
			"GET "+quotePath(parent(urlPath))+" lists what there is; retry=1 waits for a log that is not there yet")
	case follow.WhyDenied:
		return problem(http.StatusForbidden, "denied", "tailsrv serves what its own user may read, through links that are relative and stay inside the root")
	case follow.WhyDirectory:
		// Not a redirect: curl does not follow one, and who does would take the
		// listing for the log.
		return problem(http.StatusNotFound, "directory", "GET "+quotePath(urlPath+"/")+" lists it")
	case follow.WhyNotRegular:
		return problem(http.StatusForbidden, "not regular", "only regular files and directories are served")
	case follow.WhyHidden:
		return problem(http.StatusForbidden, "hidden", "tailsrv serves names that begin with a dot if started with --hidden")
	case follow.WhyBadName:
		return problem(http.StatusBadRequest, "bad name", "GET / lists what there is; a name has no empty, . or .. part and no NUL")
	case follow.WhyBadCursor:
		return problem(http.StatusConflict, "bad cursor", startAfresh)
	case follow.WhyOtherLog:
		return problem(http.StatusConflict, "cursor of another log", startAfresh)
	case follow.WhyGap:
		return problem(http.StatusPreconditionFailed, "gap", "leave out strict to go on and be told what is missing")
	}
	return problem(http.StatusInternalServerError, "refused", "the server's own log says why")
}

const startAfresh = "leave out the cursor to start afresh: from=start for all there is, from=end for what comes"

// parent is the directory that lists a path.
func parent(urlPath string) string {
	dir := path.Dir(strings.TrimRight(urlPath, "/"))
	if dir == "." || dir == "/" {
		return "/"
	}
	return dir + "/"
}

// quotePath shows a path as it is if it is harmless, else quoted.
func quotePath(p string) string {
	if quoted := strconv.Quote(p); quoted != `"`+p+`"` {
		return quoted
	}
	return p
}
