//go:build linux

package follow

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

var (
	simSeed     = flag.Uint64("sim.seed", 0, "simulate the program of this seed only")
	simSeeds    = flag.Uint64("sim.seeds", 0, "simulate the programs of so many seeds")
	simFrom     = flag.Uint64("sim.from", 1, "begin the seeds of -sim.seeds and -sim.duration here")
	simDuration = flag.Duration("sim.duration", 0, "simulate for so long, with ever new seeds after -sim.seeds")
	simProgram  = flag.String("sim.program", "", "simulate the program in this file")
	simFirst    = flag.Bool("sim.first", false, "end with the first program that fails, and look for no shorter one")
	simFiles    = flag.Bool("sim.files", false, "so few files may be open that hardly any is kept but the current one")
	simDir      = flag.String("sim.dir", "", "make the logs below this directory")
)

// A writer does whatever writers and rotators do, in the order of a random program, also
// between any two file operations of those who follow. Each of three followers gives every
// byte once and in order, and tells what cannot be had: one that always reads, one that is
// slow, and one that goes and comes back with its cursor. The clock is fake, the files are
// real. A program is the same at each run of its seed, with two exceptions: whether files
// of a program without ticks are born in the same tick of the kernel's clock, and the order
// in which a select takes what is ready at once.
//
//	go test ./internal/follow -run TestSimulation -sim.seed=N -v
//	go test ./internal/follow -run TestSimulation -sim.duration=1h -sim.seeds=1000 -timeout=2h -v
func TestSimulation(t *testing.T) {
	var total tally
	switch {
	case *simProgram != "":
		text, err := os.ReadFile(*simProgram)
		must(t, err)
		p, err := parseProgram(string(text))
		must(t, err)
		if why := simulate(t, p, &total, *simFiles, testing.Verbose()); why != "" {
			t.Error(why)
		}
		return
	case *simSeed != 0:
		simulateSeed(t, *simSeed, &total, testing.Verbose())
	case *simSeeds > 0 || *simDuration > 0:
		simulateLong(t, &total)
	default:
		for seed := range uint64(24) {
			simulateSeed(t, seed+1, &total, false)
		}
		*simFiles = true
		for seed := range uint64(12) {
			simulateSeed(t, seed+1, &total, false)
		}
		*simFiles = false
	}
	t.Log(&total)
}

// simulateLong runs programs until both flags are satisfied, and tells each minute how far
// it has come.
func simulateLong(t *testing.T, total *tally) {
	begin := time.Now()
	told := begin
	violations := 0
	for seed := *simFrom; seed < *simFrom+*simSeeds || time.Since(begin) < *simDuration; seed++ {
		if !simulateSeed(t, seed, total, false) {
			if violations++; violations == 20 || *simFirst {
				break
			}
		}
		if time.Since(told) >= time.Minute {
			told = time.Now()
			fmt.Printf("%s: %s, %d violations\n", time.Since(begin).Round(time.Second), total, violations)
		}
	}
}

// simulateSeed runs the program of a seed, and looks for a shorter one if that fails.
func simulateSeed(t *testing.T, seed uint64, total *tally, trace bool) bool {
	p := newProgram(seed)
	why := simulate(t, p, total, *simFiles, trace)
	if why == "" {
		return true
	}
	if *simFirst {
		t.Errorf("seed %d: %s", seed, why)
		return false
	}
	small, whySmall := shrink(t, p, why)
	t.Errorf("seed %d: %s\n\nthe shortest program that fails, of %d operations from %d, replayed with -sim.program=FILE:\n\n%s\nto replay: go test ./internal/follow -run 'TestSimulation$' -sim.seed=%d -v",
		seed, whySmall, len(small.ops), len(p.ops), small, seed)
	return false
}

// shrink leaves operations out as long as the program fails all the same.
func shrink(t *testing.T, p *program, why string) (*program, string) {
	for size := len(p.ops) / 2; size > 0; {
		shorter := false
		for from := p.needed(); from < len(p.ops); {
			try := *p
			try.ops = slices.Delete(slices.Clone(p.ops), from, min(from+size, len(p.ops)))
			if w := simulate(t, &try, &tally{}, *simFiles, false); w != "" {
				p, why, shorter = &try, w, true
			} else {
				from += size
			}
		}
		if !shorter || size > 1 {
			size /= 2
		}
	}
	return p, why
}

// tally counts what simulations did.
type tally struct {
	programs, ops, steps, visits, restarts int
	written, read                          int64
	lates, gaps, unsure, unknown           int
}

func (n *tally) String() string {
	return fmt.Sprintf("%d programs, %d operations, %d rotations and truncations, %d visits, %d restarts, %d MB written, %d MB read, %d late, %d gaps told, %d of them unproven, %d runs without a trace",
		n.programs, n.ops, n.steps, n.visits, n.restarts, n.written>>20, n.read>>20, n.lates, n.gaps, n.unsure, n.unknown)
}
