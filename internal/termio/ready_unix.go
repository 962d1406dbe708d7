//go:build unix

package termio

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// awaitReadable waits at most d for f to have something to read.
func awaitReadable(f *os.File, d time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(descriptor(f)), Events: unix.POLLIN}}
	for until := time.Now().Add(d); ; {
		n, err := unix.Poll(fds, int(max(time.Until(until), 0).Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return err == nil && n > 0 && fds[0].Revents&unix.POLLIN != 0
	}
}
