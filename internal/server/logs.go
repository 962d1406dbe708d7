package server

import (
	"context"
	"io"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Logs is what the server needs of the logs it serves. [FromFollow] is the one
// implementation outside tests. Names come from URLs, decoded and otherwise
// untouched: refusing a bad one, with a [*follow.Refusal], is the
// implementation's business.
type Logs interface {
	Stat(name string) (follow.Info, error)
	List(dir string) ([]follow.Entry, error)
	// Follow may take a while to find where to begin. It gives up when ctx ends,
	// which is not what its Follower lives by.
	Follow(ctx context.Context, name string, at follow.Start) (Follower, error)
	Read(name string) (Snapshot, error)
	Health() follow.Health
}

// Follower reads one log from a place on and waits for more. All but Nudge, Lag
// and Behind belong to one goroutine.
type Follower interface {
	Opening() follow.Opening
	// Next blocks until something happened. Its error is ctx's cause once ctx
	// ended, and io.EOF for a follower that was opened with Once.
	Next(ctx context.Context) (Event, error)
	// Nudge makes a waiting Next, or the next one, return an empty Event at once.
	Nudge()
	Cursor() string // where the follower is now
	Size() int64    // of the current generation, -1 while the log is not there
	// Lag is how many bytes lie between here and the log's end. It may be asked
	// from any goroutine, also after Close.
	Lag() int64
	// Behind is how many bytes of the log come after a cursor; false where they
	// cannot be counted. It may be asked as Lag may.
	Behind(cursor string) (int64, bool)
	Close() error
}

// Event is what a [Follower] met: bytes of the log, or something that happened
// to it, or neither after a nudge.
type Event struct {
	Data   []byte             // valid until the next Next or Close
	More   bool               // more data is there at once
	Kind   wire.Kind          // what happened; empty with Data, and after a nudge
	Lost   *int64             // bytes that cannot be had; nil when unknown
	Detail string             // one sentence for people
	Cursor func(n int) string // the cursor after Data[:n], valid as long as Data
}

// Snapshot is one generation of a log as it is now.
type Snapshot interface {
	io.ReaderAt
	io.Closer
	Size() int64
	Tag() string // names the generation, without quotes
}
