package wire

import "time"

// Streams is the answer of GET /-/streams.
type Streams struct {
	Live  []StreamInfo `json:"live"`  // oldest first
	Ended []StreamInfo `json:"ended"` // the last ones, newest first
}

// StreamInfo tells of one stream, live or ended.
type StreamInfo struct {
	ID          string    `json:"id"`     // a prefix of the id: enough to recognise, too little to close
	Log         string    `json:"log"`    //
	Client      string    `json:"client"` // address
	As          string    `json:"as"`     // representation: raw, ndjson, sse, frames; "range" for a part of a log
	Opened      time.Time `json:"opened"`
	Bytes       int64     `json:"bytes"`         // of the log, sent
	Lag         int64     `json:"lag"`           // bytes between the stream's position and the log's end, when last known
	IdleMS      int64     `json:"idle_ms"`       // since the log last gave this stream a byte
	LastHeardMS int64     `json:"last_heard_ms"` // since the client last gave a sign: request, renewal
	State       State     `json:"state"`

	// How far the client really is: only a leased one says so.
	LeaseMS int64  `json:"lease_ms,omitempty"` // 0 without a lease
	Acked   string `json:"acked,omitempty"`    // the last cursor that a renewal carried
	AckedMS int64  `json:"acked_ms,omitempty"` // since that renewal
	Behind  *int64 `json:"behind,omitempty"`   // bytes of the log after Acked; nil where they cannot be counted

	// What the kernel knows of the connection, as it was when last asked: on Linux
	// each second. All of it is absent where nobody can be asked.
	TCP       string `json:"tcp,omitempty"`        // its state: "established", "close-wait", ...
	RTTUS     int64  `json:"rtt_us,omitempty"`     // round trip, microseconds
	Unacked   int64  `json:"unacked,omitempty"`    // bytes written whose arrival is not confirmed, sent or not
	StuckMS   int64  `json:"stuck_ms,omitempty"`   // since the client last took any of them; 0 while it takes them
	ContactMS *int64 `json:"contact_ms,omitempty"` // since the client's machine last answered anything

	Reason    Reason     `json:"reason,omitempty"`
	Detail    string     `json:"detail,omitempty"`
	Ended     *time.Time `json:"ended,omitempty"`
	ReclaimMS *float64   `json:"reclaim_ms,omitempty"` // from the loss being noticed to everything given back
}

// State is where a stream is in its life.
type State string

// States, in their order.
const (
	StateOpening   State = "opening"   // its beginning is looked for
	StateStreaming State = "streaming" //
	StateClosing   State = "closing"   // its end is decided, and what it held is being given back
	StateEnded     State = "ended"     // everything was given back
)

// ShownID is how many digits of a stream's id people are shown: enough to recognise
// the stream, and for an operator to end it; too few to be taken for its client.
const ShownID = 8

// Listing is the answer of GET on a directory as JSON.
type Listing struct {
	Path    string  `json:"path"` // "" for the top, else without a leading and with a trailing slash
	Entries []Entry `json:"entries"`
}

// Entry is one row of a [Listing].
type Entry struct {
	Name  string    `json:"name"` // of a directory with a trailing slash; bytes that are no UTF-8 become U+FFFD
	Href  string    `json:"href"` // the name percent-encoded, relative to the listing: exact for every name
	Size  int64     `json:"size"` // bytes; 0 for a directory
	MTime time.Time `json:"mtime"`
}

// Health is the answer of GET /-/healthz.
type Health struct {
	Status   string `json:"status"`   // "ok" or "degraded"
	Watching string `json:"watching"` // "inotify" (or the system's own) or "polling"
	Identity string `json:"identity"` // "strong", or "weak" where files have no birth time

	Logs        int `json:"logs"`        // that are being followed
	Polled      int `json:"polled"`      // of these, how many are only looked at, more often, since nothing tells of their changes
	Watches     int `json:"watches"`     // directories that are watched
	Generations int `json:"generations"` // files held open, of all logs

	Notes []string `json:"notes,omitempty"` // why the status is not ok, for people
}

// Build is the answer of GET /-/version.
type Build struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Wire    int    `json:"wire"` // [Version]
	Go      string `json:"go"`
}
