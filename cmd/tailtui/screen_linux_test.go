package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// terminal is tailtui in a pseudo-terminal with an emulator behind it.
type terminal struct {
	cmd    *exec.Cmd
	pty    *os.File
	screen *proctest.Output // the text of the screen after each read, one screen a write
	stderr *proctest.Output
	exited chan struct{}
	read   sync.WaitGroup
}

const (
	columns, rows = 120, 20
	// A deaf terminal is so large that a few frames fill all that the kernel
	// keeps for it, 64 KiB and more.
	deafColumns, deafRows = 400, 150
)

// startTerminal runs tailtui on a pseudo-terminal, as a shell does but for stderr.
func startTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	x := newTerminal(args...)
	x.cmd.Stderr = x.stderr
	x.start(t, nil)
	return x
}

// startDeafTerminal runs tailtui on a pseudo-terminal, stderr and all, that
// nobody reads any more once it shows LIVE, until deaf is closed.
func startDeafTerminal(t *testing.T, deaf <-chan struct{}, args ...string) *terminal {
	t.Helper()
	x := newTerminal(args...)
	x.start(t, deaf)
	return x
}

func newTerminal(args ...string) *terminal {
	x := &terminal{cmd: exec.Command(binaries.tailtui, args...), screen: proctest.NewOutput(), stderr: proctest.NewOutput(), exited: make(chan struct{})}
	x.cmd.Env = proctest.Environment("TERM=xterm-256color", "NO_COLOR=1")
	return x
}

func (x *terminal) start(t *testing.T, deaf <-chan struct{}) {
	t.Helper()
	width, height := columns, rows
	if deaf != nil {
		width, height = deafColumns, deafRows
	}
	var err error
	x.pty, err = pty.StartWithSize(x.cmd, &pty.Winsize{Rows: uint16(height), Cols: uint16(width)})
	if err != nil {
		t.Fatal(err)
	}
	emulator := vt.NewEmulator(width, height)
	answers := make(chan struct{})
	go func() { // what the emulator answers to queries
		defer close(answers)
		io.Copy(x.pty, emulator)
	}()
	x.read.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := x.pty.Read(buf)
			if err != nil {
				return
			}
			emulator.Write(buf[:n])
			fmt.Fprintf(x.screen, "\f%s", emulator.String())
			if deaf != nil && strings.Contains(emulator.String(), "LIVE") {
				<-deaf
			}
		}
	})
	go func() {
		x.cmd.Wait()
		close(x.exited)
	}()
	t.Cleanup(func() {
		x.cmd.Process.Kill()
		<-x.exited
		x.pty.Close()
		x.read.Wait()
		emulator.InputPipe().(io.Closer).Close() // Close itself races with Read
		<-answers
	})
}

// shows blocks until the newest screen has s, and gives that screen.
func (x *terminal) shows(t *testing.T, s string) string {
	t.Helper()
	last := func(all string) string { return all[strings.LastIndexByte(all, '\f')+1:] }
	return last(x.screen.Await(t, "a screen with "+s, func(all string) bool { return strings.Contains(last(all), s) }))
}

// stall writes to the log until the terminal, which nobody reads, has taken all
// that it can: for the time of ten frames what can be read of it has not grown.
func (x *terminal) stall(t *testing.T, log *file) {
	t.Helper()
	waiting, since := 0, time.Now()
	line := 0
	proctest.Eventually(t, func() error {
		line++
		log.append(strings.Repeat(fmt.Sprintf("flood %d ", line), 40) + "\n")
		now := x.untaken(t)
		if now != waiting {
			waiting, since = now, time.Now()
		}
		if time.Since(since) < 300*time.Millisecond {
			return fmt.Errorf("%d bytes wait in the terminal and more come", now)
		}
		return nil
	})
}

// untaken is how many bytes of output wait to be read.
func (x *terminal) untaken(t *testing.T) (n int) {
	t.Helper()
	raw, err := x.pty.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { n, failed = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return n
}

func (x *terminal) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(x.pty, keys); err != nil {
		t.Fatal(err)
	}
}

// gone waits for the exit, gives its code and how long it took.
func (x *terminal) gone(t *testing.T) (int, time.Duration) {
	t.Helper()
	begun := time.Now()
	select {
	case <-x.exited:
		return x.cmd.ProcessState.ExitCode(), time.Since(begun)
	case <-time.After(proctest.Patience):
		t.Fatalf("tailtui did not end; stderr:\n%s", x.stderr)
		return 0, 0
	}
}

// TestScreen_tellsTheState walks one screen through its life: live, frozen,
// following, the server killed and back, details, quit.
func TestScreen_tellsTheState(t *testing.T) {
	dir := t.TempDir()
	log := newFile(t, dir, "app.log", "")
	for i := range 60 {
		log.append(fmt.Sprintf("line %d\n", i))
	}
	srv := serveDir(t, dir)
	x := startTerminal(t, "-n", "50", srv.addr+"/app.log")
	x.shows(t, "line 59")
	x.shows(t, "LIVE")

	x.press(t, "g")
	x.shows(t, "FROZEN")
	x.shows(t, "line 10\n")
	log.append("line 60\n")
	x.shows(t, "+1 new")
	x.press(t, "G")
	x.shows(t, "line 60")

	srv.Signal(t, syscall.SIGKILL)
	srv.Exit(t)
	x.shows(t, "RETRY")
	log.append("written while away\n")
	srv = startServer(t, "--listen", srv.addr, dir)
	x.press(t, "R")
	x.shows(t, "written while away")
	if screen := x.shows(t, "LIVE"); !strings.Contains(screen, "nothing lost") {
		t.Errorf("no rule tells of the reconnect:\n%s", screen)
	}
	log.rotate()
	log.append("after the rotation\n")
	x.shows(t, "after the rotation")
	x.shows(t, "rotated")

	x.press(t, "i")
	x.shows(t, srv.streams(t).Live[0].ID)
	x.press(t, "\x1b")
	x.shows(t, "after the rotation") // Esc with a key right behind it would be Alt
	x.press(t, "?")
	x.shows(t, "this help")
	x.press(t, "q") // leaves the help
	x.shows(t, "after the rotation")
	x.press(t, "q")
	code, took := x.gone(t)
	if code != 0 || took > time.Second {
		t.Errorf("exit code %d after %v", code, took)
	}
	if all := srv.streams(t); len(all.Live) != 0 || all.Ended[0].Reason != wire.ReasonClientClosed {
		t.Errorf("after q: %+v", all)
	}
	if s := x.stderr.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "app.log") {
		t.Errorf("the farewell is %q", s)
	}
}

// TestScreen_stalledTerminalClosesInTime: nobody takes the terminal's output any
// more, the log is busy, and the user leaves in each of the ways there are.
func TestScreen_stalledTerminalClosesInTime(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *terminal){
		"q":       func(t *testing.T, x *terminal) { x.press(t, "q") },
		"SIGTERM": func(_ *testing.T, x *terminal) { x.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(_ *testing.T, x *terminal) { x.cmd.Process.Signal(syscall.SIGHUP) },
		"SIGINT":  func(_ *testing.T, x *terminal) { x.cmd.Process.Signal(syscall.SIGINT) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log := newFile(t, dir, "app.log", "line\n")
			srv := serveDir(t, dir)
			deaf := make(chan struct{})
			defer close(deaf)
			x := startDeafTerminal(t, deaf, srv.addr+"/app.log")
			x.shows(t, "LIVE")
			x.stall(t, log)
			leave(t, x)
			srv.Log.AwaitMatch(t, `reason=client-closed`, 1)
			if _, took := x.gone(t); took > time.Second {
				t.Errorf("ended after %v", took)
			}
			if live := srv.streams(t).Live; len(live) != 0 {
				t.Errorf("still live: %+v", live)
			}
		})
	}
}

// TestHangup_closesCooperatively: the terminal itself goes away, as when an ssh
// session drops, and the shell's own hangup comes on top of the kernel's.
func TestHangup_closesCooperatively(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	x := startTerminal(t, srv.addr+"/app.log")
	x.shows(t, "LIVE")
	x.pty.Close()
	hangUp(x.cmd.Process)
	if _, took := x.gone(t); took > time.Second {
		t.Errorf("ended after %v", took)
	}
	if status := x.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		t.Errorf("killed by %v", status.Signal())
	}
	srv.Log.AwaitMatch(t, `reason=client-closed`, 1)
}

// TestHangup_howeverOften: a second hangup kills nobody, also not one that is
// being delivered while the first is taken.
func TestHangup_howeverOften(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv := serveDir(t, dir)
	const clients = 20
	for range clients {
		p := start(t, binaries.tailtui, "--plain", srv.addr+"/app.log")
		p.Out.AwaitMatch(t, `line\n`, 1)
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() { hangUp(p.Process) })
		}
		senders.Wait()
		if code := p.Exit(t); code != 0 {
			t.Fatalf("ended with %v and said:\n%s", p.ProcessState, p.Log)
		}
	}
	srv.Log.AwaitMatch(t, `reason=client-closed`, clients)
}

// hangUp sends hangups one after the other, as long as somebody is there.
func hangUp(p *os.Process) {
	for range 50 {
		if p.Signal(syscall.SIGHUP) != nil {
			return
		}
	}
}
