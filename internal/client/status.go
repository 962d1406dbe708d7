package client

import (
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Status is what a session knows at one moment. It is a copy; what it refers to
// is never changed afterwards.
type Status struct {
	State link.State
	Since time.Time // when State began

	Reason wire.Reason // why the server ended the last stream, if it said so
	Detail string      // why there is no stream, while there is none
	Hint   string      // what to do about it

	Attempt int       // attempts that failed since the last stream that brought more than its first frame
	RetryAt time.Time // in Waiting: when the next attempt begins

	Addr     string    // host:port that is dialed
	Reached  bool      // in Dialing: there is a connection, and an answer is waited for
	GiveUpAt time.Time // in Dialing: when connecting, or with Reached the attempt, is given up

	Heard time.Time // the server's last byte
	// LastData is when the log was last written: of what came as news the arrival,
	// of what was there before the server's word, brought to our clock. Zero while
	// no byte is known of.
	LastData time.Time
	Opened   time.Time // when the current stream began; zero while there is none
	Connects int       // streams that have begun
	Bytes    int64     // of the log, taken
	RTT      time.Duration

	Stream    string // id of the current stream, "" while there is none
	Server    string // name and version
	Cursor    string // where a next stream would begin: after the last frame taken
	Met       wire.Met
	Heartbeat time.Duration
	Lease     time.Duration // 0 without one
	MaxAge    time.Duration // 0 for none
	// Size is that of the log's current generation: as the server told it at
	// SizeAt, and what came since. It is -1 while the log is not there.
	Size   int64
	SizeAt time.Time // zero while nothing was told of the present generation
	// Gone is [wire.KindRemoved] while nothing has the log's name, [wire.KindDenied]
	// while it may not be read, and else "". Bytes may come all the same, of a file
	// that lost its name.
	Gone      wire.Kind
	GoneSince time.Time
	// Generation counts the log's generations that the session has seen, the one
	// it began in being 1.
	Generation uint64

	History []Change // the last state changes, oldest first, at most 64
}

// Change is one step of the link.
type Change struct {
	State  link.State // the state it led to
	Event  link.Event // what led there
	At     time.Time
	Detail string // for people; may be empty
}

// Summary is what remains to be said when a session is over.
type Summary struct {
	Log      string // the target's label
	For      time.Duration
	Bytes    int64 // of the log, taken
	Connects int
	State    link.State
	Reason   wire.Reason
	Detail   string
}

// Status is the session as it is now.
func (s *Session) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Summary is the session as a whole so far; it is complete once Run returned.
func (s *Session) Summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := Summary{
		Log: s.target.Label, Bytes: s.now.Bytes, Connects: s.now.Connects,
		State: s.now.State, Reason: s.now.Reason, Detail: s.now.Detail,
	}
	switch {
	case s.began.IsZero():
	case s.now.State == link.Closed:
		sum.For = s.now.Since.Sub(s.began)
	default:
		sum.For = time.Since(s.began)
	}
	return sum
}

// move takes the state on. It is the only place that does, so each change is one
// that link's table has. News that means nothing in the present state, of a
// stream that is given up already, changes nothing. Callers hold mu.
func (s *Session) move(e link.Event, detail string) {
	next, ok := s.now.State.On(e)
	if !ok || next == s.now.State {
		return
	}
	now := time.Now()
	// A copy for each change: snapshots share the old one.
	kept := s.now.History
	if len(kept) == historySize {
		kept = kept[1:]
	}
	history := make([]Change, len(kept), len(kept)+1)
	copy(history, kept)
	s.now.History = append(history, Change{State: next, Event: e, At: now, Detail: detail})
	s.now.State, s.now.Since = next, now
	// A wish to dial was about the state it was uttered in.
	select {
	case <-s.again:
	default:
	}
	s.wake()
}
