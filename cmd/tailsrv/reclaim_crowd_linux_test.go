package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// The crowd: clients without end that come to one server and leave in random ways. The
// long run is
//
//	go test ./cmd/tailsrv -run TestReclaim_crowd -v -timeout 15m -reclaim.clients 10000 -reclaim.log crowd.csv
var (
	crowdClients = flag.Int("reclaim.clients", 300, "how many clients TestReclaim_crowd has")
	crowdSeed    = flag.Uint64("reclaim.seed", 0, "what its choices come from; 0 picks one")
	crowdLog     = flag.String("reclaim.log", "", "write a line for each of its clients to this `FILE`, as CSV")
)

// longestStay is how long a client stays at most: in a long run long enough that a
// machine of two cores is not busy with coming and going alone, for which there is no
// bound.
func longestStay(clients int) time.Duration {
	return min(8*time.Second, time.Duration(clients)*8*time.Millisecond)
}

// atOnce is how many clients there are together, at most.
func atOnce(clients int) int { return min(500, max(50, clients/4)) }

// crowding is how much later than its bound a stream of the crowd may be given back.
// The bounds are held to by TestReclaim: here the clients take the processors from the
// server that they time, and what they measured is told and not judged.
const crowding = 5 * time.Second

// TestReclaim_crowd: whoever comes, and in whatever way they all leave, each stream is
// given back for the reason it has, none is forgotten or counted twice,
// and the server holds afterwards what it held before.
func TestReclaim_crowd(t *testing.T) {
	seed := *crowdSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-reclaim.seed=%d", seed)
	f := figures{heartbeat: time.Second, stall: 5 * time.Second, lease: time.Second, drain: 5 * time.Second}
	m := newMatrix(t, f, 4) // there are many streams of it
	m.staying = m.serve(binaries.tailsrv, "--listen", "127.0.0.1:0", "--max-streams", "1000")
	before, err := m.staying.endedByReason(t.Context())
	must(t, err)

	began := time.Now()
	c := &crowd{matrix: m, rng: rand.New(rand.NewPCG(seed, 0)), longest: longestStay(*crowdClients), waiting: map[string]*guest{}}
	c.play(*crowdClients)
	t.Logf("%d clients in %v", *crowdClients, time.Since(began).Round(10*time.Millisecond))

	faults := 0
	for _, g := range c.all {
		if fault := g.faultBeyond(crowding); fault != "" {
			if faults++; faults <= 20 {
				t.Errorf("client %d, %v: %s", g.n, g.cell, fault)
			}
		}
	}
	if faults > 20 {
		t.Errorf("and %d clients more", faults-20)
	}
	if err := m.staying.givesBack(t.Context(), m.staying.before); err != nil {
		t.Error(err)
	}
	after, err := m.staying.endedByReason(t.Context())
	must(t, err)
	c.countsAgree(before, after)
	c.report()
	if *crowdLog != "" {
		must(t, c.write(*crowdLog))
	}
}

// fast are the rows that a crowd can have many of, and how many of a hundred clients
// take each; those with a process are several clients in one.
func fast(f figures) (rows []row, weights []int) {
	weight := map[string]int{
		"DELETE": 15, "FIN": 15, "RST": 15, "half-close": 10, "a stray byte, then FIN": 10, "a pipelined request, then RST": 10,
		"before the first byte": 10, "SIGKILL": 8, "SIGSTOP, with a lease": 3,
		"not reading a busy log, without a lease": 2, "not reading a silent log, with a lease": 2,
	}
	for _, r := range table(f) {
		if w, ok := weight[r.way]; ok {
			rows, weights = append(rows, r), append(weights, w)
		}
	}
	return rows, weights
}

// crowd is one run.
type crowd struct {
	*matrix
	rng     *rand.Rand
	longest time.Duration // stay
	all     []*guest

	mu      sync.Mutex
	waiting map[string]*guest // by address: those whose stream has not been seen to end
}

// guest is one of its clients.
type guest struct {
	*cell
	n     int
	ended chan struct{} // closed when its stream is seen to have ended
}

// play lets so many clients come and leave, and waits for the end of all.
func (c *crowd) play(clients int) {
	ctx, cancel := context.WithCancel(context.Background())
	var listening, groups sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { c.listen(ctx) })

	rows, weights := fast(c.figures)
	room := make(chan struct{}, atOnce(clients))
	for len(c.all) < clients {
		r := &rows[pick(c.rng, weights)]
		size := 1
		if r.way == "SIGKILL" || r.leased && r.logs == nil {
			size = 4 + c.rng.IntN(8)
		}
		group := c.invite(r, min(size, clients-len(c.all), cap(room)))
		for range group {
			room <- struct{}{}
		}
		groups.Go(func() {
			c.visit(r, group)
			for range group {
				<-room
			}
		})
	}
	groups.Wait()
}

// pick chooses an index by weight.
func pick(rng *rand.Rand, weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rng.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	panic("unreachable")
}

// invite makes clients of a row, each of whom reads and stays for as long as chance
// has it, from an address that nobody else has.
func (c *crowd) invite(r *row, size int) (group []*guest) {
	logs := r.logs
	if logs == nil {
		logs = bothLogs
	}
	for range size {
		g := &guest{n: len(c.all) + 1, ended: make(chan struct{})}
		g.cell = newCell(c.figures, r, representations[c.rng.IntN(len(representations))], logs[c.rng.IntN(len(logs))])
		g.from = fmt.Sprintf("127.%d.%d.%d", 2+g.n>>16, g.n>>8&255, g.n&255)
		g.take = 1 + c.rng.IntN(g.take)
		if !r.leased && !r.narrow { // who reads on would have to renew
			g.stay = time.Duration(c.rng.Int64N(int64(c.longest)))
		}
		c.mu.Lock()
		c.waiting[g.from] = g
		c.mu.Unlock()
		c.all = append(c.all, g)
		group = append(group, g)
	}
	return group
}

// visit has a group come, leave, and waits until the server has given back its streams.
func (c *crowd) visit(r *row, group []*guest) {
	p := c.party()
	defer p.end()
	cs := make(cells, 0, len(group))
	for _, g := range group {
		cs = append(cs, g.cell)
	}
	r.leave(p, cs)
	late := time.After(r.within + matrixPatience)
	for _, g := range group {
		if g.err != nil {
			continue
		}
		select {
		case <-g.ended:
		case <-late:
		}
	}
}

// listen reads the server's log as it comes, and tells guests of their streams' end.
func (c *crowd) listen(ctx context.Context) {
	read := 0
	for {
		said, more := c.staying.Log.From(read)
		whole := strings.LastIndexByte(said, '\n') + 1
		read += whole
		ended, err := buried(said[:whole])
		if err != nil {
			c.t.Error(err)
			return
		}
		for _, st := range ended {
			c.tell(st)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

func (c *crowd) tell(st wire.StreamInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.waiting[st.Client]
	if g == nil {
		return // of those that settled the server, or a second stream: the counts will not agree
	}
	delete(c.waiting, st.Client)
	g.got = &st
	close(g.ended)
}

var endedMetric = regexp.MustCompile(`(?m)^tailsrv_streams_ended_total\{reason="([^"]+)"\} (\d+)$`)

// endedByReason is how many streams of a server have ended, as its metrics count them.
func (s *site) endedByReason(ctx context.Context) (map[wire.Reason]int, error) {
	_, metrics, err := s.ask(ctx, "GET", "/-/metrics")
	if err != nil {
		return nil, err
	}
	n := map[wire.Reason]int{}
	for _, m := range endedMetric.FindAllStringSubmatch(metrics, -1) {
		if n[wire.Reason(m[1])], err = strconv.Atoi(m[2]); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// countsAgree holds what the server's metrics counted against what its log told.
func (c *crowd) countsAgree(before, after map[wire.Reason]int) {
	c.t.Helper()
	told := map[wire.Reason]int{}
	for _, g := range c.all {
		if g.got != nil {
			told[g.got.Reason]++
		}
	}
	sum := 0
	var words []string
	for _, reason := range slices.Sorted(maps.Keys(after)) {
		counted := after[reason] - before[reason]
		sum += counted
		if counted != told[reason] {
			c.t.Errorf("%d streams ended as %s by the metrics, %d by the log", counted, reason, told[reason])
		}
		if counted > 0 {
			words = append(words, fmt.Sprintf("%s %d", reason, counted))
		}
	}
	c.t.Logf("ended: %s", strings.Join(words, ", "))
	if sum != len(c.all) {
		c.t.Errorf("%d clients came, %d streams ended", len(c.all), sum)
	}
}

// report tells, for each way, how long it took from leaving to everything given back,
// and how much of that the giving back.
func (c *crowd) report() {
	byWay := map[string][]*guest{}
	for _, g := range c.all {
		if g.got != nil {
			byWay[g.row.way] = append(byWay[g.row.way], g)
		}
	}
	for _, way := range slices.Sorted(maps.Keys(byWay)) {
		all := byWay[way]
		c.t.Logf("%-42s %5d clients  after leaving %s  reclaim %s", way, len(all),
			quantiles(all, func(g *guest) time.Duration { return g.got.Ended.Sub(g.left) }),
			quantiles(all, func(g *guest) time.Duration { return time.Duration(*g.got.ReclaimMS * float64(time.Millisecond)) }))
	}
}

func quantiles(all []*guest, of func(*guest) time.Duration) string {
	var d []time.Duration
	for _, g := range all {
		d = append(d, of(g))
	}
	slices.Sort(d)
	return fmt.Sprintf("p50 %s p99 %s max %s", readable(d[len(d)/2]), readable(d[len(d)*99/100]), readable(d[len(d)-1]))
}

// write keeps a line for each client.
func (c *crowd) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	rows := [][]string{{"client", "address", "as", "log", "way", "left", "ended", "after_ms", "reclaim_ms", "bytes", "reason", "detail", "fault"}}
	for _, g := range c.all {
		line := []string{strconv.Itoa(g.n), g.from, g.as.String(), string(g.log), g.row.way, g.left.Format(time.RFC3339Nano), "", "", "", "", "", "", g.faultBeyond(crowding)}
		if st := g.got; st != nil {
			line[6] = st.Ended.Format(time.RFC3339Nano)
			line[7] = strconv.FormatFloat(float64(st.Ended.Sub(g.left).Microseconds())/1000, 'f', 3, 64)
			line[8] = strconv.FormatFloat(*st.ReclaimMS, 'f', 3, 64)
			line[9], line[10], line[11] = strconv.FormatInt(st.Bytes, 10), string(st.Reason), st.Detail
		}
		rows = append(rows, line)
	}
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	return f.Close()
}

// buried reads the streams that have ended out of a server's own log, which is in
// JSON, where its listing is gone or would be too short.
func buried(log string) (ended []wire.StreamInfo, err error) {
	for line := range strings.Lines(log) {
		var said struct {
			Msg string    `json:"msg"`
			At  time.Time `json:"time"`
			wire.StreamInfo
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		if said.Msg == "stream ended" {
			said.Ended = &said.At
			ended = append(ended, said.StreamInfo)
		}
	}
	return ended, nil
}
