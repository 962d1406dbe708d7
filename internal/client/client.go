// Package client keeps a user's wish to watch one log alive: a [Session] dials
// the server, reads the stream, renews its lease, tells a quiet log from a dead
// connection, comes back from the last cursor when the stream is lost, and
// closes it when the user leaves.
//
// # Who runs what
//
// [Session.Run] blocks; its caller brings the goroutine. For each attempt Run
// starts one goroutine that sends the request and reads the stream, and once
// that is open a second one that renews the lease. Run itself watches both: it
// alone decides that a stream is given up, and it waits for both before the next
// attempt and before it returns. [Session.Next] belongs to one consumer at a
// time. [Session.Redial], [Session.Status] and [Session.Summary] may be called
// from anywhere.
//
// # What is taken
//
// A frame is taken when its bytes are in the buffer that Next empties; in the
// same step its cursor becomes the one to come back with. A frame that is torn
// by the end of its connection is not taken and is asked for again. So no byte
// is lost or doubled between two streams, whatever cut the first.
//
// # Live or dead
//
// The server promises to speak once in each heartbeat. After [QuietAfter]
// heartbeats without a byte the session is stalled, after [AbandonAfter] it
// gives the stream up and dials again. Time in which the reader itself does not
// read, because nobody empties the buffer, is not counted against the server.
//
// # Looking after a server
//
// A [Watcher] asks a server for its streams as often as somebody pulls, keeps the
// last good answer, and ends a stream at the wish of who looks after the server. It
// runs nothing by itself.
//
// # What is tried again
//
// See [Session.Run]. The package writes no log and touches no terminal; texts
// that come from servers are bounded in length and otherwise as they came, so
// whoever shows them makes them harmless.
package client

import "time"

// Bounds of an attempt. They are short enough that a user who watches sees each
// failure named, and long enough for a lost SYN (sent again after 1 s and 3 s)
// and for a server that first reads backwards through a large log.
const (
	// DialTimeout bounds making a connection, with TLS.
	DialTimeout = 5 * time.Second
	// AnswerTimeout bounds an attempt from its beginning to the stream's first
	// frame. There is no bound on a stream that has begun, but silence.
	AnswerTimeout = 10 * time.Second
)

// Silence, in heartbeats of the server. The server's lease is three heartbeats
// by default: a stream that is given up has lapsed there too, so that a session
// never holds two.
const (
	QuietAfter   = 2 // the session is stalled, the stream is kept
	AbandonAfter = 4 // the stream is given up and dialed again
)

// Closing and returning.
const (
	// CloseTimeout bounds what Run does after its context ends. With the screen's
	// own farewell it stays within the second that a close may take.
	CloseTimeout = 700 * time.Millisecond
	// MaxRetryAfter bounds how long a server can send a session away, by
	// retry_ms or Retry-After: an absurd figure must not end the watching.
	MaxRetryAfter = 5 * time.Minute
)

// firstRenewal is when a lease is renewed for the first time, if a third of it
// is longer: early, since the round trip on the screen comes from renewals, but
// not at once, so that a short visit needs no second connection.
const firstRenewal = time.Second

// lastWord is how long a stream that the server no longer knows is still read:
// its end frame, which says why, may be on its way.
const lastWord = time.Second

// Bounds of what a server can make a session hold beside the log itself.
const (
	maxAnswer   = 64 << 10 // bytes read of an answer that is not a stream
	maxText     = 400      // bytes of a server's sentence
	maxWord     = 100      // bytes of a server's name, reason or id
	historySize = 64       // state changes remembered
)

// defaultBuffer is Options.Buffer's default: more than a screen's ring drains in
// one tick at the speed of a fast disk.
const defaultBuffer = 4 << 20

// defaultHeartbeat is assumed of a server that announces none.
const defaultHeartbeat = 15 * time.Second
