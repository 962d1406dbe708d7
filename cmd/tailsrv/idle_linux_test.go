package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// What streams on silent logs cost, which is what most streams are on most days:
//
//	go test ./cmd/tailsrv -run TestIdleCost -v -timeout 30m -idle.for=60s
var (
	idleFor     = flag.Duration("idle.for", 0, "how long TestIdleCost measures each mix of streams; 0 skips it")
	idleStreams = flag.Int("idle.streams", 2000, "how many streams on silent logs it holds")
	idleBinary  = flag.String("idle.binary", "", "measure this tailsrv, for a comparison, and not the one that is built")
	idleProfile = flag.String("idle.profile", "", "let perf record tailsrv meanwhile, into files in this directory")
)

// maxIdle is what 2,000 streams may cost at most, in percent of one core.
const maxIdle = 2.0

// idleMixes are the representations that streams take in turn.
var idleMixes = []struct {
	name string
	as   []wire.Representation
}{
	{"raw", []wire.Representation{wire.Raw}},
	{"ndjson", []wire.Representation{wire.NDJSON}},
	{"sse", []wire.Representation{wire.SSE}},
	{"frames", []wire.Representation{wire.Frames}},
	{"mixed", representations},
}

// TestIdleCost: streams that have nothing to say cost next to nothing. Heartbeats are
// sent each 15 s, and leases of native streams renewed on second connections that are
// kept, as tailtui does: all of it is in the figure.
func TestIdleCost(t *testing.T) {
	if *idleFor == 0 {
		t.Skip("a measurement: ask for it with -idle.for=60s")
	}
	for _, logs := range []int{1, 100} {
		for _, mix := range idleMixes {
			t.Run(fmt.Sprintf("%s of %d logs", mix.name, logs), func(t *testing.T) {
				c := measureIdle(t, logs, mix.as)
				t.Logf("%d streams for %v: %v", *idleStreams, *idleFor, c)
				if limit := maxIdle * max(1, float64(*idleStreams)/2000); c.user+c.system > limit {
					t.Errorf("%.2f %% of one core, want at most %v", c.user+c.system, limit)
				}
			})
		}
	}
}

// idleCost is what tailsrv used.
type idleCost struct {
	user, system float64 // percent of one core, in the program and in the kernel
	memory       float64 // KiB resident more than before, for each stream
	goroutines   float64 // more than before, for each stream
	heard        int     // bytes that came while it was silent
}

func (c idleCost) String() string {
	return fmt.Sprintf("%.2f %% of one core (user %.2f, system %.2f), %.1f KiB and %.2f goroutines a stream; %d bytes of heartbeats",
		c.user+c.system, c.user, c.system, c.memory, c.goroutines, c.heard)
}

// warming is how long after the last stream the measurement begins: a heartbeat and the
// first renewal of each lease, with its connection, are over then.
const warming = 17 * time.Second

func measureIdle(t *testing.T, logs int, as []wire.Representation) (c idleCost) {
	dir := t.TempDir()
	for i := range logs {
		logFile(t, dir, fmt.Sprintf("%d.log", i), []byte("a line\n"))
	}
	binary, n := binaries.tailsrv, strconv.Itoa(*idleStreams)
	if *idleBinary != "" {
		binary = *idleBinary
	}
	srv := startServer(t, nil, binary, "--listen", "127.0.0.1:0", "--heartbeat", "15s", "--max-streams", n, "--max-streams-per-client", n, dir)
	empty := srv.usage(t)

	ctx, leave := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	defer clients.Wait()
	defer leave()
	heard := make([]int, *idleStreams)
	for i := range *idleStreams {
		cl, err := dialer{}.open(ctx, srv.addrs[0], request{Path: fmt.Sprintf("/%d.log?lines=0", i%logs), As: as[i%len(as)]})
		must(t, err)
		clients.Go(func() {
			n, _ := io.Copy(io.Discard, cl.r)
			heard[i] = int(n)
		})
		clients.Go(func() {
			cl.renewOnOne(ctx)
			cl.Close()
		})
	}

	<-time.After(warming)
	before := srv.usage(t)
	stop := srv.profile(t)
	<-time.After(*idleFor) // the time is what is measured over
	stop()
	after := srv.usage(t)
	leave()
	clients.Wait()
	for _, h := range heard {
		c.heard += h
	}
	percent := func(ticks int) float64 { return float64(ticks) * clockTick.Seconds() / idleFor.Seconds() * 100 }
	c.user, c.system = percent(after.user-before.user), percent(after.system-before.system)
	c.memory = float64(after.memory-empty.memory) / float64(*idleStreams)
	c.goroutines = (after.goroutines - empty.goroutines) / float64(*idleStreams)
	return c
}

// renewOnOne renews the lease, if there is one, until ctx ends, and on one connection
// as tailtui does.
func (c *client) renewOnOne(ctx context.Context) {
	if c.lease == 0 {
		<-ctx.Done()
		return
	}
	kept := http.Client{Transport: &http.Transport{}}
	defer kept.CloseIdleConnections()
	ticker := time.NewTicker(c.lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.RemoteAddr().String()+"/-/streams/"+c.id+"/lease", nil)
		if err != nil {
			return
		}
		if res, err := kept.Do(req); err == nil {
			res.Body.Close() // a 204 has none
		}
	}
}

// clockTick is the unit of times in /proc: USER_HZ, 100 wherever Go runs on Linux.
const clockTick = 10 * time.Millisecond

// usage is what a server has used so far, and what it has.
type usage struct {
	user, system int // clockTicks
	memory       int // KiB resident
	goroutines   float64
}

func (s *tailsrv) usage(t *testing.T) (u usage) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.Process.Pid))
	must(t, err)
	// Fields count from behind the command's name, which may hold blanks.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		must(t, err)
		return n
	}
	u.user, u.system = number(fields[11]), number(fields[12])
	u.memory = number(fields[21]) * os.Getpagesize() / 1024
	_, metrics, err := s.ask(t.Context(), http.MethodGet, "/-/metrics")
	must(t, err)
	found := regexp.MustCompile(`(?m)^go_goroutines (\S+)$`).FindStringSubmatch(metrics)
	if found == nil {
		t.Fatalf("no goroutines in %s", metrics)
	}
	u.goroutines, err = strconv.ParseFloat(found[1], 64)
	must(t, err)
	return u
}

// profile lets perf look at the server until stop is called, if that was asked for.
func (s *tailsrv) profile(t *testing.T) (stop func()) {
	if *idleProfile == "" {
		return func() {}
	}
	name := strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()) + ".perf"
	p := proctest.Start(t, "perf", "record", "-q", "-g", "-o", filepath.Join(*idleProfile, name), "-p", strconv.Itoa(s.Process.Pid))
	return func() {
		p.Signal(t, syscall.SIGINT)
		p.Exit(t)
	}
}
