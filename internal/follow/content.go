package follow

import (
	"errors"
	"io"
	"os"
)

// content is where the bytes of a generation are read from.
type content interface {
	io.ReaderAt
	io.Closer
	// meta is what the system says of the file now.
	meta() (meta, error)
}

// disk is the content of a file as it is stored.
type disk struct {
	*os.File
	root *root
}

func (d disk) ReadAt(p []byte, off int64) (int, error) {
	d.root.step()
	return d.File.ReadAt(p, off)
}

func (d disk) meta() (meta, error) {
	d.root.step()
	return fileMeta(d.File)
}

// stat finds what name leads to below r, and opens nothing.
func (r *root) stat(name string) (found, error) {
	r.step()
	return stat(r.dir, name)
}

// glance tells of what has the name, wherever symlinks lead: good for finding out
// whether it is still what it was, for a tenth of what stat costs, and for nothing else.
func (r *root) glance(name string) (meta, error) {
	r.step()
	m, err := glance(r.self, name)
	if errors.Is(err, errors.ErrUnsupported) {
		at, err := stat(r.dir, name)
		return at.meta, err
	}
	return m, err
}

// open opens the regular file that name leads to below r for reading.
func (r *root) open(name string) (disk, found, error) {
	r.step()
	f, at, err := open(r.dir, name)
	return disk{f, r}, at, err
}

// openListed opens a file that was listed. Its error is errMoved if the name led to
// another one by now.
func (r *root) openListed(s sibling) (disk, found, error) {
	f, at, err := r.open(s.name)
	if err == nil && at.id != s.id {
		f.Close()
		err = errMoved
	}
	return f, at, err
}

// step is called before everything that is done to a log's files and directories.
func (r *root) step() {
	if r.before != nil {
		r.before()
	}
}
