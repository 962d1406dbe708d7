package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/proctest"
)

// The soak: writers write logs and rotate them, clients of all kinds follow them and
// come and go, and the server is killed again and again. What the clients took is held
// against what the writers wrote, while it comes. The long run is
//
//	go test ./cmd/tailtui -run TestSoak -v -timeout 60m -soak.rotations 10000 -soak.kills 1000
var (
	soakRotations = flag.Int("soak.rotations", 30, "how often each log is rotated in the soak")
	soakKills     = flag.Int("soak.kills", 12, "how often the server is killed in the soak")
	soakSeed      = flag.Uint64("soak.seed", 0, "what the soak's choices come from; 0 picks one")
	soakKeep      = flag.String("soak.keep", "", "make the soak's files in this directory, and leave them there")
	soakOnly      = flag.String("soak.only", "", "only the log of this name")
)

// habits are those of the writers of one run.
func habits() []habit {
	return []habit{
		{name: "create.log"},
		{name: "copy.log", copies: true},
		{name: "dated.log", naming: dated, header: true},
		{name: "inner.log", naming: innermost, keeps: true},
		{name: "datedcopy.log", naming: dated, copies: true, header: true},
		{name: "between.log", copies: true, between: true},
		{name: "forget.log", forgets: true},
	}
}

// TestSoak_nothingLostUnderSIGKILL: whatever dies, and whenever, each line reaches each
// client once and in order, and a gap is told where a file was deleted unread, and only there.
func TestSoak_nothingLostUnderSIGKILL(t *testing.T) {
	t.Parallel()
	seed := seedOfSoak(t)
	run := newSoak(t, seed)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	run.fail = cancel
	run.lives.start(t)
	run.begin(ctx)
	defer run.finish()
	run.killAgainAndAgain(ctx)
	run.end(ctx)
	if err := context.Cause(ctx); err != nil {
		t.Errorf("-soak.seed=%d: %v\n%s", seed, err, report(err))
	}
	run.finish()
	run.lives.givesBack(t, run.dir)
	t.Log(run.progress())
}

// seedOfSoak is the seed asked for, or one that is told.
func seedOfSoak(t *testing.T) uint64 {
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-soak.seed=%d", seed)
	return seed
}

// soakRun is one run of the soak.
type soakRun struct {
	t       *testing.T
	dir     string
	rng     *rand.Rand
	lives   *lives
	fail    context.CancelCauseFunc
	writers []*writer
	clients []*watcher
	began   time.Time

	stopWriting, stopReading context.CancelFunc
	writing, reading         sync.WaitGroup
}

// soakDir is where the logs are.
func soakDir(t *testing.T) string {
	t.Helper()
	if *soakKeep == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(*soakKeep, "soak-")
	if err != nil {
		t.Fatal(err)
	}
	t.Log("the files stay in", dir)
	return dir
}

func newSoak(t *testing.T, seed uint64) *soakRun {
	r := &soakRun{t: t, dir: soakDir(t), rng: rand.New(rand.NewPCG(seed, 0)), began: time.Now()}
	r.lives = newLives(r.dir, rand.New(rand.NewPCG(seed, 1)))
	for i, h := range habits() {
		if *soakOnly != "" && h.name != *soakOnly {
			continue
		}
		w := &writer{
			habit: h, dir: r.dir, led: newLedger(h.name, seed), rng: rand.New(rand.NewPCG(seed, uint64(100+i))),
		}
		if h.header {
			w.led.header = "#Version: 1.0 of a header that is longer than what a cursor has a hash of"
		}
		r.writers = append(r.writers, w)
		for j, kind := range kinds() {
			if i >= 2 && j != i%len(kinds()) && *soakOnly == "" {
				continue // one client is enough for this log
			}
			r.clients = append(r.clients, &watcher{
				witness: newWitness(kind.name+" of "+h.name, w.led), log: h.name, stay: kind.stay, strict: !h.forgets && !h.between,
				rng: rand.New(rand.NewPCG(seed, uint64(1000*i+j))), lives: r.lives,
			})
			w.witnesses = append(w.witnesses, r.clients[len(r.clients)-1].witness)
		}
	}
	return r
}

// begin makes the logs, gives each client its first cursor, and starts all of them.
func (r *soakRun) begin(ctx context.Context) {
	writing, stopWriting := context.WithCancel(ctx)
	reading, stopReading := context.WithCancel(ctx)
	r.stopWriting, r.stopReading = stopWriting, stopReading
	for _, w := range r.writers {
		if err := w.create(); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, c := range r.clients {
		c.arrive(r.t)
		r.reading.Go(func() {
			if err := c.watch(reading); err != nil && reading.Err() == nil {
				r.fail(&soakError{err, c})
			}
		})
	}
	for _, w := range r.writers {
		r.writing.Go(func() {
			if err := w.write(writing); err != nil {
				r.fail(fmt.Errorf("the writer of %s: %w", w.name, err))
			}
		})
	}
}

// soakError is what a client objects to.
type soakError struct {
	err error
	who *watcher
}

func (e *soakError) Error() string { return e.err.Error() }

// killAgainAndAgain kills the server and starts it again until there were enough
// kills and rotations.
func (r *soakRun) killAgainAndAgain(ctx context.Context) {
	const every = 10 * time.Second
	told := time.Now()
	for ctx.Err() == nil && !(r.lives.count() > *soakKills && r.rotations() >= *soakRotations) {
		if (r.lives.count()-1)**soakRotations > r.rotations()**soakKills { // more kills than are due: a long life
			linger(ctx, time.Duration(r.rng.Int64N(int64(time.Second))))
		}
		r.lives.live(ctx)
		r.lives.kill(r.t)
		if r.rng.IntN(3) != 0 {
			linger(ctx, time.Duration(r.rng.Int64N(int64(150*time.Millisecond))))
		}
		r.lives.start(r.t)
		if time.Since(told) > every {
			told = time.Now()
			r.t.Log(r.progress())
		}
	}
}

// rotations is how often the log was rotated that was rotated least.
func (r *soakRun) rotations() int {
	least := int64(1 << 60)
	for _, w := range r.writers {
		least = min(least, w.rotations.Load())
	}
	return int(least)
}

// end lets the writers stop and the clients take what is left.
func (r *soakRun) end(ctx context.Context) {
	r.stopWriting()
	r.writing.Wait()
	if err := awaitAll(ctx, r.clients); err != nil {
		r.fail(err)
	}
}

// awaitAll waits until every client has taken everything.
func awaitAll(ctx context.Context, clients []*watcher) error {
	late := time.NewTimer(proctest.Patience)
	defer late.Stop()
	for {
		var missing error
		for _, c := range clients {
			if err := c.complete(); err != nil {
				missing = &soakError{err, c}
			}
		}
		if missing == nil {
			return nil
		}
		select {
		case <-late.C:
			return missing
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil // for another reason
		}
	}
}

// finish lets the clients go.
func (r *soakRun) finish() {
	r.stopWriting()
	r.stopReading()
	r.writing.Wait()
	r.reading.Wait()
}

// progress is how far the run is.
func (r *soakRun) progress() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %d kills, at most %d descriptors", time.Since(r.began).Round(time.Second), r.lives.count()-1, r.lives.most)
	for _, w := range r.writers {
		fmt.Fprintf(&b, "\n  %-13s %6d rotations, %8d lines, %5.1f MB, %d unread", w.name, w.rotations.Load(), w.led.length(), float64(w.led.bytes())/1e6, w.unread())
	}
	for _, c := range r.clients {
		fmt.Fprintf(&b, "\n  %-22s %s", c.name, c.told())
	}
	return b.String()
}

// report is everything that there is to know about a failure.
func report(err error) string {
	var of *soakError
	if !errors.As(err, &of) {
		return ""
	}
	c := of.who
	about := c.about()
	var b strings.Builder
	fmt.Fprintf(&b, "the writer of %s, about line %d:\n%s", c.log, about, c.led.around(about))
	fmt.Fprintf(&b, "the client:\n%s", c.witness.around(about))
	fmt.Fprintf(&b, "the server:\n%s", c.lives.lately())
	fmt.Fprintf(&b, "the files:\n%s", listing(filepath.Dir(filepath.Join(c.lives.dir, c.log))))
	return b.String()
}

// listing shows the files of a directory as a follower sees them.
func listing(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, e := range entries {
		var st unix.Statx_t
		if err := unix.Statx(unix.AT_FDCWD, filepath.Join(dir, e.Name()), 0, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st); err != nil {
			continue
		}
		fmt.Fprintf(&b, "  %-40s inode %d, %d bytes, born %s\n", e.Name(), st.Ino, st.Size, time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).Format(stamp))
	}
	return b.String()
}
