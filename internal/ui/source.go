package ui

import (
	"context"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// A Source is one log in the view. The ui knows nothing of how its bytes come
// here; the command adapts a session to it.
type Source interface {
	// Next blocks until there is something new since its last call, or ctx has
	// ended. After the last update it gives io.EOF. It is called by one
	// goroutine at a time.
	Next(ctx context.Context) (Update, error)
	// Redial makes an attempt to connect now. It returns at once.
	Redial()
}

// NamedSource is a source and what people call it.
type NamedSource struct {
	Name   string // "web-1:7070/app.log"; shown after being made harmless
	Source Source
}

// Update is everything new about a source since the last one. What it refers
// to is not changed afterwards by anyone.
type Update struct {
	Items  []Item // in order of arrival
	Status Status // after Items
	Closed bool   // nothing will follow
}

// ItemKind says which fields of an Item count.
type ItemKind int

// Kinds of items.
const (
	ItemData    ItemKind = iota // Data
	ItemEvent                   // Event: what happened to the log
	ItemResumed                 // Resumed: the connection is back
	ItemProblem                 // Err: why nothing more will come; the last item
)

// Item is one thing in a source's sequence: bytes of the log, or what happened
// between them.
type Item struct {
	Kind    ItemKind
	Data    []byte // any bytes, cut anywhere
	Old     bool   // of Data: the log had it when the stream began
	Event   wire.Event
	Resumed Resumed
	Err     error
	At      time.Time // when it came
}

// Resumed tells how the stream goes on after the connection was away.
type Resumed struct {
	Away     time.Duration // from the last byte before to the first frame after
	Attempts int           // that it took
	Met      wire.Met      // how the server met the cursor
	Lost     *int64        // bytes that cannot be had, where that is known; nil else
	Server   string        // name and version, where that changed; "" else
	CaughtUp int64         // bytes that follow at once, as old data
}

// Status is what is known of a source's connection now.
type Status struct {
	State  link.State
	Since  time.Time   // when State began
	Reason wire.Reason // why the server ended the stream, if it did
	Detail string      // why waiting or closed
	Hint   string      // what the user can do about it

	Attempt int       // attempts that failed since the last frame
	RetryAt time.Time // Waiting: the next attempt

	Addr     string    // host:port that is dialed
	Reached  bool      // Dialing: there is a connection, and an answer is waited for
	GiveUpAt time.Time // Dialing: when that is given up

	Heard    time.Time // last byte from the server; zero for never
	LastData time.Time // when the log was last written, also before we came; zero for never
	Opened   time.Time // when the stream began; zero while there is none

	Connects   int
	Bytes      int64         // of the log, received
	RTT        time.Duration // 0 for unknown
	Stream     string        // id on the server
	Server     string        // name and version
	Cursor     string
	Met        wire.Met
	Heartbeat  time.Duration
	Lease      time.Duration // 0 without one
	MaxAge     time.Duration // 0 for none
	Size       int64         // of the current generation: as told at SizeAt, and what came since
	SizeAt     time.Time     // zero while nothing was told of this generation
	Gone       wire.Kind     // removed while there is no log, denied while it may not be read, else ""
	GoneSince  time.Time
	Generation uint64
	History    []Change // oldest first
}

// Change is one step of the link's state machine.
type Change struct {
	State  link.State // after it
	Event  link.Event // what brought it
	At     time.Time
	Detail string
}
