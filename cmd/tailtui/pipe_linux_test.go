package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// piped is tailtui with its output in a pipe.
type piped struct {
	*exec.Cmd
	pipe   io.ReadCloser
	stderr *proctest.Output
}

func startPiped(t *testing.T, args ...string) *piped {
	t.Helper()
	p := &piped{Cmd: exec.Command(binaries.tailtui, args...), stderr: proctest.NewOutput()}
	p.Env = proctest.Environment()
	p.Stderr = p.stderr
	var err error
	if p.pipe, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Kill()
		p.Wait()
	})
	return p
}

// TestPipe_readerLeaves: tailtui | head -1 ends quietly and closes the stream,
// whether the log says more, is silent from then on, or has so much to say that
// a write is under way.
func TestPipe_readerLeaves(t *testing.T) {
	for _, tt := range []struct{ name, before, after string }{
		{"the log goes on", "one\ntwo\n", "three\n"},
		{"the log is silent", "one\ntwo\n", ""},
		{"amid a write", strings.Repeat("one\n", 1<<20), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			log := newFile(t, dir, "app.log", tt.before)
			srv := serveDir(t, dir)
			p := startPiped(t, "-n", "all", srv.addr+"/app.log")
			if _, err := io.ReadFull(p.pipe, make([]byte, 4)); err != nil {
				t.Fatal(err)
			}
			p.pipe.Close()
			log.append(tt.after)
			srv.Log.AwaitMatch(t, `reason=client-closed`, 1)
			if err := p.Wait(); err != nil {
				t.Errorf("tailtui ended with %v and said:\n%s", err, p.stderr)
			}
			if strings.Contains(p.stderr.String(), "error") {
				t.Errorf("not quiet:\n%s", p.stderr)
			}
			if live := srv.streams(t).Live; len(live) != 0 {
				t.Errorf("still live: %+v", live)
			}
		})
	}
}

// TestPipe_readerDoesNotRead: a pager that stands still holds neither the stream
// nor the process when the user leaves.
func TestPipe_readerDoesNotRead(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", strings.Repeat("a line of a large log\n", 100_000))
	srv := serveDir(t, dir)
	p := startPiped(t, "-n", "all", srv.addr+"/app.log")
	if _, err := io.ReadFull(p.pipe, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	srv.Log.AwaitMatch(t, `reason=client-closed`, 1)
	state, err := p.Process.Wait() // not Wait, which would read the pipe to its end
	if took := time.Since(begun); err != nil || state.ExitCode() != 0 || took > time.Second {
		t.Errorf("ended after %v with %v, %v", took, state, err)
	}
	if all := srv.streams(t); all.Ended[0].Reason != wire.ReasonClientClosed {
		t.Errorf("ended: %+v", all.Ended[0])
	}
}

// TestServer_logThatNobodyTakes: tailsrv's stderr is a full pipe; its streams are
// given back all the same, and it ends when told to.
func TestServer_logThatNobodyTakes(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv, r, w := startServerOnPipe(t, "--drain", "1s", dir)
	defer r.Close()
	fillPipe(t, int(w.Fd()))
	w.Close()
	for range 50 {
		if status, body := srv.get(t, "/app.log?follow=0"); status != 200 || body != "line\n" {
			t.Fatalf("%d %q", status, body)
		}
	}
	if live := srv.streams(t).Live; len(live) != 0 {
		t.Errorf("not given back: %+v", live)
	}
	if held, err := srv.held(t); err != nil || held.Goroutines > 30 {
		t.Errorf("%d goroutines after 50 streams that ended (%v)", held.Goroutines, err)
	}
	begun := time.Now()
	srv.Signal(t, syscall.SIGTERM)
	if err := srv.Wait(); err != nil || time.Since(begun) > 2*time.Second {
		t.Errorf("ended after %v with %v", time.Since(begun), err)
	}
}

// startServerOnPipe runs tailsrv with its stderr in a pipe, of which only the line
// that it listens has been read. Both ends are the caller's to close.
func startServerOnPipe(t *testing.T, args ...string) (srv *tailsrv, r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	addr := closedPort(t)
	cmd := exec.Command(binaries.tailsrv, append([]string{"--listen", addr}, args...)...)
	cmd.Env = proctest.Environment()
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if _, err := r.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	return &tailsrv{addr: addr, Program: &proctest.Program{Cmd: cmd}}, r, w
}

// fillPipe writes to a pipe that nobody reads until it takes no more.
func fillPipe(t *testing.T, fd int) {
	t.Helper()
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	var err error
	for err == nil {
		_, err = syscall.Write(fd, make([]byte, 4096))
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}

// TestServer_logReaderGoes: the reader of tailsrv's stderr ends; tailsrv does not.
func TestServer_logReaderGoes(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", "line\n")
	srv, r, w := startServerOnPipe(t, dir)
	w.Close()
	r.Close()
	for range 5 {
		if status, _ := srv.get(t, "/app.log?follow=0"); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
}
