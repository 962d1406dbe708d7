package follow

import (
	"io"
	"time"
)

// Snapshot is one generation of a log, open for reading any part of it, as large as
// it was when it was opened. It is an [io.ReaderAt].
type Snapshot struct {
	file  content
	root  *root
	at    located
	size  int64
	mtime time.Time
	head  []byte
	tag   string
}

// located is a file together with the name below its root that led to it.
type located struct {
	found
	key string
}

// Read opens the log called name as it is now. Whoever calls it closes what it gives.
func (l *Logs) Read(name string) (*Snapshot, error) {
	return l.read(name, lent)
}

func (l *Logs) read(name string, u use) (*Snapshot, error) {
	r, below, err := l.resolve(name)
	if err != nil {
		return nil, err
	}
	f, at, err := r.open(below, u)
	if err != nil {
		return nil, refuse(name, err)
	}
	head, err := readHead(f, at.size)
	if err != nil {
		f.Close()
		return nil, refuse(name, err)
	}
	return &Snapshot{
		file: f, root: r, at: located{at, below},
		size: at.size, mtime: at.mtime, head: head, tag: at.id.tag(head),
	}, nil
}

// Size is in bytes.
func (s *Snapshot) Size() int64 { return s.size }

// ModTime is when the log last changed.
func (s *Snapshot) ModTime() time.Time { return s.mtime }

// Tag names the generation: its identity and its first 64 bytes. Appending leaves the
// tag as it is, once there are 64 bytes, and with it all bytes that were there.
func (s *Snapshot) Tag() string { return s.tag }

// ReadAt reads from the log's bytes. What was appended after the opening is not there.
func (s *Snapshot) ReadAt(p []byte, off int64) (int, error) {
	return io.NewSectionReader(s.file, 0, s.size).ReadAt(p, off)
}

// Close gives the descriptor back.
func (s *Snapshot) Close() error { return s.file.Close() }
