package termio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a terminal's file that cannot be interrupted. Each write waits for
// gate, if there is one.
type fake struct {
	gate    chan struct{}
	entered chan struct{} // buffered: a write has begun
	mu      sync.Mutex
	got     bytes.Buffer
	err     error
}

func (f *fake) Write(p []byte) (int, error) {
	if f.entered != nil {
		f.entered <- struct{}{}
	}
	if f.gate != nil {
		<-f.gate
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return 0, f.err
	}
	return f.got.Write(p)
}

func (f *fake) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.got.String()
}

func (*fake) Read([]byte) (int, error) { return 0, io.EOF }
func (*fake) Close() error             { panic("closed a file that is not ours") }
func (*fake) Fd() uintptr              { return ^uintptr(0) }
func (*fake) Name() string             { return "fake" }

func TestOutput_finishBringsEverything(t *testing.T) {
	f := &fake{}
	o := NewOutput(f, Options{Synchronized: true})
	io.WriteString(o, "\x1b[?1049h")
	io.WriteString(o, "\x1b[H\rone\x1b[K\x1b[H")
	io.WriteString(o, "\x1b[?1049l")
	io.WriteString(o, "bye\r\n")
	if !o.Finish(time.Minute) {
		t.Error("not finished")
	}
	if !o.Finish(0) || o.Close() != nil {
		t.Error("a second Finish is of another opinion")
	}
	if got := f.String(); !strings.HasPrefix(got, "\x1b[?1049h\x1b[?7l") || !strings.HasSuffix(got, "\x1b[?7h\x1b[?1049lbye\r\n") {
		t.Errorf("%q", got)
	}
	if _, err := o.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after Finish: %v", err)
	}
}

func TestOutput_writesNeverWait(t *testing.T) {
	f := &fake{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	o := NewOutput(f, Options{})
	io.WriteString(o, enterAlt)
	<-f.entered // the terminal takes nothing from here on
	for i := range 10_000 {
		fmt.Fprintf(o, "\x1b[H\rframe %d\x1b[K\x1b[H", i)
	}
	if o.Finish(time.Millisecond) {
		t.Error("finished, though the terminal took nothing")
	}
	close(f.gate)
	<-o.done // it ends once its write returns, and gives up the rest
	if got := f.String(); strings.Contains(got, "frame") {
		t.Errorf("written after Finish gave up: %q", got)
	}
	if o.Finish(0) {
		t.Error("finished after all")
	}
}

func TestOutput_newestFrameWins(t *testing.T) {
	f := &fake{gate: make(chan struct{}), entered: make(chan struct{}, 10)}
	o := NewOutput(f, Options{})
	io.WriteString(o, enterAlt)
	<-f.entered
	for i := range 100 {
		fmt.Fprintf(o, "\x1b[H\rframe %d\x1b[K\x1b[H", i)
	}
	close(f.gate)
	if !o.Finish(time.Minute) {
		t.Error("not finished")
	}
	if got := f.String(); strings.Count(got, "frame") != 1 || !strings.Contains(got, "frame 99") {
		t.Errorf("%q", got)
	}
}

func TestOutput_errorOfTheTerminalSticks(t *testing.T) {
	broken := errors.New("input/output error")
	f := &fake{err: broken}
	o := NewOutput(f, Options{})
	io.WriteString(o, enterAlt)
	<-o.done
	if _, err := io.WriteString(o, "x"); !errors.Is(err, broken) {
		t.Errorf("write: %v", err)
	}
	if o.Finish(time.Minute) {
		t.Error("finished")
	}
}
