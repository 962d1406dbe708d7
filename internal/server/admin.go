package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// answer writes v as JSON to who asks for it by name, else the text that write
// gives, for people.
func answer(w http.ResponseWriter, r *http.Request, v any, text func(t *tabwriter.Writer)) {
	if accepts(r, wire.TypeJSON) {
		answerJSON(w, v)
		return
	}
	var buf bytes.Buffer
	t := tabwriter.NewWriter(&buf, 0, 0, 2, ' ', tabwriter.AlignRight)
	text(t)
	t.Flush()
	w.Header().Set("Content-Type", wire.TypeText)
	answerBytes(w, buf.Bytes())
}

func answerJSON(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("server: internal error: %v", err))
	}
	w.Header().Set("Content-Type", wire.TypeJSON)
	answerBytes(w, append(b, '\n'))
}

func answerBytes(w http.ResponseWriter, b []byte) {
	w.Header().Set("Vary", "Accept")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // who went away needs no answer
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// short is a duration as people read it: tenths of a second, then seconds.
func short(d time.Duration) string {
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// serveHealth answers GET /-/healthz.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	h := s.cfg.Logs.Health()
	status := "ok"
	if degraded(h) {
		status = "degraded"
	}
	answerJSON(w, wire.Health{
		Status: status, Watching: h.Watching, Identity: h.Identity, Notes: h.Notes,
		Logs: h.Hubs, Polled: h.Polled, Watches: h.Watches, Generations: h.Generations,
	})
}

// polling is what follow.Health says where nothing tells of changes: they are
// seen all the same, up to a second later.
const polling = "polling"

// degraded reports whether logs are watched or told apart less well than they
// could be.
func degraded(h follow.Health) bool { return h.Watching == polling || len(h.Notes) > 0 }

// serveVersion answers GET /-/version.
func (s *Server) serveVersion(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, wire.Build{Name: "tailsrv", Version: s.cfg.Version, Wire: wire.Version, Go: runtime.Version()})
}

// serveListing answers GET of a directory; dir is its name without slashes
// around it, "" for the top.
func (s *Server) serveListing(w http.ResponseWriter, r *http.Request, dir string) {
	if p := bare(r); p != nil {
		refuse(w, r, p)
		return
	}
	entries, err := s.cfg.Logs.List(dir)
	if err != nil {
		s.refuseErr(w, r, err)
		return
	}
	answer(w, r, listing(dir, entries), func(t *tabwriter.Writer) {
		for _, e := range entries {
			size, slash := strconv.FormatInt(e.Size, 10), ""
			if e.Dir {
				size, slash = "-", "/"
			}
			fmt.Fprintf(t, "%s\t%s\t  %s\n", size, e.MTime.Local().Format(time.DateTime), quotePath(e.Name+slash))
		}
	})
}

func listing(dir string, entries []follow.Entry) wire.Listing {
	l := wire.Listing{Path: dir, Entries: make([]wire.Entry, 0, len(entries))}
	if dir != "" {
		l.Path += "/"
	}
	for _, e := range entries {
		if e.Dir {
			e.Name, e.Size = e.Name+"/", 0
		}
		l.Entries = append(l.Entries, wire.Entry{Name: e.Name, Href: href(e.Name), Size: e.Size, MTime: e.MTime})
	}
	return l
}
