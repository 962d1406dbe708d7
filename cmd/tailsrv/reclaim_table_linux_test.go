package main

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// The table of how a client can leave: what the documentation publishes, what the
// tests hold the server to, and with the figures of a run what they measured.

// figures are what the servers of a run are started with. They are short where a
// bound depends on them alone, so that everything is seen in little more than the
// half minute that a vanished client takes.
type figures struct {
	heartbeat time.Duration // --heartbeat
	stall     time.Duration // --stall-timeout
	lease     time.Duration // as leased clients ask for it
	maxAge    time.Duration // --max-age of the server for those that nothing else ends
	drain     time.Duration // --drain of the server that is stopped
}

func newFigures() figures {
	return figures{heartbeat: time.Second, stall: 5 * time.Second, lease: 3 * time.Second, maxAge: 6 * time.Second, drain: 2 * time.Second}
}

// row is one way to leave, under one circumstance that decides what notices it.
type row struct {
	way     string        // in few words; unique
	through string        // what notices
	bound   string        // as published, in the words of the flags
	within  time.Duration // the same in this run
	reason  wire.Reason
	logs    []logKind             // on which it is tried; nil is both
	as      []wire.Representation // in which it is tried; nil is all

	leased   bool                     // with a lease of figures.lease, renewed until the client leaves
	narrow   bool                     // with a small receive buffer: what is under way stays with the server
	backlog  bool                     // from the log's beginning: of the busy one that is more than buffers hold
	beats    bool                     // on the server's heartbeat; others ask for the longest, so that no heartbeat finds what something else must
	measured measure                  // what is held to the bound
	leave    func(p *party, cs cells) // opens the streams of its cells and leaves them
	server   func(m *matrix) *site    // of its streams; nil is the one that keeps them
	from     place                    // of its clients
}

// place is where clients are.
type place int

const (
	onLoopback   place = iota // each with an address of its own
	behindCable               // in another namespace
	behindRouter              // in yet another, with one between
)

// logKind is what the log does meanwhile.
type logKind string

const (
	silent logKind = "silent" // nothing is appended
	busy   logKind = "busy"   // some 200 KB/s are
)

var bothLogs = []logKind{silent, busy}

// measure says from when to when a row is timed.
type measure int

const (
	fromLeaving measure = iota // from the client's leaving to everything given back
	fromNoticed                // from the DELETE at the server on, as its reclaim_ms has it
	fromOpening                // from the stream's beginning on
)

// representations are the columns of the matrix.
var representations = []wire.Representation{wire.Raw, wire.NDJSON, wire.SSE, wire.Frames}

// table is all of them: 14 ways, some in several circumstances that something else
// notices, and two of clients that do not leave. What a client does that is stopped or
// does not read is seen by something only if it has a lease or its log is busy: it is
// tried with and without.
func table(f figures) []row {
	gone := f.heartbeat + userTimeoutOf(f) + time.Second
	const (
		connection = "net/http's background read"
		kernel     = "the sweeper asks the kernel for the connection's state"
		lease      = "the lease"
		progress   = "the sweeper asks the kernel what the client took"
		unacked    = "TCP_USER_TIMEOUT, keepalive"
		age        = "the maximum age"
	)
	return []row{
		{way: "DELETE", through: "the request itself", bound: "100 ms", within: 100 * time.Millisecond,
			reason: wire.ReasonClientClosed, measured: fromNoticed, leave: each(closing)},
		{way: "FIN", through: connection, bound: "1 s", within: time.Second,
			reason: wire.ReasonClientGone, leave: each(finishing)},
		{way: "RST", through: connection, bound: "1 s", within: time.Second,
			reason: wire.ReasonClientGone, leave: each(resetting)},
		{way: "SIGKILL", through: connection, bound: "1 s", within: time.Second,
			reason: wire.ReasonClientGone, leave: killed},
		{way: "half-close", through: connection, bound: "1 s", within: time.Second,
			reason: wire.ReasonClientGone, leave: each(halfClosing)},
		{way: "a stray byte, then FIN", through: kernel, bound: "2 s", within: 2 * time.Second,
			reason: wire.ReasonClientGone, leave: each(straying)},
		{way: "a pipelined request, then RST", through: kernel, bound: "2 s", within: 2 * time.Second,
			reason: wire.ReasonClientGone, leave: each(pipelining)},
		{way: "SIGSTOP, with a lease", through: lease, bound: "lease + 1 s", within: f.lease + time.Second,
			reason: wire.ReasonLeaseLapsed, leased: true, leave: stopped},
		{way: "SIGSTOP, without a lease, on a busy log", through: progress, bound: "stall timeout + 2 s", within: f.stall + 2*time.Second,
			reason: wire.ReasonStalled, logs: []logKind{busy}, narrow: true, leave: stopped},
		{way: "SIGSTOP, without a lease, on a silent log", through: age, bound: "maximum age + 1 s", within: f.maxAge + time.Second,
			reason: wire.ReasonMaxAge, logs: []logKind{silent}, measured: fromOpening, beats: true, leave: stopped, server: aging},
		{way: "vanishing, its link down", through: unacked, bound: "heartbeat + max(30 s, stall timeout + 5 s) + 1 s", within: gone,
			reason: wire.ReasonClientGone, beats: true, leave: unplugged, from: behindCable},
		{way: "vanishing, its packets dropped by a router", through: unacked, bound: "heartbeat + max(30 s, stall timeout + 5 s) + 1 s", within: gone,
			reason: wire.ReasonClientGone, beats: true, leave: dropped, from: behindRouter},
		{way: "not reading a busy log, with a lease that it renews", through: progress, bound: "stall timeout + 2 s", within: f.stall + 2*time.Second,
			reason: wire.ReasonStalled, logs: []logKind{busy}, leased: true, narrow: true, leave: each(renewingOnly)},
		{way: "not reading a busy log, without a lease", through: progress, bound: "stall timeout + 2 s", within: f.stall + 2*time.Second,
			reason: wire.ReasonStalled, logs: []logKind{busy}, narrow: true, leave: each(idling)},
		{way: "not reading a silent log, with a lease", through: lease, bound: "lease + 1 s", within: f.lease + time.Second,
			reason: wire.ReasonLeaseLapsed, logs: []logKind{silent}, leased: true, leave: each(idling)},
		{way: "not reading a silent log, without a lease", through: age, bound: "maximum age + 1 s", within: f.maxAge + time.Second,
			reason: wire.ReasonMaxAge, logs: []logKind{silent}, measured: fromOpening, beats: true, leave: each(idling), server: aging},
		{way: "a proxy that goes on reading, with a lease that nobody renews", through: lease, bound: "lease + 1 s", within: f.lease + time.Second,
			reason: wire.ReasonLeaseLapsed, leased: true, leave: each(reading)},
		{way: "never, without a lease", through: age, bound: "maximum age + 1 s", within: f.maxAge + time.Second,
			reason: wire.ReasonMaxAge, measured: fromOpening, beats: true, leave: each(reading), server: aging},
		{way: "before the first byte", through: connection, bound: "1 s", within: time.Second,
			reason: wire.ReasonClientGone, leave: unheard},
		{way: "while the server stops", through: "its own shutdown", bound: "drain time", within: f.drain,
			reason: wire.ReasonShutdown, narrow: true, backlog: true, leave: drained, server: stopping},
	}
}

// userTimeoutOf is the kernel's patience with a connection that answers nothing.
func userTimeoutOf(f figures) time.Duration { return max(30*time.Second, f.stall+5*time.Second) }

// cell is one stream of the matrix.
type cell struct {
	row  *row
	as   wire.Representation
	log  logKind
	ask  request
	from string // the client's address, its own on loopback; "" elsewhere

	take int           // bytes of the answer that are read before leaving
	stay time.Duration // for how long it then stays

	id   string    // of its stream; "" for who left before it was told
	left time.Time // when it left; zero before
	err  error     // why it could not even leave
	got  *wire.StreamInfo
}

type cells []*cell

// newCell is a client of a row, with what it asks for.
func newCell(f figures, r *row, as wire.Representation, log logKind) *cell {
	c := &cell{row: r, as: as, log: log, ask: request{As: as}, take: 1}
	if log == busy && !r.narrow { // through a small buffer the kernel lets it trickle
		c.take = 16 << 10
	}
	params := url.Values{}
	if !r.beats && as != wire.Raw {
		params.Set("heartbeat", wire.MaxHeartbeat.String())
	}
	if r.backlog {
		params.Set("from", "start")
	}
	c.ask.Path = "/" + string(log) + ".log?" + params.Encode()
	switch {
	case r.leased:
		c.ask.Lease = f.lease
	case as == wire.Frames: // which have one always
		c.ask.Lease = wire.MaxLease
	}
	return c
}

// Clients read for a while before they leave, so that not all who come are still being
// served, and leave a little apart. Those with a short lease, those who take little,
// and those who are timed from their coming do not wait.
const (
	settling = 1500 * time.Millisecond
	apart    = 25 * time.Millisecond
)

// cellsOf are those of row number n of a table.
func cellsOf(f figures, r *row, n int) (all cells) {
	logs, columns := r.logs, r.as
	if logs == nil {
		logs = bothLogs
	}
	if columns == nil {
		columns = representations
	}
	for _, log := range logs {
		for _, as := range columns {
			c := newCell(f, r, as, log)
			if !r.leased && !r.narrow && r.measured != fromOpening {
				c.stay = settling + time.Duration(len(all))*apart
			}
			if r.from == onLoopback {
				c.from = fmt.Sprintf("127.1.%d.%d", n+1, len(all)+1)
			}
			all = append(all, c)
		}
	}
	return all
}

// took is what the cell is held to, known once it has ended.
func (c *cell) took() time.Duration {
	switch c.row.measured {
	case fromNoticed:
		return time.Duration(*c.got.ReclaimMS * float64(time.Millisecond))
	case fromOpening:
		return c.got.Ended.Sub(c.got.Opened)
	}
	return c.got.Ended.Sub(c.left)
}

// fault says what is wrong with how the cell ended; "" if nothing is.
func (c *cell) fault() string {
	if raceEnabled {
		return c.faultBeyond(detecting)
	}
	return c.faultBeyond(0)
}

// detecting is how much later a server may be that is built with the race detector,
// which makes it several times slower. The bounds are those of one that is not.
const detecting = 250 * time.Millisecond

// faultBeyond lets it take longer than its bound by an allowance.
func (c *cell) faultBeyond(allowance time.Duration) string {
	expected := fmt.Sprintf("expected %s within %v (%s, noticed through %s)", c.row.reason, c.row.within, c.row.bound, c.row.through)
	switch {
	case c.err != nil:
		return fmt.Sprintf("could not leave: %v", c.err)
	case c.got == nil:
		return fmt.Sprintf("%s; it was never reclaimed, %v after it left", expected, time.Since(c.left).Round(time.Millisecond))
	case c.got.Reason != c.row.reason || c.took() > c.row.within+allowance:
		return fmt.Sprintf("%s; got %s after %v, reclaimed in %.3f ms (%s)",
			expected, c.got.Reason, c.took().Round(time.Microsecond), *c.got.ReclaimMS, c.got.Detail)
	}
	return ""
}

func (c *cell) String() string { return fmt.Sprintf("%s/%v/%s", c.row.way, c.as, c.log) }

// writeTable prints the table as Markdown with the figures of a run.
func writeTable(w io.Writer, rows []row, all cells) {
	fmt.Fprintln(w, "| a client leaves by | noticed through | within | reason | streams | least | median | most |")
	fmt.Fprintln(w, "|---|---|---|---|---:|---:|---:|---:|")
	for i := range rows {
		r := &rows[i]
		var took []time.Duration
		for _, c := range all {
			if c.row == r && c.got != nil {
				took = append(took, c.took())
			}
		}
		fmt.Fprintf(w, "| %s | %s | %s | `%s` | %d |", r.way, r.through, r.bound, r.reason, len(took))
		if len(took) == 0 {
			fmt.Fprintln(w, " | | |")
			continue
		}
		slices.Sort(took)
		fmt.Fprintf(w, " %s | %s | %s |\n", readable(took[0]), readable(took[len(took)/2]), readable(took[len(took)-1]))
	}
}

// readable is a duration in three digits or so.
func readable(d time.Duration) string {
	unit := time.Microsecond
	for d >= 1000*unit {
		unit *= 10
	}
	return strings.Replace(d.Round(unit).String(), "µs", " µs", 1)
}
