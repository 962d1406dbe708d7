package follow

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
)

// stored is the content of a generation: a file that is kept open, or that was closed to
// make room for others. A closed one is opened for each read by the name that it has then.
type stored struct {
	// Static after construction.
	root   *root
	kin    []string // whose sibling it is
	packed bool

	id identity // changed while it is open only, by looks
	// Both are changed by looks only, and the file only while nobody else reads.
	file atomic.Pointer[disk]   // nil while it is closed
	name atomic.Pointer[string] // by which it was found last
}

// errAway is the error of a closed file that cannot be opened again now.
var errAway = errors.New("a file that was closed cannot be opened again")

// newStored makes the content of a file that was opened as at, a sibling of kin.
func newStored(f disk, at found, kin []string, packed bool) *stored {
	s := &stored{root: f.root, kin: kin, packed: packed, id: at.id}
	s.name.Store(&at.name)
	s.file.Store(&f)
	return s
}

func (s *stored) isOpen() bool { return s.file.Load() != nil }

func (s *stored) ReadAt(p []byte, off int64) (int, error) {
	if f := s.file.Load(); f != nil {
		return f.ReadAt(p, off)
	}
	f, err := s.again()
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}

// meta of a closed file is what its name says, wherever that is now.
func (s *stored) meta() (meta, error) {
	if f := s.file.Load(); f != nil {
		return f.meta()
	}
	if err := s.find(); err != nil {
		return meta{}, err
	}
	at, err := s.root.stat(*s.name.Load())
	switch {
	case err != nil:
		return meta{}, fmt.Errorf("%w: %w", errAway, err)
	case at.id != s.id:
		return meta{}, fmt.Errorf("%w: %w", errAway, errMoved)
	}
	return at.meta, nil
}

// Close closes the file. It can be called again.
func (s *stored) Close() error {
	if f := s.file.Swap(nil); f != nil {
		return f.Close()
	}
	return nil
}

// takeOver takes the file of another one that is the same, or closes it.
func (s *stored) takeOver(other *stored) {
	if s.isOpen() {
		other.Close()
	} else if f := other.file.Swap(nil); f != nil {
		s.file.Store(f)
	}
}

// again opens the file for a brief use. Its error is errAway, also where the system has
// no descriptor left.
func (s *stored) again() (disk, error) {
	if err := s.find(); err != nil {
		return disk{}, err
	}
	f, at, err := s.root.open(*s.name.Load(), brief)
	switch {
	case err != nil:
		return disk{}, fmt.Errorf("%w: %w", errAway, err)
	case at.id != s.id:
		f.Close()
		return disk{}, fmt.Errorf("%w: %w", errAway, errMoved)
	}
	return f, nil
}

// find sees to it that the name is the file's. Its error is errAway if no sibling of the
// log is that file.
func (s *stored) find() error {
	if at, err := s.root.glance(*s.name.Load()); err == nil && at.id == s.id {
		return nil
	}
	var last []sibling
	for range maxListings {
		files, err := siblingsOf(s.root, s.kin, s.packed)
		i := slices.IndexFunc(files, func(f sibling) bool { return f.id == s.id })
		if i >= 0 {
			s.name.Store(&files[i].name)
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errAway, err)
		}
		if last != nil && slices.EqualFunc(files, last, sameSibling) {
			break // while a directory changes, a listing may miss a file
		}
		last = files
	}
	return fmt.Errorf("%w: %w", errAway, errMoved)
}

// reopen keeps a closed file open again. Its error is errFull where that may not be, and
// errAway where it cannot be opened.
func (s *stored) reopen(u use) error {
	f, err := s.again()
	if err != nil {
		return err
	}
	if !f.keep(u) {
		f.Close()
		return errFull
	}
	s.file.Store(&f)
	return nil
}

// with gives do the open file.
func (s *stored) with(do func(*os.File)) error {
	f := s.file.Load()
	if f == nil {
		again, err := s.again()
		if err != nil {
			return err
		}
		defer again.Close()
		f = &again
	}
	do(f.File)
	return nil
}
