package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var logrotations = flag.Int("soak.logrotations", 2, "how often logrotate itself rotates each log")

// scheme is a way to configure logrotate.
type scheme struct {
	name       string
	directives string
	owes       fate // of all lines
	during     fate // of lines that are written while logrotate runs
	quiet      bool // none are written while it runs
	inPlace    bool // the log stays the same file
	olddir     bool
	second     bool // its names have whole seconds: one rotation in each
}

// schemes are those that people use. What is owed is said of a client, and a server,
// that are away for any number of rotations.
func schemes() []scheme {
	return []scheme{
		{name: "create", directives: "create"},
		{name: "nocreate", directives: "nocreate"},
		{name: "dateext", directives: "create\ndateext\ndateformat -%Y%m%d-%s", second: true},
		{name: "dateext-extension", directives: "create\ndateext\ndateformat -%Y%m%d-%s\nextension .log", second: true},
		{name: "delaycompress", directives: "create\ncompress\ndelaycompress", owes: told},
		{name: "compress", directives: "create\ncompress", owes: told, quiet: true},
		{name: "copytruncate", directives: "copytruncate", quiet: true, inPlace: true},
		{name: "copytruncate-busy", directives: "copytruncate", during: free, inPlace: true},
		{name: "copytruncate-dateext", directives: "copytruncate\ndateext\ndateformat -%Y%m%d-%s", quiet: true, inPlace: true, second: true},
		{name: "copytruncate-compress", directives: "copytruncate\ncompress", owes: told, quiet: true, inPlace: true},
		{name: "rotate-1", directives: "create\nrotate 1", owes: told},
		{name: "olddir", directives: "create\nolddir old", owes: told, olddir: true},
	}
}

// TestLogrotate_losesNothingUntold: logrotate itself rotates, the server is killed
// meanwhile, and nothing is lost or doubled, or a gap is told, whatever the scheme.
func TestLogrotate_losesNothingUntold(t *testing.T) {
	if _, err := exec.LookPath("logrotate"); err != nil {
		t.Skip("logrotate is not installed")
	}
	t.Parallel()
	seed := seedOfSoak(t)
	ctx, fail := context.WithCancelCause(t.Context())
	defer fail(nil)
	life := newLives(soakDir(t), rand.New(rand.NewPCG(seed, 1)))
	life.start(t)
	reading, stopReading := context.WithCancel(ctx)
	var writing, watching sync.WaitGroup
	defer watching.Wait()
	defer stopReading()
	var rotators []*rotator
	var clients []*watcher
	for i, s := range schemes() {
		r := newRotator(t, s, life.dir, seed, uint64(100+i))
		rotators = append(rotators, r)
		clients = append(clients, r.watcher(t, life, kinds()[i%len(kinds())], rand.New(rand.NewPCG(seed, uint64(1000+i)))))
	}
	for i, r := range rotators {
		watching.Go(func() {
			if err := clients[i].watch(reading); err != nil && reading.Err() == nil {
				fail(&soakError{err, clients[i]})
			}
		})
		writing.Go(func() {
			if err := r.run(ctx, *logrotations); err != nil {
				fail(fmt.Errorf("%s: %w", r.scheme.name, err))
			}
		})
	}
	killUntil(ctx, t, life, rand.New(rand.NewPCG(seed, 2)), &writing)
	if err := awaitAll(ctx, clients); err != nil {
		fail(err)
	}
	if err := context.Cause(ctx); err != nil {
		t.Errorf("-soak.seed=%d: %v\n%s", seed, err, report(err))
	}
	t.Logf("%d kills\n%s", life.count()-1, table(rotators, clients))
}

// killUntil kills the server and starts it again until the writers are done.
func killUntil(ctx context.Context, t *testing.T, life *lives, rng *rand.Rand, writing *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		writing.Wait()
	}()
	for {
		life.live(ctx)
		select {
		case <-done:
			return
		default:
		}
		life.kill(t)
		linger(ctx, time.Duration(rng.Int64N(int64(150*time.Millisecond))))
		life.start(t)
	}
}

// rotator is a writer whose log is rotated by logrotate.
type rotator struct {
	scheme scheme
	path   string // of the log
	conf   string
	state  string
	led    *ledger
	rng    *rand.Rand
	file   *os.File
	gen    int
}

func newRotator(t *testing.T, s scheme, dir string, seed, stream uint64) *rotator {
	t.Helper()
	aside := t.TempDir()
	r := &rotator{
		scheme: s, path: filepath.Join(dir, s.name, "app.log"), conf: filepath.Join(aside, "conf"), state: filepath.Join(aside, "state"),
		led: newLedger("app.log", seed), rng: rand.New(rand.NewPCG(seed, stream)),
	}
	if err := os.Mkdir(filepath.Dir(r.path), 0o755); err != nil {
		t.Fatal(err)
	}
	if s.olddir {
		if err := os.Mkdir(filepath.Join(dir, s.name, "old"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf := fmt.Sprintf("%s {\nrotate 5000\nmissingok\n%s\n}\n", r.path, s.directives)
	if err := os.WriteFile(r.conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	if s.owes == told {
		r.led.gone = 1 << 30
	}
	if err := r.reopen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.file.Close() })
	return r
}

// watcher is the one client of the log.
func (r *rotator) watcher(t *testing.T, life *lives, k kind, rng *rand.Rand) *watcher {
	t.Helper()
	w := &watcher{
		witness: newWitness(k.name+" of "+r.scheme.name, r.led), log: r.scheme.name + "/app.log", stay: k.stay, lives: life,
		strict: r.scheme.owes == owed && r.scheme.during == owed, rng: rng,
	}
	w.arrive(t)
	return w
}

// reopen is what a writer does when it is told that its log was rotated.
func (r *rotator) reopen() error {
	f, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if r.file != nil {
		r.file.Close()
	}
	r.file = f
	return nil
}

// run writes and has the log rotated n times.
func (r *rotator) run(ctx context.Context, n int) error {
	for range n {
		until := time.After(r.pace())
		for waiting := true; waiting && ctx.Err() == nil; {
			if err := r.burst(r.scheme.owes); err != nil {
				return err
			}
			linger(ctx, time.Duration(r.rng.Int64N(int64(8*time.Millisecond))))
			select {
			case <-until:
				waiting = false
			default:
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := r.rotate(ctx); err != nil {
			return err
		}
	}
	// What is written last is in a file that stays.
	return r.burst(owed)
}

// pace is the time to the next rotation.
func (r *rotator) pace() time.Duration {
	if r.scheme.second {
		return 1100 * time.Millisecond
	}
	return time.Duration(r.rng.Int64N(int64(120 * time.Millisecond)))
}

// burst writes a few lines.
func (r *rotator) burst(f fate) error {
	for range 1 + r.rng.IntN(8) {
		if _, err := io.WriteString(r.file, r.led.add(r.gen, f, false)); err != nil {
			return err
		}
	}
	return nil
}

// rotate runs logrotate, and unless the scheme forbids it goes on writing meanwhile.
func (r *rotator) rotate(ctx context.Context) error {
	r.led.note("logrotate begins")
	cmd := exec.CommandContext(ctx, "logrotate", "-f", "-s", r.state, r.conf)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var err error
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(time.Millisecond):
			if !r.scheme.quiet {
				if err := r.burst(max(r.scheme.owes, r.scheme.during)); err != nil {
					return err
				}
			}
		}
	}
	if err != nil || said.Len() > 0 {
		return fmt.Errorf("logrotate: %v: %s", err, &said)
	}
	r.gen++
	r.led.note("logrotate ends, generation %d begins", r.gen)
	if r.scheme.inPlace {
		return nil
	}
	return r.reopen()
}

// table is what each scheme gave, for people.
func table(rotators []*rotator, clients []*watcher) string {
	var b strings.Builder
	b.WriteString("| scheme | rotations | lines | streams | lost | gaps told | met |\n|---|---|---|---|---|---|---|\n")
	for i, r := range rotators {
		t := clients[i].tallied()
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %v |\n", r.scheme.name, r.gen, r.led.length(), t.streams, t.missing, t.gaps, t.met)
	}
	return b.String()
}
