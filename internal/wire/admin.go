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
	As          string    `json:"as"`     // representation: raw, ndjson, sse, frames
	Opened      time.Time `json:"opened"`
	Bytes       int64     `json:"bytes"`            // of the log, sent
	Acked       string    `json:"acked,omitempty"`  // the last cursor that a lease renewal carried
	Lag         int64     `json:"lag"`              // bytes between the stream's position and the log's end, when last known
	IdleMS      int64     `json:"idle_ms"`          // since the log last gave this stream a byte
	LastHeardMS int64     `json:"last_heard_ms"`    // since the client last gave a sign: request, renewal
	RTTUS       int64     `json:"rtt_us,omitempty"` // round trip of the connection, microseconds, where known
	State       string    `json:"state"`            // streaming, closing, ended

	Reason    Reason     `json:"reason,omitempty"`
	Detail    string     `json:"detail,omitempty"`
	Ended     *time.Time `json:"ended,omitempty"`
	ReclaimMS *float64   `json:"reclaim_ms,omitempty"` // from the loss being noticed to everything given back
}

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
