package termio

import (
	"os"
	"time"
)

// openDevice returns how to write to f.
func openDevice(f File) device {
	if file, ok := f.(*os.File); ok {
		if own, ok := reopen(file); ok {
			return own
		}
	}
	return borrowed{f}
}

// descriptor returns the descriptor of f. It does not ask an os.File for it:
// that would put the file into blocking mode, and its deadlines would be void.
func descriptor(f File) uintptr {
	file, ok := f.(*os.File)
	if !ok {
		return f.Fd()
	}
	fd := ^uintptr(0)
	if raw, err := file.SyscallConn(); err == nil {
		_ = raw.Control(func(n uintptr) { fd = n })
	}
	return fd
}

// borrowed is a file of somebody else's as a device.
type borrowed struct{ File }

func (b borrowed) SetWriteDeadline(t time.Time) error {
	if d, ok := b.File.(interface{ SetWriteDeadline(time.Time) error }); ok {
		return d.SetWriteDeadline(t)
	}
	return os.ErrNoDeadline
}

func (b borrowed) Close() error { return nil }
