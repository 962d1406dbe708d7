package termio

import (
	"errors"
	"os"
	"sync"
	"time"
)

// Options say how an Output paints. The zero value is right everywhere.
type Options struct {
	// Synchronized wraps every frame in mode 2026, so that a terminal which
	// has it shows the frame at once. Others ignore it, at 16 bytes a frame.
	Synchronized bool
}

// Output is the terminal that Bubble Tea writes to ([tea.WithOutput]). Its
// Write takes everything at once; a goroutine of its own brings it to the
// terminal, as fast as that takes it. NewOutput starts the goroutine, Finish or
// Close ends it.
type Output struct {
	// Static after NewOutput.
	file File
	fd   uintptr
	dev  device
	opt  Options
	done chan struct{} // closed when the writer has ended

	mu      sync.Mutex
	arrived sync.Cond // something is queued, or ending is set
	queue   queue
	ending  ending
	err     error // sticky: the terminal's first error
}

// ending says how an Output ends.
type ending int

const (
	running   ending = iota // Finish leads to finishing
	finishing               // what is queued is written, no more is taken; the end of Finish's time leads to abandoned
	abandoned               // nothing is written any more
)

// device is where the bytes go.
type device interface {
	Write(p []byte) (int, error)
	// SetWriteDeadline ends a Write that waits. Its error tells that this
	// device cannot be interrupted.
	SetWriteDeadline(t time.Time) error
	// Close gives back what NewOutput opened.
	Close() error
}

// NewOutput makes an Output that writes to f, which stays the caller's.
//
// On Linux it opens the terminal behind f once more, in non-blocking mode: a
// mode of one's own, not one that the shell finds changed in the descriptor it
// shares with us. With that a write can be given up at any time. Where the
// terminal cannot be opened again, and on other systems, a write to a terminal
// that takes nothing ends only with the process: Finish returns in time all
// the same, and leaves the goroutine behind.
func NewOutput(f File, opt Options) *Output {
	o := &Output{file: f, fd: descriptor(f), dev: openDevice(f), opt: opt, done: make(chan struct{})}
	o.arrived.L = &o.mu
	go o.run()
	return o
}

// Write takes what the renderer wrote, in whole frames and control sequences,
// and never waits. Its error is the terminal's, once that has failed, or
// [os.ErrClosed] after Finish.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	if o.ending != running {
		return 0, os.ErrClosed
	}
	o.queue.add(p)
	o.arrived.Signal()
	return len(p), nil
}

// WriteString is Write: the renderer sends its control sequences through it.
func (o *Output) WriteString(s string) (int, error) { return o.Write([]byte(s)) }

// Read reads from the file below; Bubble Tea expects a terminal to have it.
func (o *Output) Read(p []byte) (int, error) { return o.file.Read(p) }

// Fd returns the descriptor of the file below, for its size and its modes.
func (o *Output) Fd() uintptr { return o.fd }

// Name returns the name of the file below.
func (o *Output) Name() string { return o.file.Name() }

// Close is Finish without any time. The file below stays open.
func (o *Output) Close() error {
	o.Finish(0)
	return nil
}

// Finish takes nothing more, gives what is queued at most d to reach the
// terminal, and reports whether all of it did. The writer's goroutine has then
// ended, unless its write cannot be interrupted (see NewOutput). What did not
// reach the terminal is given up, and calling it again does not change that.
func (o *Output) Finish(d time.Duration) bool {
	o.end(finishing)
	select {
	case <-o.done:
		return o.finished()
	default:
	}
	wait := d
	if err := o.dev.SetWriteDeadline(time.Now().Add(d)); err == nil || errors.Is(err, os.ErrClosed) {
		wait += time.Second // the writer comes back, or is just leaving; this is for a machine that is busy
		defer o.dev.SetWriteDeadline(time.Time{})
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		o.end(abandoned)
	}
	return o.finished()
}

// finished reports whether everything was written.
func (o *Output) finished() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err == nil && o.ending != abandoned
}

func (o *Output) end(how ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ending = max(o.ending, how)
	o.arrived.Signal()
}

// run is the writer. It owns the device and what is known of the screen.
//
// One frame in flight: a frame is taken when the terminal's file has taken the
// one before, and behind that file are buffers still (the kernel's, sshd's,
// the network's). Waiting here, between two frames, for the terminal to answer
// a status query is the place to count those in too.
func (o *Output) run() {
	defer close(o.done)
	defer o.dev.Close()
	var s screen
	var out []byte
	for {
		q, ok := o.next()
		if !ok {
			return
		}
		out = s.appendQueue(out[:0], q, o.opt)
		if len(out) == 0 {
			continue
		}
		if _, err := o.dev.Write(out); err != nil {
			o.fail(err)
			return
		}
		if cap(out) > maxControl {
			out = nil
		}
	}
}

// next waits for something to write. It reports false when there will be no
// more.
func (o *Output) next() (queue, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.queue.empty() && o.ending == running {
		o.arrived.Wait()
	}
	if o.queue.empty() || o.ending == abandoned {
		return queue{}, false
	}
	return o.queue.take(), true
}

// fail makes err the answer to all later writes.
func (o *Output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = err
	o.queue.take()
}
