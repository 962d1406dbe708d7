package follow

import (
	"os"

	"golang.org/x/sys/unix"
)

// holeIn finds the first hole of f that begins in [from, to) and has data after it. It
// reports where the hole and where that data begins.
func holeIn(f *os.File, from, to int64) (begin, end int64, ok bool) {
	fd := int(f.Fd())
	begin, err := unix.Seek(fd, from, unix.SEEK_HOLE)
	if err != nil || begin >= to {
		return 0, 0, false // every file has a hole at its end
	}
	end, err = unix.Seek(fd, begin, unix.SEEK_DATA)
	return begin, end, err == nil
}
