package server

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// toldEnded is how many ended streams the text has unless the request says: as many as
// a screen. JSON has all that are remembered.
const toldEnded = 20

// serveStreams answers GET /-/streams. ended=N asks for the last N ended ones: who
// looks each second need not be sent a thousand each time.
func (s *Server) serveStreams(w http.ResponseWriter, r *http.Request) {
	ended, p := endedOf(r)
	if p != nil {
		refuse(w, r, p)
		return
	}
	streams := s.Streams()
	remembered := len(streams.Ended)
	streams.Ended = streams.Ended[:min(ended, remembered)]
	answer(w, r, streams, func(t *tabwriter.Writer) { tellStreams(t, &streams, remembered, time.Now()) })
}

// endedOf is how many ended streams a request is to be told of.
func endedOf(r *http.Request) (int, *wire.Problem) {
	values, p := parameters(r)
	if p != nil {
		return 0, p
	}
	ended := toldEnded
	if accepts(r, wire.TypeJSON) {
		ended = keptEnded
	}
	for _, name := range sortedKeys(values) {
		if name != "ended" {
			return 0, unknownParameter(name, "there is ended=N, for the last N that ended")
		}
		n, err := strconv.Atoi(values.Get(name))
		if err != nil || n < 0 || n > keptEnded || len(values[name]) > 1 {
			return 0, badParameter(fmt.Sprintf("ended=%s is no number from 0 to %d", quote(values.Get(name)), keptEnded), "as in ended=50, once")
		}
		ended = n
	}
	return ended, nil
}

// tellStreams writes two tables: a live stream is looked at for how its client is, an
// ended one for why. remembered is how many ended ones there are in all.
func tellStreams(t *tabwriter.Writer, streams *wire.Streams, remembered int, now time.Time) {
	fmt.Fprintln(t, "ID\tAS\tSTATE\tAGE\tBYTES\tLAG\tBEHIND\tUNACKED\tSTUCK\tIDLE\tHEARD\tCONTACT\tRTT\tTCP\tCLIENT\t  LOG")
	for _, st := range streams.Live {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n",
			st.ID, st.As, st.State, short(now.Sub(st.Opened)), st.Bytes, st.Lag,
			known(st.Behind, func(n int64) string { return strconv.FormatInt(n, 10) }), st.Unacked, stuckFor(st.StuckMS),
			short(milliseconds(st.IdleMS)), short(milliseconds(st.LastHeardMS)),
			known(st.ContactMS, func(n int64) string { return short(milliseconds(n)) }),
			rtt(st.RTTUS), cmp.Or(st.TCP, "-"), st.Client, quotePath(shorten(st.Log)))
	}
	t.Flush() // the next table has columns of its own
	if len(streams.Ended) == 0 {
		return
	}
	fmt.Fprintln(t, "\nENDED\tAS\tAGO\tAGE\tBYTES\tRECLAIM\tREASON\tCLIENT\t  LOG")
	for _, st := range streams.Ended {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%.1fms\t%s\t%s\t  %s  (%s)\n",
			st.ID, st.As, short(now.Sub(*st.Ended)), short(st.Ended.Sub(st.Opened)), st.Bytes,
			*st.ReclaimMS, st.Reason, st.Client, quotePath(shorten(st.Log)), shorten(st.Detail))
	}
	if more := remembered - len(streams.Ended); more > 0 {
		t.Flush()
		fmt.Fprintf(t, "and %d that ended before: ?ended=%d has them all\n", more, keptEnded)
	}
}

// known is a figure that may be unknown.
func known(n *int64, text func(int64) string) string {
	if n == nil {
		return "-"
	}
	return text(*n)
}

// stuckFor is for how long a client has taken nothing of what waits for it. One that
// reads all the time has not taken the very last, either.
func stuckFor(ms int64) string {
	if ms < 2*askEvery*tick.Milliseconds() {
		return "-"
	}
	return short(milliseconds(ms))
}

func rtt(us int64) string {
	if us == 0 {
		return "-"
	}
	return (time.Duration(us) * time.Microsecond).String()
}
