package client

import (
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// learnStream keeps the id of a stream as soon as the answer's header has it, so
// that a user who leaves before the first frame can still close it.
func (s *Session) learnStream(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(id) <= maxWord {
		s.now.Stream = id
	}
}

// learnOpen keeps what the first frame tells. Callers hold mu.
func (s *Session) learnOpen(o wire.Open) {
	if o.Stream != "" && len(o.Stream) <= maxWord {
		s.now.Stream = o.Stream
	}
	s.now.Generation = max(s.now.Generation, 1)
	s.now.Connects++
	s.now.Server = clip(o.Server, maxWord)
	s.now.Met = wire.Met(clip(string(o.Met), maxWord))
	s.now.Heartbeat = heartbeat(o.HeartbeatMS)
	s.now.Lease = millis(o.LeaseMS)
	s.now.MaxAge = millis(o.MaxAgeMS)
	s.now.Size = o.Size
	s.now.Reason, s.now.Detail, s.now.Hint = "", "", ""
	switch {
	case o.Met == wire.MetFresh && s.opt.From == "start":
		s.position = 0
	case o.Met != wire.MetContinued:
		s.position = -1
	}
	if s.now.Cursor == "" {
		// Else ours stays until something is taken: where there is a gap, the
		// stream begins behind it, and the event that tells of it may yet be torn.
		s.learnCursor(o.Cursor)
	}
}

// learnEvent follows the log from one generation to the next. Callers hold mu.
func (s *Session) learnEvent(e wire.Event) {
	switch e.Kind {
	case wire.KindRotated, wire.KindTruncated, wire.KindAppeared:
		s.now.Generation++
	}
	s.position = -1 // until a heartbeat tells it again
	s.learnCursor(e.Cursor)
}

// learnCursor keeps the place to come back to. Callers hold mu and have taken
// everything before it.
func (s *Session) learnCursor(c string) {
	if c != "" && len(c) <= wire.MaxCursor {
		s.now.Cursor = c
	}
}

// heartbeat is the server's announced heartbeat within what a server may have.
func heartbeat(ms int64) time.Duration {
	if ms <= 0 {
		return defaultHeartbeat
	}
	return min(max(millis(ms), wire.MinHeartbeat), wire.MaxHeartbeat)
}

// millis is ms as a duration, which must not overflow: at most 10 years.
func millis(ms int64) time.Duration {
	const most = 10 * 365 * 24 * time.Hour
	return min(max(time.Duration(min(ms, int64(most/time.Millisecond))), 0)*time.Millisecond, most)
}
