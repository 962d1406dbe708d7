//go:build !linux

package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// watcherName is what Health calls the watcher of this system.
var watcherName = map[string]string{
	"windows": "ReadDirectoryChangesW",
	"illumos": "FEN",
	"solaris": "FEN",
}[runtime.GOOS]

// stat finds what name leads to below r, and opens nothing.
func stat(r *os.Root, name string) (found, error) {
	fi, err := r.Stat(name)
	if err != nil {
		return found{}, err
	}
	at := found{meta: infoMeta(fi), name: name}
	if !at.id.zero() || at.refusal() != nil {
		return at, nil
	}
	f, at, err := open(r, name) // only an open file tells who it is
	if err != nil {
		return found{}, err
	}
	return at, f.Close()
}

// open opens the regular file that name leads to below r for reading. There is no
// O_PATH here: it looks before it opens, opens without blocking, and looks again.
func open(r *os.Root, name string) (*os.File, found, error) {
	before, err := r.Stat(name)
	if err != nil {
		return nil, found{}, err
	}
	at := found{meta: infoMeta(before), name: name}
	if err := at.refusal(); err != nil {
		return nil, at, err
	}
	f, err := r.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, at, err
	}
	after, err := f.Stat()
	if err == nil && !os.SameFile(before, after) {
		err = fmt.Errorf("%w: it was replaced while it was opened", fs.ErrNotExist)
	}
	if err == nil {
		at.meta, err = fileMeta(f)
	}
	if err != nil {
		f.Close()
		return nil, at, err
	}
	return f, at, nil
}

// glance is not had here.
func glance(*os.File, string) (meta, error) { return meta{}, errors.ErrUnsupported }

func refuseRoot(*os.File) error { return nil }
func silentFS(*os.File) string  { return "" }
