package follow

import (
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

// unchanged reports whether what has the name is still what m was.
func (r *root) unchanged(name string, m meta) bool {
	r.step()
	now, err := glance(r.self, name)
	return err == nil && now == m
}

// open opens the regular file that name leads to below r for reading.
func (r *root) open(name string) (disk, found, error) {
	r.step()
	f, at, err := open(r.dir, name)
	return disk{f, r}, at, err
}

// step is called before everything that is done to a log's files and directories.
func (r *root) step() {
	if r.before != nil {
		r.before()
	}
}
