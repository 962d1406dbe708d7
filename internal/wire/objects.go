package wire

import "time"

// Met says how the server met the place that a stream asked to begin at.
type Met string

// Ways to meet a starting place.
const (
	MetFresh     Met = "fresh"     // no cursor was given
	MetContinued Met = "continued" // the cursor's generation, its bytes unchanged: nothing lost or doubled
	MetRotated   Met = "rotated"   // the cursor's generation under another name: its rest first, then its successors
	MetTruncated Met = "truncated" // the generation was rewritten: the rest came from a copy
	MetGap       Met = "gap"       // something between the cursor and here cannot be had; an event tells what
)

// Kind says what happened to a log.
type Kind string

// Kinds of events.
const (
	KindRotated   Kind = "rotated"   // the next generation is another file
	KindTruncated Kind = "truncated" // the next generation is the same file, begun anew
	KindRemoved   Kind = "removed"   // nothing has the log's name any more
	KindAppeared  Kind = "appeared"  // the log's name names a file again, or for the first time
	KindDenied    Kind = "denied"    // the log is there and may not be read; it is tried again
	KindHole      Kind = "hole"      // a hole in a sparse file was skipped; Lost is its size
	KindGap       Kind = "gap"       // bytes that were written cannot be had; Lost is how many, nil when unknown
	KindLate      Kind = "late"      // what follows was appended to a generation after its successor began
)

// Reason says why a stream ended.
type Reason string

// Reasons of ends, as the end object, the trailer, the server's log, its
// metrics and the client's screen spell them.
const (
	ReasonClientClosed Reason = "client-closed" // DELETE, or the answer was complete
	ReasonClientGone   Reason = "client-gone"   // the connection ended under the stream
	ReasonLeaseLapsed  Reason = "lease-lapsed"  // nobody renewed the lease
	ReasonStalled      Reason = "stalled"       // a write found no room for the stall timeout
	ReasonMaxAge       Reason = "max-age"       // the stream lived as long as any may; come back with the cursor
	ReasonIdle         Reason = "idle"          // the log was silent for the idle timeout
	ReasonOperator     Reason = "operator"      // somebody who looks after the server ended it
	ReasonShutdown     Reason = "shutdown"      // the server is stopping; come back after RetryMS
	ReasonRemoved      Reason = "removed"       // the log has gone for good
	ReasonDenied       Reason = "denied"        // the log may no longer be read
	ReasonComplete     Reason = "complete"      // follow=0 reached the end that the log had when it began
	ReasonError        Reason = "error"         // anything else; Detail says what
)

// Reasons lists every Reason, for counters that must exist before they count.
var Reasons = []Reason{
	ReasonClientClosed, ReasonClientGone, ReasonLeaseLapsed, ReasonStalled, ReasonMaxAge, ReasonIdle,
	ReasonOperator, ReasonShutdown, ReasonRemoved, ReasonDenied, ReasonComplete, ReasonError,
}

// Returns reports whether a client should come back by itself, with its last
// cursor, after an end for this reason.
func (r Reason) Returns() bool {
	switch r {
	case ReasonMaxAge, ReasonShutdown, ReasonLeaseLapsed, ReasonStalled, ReasonClientGone, ReasonError:
		return true
	}
	return false
}

// Open is the first object of a stream.
type Open struct {
	Stream      string    `json:"stream"`            // id, 128 random bits as 32 hex digits
	Log         string    `json:"log"`               // path of the log on the server, without a leading slash
	Cursor      string    `json:"cursor"`            // where the stream begins
	Met         Met       `json:"met"`               //
	Size        int64     `json:"size"`              // bytes of the current generation now; -1 while the log is not there
	Behind      int64     `json:"behind"`            // bytes after Cursor that the log has already: they follow at once and are no news
	Modified    time.Time `json:"modified,omitzero"` // when the log was last written, by the server's clock; zero while it is not there
	HeartbeatMS int64     `json:"heartbeat_ms"`      // the server speaks at least this often
	LeaseMS     int64     `json:"lease_ms"`          // renew well within this; 0 without a lease
	MaxAgeMS    int64     `json:"max_age_ms"`        // the stream ends after this at the latest; 0 for never
	Server      string    `json:"server"`            // name and version, "tailsrv 0.1.0"
}

// Line is one line of the log, or a piece of one: at most [MaxData] bytes.
// Exactly one of Text and B64 carries its bytes, without the newline.
type Line struct {
	Cursor  string // after the line's last byte
	Text    []byte // the bytes; encoded as "text" where they are UTF-8, else as "b64"
	Partial bool   // the newline has not come yet
	Cont    bool   // goes on with the line that the last object left partial
}

// Event tells what happened to the log, in its place between the data.
type Event struct {
	Kind   Kind   `json:"kind"`
	Cursor string `json:"cursor"`
	Lost   *int64 `json:"lost"`             // bytes that cannot be had; nil when unknown or not applicable
	Detail string `json:"detail,omitempty"` // one sentence for people
}

// Heartbeat keeps the server's promise to speak.
type Heartbeat struct {
	Cursor string    `json:"cursor"`
	Size   int64     `json:"size"`    // bytes of the current generation now
	IdleMS int64     `json:"idle_ms"` // since the log last gave this stream a byte
	Time   time.Time `json:"time"`    // the server's clock
}

// End is the last object of a stream. Without it the stream was cut.
type End struct {
	Reason  Reason `json:"reason"`
	Cursor  string `json:"cursor"`
	RetryMS int64  `json:"retry_ms"` // come back no sooner than this; 0 leaves it to the client
	Detail  string `json:"detail,omitempty"`
}
