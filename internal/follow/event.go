package follow

import "time"

// Kind says what an [Event] tells. The texts are those of the wire.
type Kind string

// Kinds of events.
const (
	Nothing   Kind = ""          // somebody called Nudge; the log did nothing
	Data      Kind = "data"      // bytes of the log
	Rotated   Kind = "rotated"   // what follows is in the next file that has the log's name
	Truncated Kind = "truncated" // what follows is in the same file, which was begun anew
	Removed   Kind = "removed"   // nothing has the log's name any more
	Appeared  Kind = "appeared"  // something has the log's name again, or for the first time
	Denied    Kind = "denied"    // the log's name is there and may not be read; it is tried again
	Hole      Kind = "hole"      // a hole in a sparse file was skipped; Lost is its size
	Gap       Kind = "gap"       // bytes that were there cannot be had; Lost is how many, nil when unknown
	Late      Kind = "late"      // what follows was appended to a generation that had been left; Rotated ends it
)

// Event is one thing that happened to a log, in its place between the others.
type Event struct {
	Kind   Kind
	Data   []byte // Data: at most [MaxData] bytes, valid until the next call of Next or Close
	More   bool   // Data: the buffer was filled, and more is there at once
	Lost   *int64 // Gap, Hole: bytes; nil when unknown
	Detail string // one sentence for people; "" for Nothing and Data

	position position // after the event; for Data, before its first byte
	window   []byte   // Data: at most overlap bytes that lie before Data in its generation, then Data
}

// MaxData is the most that one Data event carries: large enough that catching up
// costs few system calls, small enough that its buffer can come from a pool.
const MaxData = 256 << 10

// CursorAt is the cursor after the first n bytes of Data, and for any other kind
// the cursor after the event, with n = 0. It is valid as long as Data is.
func (e *Event) CursorAt(n int) string {
	p := e.position
	if e.Kind == Data {
		before := len(e.window) - len(e.Data)
		p.advance(e.window[:before+n], int64(n))
	}
	return p.cursor()
}

// Met says how the place that a follower was asked to begin at was found. The
// texts are those of the wire.
type Met string

// Ways to meet a starting place.
const (
	MetFresh     Met = "fresh"     // no cursor was given
	MetContinued Met = "continued" // the cursor's generation is the current one: nothing lost or doubled
	MetRotated   Met = "rotated"   // the cursor's generation goes by another name: its rest first, then its successors
	MetTruncated Met = "truncated" // the cursor's generation was begun anew: its rest comes from a copy
	MetGap       Met = "gap"       // something after the cursor cannot be had; the first event tells what
)

// Opening tells how a follower began.
type Opening struct {
	Met     Met
	Cursor  string // where it begins
	Size    int64  // bytes of the current generation; -1 while the log is not there
	MidLine bool   // it begins inside a line

	Modified time.Time // when the log was last written; zero while it is not there
}
