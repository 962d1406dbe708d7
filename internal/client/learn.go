package client

import (
	"net/http"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
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

// learnReached notes that there is a connection, on which an answer is awaited.
func (s *Session) learnReached() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.State == link.Dialing {
		s.now.Reached, s.now.GiveUpAt = true, s.now.Since.Add(AnswerTimeout)
		s.wake()
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
	s.now.Opened = time.Now()
	s.now.Reason, s.now.Detail, s.now.Hint = "", "", ""
	s.now.Gone = ""
	s.learnSize(o.Size)
	s.behind, s.late = max(o.Behind, 0), false
	if s.now.Cursor == "" {
		// Else ours stays until something is taken: where there is a gap, the
		// stream begins behind it, and the event that tells of it may yet be torn.
		s.learnCursor(o.Cursor)
	}
}

// learnWritten keeps when the log was last written before the stream began;
// skew is how far the server's clock is ahead of ours. A stream that goes on
// where the last one ended has nothing to tell: the news came to us. Callers
// hold mu.
func (s *Session) learnWritten(o wire.Open, skew time.Duration) {
	isFirst, isEmpty := s.now.Connects == 1, o.Size <= 0
	if o.Modified.IsZero() || o.Behind <= 0 && (!isFirst || isEmpty) {
		return
	}
	now := time.Now()
	at := now.Add(-max(now.Add(skew).Sub(o.Modified), 0)) // never ahead of now
	if at.After(s.now.LastData) {
		s.now.LastData = at
	}
}

// clockSkew is how far ahead of ours the clock is that wrote an answer's Date.
// The header has whole seconds and was on its way for a while: up to two seconds
// are taken for that.
func clockSkew(date string, now time.Time) time.Duration {
	const doubt = 2 * time.Second
	at, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	if skew := at.Sub(now); skew.Abs() > doubt {
		return skew
	}
	return 0
}

// learnSize keeps what the server tells of the log's size. A size does not mean
// that the log's name is there: a file that lost its name has one. Callers hold mu.
func (s *Session) learnSize(size int64) {
	s.now.Size, s.now.SizeAt = size, time.Now()
	if size < 0 && s.now.Gone == "" {
		s.learnGone(wire.KindRemoved)
	}
}

// learnGone notes that the log is gone, or with "" that it is there. Callers hold mu.
func (s *Session) learnGone(k wire.Kind) {
	if s.now.Gone != k {
		s.now.Gone, s.now.GoneSince = k, time.Now()
	}
}

// learnNews notes n bytes that the log had not when the stream began. Callers
// hold mu.
func (s *Session) learnNews(n int64, now time.Time) {
	s.now.LastData = now
	if s.now.Size >= 0 && !s.late {
		s.now.Size += n
	}
	if s.now.Gone == wire.KindDenied {
		s.learnGone("") // no event tells that a log may be read again
	}
}

// learnEvent follows the log from one generation to the next. Callers hold mu.
func (s *Session) learnEvent(e wire.Event) {
	s.learnCursor(e.Cursor)
	switch e.Kind {
	case wire.KindRemoved, wire.KindDenied:
		s.learnGone(e.Kind)
	case wire.KindLate:
		s.late = true
	case wire.KindHole:
		// The bytes that are behind have the hole's among them.
		if e.Lost != nil {
			s.behind = max(s.behind-max(*e.Lost, 0), 0)
		}
	case wire.KindRotated, wire.KindTruncated, wire.KindAppeared:
		s.learnGone("")
		if s.late {
			s.late = false // back in the generation that was current before
			return
		}
		s.now.Generation++
		if s.behind == 0 {
			// Else the size that the stream began with is that of a later one.
			s.now.Size, s.now.SizeAt = 0, time.Time{}
		}
	}
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
