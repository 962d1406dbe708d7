package follow

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func mkfifo(name string) error { return syscall.Mkfifo(name, 0o644) }

// mknod makes the device that /dev/zero is.
func mknod(name string) error { return unix.Mknod(name, unix.S_IFCHR|0o644, int(unix.Mkdev(1, 5))) }
