package server

import (
	"bytes"
	"cmp"
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

// serveStreams answers GET /-/streams.
func (s *Server) serveStreams(w http.ResponseWriter, r *http.Request) {
	streams := s.Streams()
	answer(w, r, streams, func(t *tabwriter.Writer) { tellStreams(t, &streams, time.Now()) })
}

// toldEnded is how many ended streams the text has: as many as a screen. JSON has
// all that are remembered.
const toldEnded = 20

// tellStreams writes two tables: a live stream is looked at for how its client is,
// an ended one for why.
func tellStreams(t *tabwriter.Writer, streams *wire.Streams, now time.Time) {
	fmt.Fprintln(t, "ID\tAS\tSTATE\tAGE\tBYTES\tLAG\tBEHIND\tIDLE\tHEARD\tCONTACT\tRTT\tTCP\tCLIENT\t  LOG")
	for _, st := range streams.Live {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n",
			st.ID, st.As, st.State, short(now.Sub(st.Opened)), st.Bytes, st.Lag,
			known(st.Behind, func(n int64) string { return strconv.FormatInt(n, 10) }),
			short(milliseconds(st.IdleMS)), short(milliseconds(st.LastHeardMS)),
			known(st.ContactMS, func(n int64) string { return short(milliseconds(n)) }),
			rtt(st.RTTUS), cmp.Or(st.TCP, "-"), st.Client, quotePath(shorten(st.Log)))
	}
	t.Flush() // the next table has columns of its own
	if len(streams.Ended) == 0 {
		return
	}
	fmt.Fprintln(t, "\nENDED\tAS\tAGO\tAGE\tBYTES\tRECLAIM\tREASON\tCLIENT\t  LOG")
	for _, st := range streams.Ended[:min(toldEnded, len(streams.Ended))] {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%.1fms\t%s\t%s\t  %s\n",
			st.ID, st.As, short(now.Sub(*st.Ended)), short(st.Ended.Sub(st.Opened)), st.Bytes,
			*st.ReclaimMS, st.Reason, st.Client, quotePath(shorten(st.Log)))
	}
	if more := len(streams.Ended) - toldEnded; more > 0 {
		t.Flush()
		fmt.Fprintf(t, "and %d that ended before; Accept: %s has them all\n", more, wire.TypeJSON)
	}
}

// known is a figure that may be unknown.
func known(n *int64, text func(int64) string) string {
	if n == nil {
		return "-"
	}
	return text(*n)
}

func rtt(us int64) string {
	if us == 0 {
		return "-"
	}
	return (time.Duration(us) * time.Microsecond).Round(10 * time.Microsecond).String()
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
