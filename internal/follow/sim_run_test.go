//go:build linux

package follow

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// simulation is one program being run.
type simulation struct {
	*model
	total *tally
	trace func(format string, args ...any)
	logs  *Logs
	root  string
	few   []*Follower // of other logs, that leave few files for this one
	limit bool        // there are such
	mu    sync.Mutex  // held by who simulates, but for the time in which the followers do something

	witnesses []*witness
	queue     []op     // of the writer, to be done inside file operations
	steps     []func() // the rest of the operation that is being done
	wait      int      // operations on files until the next step

	failure string
}

// simulate runs a program and says what went wrong.
func simulate(t *testing.T, p *program, total *tally, limit, verbose bool) (why string) {
	now := time.Now()
	dir, err := os.MkdirTemp(*simDir, "simulation")
	must(t, err)
	defer os.RemoveAll(dir)
	if limit {
		defer os.RemoveAll(dir + otherLogs)
		must(t, os.Mkdir(dir+otherLogs, 0o755))
		for i := range 3 {
			must(t, os.WriteFile(fmt.Sprintf("%s%s/%d", dir, otherLogs, i), nil, 0o644))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		// File times are of the real clock: the fake one begins after it.
		time.Sleep(time.Until(time.Unix(0, now.UnixNano()).Add(time.Second)))
		begin := time.Now()
		s := &simulation{model: newModel(dir, p), total: total, root: dir, limit: limit}
		s.trace = func(string, ...any) {}
		if verbose {
			s.trace = func(format string, args ...any) {
				t.Logf("%-12s "+format, append([]any{time.Since(begin)}, args...)...)
			}
		}
		s.witnesses = []*witness{
			{simulation: s, name: "first", eager: true},
			{simulation: s, name: "slow"},
			{simulation: s, name: "visitor"},
		}
		s.mu.Lock()
		s.run()
		s.mu.Unlock()
		why = s.failure
		if why != "" {
			why += "\n" + s.describe()
		}
	})
	total.programs++
	return why
}

func (s *simulation) run() {
	defer s.model.close()
	s.open()
	defer func() {
		s.close()
		if left, _, _ := s.heldFiles(); s.failure == "" && left > 0 {
			s.fail("%d descriptors are left when all is closed", left)
		}
	}()
	for _, w := range s.witnesses {
		s.begin(w, false)
	}
	for _, o := range s.program.ops {
		s.total.ops++
		s.do(o)
		if s.failure != "" {
			return
		}
	}
	s.flush()
	s.finish()
}

func (s *simulation) fail(format string, args ...any) {
	if s.failure == "" {
		s.failure = fmt.Sprintf(format, args...)
		s.trace("FAILED: %s", s.failure)
	}
}

// let lets the followers do something, and waits until all of them have done what came of it.
func (s *simulation) let(do func()) {
	s.mu.Unlock()
	defer s.mu.Lock()
	do()
	synctest.Wait()
}

// open opens the logs.
func (s *simulation) open() {
	roots, opt := []Root{{Path: s.root}}, Options{NoWatch: true}
	if s.limit {
		opt.MaxFiles = MinFiles
		roots = append(roots, Root{Name: otherLogs, Path: s.root + otherLogs})
	}
	l, err := Open(roots, opt)
	if err != nil {
		s.fail("open: %v", err)
		return
	}
	s.logs = l
	l.roots[slices.IndexFunc(l.roots, func(r *root) bool { return r.name == "" })].before = s.before
	if s.limit {
		s.let(s.followOthers)
	}
}

// followOthers follows up to three other logs: with as many as that, no file may be kept open
// but each log's current one.
func (s *simulation) followOthers() {
	for i := range len(s.program.ops) % 4 {
		f, err := s.logs.Follow(context.Background(), fmt.Sprintf("%s/%d", otherLogs, i), Start{})
		if err != nil {
			s.fail("%v", err)
			return
		}
		s.few = append(s.few, f)
	}
}

// otherLogs is added to the directory of the simulated log, and the name of their root.
const otherLogs = "-others"

func (s *simulation) close() {
	for _, w := range s.witnesses {
		w.end()
	}
	var err error
	s.let(func() {
		for _, f := range s.few {
			f.Close()
		}
		s.few = nil
		err = s.logs.Close()
	})
	if err != nil {
		s.fail("close: %v", err)
	}
}

// before runs the writer inside the followers' file operations. Only one goroutine does
// such operations at any moment: the one that simulates waits for the others.
func (s *simulation) before() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 && len(s.steps) == 0 {
		return
	}
	if s.wait--; s.wait > 0 {
		return
	}
	s.advance()
}

// advance does the writer's next step.
func (s *simulation) advance() {
	if len(s.steps) == 0 {
		o := s.queue[0]
		s.queue = s.queue[1:]
		s.steps = s.model.steps(o)
		s.trace("inside: %s", o)
	}
	if len(s.steps) > 0 {
		do := s.steps[0]
		s.steps = s.steps[1:]
		do()
	}
	switch {
	case len(s.steps) > 0:
		s.wait = 1 + len(s.steps)%3
	case len(s.queue) > 0:
		s.wait = s.queue[0].after
	}
}

// flush does at once what the writer has not come to.
func (s *simulation) flush() {
	for len(s.queue) > 0 || len(s.steps) > 0 {
		s.advance()
	}
}

func (s *simulation) do(o op) {
	switch {
	case o.after > 0:
		if len(s.queue) == 0 && len(s.steps) == 0 {
			s.wait = o.after
		}
		s.queue = append(s.queue, o)
		return
	case !o.ofTheFollowers():
		s.flush()
		s.trace("%s", o)
		s.queue = append(s.queue, o)
		s.flush()
		if s.model.err != nil {
			s.fail("%v", s.model.err)
		}
		return
	}
	s.trace("%s", o)
	first, slow, visitor := s.witnesses[0], s.witnesses[1], s.witnesses[2]
	s.begin(first, false)
	s.begin(slow, false)
	switch o.verb {
	case "sleep":
		until := time.Now().Add(time.Duration(o.n) * time.Microsecond)
		first.pump(-1, until)
		s.let(func() { time.Sleep(time.Until(until)) })
	case "read":
		first.pump(-1, time.Time{})
	case "slow":
		slow.pump(o.n, time.Time{})
	case "visit":
		s.total.visits++
		s.begin(visitor, false)
		visitor.cut = o.cut
		visitor.pump(o.n, time.Time{})
	case "leave":
		visitor.end()
	case "restart":
		s.total.restarts++
		was := visitor.f != nil
		s.close()
		s.open()
		for _, w := range s.witnesses {
			if w != visitor || was {
				s.begin(w, o.n == 1)
			}
		}
	}
}

// finish lets all followers come to the end, and looks whether they did.
func (s *simulation) finish() {
	for _, w := range s.witnesses {
		s.begin(w, false)
		w.pump(-1, time.Now().Add(20*time.Second))
	}
	// The first ones wait for what only a look can give them.
	for _, w := range s.witnesses {
		w.pump(-1, time.Now().Add(2*defaultGrace))
	}
	if s.failure != "" {
		return
	}
	for _, w := range s.witnesses {
		if w.f != nil {
			w.finish()
		}
	}
	s.model.close()
	if all, files, gone := s.heldFiles(); s.failure == "" && (files > 1 || gone > 0) {
		s.fail("%d files and %d descriptors in all are held when all is quiet, %d of them deleted", files, all, gone)
	}
	s.total.steps += s.moves
	s.total.written += s.written
}

// heldFiles counts the descriptors below the simulation's directory, those of them that are no
// directories, and those that have no name any more.
func (s *simulation) heldFiles() (all, files, gone int) {
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		to, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || to != s.root && !strings.HasPrefix(to, s.root+"/") {
			continue
		}
		if info, err := os.Stat("/proc/self/fd/" + fd.Name()); err == nil && info.Mode().IsRegular() {
			files++
		}
		all++
		if strings.HasSuffix(to, " (deleted)") {
			gone++
		}
	}
	return all, files, gone
}
