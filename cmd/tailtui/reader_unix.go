//go:build unix

package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// onReaderGone calls gone when whoever reads out has closed it, also while there
// is nothing to write: a log that falls silent must not keep the stream of a
// pipe that ended (| head -1). The function that it returns ends the watch and
// waits for it.
func onReaderGone(out io.Writer, gone func()) (stop func()) {
	file, ok := out.(*os.File)
	if !ok || !isPipe(file) {
		return func() {}
	}
	r, w, err := os.Pipe() // its end is our own wish to stop
	if err != nil {
		return func() {} // then the next write tells
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if awaitGone(int(file.Fd()), int(r.Fd())) {
			gone()
		}
	}()
	return func() {
		w.Close()
		<-done
		r.Close()
	}
}

// awaitGone blocks until the reader of out has gone, and reports true, or until
// the writer of stop has.
func awaitGone(out, stop int) bool {
	// No event is asked for: errors and hang-ups are told anyway.
	fds := []unix.PollFd{{Fd: int32(out)}, {Fd: int32(stop)}}
	for {
		_, err := unix.Poll(fds, -1)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil, fds[1].Revents != 0:
			return false
		case fds[0].Revents != 0:
			return true
		}
	}
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}
