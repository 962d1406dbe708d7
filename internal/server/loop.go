package server

import (
	"bytes"
	"context"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// pace is the least time between two writes of data to one stream. It makes a
// busy log's lines travel together: a flush for each line costs a hundred times
// as much, and nobody sees 3 ms.
const pace = 3 * time.Millisecond

// loop carries one log to one connection. It belongs to the handler's goroutine.
type loop struct {
	st       *stream
	conn     *conn
	enc      wire.Encoder
	follower Follower
	once     bool // there is nothing to wait for at the end
	buffers  *buffers
	sent     *vm.Counter // bytes of all streams
	rest     *time.Timer // for pace; nil until the first wait
}

// run speaks until the stream ends and says why it did. Unless the ending was a
// cut, the end object has been sent.
func (l *loop) run(ctx context.Context, open wire.Open) *ending {
	e := l.carry(ctx, open)
	l.st.notice()
	if e.cut || e.reason == wire.ReasonClientGone {
		return e
	}
	e.hurry(l.conn)
	err := l.say(func(dst []byte) []byte {
		return l.enc.End(dst, wire.End{
			Reason: e.reason, Cursor: l.follower.Cursor(), RetryMS: e.retryMS(), Detail: e.detail,
		})
	})
	if err == nil {
		err = l.conn.arm() // for the last chunk, which net/http writes
	}
	if err != nil {
		return &ending{reason: e.reason, detail: e.detail, cut: true}
	}
	return e
}

// carry tells everything that the log gives, until an ending.
func (l *loop) carry(ctx context.Context, open wire.Open) *ending {
	if err := l.begin(open); err != nil {
		return l.st.unwritten(ctx, l.conn, err)
	}
	for {
		ev, err := l.follower.Next(ctx)
		if err != nil {
			return l.st.unread(ctx, err)
		}
		if err := l.tell(&ev); err != nil {
			return l.st.unwritten(ctx, l.conn, err)
		}
		if len(ev.Data) > 0 && !ev.More && !l.once {
			l.wait(ctx)
		}
	}
}

// begin sends the headers and the open object.
func (l *loop) begin(open wire.Open) error {
	buf := l.buffers.take()
	defer l.buffers.give(buf)
	buf.b = l.enc.Open(buf.b, open)
	return l.send(buf.b)
}

// tell passes on one event of the log, or after a nudge says what is due.
func (l *loop) tell(ev *Event) error {
	switch {
	case len(ev.Data) > 0:
		return l.tellData(ev)
	case ev.Kind != "":
		l.st.held.Store(0)
		return l.say(func(dst []byte) []byte {
			return l.enc.Event(dst, wire.Event{Kind: ev.Kind, Cursor: ev.Cursor(0), Lost: ev.Lost, Detail: ev.Detail})
		})
	}
	return l.tellDue()
}

func (l *loop) tellData(ev *Event) error {
	now := l.st.clock.now()
	l.st.gave.Store(int64(now))
	l.st.passing.Store(int64(len(ev.Data)))
	defer l.st.passing.Store(0)
	err := l.say(func(dst []byte) []byte { return l.enc.Data(dst, ev.Data, ev.Cursor) })
	if err != nil {
		return err
	}
	l.st.bytes.Add(int64(len(ev.Data)))
	l.sent.Add(len(ev.Data))
	switch {
	case !l.enc.Pending():
		l.st.held.Store(0)
	case l.st.held.Load() == 0 || bytes.IndexByte(ev.Data, '\n') >= 0:
		l.st.held.Store(int64(now)) // a new unfinished line
	}
	return nil
}

func (l *loop) tellDue() error {
	now := l.st.clock.now()
	if l.st.lineDue(now) {
		l.st.held.Store(0)
		return l.say(l.enc.Flush)
	}
	if !l.st.heartbeatDue(now) {
		return nil
	}
	return l.say(func(dst []byte) []byte {
		return l.enc.Heartbeat(dst, wire.Heartbeat{
			Cursor: l.follower.Cursor(),
			Size:   l.follower.Size(),
			IdleMS: (now - time.Duration(l.st.gave.Load())).Milliseconds(),
			Time:   time.Now(),
		})
	})
}

// say encodes into a pooled buffer and sends it, if there is anything to say.
func (l *loop) say(encode func(dst []byte) []byte) error {
	buf := l.buffers.take()
	defer l.buffers.give(buf)
	buf.b = encode(buf.b)
	if len(buf.b) == 0 {
		return nil
	}
	return l.send(buf.b)
}

func (l *loop) send(p []byte) error {
	l.st.writing.Store(true)
	err := l.conn.send(p)
	l.st.writing.Store(false)
	if err != nil {
		l.st.notice()
		return err
	}
	l.st.spoke.Store(int64(l.st.clock.now()))
	return nil
}

// wait lets a busy log gather for one pace. It is before Next and not after it
// that the loop waits: then the follower reads everything that came meanwhile
// in one piece, and the first byte after a silence waits for nothing.
func (l *loop) wait(ctx context.Context) {
	if l.rest == nil {
		l.rest = time.NewTimer(pace)
	} else {
		l.rest.Reset(pace)
	}
	select {
	case <-l.rest.C:
	case <-ctx.Done():
		l.rest.Stop()
	}
}

// buffers are what writes are encoded into. A stream takes one for each write
// and holds none while it waits.
type buffers struct{ pool sync.Pool }

type buffer struct{ b []byte }

// maxKept bounds a buffer that is kept; one that grew beyond it, by an unusually
// wordy encoding, is left to the garbage collector.
const maxKept = 1 << 20

func (p *buffers) take() *buffer {
	if buf, ok := p.pool.Get().(*buffer); ok {
		return buf
	}
	return &buffer{b: make([]byte, 0, 4<<10)}
}

func (p *buffers) give(buf *buffer) {
	if cap(buf.b) > maxKept {
		return
	}
	buf.b = buf.b[:0]
	p.pool.Put(buf)
}
