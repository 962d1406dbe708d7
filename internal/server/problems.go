package server

import (
	"errors"
	"net/http"
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
		refuse(w, r, s.problemOf(r, refusal))
		return
	}
	s.cfg.Logger.Error("a log could not be opened", "path", shorten(r.URL.Path), "client", clientOf(r), "err", wordsOf(err))
	refuse(w, r, wire.NewProblem(http.StatusInternalServerError, "internal error",
		quote(r.URL.Path)+" could not be opened", "the server's own log says why"))
}

// problemOf is the one table from refusals to answers.
func (s *Server) problemOf(r *http.Request, refusal *follow.Refusal) *wire.Problem {
	problem := func(status int, code, hint string) *wire.Problem {
		return wire.NewProblem(status, code, wordsOf(refusal), hint)
	}
	hints := hintsFor(r)
	switch refusal.Why {
	case follow.WhyNotFound:
		nearest := s.nearest(r.URL.Path)
		if strings.HasSuffix(r.URL.Path, "/") {
			return problem(http.StatusNotFound, "not found", hints.list(nearest)+" lists what there is")
		}
		return problem(http.StatusNotFound, "not found", hints.missing(nearest))
	case follow.WhyDenied:
		return problem(http.StatusForbidden, "denied", "tailsrv serves what its own user may read, through links that are relative and stay inside the root")
	case follow.WhyDirectory:
		// Not a redirect: curl does not follow one, and who does would take the
		// listing for the log.
		return problem(http.StatusNotFound, "directory", hints.directory(r.URL.Path+"/"))
	case follow.WhyNotRegular:
		return problem(http.StatusForbidden, "not regular", "only regular files and directories are served")
	case follow.WhyHidden:
		return problem(http.StatusForbidden, "hidden", "tailsrv serves names that begin with a dot if started with --hidden")
	case follow.WhyBadName:
		return problem(http.StatusBadRequest, "bad name", hints.list("/")+" lists what there is; a name has no empty, . or .. part, no NUL and no backslash, and does not begin with the reserved -/")
	case follow.WhyBadCursor:
		return problem(http.StatusConflict, "bad cursor", hints.afresh)
	case follow.WhyOtherLog:
		return problem(http.StatusConflict, "cursor of another log", hints.afresh)
	case follow.WhyGap:
		return problem(http.StatusPreconditionFailed, "gap", "leave out strict to go on and be told what is missing; or "+hints.afresh)
	case follow.WhyNoTimes:
		return problem(http.StatusUnprocessableEntity, "no times", hints.begin)
	case follow.WhyExhausted:
		s.metrics.limitFiles.Inc()
		return problem(http.StatusServiceUnavailable, "out of files", "try again in a few seconds; GET /-/healthz tells how many files are open")
	}
	return problem(http.StatusInternalServerError, "refused", "the server's own log says why")
}

// nearest is the deepest directory above a URL's path that can be listed. It
// goes down from the top, so that it asks for no more directories than there are.
func (s *Server) nearest(urlPath string) string {
	dir := "/"
	for rest := strings.Trim(urlPath, "/"); ; {
		part, below, deeper := strings.Cut(rest, "/")
		if !deeper || !s.isDirectory(dir[1:]+part) {
			return dir
		}
		dir, rest = dir+part+"/", below
	}
}

func (s *Server) isDirectory(name string) bool {
	_, err := s.cfg.Logs.Stat(name)
	var refusal *follow.Refusal
	return errors.As(err, &refusal) && refusal.Why == follow.WhyDirectory
}
