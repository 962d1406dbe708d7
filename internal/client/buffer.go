package client

import (
	"context"
	"io"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// ItemKind says what an Item is.
type ItemKind int

// The kinds of items.
const (
	ItemData    ItemKind = iota // bytes of the log
	ItemEvent                   // something happened to the log
	ItemResumed                 // a stream began after another: the data goes on here
	ItemProblem                 // the last item: why nothing more will come
)

// Item is one piece of what a session brought, in its place.
type Item struct {
	Kind ItemKind
	// Data is a piece of the log of any length, cut anywhere: all that came
	// since the item before, up to pieceSize. It is the receiver's own.
	Data []byte
	// Old says of Data that the log had it when the stream began: it is no news.
	// No item has both old and new data.
	Old     bool
	Event   wire.Event // ItemEvent
	Resumed Resumed    // ItemResumed
	Err     error      // ItemProblem: what Run returns
	At      time.Time  // when it came; of Data its first byte
}

// Resumed tells how a session came back.
type Resumed struct {
	Away     time.Duration // from the last byte of the stream before to this one's first frame
	Attempts int           // attempts that it took, 1 when the first succeeded
	Met      wire.Met      // how the server met the cursor
	Lost     *int64        // bytes that cannot be had, where the server said so at once; nil else
	Server   string        // name and version of the server, where that changed; "" else
	CaughtUp int64         // bytes that the log has beyond what was taken before; they follow at once, as old data
}

// Update is everything new since the last one.
type Update struct {
	Items  []Item
	Status Status // at the same moment: Status.Cursor is the place after Items
	Closed bool   // the last update: Run has returned or is about to
}

const (
	// pieceSize bounds the pieces that data is merged into. A piece starts as
	// small as its first frame, since most logs trickle, and doubles up to this.
	pieceSize = 512 << 10
	// itemCost is what an item without data counts against the buffer.
	itemCost = 1 << 10
)

// Next waits for something new and returns all of it: bytes and events in their
// order, or only a status that changed. After the last update its error is
// io.EOF, and when ctx ends first the cause of that. Next may be called before
// Run; it is for one consumer at a time.
func (s *Session) Next(ctx context.Context) (Update, error) {
	for {
		if u, ok, err := s.fetch(); ok || err != nil {
			return u, err
		}
		select {
		case <-s.more:
		case <-ctx.Done():
			return Update{}, context.Cause(ctx)
		}
	}
}

// fetch empties the buffer, if there is something new.
func (s *Session) fetch() (Update, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fetchedLast:
		return Update{}, false, io.EOF
	case !s.fresh:
		return Update{}, false, nil
	}
	u := Update{Items: s.items, Status: s.now, Closed: s.finished}
	s.items, s.held, s.fresh, s.fetchedLast = nil, 0, false, s.finished
	signal(s.room)
	return u, true, nil
}

// wake tells Next that there is something new. Callers hold mu.
func (s *Session) wake() {
	s.fresh = true
	signal(s.more)
}

// signal fills c, a channel of one, unless it is full.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// makeRoom waits until n more bytes fit into the buffer and returns with mu held,
// or, when ctx ends or the user leaves, reports false without it. While it waits
// the reader does not read, which is the backpressure; the server's silence is
// then our own doing and is not counted.
func (s *Session) makeRoom(ctx context.Context, leaving <-chan struct{}, n int) bool {
	s.mu.Lock()
	for s.held > 0 && s.held+n > s.opt.Buffer {
		s.blocked = true
		s.mu.Unlock()
		var gone bool
		select {
		case <-s.room:
		case <-ctx.Done():
			gone = true
		case <-leaving:
			gone = true
		}
		s.mu.Lock()
		s.blocked = false
		s.heard = time.Now()
		if gone {
			s.mu.Unlock()
			return false
		}
	}
	return true
}

// put appends an item to the buffer. Callers hold mu.
func (s *Session) put(it Item) {
	it.At = time.Now()
	s.items = append(s.items, it)
	s.held += itemCost
	s.wake()
}

// putData merges p into the buffer: what the log had already as old, the rest as
// new. Callers hold mu.
func (s *Session) putData(p []byte) {
	now := time.Now()
	s.now.Bytes += int64(len(p))
	s.held += len(p)
	old := int(min(s.behind, int64(len(p))))
	s.behind -= int64(old)
	s.putPiece(p[:old], true, now)
	s.putPiece(p[old:], false, now)
	if old < len(p) {
		s.learnNews(int64(len(p)-old), now)
	}
	s.wake()
}

// putPiece merges p into the last item, if that is of its kind. Callers hold mu.
func (s *Session) putPiece(p []byte, old bool, now time.Time) {
	if len(p) == 0 {
		return
	}
	if n := len(s.items); n > 0 {
		if last := &s.items[n-1]; last.Kind == ItemData && last.Old == old && len(last.Data)+len(p) <= pieceSize {
			last.Data = extend(last.Data, p)
			return
		}
	}
	s.items = append(s.items, Item{Kind: ItemData, Data: extend(nil, p), Old: old, At: now})
}

// extend appends p to piece, doubling its capacity where it must grow: append's
// own growth copies a large piece more often.
func extend(piece, p []byte) []byte {
	if need := len(piece) + len(p); need > cap(piece) {
		grown := make([]byte, len(piece), max(need, min(2*cap(piece), pieceSize)))
		copy(grown, piece)
		piece = grown
	}
	return append(piece, p...)
}
