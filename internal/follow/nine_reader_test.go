package follow

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var nineSeeds = flag.Int("nine.seeds", 20, "how many seeds each of the nine cases is played with")

// reader is who reads a log while a player plays.
type reader interface {
	freeze()
	thaw()
	await(ok func(c *collector) bool) // returns also when that does not come
}

// taken is what a reader has had so far.
type taken struct {
	patience time.Duration
	sure     bool // what did not come once is not waited for again

	mu      sync.Mutex
	c       *collector
	changed chan struct{} // closed and replaced with each event
}

func newTaken(patience time.Duration) taken {
	return taken{patience: patience, c: newCollector(), changed: make(chan struct{})}
}

func (r *taken) take(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.c.take(e)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *taken) await(ok func(c *collector) bool) {
	late := time.After(r.patience)
	for {
		r.mu.Lock()
		done, changed := ok(r.c), r.changed
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-late:
			if r.sure {
				r.patience = 0
			}
			return
		}
	}
}

// inProcess is a follower in this process, and a goroutine that reads it.
type inProcess struct {
	taken
	f       *Follower
	running chan struct{} // holds one token, that a frozen reader has not
	end     context.CancelFunc
	ended   chan struct{}
}

func newInProcess(t testing.TB, l *Logs, name string) *inProcess {
	ctx, cancel := context.WithCancel(context.Background())
	// Half a minute: machines that many tests share stand still for longer than patience.
	r := &inProcess{taken: newTaken(30 * time.Second), end: cancel, ended: make(chan struct{}), running: make(chan struct{}, 1)}
	r.sure = true
	r.running <- struct{}{}
	r.f = follow(t, l, name, Start{From: FromStart})
	go func() {
		defer close(r.ended)
		for {
			r.running <- <-r.running
			e, err := r.f.Next(ctx)
			if err != nil {
				return
			}
			r.take(e)
		}
	}()
	return r
}

// freeze keeps all that the reader has from running, as a stopped process is kept from
// it: the hub looks at nothing, and nobody asks the follower. One Next may be under way.
func (r *inProcess) freeze() {
	<-r.running
	r.f.hub.looking.Lock()
}

func (r *inProcess) thaw() {
	r.f.hub.looking.Unlock()
	r.running <- struct{}{}
}

// stop ends the reader and gives all that it had.
func (r *inProcess) stop() *collector {
	r.end()
	<-r.ended
	r.f.Close()
	return r.c
}

// Nine ways to rotate, twenty seeds each, with hints and by polling alone: no line is lost,
// doubled or torn, and each thing that happened to the log is told.
func TestFollower_losesNothingInTheNineCases(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for _, c := range nineCases() { // all at once: what they do most is wait
		wg.Go(func() { t.Run(c.name, c.test) })
	}
	wg.Wait()
}

func (c nineCase) test(t *testing.T) {
	dir, watched := openDir(t, Options{})
	var wg sync.WaitGroup
	for seed := range uint64(*nineSeeds) {
		sub := fmt.Sprintf("seed-%02d", seed)
		must(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
		p := newPlayer(t, c, filepath.Join(dir, sub), seed)
		polled := openLogs(t, Options{NoWatch: true, Poll: c.poll(seed)}, Root{Path: filepath.Join(dir, sub)})
		ours := map[string]*inProcess{
			"watched": newInProcess(t, watched, sub+"/app.log"),
			"polled":  newInProcess(t, polled, "app.log"),
		}
		for _, r := range ours {
			p.readers = append(p.readers, r)
		}
		wg.Go(func() {
			p.play(c)
			for how, r := range ours {
				if why := c.wrong(r.stop(), p.line); why != "" {
					t.Errorf("seed %d, %s: %s", seed, how, why)
				}
			}
		})
	}
	if h := watched.Health(); inotifyUsedUp() && (h.Watching != "polling" || len(h.Notes) == 0) {
		t.Errorf("no inotify is left, and health says %+v", h)
	}
	wg.Wait()
}

// poll is how often a reader looks that has no hints: up to the default, a second, in
// which some cases are over.
func (c nineCase) poll(seed uint64) time.Duration {
	polls := []time.Duration{5 * time.Millisecond, 40 * time.Millisecond, 200 * time.Millisecond, defaultPoll}
	if c.brief {
		polls = polls[:3]
	}
	return polls[seed%uint64(len(polls))]
}

// wrong says what is wrong with what a follower told of the case in which n lines were
// written, "" if nothing is.
func (c nineCase) wrong(got *collector, n int) string {
	told := got.kinds
	want := map[Kind]int{Rotated: c.rotated * c.turns, Truncated: c.truncated * c.turns}
	// What is late ends with another Rotated; a log that was seen without a file appears.
	have := map[Kind]int{Rotated: told[Rotated] - told[Late] + told[Appeared], Truncated: told[Truncated]}
	gaps := 0
	if c.gone {
		gaps, got.kinds[Gap] = told[Gap], 0
	}
	if why := got.report(n); why != "" {
		return why
	}
	for kind, times := range want {
		if have[kind] != times {
			return fmt.Sprintf("%s is told %d times instead of %d; events %v", kind, have[kind], times, told)
		}
	}
	if gaps > c.turns || told[Denied]+told[Hole] > 0 {
		return fmt.Sprintf("told without a reason; %d gaps, events %v", gaps, told)
	}
	return ""
}
