package streams

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// snapshot is a server's streams as one answer told them, ready to be sorted and
// drawn. It is made beside the screen's loop and never changed.
type snapshot struct {
	at      time.Time // of the answer; zero for none
	live    []row
	ended   []row
	byAs    []count // of live
	byWhy   []count // of ended, by reason
	rate    int64   // bytes a second of all live streams together
	isRated bool    // there was an answer long enough before, to compare with

	past, recent mark // what this and the next snapshots are compared with
}

// mark is how far each live stream was at a time.
type mark struct {
	at    time.Time // zero for none
	bytes map[key]int64
}

// rateOver is the least time that a rate is taken over. An answer that the user
// wished may follow the one before at once: in so short a time most logs give
// nothing, or a burst.
const rateOver = 750 * time.Millisecond

// row is one stream.
type row struct {
	key  key
	info wire.StreamInfo // as it was told: its texts are not for the screen

	// Texts of info, harmless.
	id, log, client, as, state, tcp, reason, detail string

	needle  string        // log and client in lower case, for the filter
	age     time.Duration // how long it has been, or was, there
	ago     time.Duration // ended: how long ago
	rate    int64         // bytes a second since the answer that it is compared with
	isRated bool          // it was in that answer
}

// key is what a stream is recognised by in the next answer. The id is only a
// beginning, so that two streams can share it.
type key struct {
	id     string
	opened int64 // Unix nanoseconds
}

// count is how many streams have a word.
type count struct {
	word string
	n    int
}

// newSnapshot makes what an update tells ready for the screen, with its texts as
// plain makes them harmless. before is the snapshot it is compared with.
func newSnapshot(before *snapshot, u Update, plain func(string) string) *snapshot {
	if u.At.IsZero() || u.At.Equal(before.at) {
		return before
	}
	s := &snapshot{at: u.At}
	s.live, s.ended = newRows(u.Streams.Live, u.Clock, plain), newRows(u.Streams.Ended, u.Clock, plain)
	s.compare(before)
	s.byAs = countBy(s.live, func(r *row) string { return r.as })
	s.byWhy = countBy(s.ended, func(r *row) string { return r.reason })
	return s
}

func newRows(list []wire.StreamInfo, clock time.Time, plain func(string) string) []row {
	rows := make([]row, len(list))
	for i, info := range list {
		r := row{
			key: key{id: info.ID, opened: info.Opened.UnixNano()}, info: info,
			id: plain(info.ID), log: plain(info.Log), client: plain(info.Client), as: plain(info.As),
			state: plain(string(info.State)), tcp: plain(info.TCP), reason: plain(string(info.Reason)), detail: plain(info.Detail),
		}
		until := clock
		if info.Ended != nil {
			until = *info.Ended
			r.ago = max(clock.Sub(until), 0)
		}
		r.age = max(until.Sub(info.Opened), 0)
		r.needle = strings.ToLower(r.log + "\n" + r.client)
		rows[i] = r
	}
	return rows
}

// compare finds how fast the streams are since the newest answer that is old
// enough. Of those before one is kept as well, for the next snapshot.
func (s *snapshot) compare(before *snapshot) {
	s.past, s.recent = before.past, before.recent
	if s.at.Sub(s.recent.at) >= rateOver {
		s.past, s.recent = s.recent, s.mark()
	}
	if s.past.at.IsZero() {
		return
	}
	s.isRated = true
	took := s.at.Sub(s.past.at)
	for i := range s.live {
		r := &s.live[i]
		was, known := s.past.bytes[r.key]
		if !known || r.info.Bytes < was {
			continue
		}
		r.rate, r.isRated = int64(float64(r.info.Bytes-was)/took.Seconds()), true
		s.rate += r.rate
	}
}

func (s *snapshot) mark() mark {
	m := mark{at: s.at, bytes: make(map[key]int64, len(s.live))}
	for i := range s.live {
		m.bytes[s.live[i].key] = s.live[i].info.Bytes
	}
	return m
}

// countBy counts rows by a word, the most frequent first.
func countBy(rows []row, word func(*row) string) []count {
	n := map[string]int{}
	for i := range rows {
		n[word(&rows[i])]++
	}
	counts := make([]count, 0, len(n))
	for w, n := range n {
		counts = append(counts, count{w, n})
	}
	slices.SortFunc(counts, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.word, b.word))
	})
	return counts
}

// find gives the stream with a key, live or ended; nil where it is forgotten.
func (s *snapshot) find(k key) *row {
	for _, rows := range [][]row{s.live, s.ended} {
		for i := range rows {
			if rows[i].key == k {
				return &rows[i]
			}
		}
	}
	return nil
}

// silentAfter is how long a client's machine may answer nothing before its stream
// gets a sign: an idle connection is probed every 15 s.
const silentAfter = 20 * time.Second

// stuckAfter is how long a client may take nothing, though more waits, before its
// stream gets a sign: for a second that is so of any whose log is busy.
const stuckAfter = 2 * time.Second

// isStuck reports whether the client takes nothing of what waits for it.
func (r *row) isStuck() bool { return milliseconds(r.info.StuckMS) >= stuckAfter }

// isSilent reports whether the kernel doubts that anybody is there.
func (r *row) isSilent() bool {
	return r.info.ContactMS != nil && milliseconds(*r.info.ContactMS) > silentAfter ||
		r.info.TCP != "" && r.info.TCP != "established"
}

// isOrderly reports whether a stream ended as somebody wished.
func (r *row) isOrderly() bool {
	switch r.info.Reason {
	case wire.ReasonClientClosed, wire.ReasonComplete, wire.ReasonMaxAge, wire.ReasonShutdown:
		return true
	}
	return false
}

// sign tells in one cell how a stream is.
func (r *row) sign(g screen.Glyphs) string {
	switch {
	case r.info.Ended != nil && r.isOrderly():
		return g.Done
	case r.info.Ended != nil:
		return g.Closed
	case r.info.State == wire.StateOpening:
		return g.Dialing
	case r.info.State == wire.StateClosing:
		return g.Closing
	case r.isSilent(), r.isStuck():
		return g.NoContact
	}
	return g.Live
}

// milliseconds is n of them, as far as a duration reaches.
func milliseconds(n int64) time.Duration { return scaled(n, time.Millisecond) }

func scaled(n int64, unit time.Duration) time.Duration {
	const most = 1<<63 - 1
	return time.Duration(min(max(n, 0), most/int64(unit))) * unit
}

// wordMost is the cells that a word of a server has in a sentence of ours, so that
// no word, however long, pushes the sentence's end out of view.
const wordMost = 60

// name is a stream in a sentence.
func (r *row) name() string {
	log := r.log
	if w := text.Width(log); w > wordMost {
		log = text.Cut(log, w-wordMost, wordMost)
	}
	return log + " to " + text.Cut(r.client, 0, wordMost)
}

// mark is what tells a stream from another of the same name.
func (r *row) mark() string {
	return "(" + text.Cut(r.id, 0, wordMost) + ", " + text.Cut(r.as, 0, wordMost) + ")"
}
