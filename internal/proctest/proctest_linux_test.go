package proctest_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/proctest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestProgram_isHeardAndEnds: what a program says can be waited for, on both of its
// outputs, and so can its end.
func TestProgram_isHeardAndEnds(t *testing.T) {
	p := proctest.Start(t, "sh", "-c", "echo one; echo two >&2; echo three; exit 7")
	if got := p.Out.AwaitMatch(t, `(\w)\w+\n`, 2); got[1] != "t" {
		t.Errorf("the second match: %q", got)
	}
	p.Log.Await(t, "a word on stderr", func(s string) bool { return s == "two\n" })
	if code := p.Exit(t); code != 7 {
		t.Errorf("exit code %d", code)
	}
	if rest, _ := p.Out.From(4); rest != "three\n" {
		t.Errorf("after the first line: %q", rest)
	}
}

// TestProgram_isKilledWithTheTest: nothing is left of a program that would go on, also
// if it was stopped.
func TestProgram_isKilledWithTheTest(t *testing.T) {
	var p *proctest.Program
	t.Run("test", func(t *testing.T) {
		p = proctest.Start(t, "sleep", "3600")
		p.Signal(t, syscall.SIGSTOP)
	})
	<-p.Exited
	if status := p.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("ended with %v", p.ProcessState)
	}
}

// TestBuild_saysWhatIsWrong: an error has the command and what it said.
func TestBuild_saysWhatIsWrong(t *testing.T) {
	err := proctest.Build(t.TempDir(), false, "./nothing")
	if err == nil || !strings.Contains(err.Error(), "go build -o ") || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("%v", err)
	}
}
