package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"time"
	"unicode/utf8"
)

var base64Encoding = base64.StdEncoding

// form writes the objects of a line representation.
type form interface {
	line(dst []byte, l Line) []byte
	object(dst []byte, kind, cursor string, v any) []byte
	heartbeat(dst []byte, h Heartbeat) []byte
}

// lineEncoder cuts the log's bytes into lines, for NDJSON and SSE. It keeps at
// most MaxData bytes of an unfinished line, however long the line becomes.
type lineEncoder struct {
	form       form
	held       []byte // the unfinished line; nil while there is none, so that an idle stream holds no buffer
	last       string // cursor after everything written, so never behind held bytes
	heldCursor string // cursor after held
	cont       bool   // the next line object continues one that was left partial
}

func (e *lineEncoder) Open(dst []byte, o Open) []byte {
	e.last = o.Cursor
	return e.form.object(dst, "open", o.Cursor, o)
}

func (e *lineEncoder) Data(dst, p []byte, at func(n int) string) []byte {
	taken := 0
	for taken < len(p) {
		rest := p[taken:]
		room := MaxData - len(e.held)
		nl := bytes.IndexByte(rest[:min(len(rest), room+1)], '\n')
		switch {
		case nl >= 0:
			taken += nl + 1
			dst = e.write(dst, rest[:nl], at(taken), false)
		case len(rest) <= room:
			e.held = append(e.held, rest...)
			e.heldCursor = at(len(p))
			return dst
		default:
			n := wholeRunes(rest, room)
			taken += n
			dst = e.write(dst, rest[:n], at(taken), true)
		}
	}
	return dst
}

// write gives out the held bytes and p as one line object.
func (e *lineEncoder) write(dst, p []byte, cursor string, partial bool) []byte {
	text := p
	if len(e.held) > 0 {
		text = append(e.held, p...)
	}
	dst = e.form.line(dst, Line{Cursor: cursor, Text: text, Partial: partial, Cont: e.cont})
	e.held, e.heldCursor = nil, ""
	e.last, e.cont = cursor, partial
	return dst
}

// wholeRunes is the largest cut of p, at most n, that does not split a rune of
// UTF-8 text; n itself where p is not text.
func wholeRunes(p []byte, n int) int {
	for back := 0; back < utf8.UTFMax && back < n; back++ {
		if utf8.RuneStart(p[n-back]) {
			return n - back
		}
	}
	return n
}

func (e *lineEncoder) Pending() bool { return len(e.held) > 0 }

func (e *lineEncoder) Flush(dst []byte) []byte {
	if !e.Pending() {
		return dst
	}
	return e.write(dst, nil, e.heldCursor, true)
}

// Event writes the unfinished line first: what happened to the log happened
// after those bytes. A line never continues across an event.
func (e *lineEncoder) Event(dst []byte, ev Event) []byte {
	dst = e.Flush(dst)
	e.cont = false
	e.last = ev.Cursor
	return e.form.object(dst, "event", ev.Cursor, ev)
}

func (e *lineEncoder) Heartbeat(dst []byte, h Heartbeat) []byte {
	if e.Pending() {
		h.Cursor = e.last
	}
	e.last = h.Cursor
	return e.form.heartbeat(dst, h)
}

func (e *lineEncoder) End(dst []byte, end End) []byte {
	dst = e.Flush(dst)
	return e.form.object(dst, "end", end.Cursor, end)
}

// ndjson is one JSON object a line.
type ndjson struct{}

func (ndjson) line(dst []byte, l Line) []byte { return append(line(dst, l), '\n') }

func (ndjson) object(dst []byte, kind, _ string, v any) []byte {
	return append(object(dst, kind, v), '\n')
}

func (f ndjson) heartbeat(dst []byte, h Heartbeat) []byte {
	return f.object(dst, "heartbeat", h.Cursor, h)
}

// sse is server-sent events. Each object is one message whose data is the same
// JSON as in NDJSON: a line of a log may hold CR, which would end an SSE field,
// and bytes that are no UTF-8, which the browser would replace. All are of the
// default type, since EventSource keeps "open" and "error" for itself. The id is
// the cursor, so that EventSource resumes by itself.
type sse struct{}

func (f sse) line(dst []byte, l Line) []byte {
	return append(line(f.id(dst, l.Cursor), l), "\n\n"...)
}

func (f sse) object(dst []byte, kind, cursor string, v any) []byte {
	if end, ok := v.(End); ok {
		dst = retry(dst, end)
	}
	dst = f.id(dst, cursor)
	return append(object(dst, kind, v), "\n\n"...)
}

// noReturn is when an EventSource may come back whose stream is over for good. It knows
// no word for never, and would be back after three seconds.
const noReturn = 24 * time.Hour

// retry says when an EventSource may come back, which reads no JSON to learn that.
func retry(dst []byte, end End) []byte {
	switch {
	case !end.Reason.Returns():
		return fmt.Appendf(dst, "retry: %d\n", noReturn.Milliseconds())
	case end.RetryMS > 0:
		return fmt.Appendf(dst, "retry: %d\n", end.RetryMS)
	}
	return dst
}

func (sse) id(dst []byte, cursor string) []byte {
	dst = append(dst, "id: "...)
	dst = append(dst, cursor...)
	return append(dst, "\ndata: "...)
}

// heartbeat is a comment: it keeps the connection and wakes no listener.
func (sse) heartbeat(dst []byte, _ Heartbeat) []byte { return append(dst, ": heartbeat\n\n"...) }
