package server

import (
	"fmt"
	"net/http"
	"strconv"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// kindRange is the kind of a stream that is a part of a log; of all others it is their
// representation.
const kindRange = "range"

// kinds lists them, for counters that must exist before they count.
var kinds = [...]string{wire.Raw.String(), wire.NDJSON.String(), wire.SSE.String(), wire.Frames.String(), kindRange}

// reclaimBounds are the histogram's buckets in seconds: from what a DELETE takes
// to what a write that was stuck may take.
var reclaimBounds = []float64{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30}

// metrics of one server. The set is its own, so that two servers in one process
// count apart.
type metrics struct {
	set          *vm.Set
	opened       map[string]*vm.Counter // by kind
	ended        map[wire.Reason]*vm.Counter
	sent         *vm.Counter // bytes of logs
	reclaim      *histogram
	leasesLapsed *vm.Counter
	limitStreams *vm.Counter
	limitClient  *vm.Counter
	limitConns   *vm.Counter
	limitFiles   *vm.Counter
	connsClosed  map[claim]*vm.Counter // to make room, by what they were there for
	connsRefused *vm.Counter           // answered with 503: there was no place
	connsFull    *vm.Counter           // not even that
	acceptFails  *vm.Counter
	sweeps       *vm.Counter
	linesLost    *vm.Counter // lines of our own log that found no room
}

// histogram is a Prometheus histogram: every bucket counts what is at most its
// bound, so that a value counts in its own and in all wider ones.
type histogram struct {
	bounds  []float64
	buckets []*vm.Counter // one for each bound
	all     *vm.Counter   // the bucket without a bound
	sum     *vm.FloatCounter
	count   *vm.Counter
}

func newHistogram(set *vm.Set, name string, bounds []float64) *histogram {
	bucket := func(le string) *vm.Counter { return set.NewCounter(fmt.Sprintf(`%s_bucket{le=%q}`, name, le)) }
	h := &histogram{
		bounds: bounds, all: bucket("+Inf"),
		sum: set.NewFloatCounter(name + "_sum"), count: set.NewCounter(name + "_count"),
	}
	for _, bound := range bounds {
		h.buckets = append(h.buckets, bucket(strconv.FormatFloat(bound, 'g', -1, 64)))
	}
	return h
}

func (h *histogram) update(v float64) {
	for i, bound := range h.bounds {
		if v <= bound {
			h.buckets[i].Inc()
		}
	}
	h.all.Inc()
	h.sum.Add(v)
	h.count.Inc()
}

func newMetrics() *metrics {
	set := vm.NewSet()
	m := &metrics{
		set:          set,
		opened:       map[string]*vm.Counter{},
		ended:        map[wire.Reason]*vm.Counter{},
		sent:         set.NewCounter(`tailsrv_log_bytes_sent_total`),
		reclaim:      newHistogram(set, `tailsrv_reclaim_seconds`, reclaimBounds),
		leasesLapsed: set.NewCounter(`tailsrv_leases_lapsed_total`),
		limitStreams: set.NewCounter(`tailsrv_limit_hits_total{limit="streams"}`),
		limitClient:  set.NewCounter(`tailsrv_limit_hits_total{limit="client"}`),
		limitConns:   set.NewCounter(`tailsrv_limit_hits_total{limit="connections"}`),
		limitFiles:   set.NewCounter(`tailsrv_limit_hits_total{limit="files"}`),
		connsClosed:  map[claim]*vm.Counter{},
		connsRefused: set.NewCounter(connsClosed("refused")),
		connsFull:    set.NewCounter(connsClosed("full")),
		acceptFails:  set.NewCounter(`tailsrv_accept_errors_total`),
		sweeps:       set.NewCounter(`tailsrv_sweeps_total`),
		linesLost:    set.NewCounter(`tailsrv_log_lines_lost_total`),
	}
	for claim, why := range map[claim]string{idle: "idle", fresh: "header", sending: "body", answering: "answer"} {
		m.connsClosed[claim] = set.NewCounter(connsClosed(why))
	}
	for _, kind := range kinds {
		m.opened[kind] = set.NewCounter(fmt.Sprintf(`tailsrv_streams_opened_total{as=%q}`, kind))
	}
	for _, reason := range wire.Reasons {
		m.ended[reason] = set.NewCounter(fmt.Sprintf(`tailsrv_streams_ended_total{reason=%q}`, string(reason)))
	}
	return m
}

// connsClosed names the counter of connections that were closed for a lack of
// them: "idle", "header", "body" and "answer" is what they were waited for with.
func connsClosed(why string) string {
	return fmt.Sprintf(`tailsrv_connections_closed_total{why=%q}`, why)
}

// watch adds the gauges, which ask when they are read.
func (m *metrics) watch(r *registry, conns *connections, logs Logs) {
	m.set.NewGauge(`tailsrv_connections`, func() float64 { return float64(conns.count()) })
	streams := func(name string, wanted func(*stream) bool) {
		m.set.NewGauge(name, func() float64 { return float64(r.count(wanted)) })
	}
	begun := func(st *stream) bool { return st.place.Load() != nil }
	for _, kind := range kinds {
		streams(fmt.Sprintf(`tailsrv_streams{as=%q}`, kind), func(st *stream) bool { return st.kind == kind && begun(st) })
	}
	streams(`tailsrv_streams_opening`, func(st *stream) bool { return !begun(st) })
	m.set.NewGauge(`tailsrv_watching_degraded`, func() float64 {
		if degraded(logs.Health()) {
			return 1
		}
		return 0
	})
	count := func(name string, of func(h follow.Health) int) {
		m.set.NewGauge(name, func() float64 { return float64(of(logs.Health())) })
	}
	count(`tailsrv_hubs`, func(h follow.Health) int { return h.Hubs })
	count(`tailsrv_watches`, func(h follow.Health) int { return h.Watches })
	count(`tailsrv_logs_polled`, func(h follow.Health) int { return h.Polled })
	count(`tailsrv_generations_open`, func(h follow.Health) int { return h.Generations })
	count(`tailsrv_files_open`, func(h follow.Health) int { return h.Files })
	count(`tailsrv_files_max`, func(h follow.Health) int { return h.MaxFiles })
}

// buried counts a stream that was reclaimed.
func (m *metrics) buried(last wire.StreamInfo) {
	m.ended[last.Reason].Inc()
	if last.Reason == wire.ReasonLeaseLapsed {
		m.leasesLapsed.Inc()
	}
	m.reclaim.update(*last.ReclaimMS / 1000)
}

// serveMetrics answers GET /-/metrics.
func (s *Server) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.metrics.set.WritePrometheus(w)
	vm.WriteProcessMetrics(w) // goroutines, memory: what a leak would show in
	vm.WriteFDMetrics(w)      // and descriptors, with their limit
}
