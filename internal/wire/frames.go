package wire

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// headerSize is the type and the length before each payload.
const headerSize = 5

// framesEncoder writes the native representation. It keeps nothing: bytes go
// out as they come, also those of an unfinished line.
type framesEncoder struct{}

func (framesEncoder) Open(dst []byte, o Open) []byte   { return control(dst, FrameOpen, "open", o) }
func (framesEncoder) Event(dst []byte, e Event) []byte { return control(dst, FrameEvent, "event", e) }
func (framesEncoder) Heartbeat(dst []byte, h Heartbeat) []byte {
	return control(dst, FrameHeartbeat, "heartbeat", h)
}
func (framesEncoder) End(dst []byte, e End) []byte { return control(dst, FrameEnd, "end", e) }
func (framesEncoder) Pending() bool                { return false }
func (framesEncoder) Flush(dst []byte) []byte      { return dst }

func (framesEncoder) Data(dst, p []byte, at func(n int) string) []byte {
	for taken := 0; taken < len(p); {
		n := min(len(p)-taken, MaxData)
		cursor := at(taken + n)
		if len(cursor) > MaxCursor {
			panic(fmt.Sprintf("wire: internal error: cursor of %d bytes", len(cursor)))
		}
		dst = append(dst, FrameData)
		dst = binary.BigEndian.AppendUint32(dst, uint32(1+len(cursor)+n))
		dst = append(dst, byte(len(cursor)))
		dst = append(dst, cursor...)
		dst = append(dst, p[taken:taken+n]...)
		taken += n
	}
	return dst
}

// control appends a frame with a JSON payload.
func control(dst []byte, frame byte, kind string, v any) []byte {
	at := len(dst)
	dst = append(dst, frame, 0, 0, 0, 0)
	dst = object(dst, kind, v)
	binary.BigEndian.PutUint32(dst[at+1:], uint32(len(dst)-at-headerSize))
	return dst
}

// Frame is one unit of the native representation. Type tells which of the other
// fields is set: Data (with Cursor), Open, Event, Heartbeat or End.
type Frame struct {
	Type   byte
	Cursor string // valid after the frame: the data's, or the object's
	Data   []byte // valid until the next call of Next

	Open      *Open
	Event     *Event
	Heartbeat *Heartbeat
	End       *End
}

// ProtocolError says that what came was not the native representation. The
// stream is of no use any more.
type ProtocolError struct{ Detail string }

func (e *ProtocolError) Error() string { return "not a bubbletail stream: " + e.Detail }

// Decoder reads the native representation. An error is final: every later Next
// returns it again.
type Decoder struct {
	r   *bufio.Reader
	buf []byte // payload of the current frame; grows to what the stream needs, at most MaxPayload
	err error
}

// NewDecoder makes a Decoder that reads from r.
func NewDecoder(r io.Reader) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, MaxData)}
}

// Next reads one frame and skips those of unknown types. At the end of the body
// it returns [io.EOF] between two frames and [io.ErrUnexpectedEOF] within one,
// whose part is dropped; it returns a [*ProtocolError] for anything that is not
// a frame, and otherwise the reader's error.
func (d *Decoder) Next() (Frame, error) {
	for d.err == nil {
		f, known, err := d.next()
		if err != nil {
			d.err = err
			break
		}
		if known {
			return f, nil
		}
	}
	return Frame{}, d.err
}

func (d *Decoder) next() (f Frame, known bool, err error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(d.r, head[:]); err != nil {
		return f, false, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > MaxPayload {
		return f, false, &ProtocolError{fmt.Sprintf("frame of type %q announces %d bytes, more than %d", head[0], n, MaxPayload)}
	}
	if int(n) > cap(d.buf) {
		d.buf = make([]byte, n)
	}
	d.buf = d.buf[:n]
	if _, err := io.ReadFull(d.r, d.buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return f, false, err
	}
	return parse(head[0], d.buf)
}

// parse reads one payload. Its data stays in payload.
func parse(kind byte, payload []byte) (f Frame, known bool, err error) {
	f.Type = kind
	switch kind {
	case FrameData:
		return parseData(payload)
	case FrameOpen:
		f.Open, err = decodeObject[Open](kind, payload)
		if err == nil {
			f.Cursor = f.Open.Cursor
		}
	case FrameEvent:
		f.Event, err = decodeObject[Event](kind, payload)
		if err == nil {
			f.Cursor = f.Event.Cursor
		}
	case FrameHeartbeat:
		f.Heartbeat, err = decodeObject[Heartbeat](kind, payload)
		if err == nil {
			f.Cursor = f.Heartbeat.Cursor
		}
	case FrameEnd:
		f.End, err = decodeObject[End](kind, payload)
		if err == nil {
			f.Cursor = f.End.Cursor
		}
	default:
		return f, false, nil
	}
	return f, true, err
}

func parseData(payload []byte) (Frame, bool, error) {
	if len(payload) == 0 || len(payload) < 1+int(payload[0]) {
		return Frame{}, false, &ProtocolError{"data frame ends inside its cursor"}
	}
	body := 1 + int(payload[0])
	return Frame{Type: FrameData, Cursor: string(payload[1:body]), Data: payload[body:]}, true, nil
}

func decodeObject[T any](kind byte, payload []byte) (*T, error) {
	v := new(T)
	if err := json.Unmarshal(payload, v); err != nil {
		return nil, &ProtocolError{fmt.Sprintf("payload of frame type %q: %v", kind, err)}
	}
	return v, nil
}
