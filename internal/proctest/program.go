package proctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Program is a started program. Its Cmd was waited for once Exited is closed, and
// not before; nobody else may call Wait.
type Program struct {
	*exec.Cmd
	Out, Log *Output       // its stdout and stderr
	Exited   chan struct{} // closed when it has ended
}

// Environment is that of this process and more, in which a program that is built
// with the race detector ends when it has ended, and not a second later, and at a
// race at once.
func Environment(more ...string) []string {
	return append(append(os.Environ(), "GORACE=halt_on_error=1 atexit_sleep_ms=0"), more...)
}

// Start starts a program in [Environment]. It is killed at the end of t, which
// fails if the program panicked or had a data race.
func Start(t testing.TB, name string, args ...string) *Program {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = Environment()
	p, err := StartCmd(t, cmd, (*exec.Cmd).Start)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// StartCmd does so with cmd, whose Stdout and Stderr it takes, by calling start: a
// namespace is entered around that call. Other goroutines than the test's may call it.
func StartCmd(t testing.TB, cmd *exec.Cmd, start func(*exec.Cmd) error) (*Program, error) {
	p := &Program{Cmd: cmd, Out: NewOutput(), Log: NewOutput(), Exited: make(chan struct{})}
	p.Stdout, p.Stderr = p.Out, p.Log
	if err := start(p.Cmd); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.Exited)
		_ = p.Wait() // ProcessState has it
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill() // it may have ended
		<-p.Exited
		if s := p.Log.String(); strings.Contains(s, "DATA RACE") || strings.Contains(s, "panic:") {
			t.Errorf("%s said:\n%s", filepath.Base(p.Path), s)
		}
	})
	return p, nil
}

// Exit waits for the end and gives the exit code; -1 after a signal. It fails t
// after [Patience].
func (p *Program) Exit(t testing.TB) int {
	t.Helper()
	select {
	case <-p.Exited:
		return p.ProcessState.ExitCode()
	case <-time.After(Patience):
		t.Fatalf("%s did not end; it said:\n%s", p.Path, p.Log)
		return -1
	}
}

// Signal sends sig, or fails t.
func (p *Program) Signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// Build is go build with the flags and packages given, into dir and with the race
// detector if race says so. Packages are named as for go build.
func Build(dir string, race bool, args ...string) error {
	args = append([]string{"build", "-o", dir + string(filepath.Separator)}, args...)
	if race {
		args = slices.Insert(args, 1, "-race")
	}
	build := exec.Command("go", args...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(build.Args, " "), err, out)
	}
	return nil
}
