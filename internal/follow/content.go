package follow

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// content is where the bytes of a generation are read from.
type content interface {
	io.ReaderAt
	io.Closer
	// meta is what the system says of the file now.
	meta() (meta, error)
}

// disk is the content of a file as it is stored, while it is open. Closing it gives back
// what was counted for it.
type disk struct {
	*os.File
	root *root
	use  use
}

func (d disk) ReadAt(p []byte, off int64) (int, error) {
	d.root.step()
	return d.File.ReadAt(p, off)
}

func (d disk) meta() (meta, error) {
	d.root.step()
	return fileMeta(d.File)
}

func (d disk) Close() error {
	err := d.File.Close()
	if !errors.Is(err, fs.ErrClosed) {
		d.root.files.give(d.use)
	}
	return err
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
func (r *root) open(name string, u use) (disk, found, error) {
	if u == brief {
		r.files.wait()
	} else if err := r.files.take(u); err != nil {
		return disk{}, found{}, err
	}
	return r.opened(name, u)
}

// opened opens what was counted.
func (r *root) opened(name string, u use) (disk, found, error) {
	r.step()
	f, at, err := open(r.dir, name)
	if err != nil {
		r.files.give(u)
		return disk{}, at, err
	}
	return disk{f, r, u}, at, nil
}

// openListed opens a file that was listed, for a brief use. Its error is errMoved if the
// name led to another one by now.
func (r *root) openListed(s sibling) (disk, found, error) {
	r.files.wait()
	return r.listed(s, brief)
}

// listed is openListed for what was counted.
func (r *root) listed(s sibling, u use) (disk, found, error) {
	f, at, err := r.opened(s.name, u)
	if err == nil && at.id != s.id {
		f.Close()
		err = errMoved
	}
	return f, at, err
}

// openDir opens a directory to be listed. close is to be called by whoever gets it.
func (r *root) openDir(name string) (d *os.File, closeDir func(), err error) {
	r.files.wait()
	r.step()
	if d, err = r.dir.Open(name); err != nil {
		r.files.give(brief)
		return nil, nil, err
	}
	return d, func() {
		d.Close()
		r.files.give(brief)
	}, nil
}

// keep goes on with a file that was opened for a brief use for another one. It reports
// false where no more may be kept.
func (d *disk) keep(u use) bool {
	if d.root.files.take(u) != nil {
		return false
	}
	d.root.files.give(d.use)
	d.use = u
	return true
}

// step is called before everything that is done to a log's files and directories.
func (r *root) step() {
	if r.before != nil {
		r.before()
	}
}
