package termio

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// reopen opens the terminal behind f once more, for writing and without
// waiting: by the descriptor's own link, or, where another user owns the
// device, as the controlling terminal, if it is that.
func reopen(f *os.File) (*os.File, bool) {
	fd := int(descriptor(f))
	dev, err := unix.IoctlGetUint32(fd, unix.TIOCGDEV)
	if err != nil {
		return nil, false // no terminal
	}
	for _, name := range []string{fmt.Sprintf("/proc/self/fd/%d", fd), "/dev/tty"} {
		own, err := os.OpenFile(name, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if got, err := unix.IoctlGetUint32(int(descriptor(own)), unix.TIOCGDEV); err == nil && got == dev &&
			own.SetWriteDeadline(time.Time{}) == nil {
			return own, true
		}
		own.Close()
	}
	return nil, false
}
