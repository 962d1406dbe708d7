package server

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// inBytes reports whether a Range header is one of bytes. Of other units nothing
// is known here, and RFC 9110 has such a header ignored.
func inBytes(header string) bool {
	unit, _, _ := strings.Cut(header, "=")
	return strings.EqualFold(strings.TrimSpace(unit), "bytes")
}

// serveRange answers GET with follow=0 and a Range: a part of one generation,
// for scrolling back.
func (s *Server) serveRange(w http.ResponseWriter, r *http.Request, name string, q *query) {
	for _, name := range beginnings {
		if q.given[name] {
			refuse(w, r, wire.NewProblem(http.StatusBadRequest, codeContradiction,
				"Range and "+name+" both say which part of the log is meant", "give one of them"))
			return
		}
	}
	release, p := s.registry.admit(clientOf(r))
	if p != nil {
		refuse(w, r, p)
		return
	}
	defer release()
	snap, err := s.cfg.Logs.Read(name)
	if err != nil {
		s.refuseErr(w, r, err)
		return
	}
	defer snap.Close()
	h := w.Header()
	size, status := snap.Size(), http.StatusOK
	first, length := int64(0), size
	// The tag says which file, not how long it is: a part may rely on it, but
	// conditions about "not modified" would be wrong for a log that has grown.
	if same := r.Header.Get("If-Range"); same == "" || same == etag(snap.Tag()) {
		status = http.StatusPartialContent
		if first, length, p = parseRange(r.Header.Get("Range"), size); p != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			refuse(w, r, p)
			return
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, size))
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", wire.TypeText)
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	h.Set("ETag", etag(snap.Tag()))
	h.Set("Cache-Control", noStore)
	w.WriteHeader(status)
	c := newConn(w, s.cfg.StallTimeout)
	if s.cfg.MaxAge > 0 {
		c.hurry(s.cfg.MaxAge) // who takes a byte now and then is not stalled, and has no lease
	}
	// A copy that comes out short is no clean end: net/http sees that by the length.
	_, _ = io.Copy(c, io.NewSectionReader(snap, first, length))
}

const rangeForms = "a range is bytes=FIRST-LAST, bytes=FIRST- or bytes=-LENGTH"

// parseRange reads a Range header of bytes: the one part of a log of this size
// that it means, which has at least one byte.
func parseRange(header string, size int64) (first, length int64, p *wire.Problem) {
	refuse := func(words, hint string) (int64, int64, *wire.Problem) {
		return 0, 0, wire.NewProblem(http.StatusRequestedRangeNotSatisfiable, "range not satisfiable",
			"Range "+quote(header)+" "+words, hint)
	}
	_, spec, _ := strings.Cut(header, "=")
	if strings.Contains(spec, ",") {
		return refuse("names several parts", "ask for one part at a time")
	}
	from, to, dash := strings.Cut(strings.TrimSpace(spec), "-")
	first, fromOK := parsePosition(from)
	last, toOK := parsePosition(to)
	switch {
	case !dash || from == "" && to == "" || from != "" && !fromOK || to != "" && !toOK || from != "" && to != "" && last < first:
		return refuse("makes no sense", rangeForms)
	case from == "":
		first, last = max(0, size-last), size-1
	case to == "":
		last = size - 1
	}
	last = min(last, size-1)
	if first > last {
		return refuse(fmt.Sprintf("has no part in the log's %d bytes", size), rangeForms+", within the log's size")
	}
	return first, last - first + 1, nil
}

// parsePosition reads digits. A position beyond all sizes is one, too.
func parsePosition(s string) (n int64, ok bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	return n, true
}
