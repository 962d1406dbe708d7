package server

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	vm "github.com/VictoriaMetrics/metrics"

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
	st := s.newStream(name, clientOf(r), q)
	st.kind, st.idle = kindRange, 0 // no log can fall silent on it
	s.live(w, r, st, func(ctx context.Context, c *conn) {
		snap, err := s.cfg.Logs.Read(name)
		if err != nil {
			s.refuseErr(w, r, err)
			return
		}
		defer snap.Close()
		w.Header().Set(wire.HeaderStream, st.id)
		if part, ok := announcePart(w, r, snap); ok {
			s.begin(st, part)
			st.ended = part.copyTo(ctx, &counted{c, part, st, s.metrics.sent})
		}
	})
}

// announcePart sends the headers of the part of a log that is asked for, or refuses it.
func announcePart(w http.ResponseWriter, r *http.Request, snap Snapshot) (_ *part, ok bool) {
	h := w.Header()
	size, status := snap.Size(), http.StatusOK
	first, length := int64(0), size
	// The tag says which file, not how long it is: a part may rely on it, but
	// conditions about "not modified" would be wrong for a log that has grown.
	if same := r.Header.Get("If-Range"); same == "" || same == etag(snap.Tag()) {
		status = http.StatusPartialContent
		var p *wire.Problem
		if first, length, p = parseRange(r.Header.Get("Range"), size); p != nil {
			h.Set("Content-Range", fmt.Sprintf("bytes */%d", size))
			refuse(w, r, p)
			return nil, false
		}
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, size))
	}
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", wire.TypeText)
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	h.Set("ETag", etag(snap.Tag()))
	h.Set("Cache-Control", noStore)
	w.WriteHeader(status)
	return newPart(snap, first, length), true
}

// part is a range of a log under way: a stream that ends with its last byte.
type part struct {
	io.Reader
	left   atomic.Int64 // bytes still to be sent
	unread error        // of the log; nil if only a write failed
}

func newPart(from io.ReaderAt, first, length int64) *part {
	p := &part{Reader: io.NewSectionReader(from, first, length)}
	p.left.Store(length)
	return p
}

// Read reads what is to be sent next. Its end is io.EOF only where nothing is missing.
func (p *part) Read(b []byte) (n int, err error) {
	n, err = p.Reader.Read(b)
	if err == io.EOF && int64(n) < p.left.Load() {
		err = io.ErrUnexpectedEOF // the file became shorter
	}
	if err != nil && err != io.EOF {
		p.unread = err
	}
	return n, err
}

// Nudge has nobody to wake: a part has no heartbeats.
func (p *part) Nudge() {}

// Lag is how much of the part is still to come.
func (p *part) Lag() int64 { return p.left.Load() }

// Behind knows no cursors.
func (p *part) Behind(string) (int64, bool) { return 0, false }

// copyTo sends the part and says how that ended. The bytes are all there is, so that
// whatever cuts them short must not look like an end.
func (p *part) copyTo(ctx context.Context, to *counted) *ending {
	_, err := io.Copy(to, p)
	switch {
	case err == nil:
		return &ending{reason: wire.ReasonComplete, detail: "the part that was asked for"}
	case p.unread != nil:
		return &ending{reason: wire.ReasonError, detail: "the log could not be read: " + p.unread.Error(), cut: true}
	}
	return to.stream.unwritten(ctx, to.conn, err)
}

// counted is a connection whose stream learns what was sent.
type counted struct {
	conn   *conn
	part   *part
	stream *stream
	sent   *vm.Counter // bytes of all streams
}

func (c *counted) Write(b []byte) (int, error) {
	c.stream.writing.Store(true)
	n, err := c.conn.Write(b)
	c.stream.writing.Store(false)
	c.part.left.Add(-int64(n))
	c.stream.bytes.Add(int64(n))
	c.sent.Add(n)
	c.stream.gave.Store(int64(c.stream.clock.now()))
	return n, err
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
