package wire

// Representation is one of the forms a stream can take.
type Representation int

// The four representations.
const (
	Raw    Representation = iota // the log's bytes and nothing else
	NDJSON                       // an object a line
	SSE                          // server-sent events, for browsers
	Frames                       // the native one
)

// String is the name that /-/streams and metrics use.
func (r Representation) String() string {
	switch r {
	case Raw:
		return "raw"
	case NDJSON:
		return "ndjson"
	case SSE:
		return "sse"
	case Frames:
		return "frames"
	}
	return "unknown"
}

// ContentType is the media type of an answer in this representation.
func (r Representation) ContentType() string {
	switch r {
	case NDJSON:
		return TypeNDJSON
	case SSE:
		return TypeSSE
	case Frames:
		return TypeFrames
	}
	return TypeText
}

// Encoder turns one stream's sequence of events into the bytes of one
// representation. Each method appends to dst and returns it; none keeps dst or
// its arguments. An Encoder belongs to one goroutine.
//
// Encoders of lines (NDJSON, SSE) hold back an unfinished line. While Pending
// reports true they hold one; the caller calls Flush when it has waited long
// enough, and the piece goes out as partial. The cursors that they write never
// lie behind bytes that they hold, so a reader that resumes loses nothing.
type Encoder interface {
	Open(dst []byte, o Open) []byte
	// Data takes the bytes p that were appended to the log. at(n) is the cursor
	// after p[:n], 0 <= n <= len(p); it is called only where it is written.
	Data(dst, p []byte, at func(n int) string) []byte
	Event(dst []byte, e Event) []byte
	Heartbeat(dst []byte, h Heartbeat) []byte
	End(dst []byte, e End) []byte
	Pending() bool
	Flush(dst []byte) []byte
}

// EncoderOptions are what a stream may choose about its encoder.
type EncoderOptions struct {
	Newlines bool // Raw: a heartbeat inserts an empty line
	MidLine  bool // NDJSON, SSE: the stream begins inside a line
}

// NewEncoder makes the encoder for one stream in representation r.
func NewEncoder(r Representation, opt EncoderOptions) Encoder {
	switch r {
	case NDJSON:
		return &lineEncoder{form: ndjson{}, cont: opt.MidLine}
	case SSE:
		return &lineEncoder{form: sse{}, cont: opt.MidLine}
	case Frames:
		return framesEncoder{}
	}
	return rawEncoder{newlines: opt.Newlines}
}
