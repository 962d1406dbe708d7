package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Why says why a log was refused.
type Why string

// Reasons to refuse.
const (
	WhyNotFound   Why = "not found"
	WhyDenied     Why = "denied"       // the system does not let this process read it
	WhyDirectory  Why = "a directory"  // it is followed by no one; List it
	WhyNotRegular Why = "not regular"  // a FIFO, a device, a socket, a file of procfs; never opened
	WhyHidden     Why = "hidden"       // a dotfile, or below a dot directory, and Options.Hidden is off
	WhyBadName    Why = "bad name"     // no log can have this name
	WhyBadCursor  Why = "bad cursor"   // not a cursor of this version, or a damaged one
	WhyOtherLog   Why = "another log"  // a cursor, but of another log
	WhyGap        Why = "gap"          // Start.Strict: bytes after the cursor cannot be had
	WhyNoTimes    Why = "no times"     // FromSince: no line of the log has a time that is understood
	WhyExhausted  Why = "out of files" // no file can be opened now: Options.MaxFiles are open, or as many as the process may have
	WhyFault      Why = "fault"        // the system failed in another way; Err tells
)

// Refusal is the error of a log that is not served, or not from where it was asked for.
type Refusal struct {
	Name   string // as asked for
	Why    Why
	Detail string // what exactly, for people; "" where Why says it all
	Err    error  // the system's error, if there was one
}

func (r *Refusal) Error() string {
	s := fmt.Sprintf("%q: %s", r.Name, r.Why)
	if r.Detail != "" {
		s += ": " + r.Detail
	}
	if r.Err != nil {
		s += ": " + r.Err.Error()
	}
	return s
}

// Unwrap gives the system's error.
func (r *Refusal) Unwrap() error { return r.Err }

// refuse turns an error that opening or looking gave into a Refusal of name. What is
// closed below it was closed by Logs.Close.
func refuse(name string, err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return ErrClosed
	}
	var r *Refusal
	if errors.As(err, &r) {
		return &Refusal{Name: name, Why: r.Why, Detail: r.Detail, Err: r.Err}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // its path is the server's affair
	}
	why, detail := WhyFault, ""
	switch {
	case isAbsent(err):
		why = WhyNotFound
	case isExhausted(err):
		why = WhyExhausted
	case errors.Is(err, fs.ErrPermission):
		why = WhyDenied
	case errors.Is(err, syscall.ENAMETOOLONG):
		why, detail = WhyNotFound, "no file has a name as long as that"
	case errors.Is(err, syscall.ELOOP):
		why, detail = WhyNotFound, "symlinks go round in a circle"
	case err != nil && err.Error() == escapes:
		why, detail = WhyDenied, "a symlink leads out of the root"
	}
	return &Refusal{Name: name, Why: why, Detail: detail, Err: err}
}

// escapes is the text of the error that os.Root does not export.
const escapes = "path escapes from parent"

// isExhausted reports that the system, or this process, has no descriptor or no memory
// left, or that Options.MaxFiles are open: it says nothing of the file.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM)
}

// exhausted is an error of this package that isExhausted knows, as it does the system's.
type exhausted string

func (e exhausted) Error() string      { return string(e) }
func (exhausted) Is(target error) bool { return target == syscall.EMFILE }

const (
	// errFull is the error of an opening over the limit.
	errFull = exhausted("as many files of logs are open as may be")
	// errCrowded is the error of following one log more.
	errCrowded = exhausted("as many logs are followed as there may be files for")
	// errLent is the error of lending a file when others have as many as may be lent.
	errLent = exhausted("as many parts of logs are being read as may be at the same time")
	// errNoFile is the error of what could not be done because something could not be opened.
	errNoFile = exhausted("no file can be opened now")
)

// isAbsent reports that nothing has the name, or that a parent is missing.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
