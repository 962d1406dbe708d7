// Package wire owns how a stream looks on the way between tailsrv and whoever
// reads it: the objects, their four representations, the decoder of the native
// one, and the answers that are not streams (listings, problems).
//
// # Flow of one stream
//
//	server → client   open                  once, first: which stream, met how
//	server → client   data | line           what was appended, with the cursor after it
//	server → client   event                 what happened to the log
//	server → client   heartbeat             nothing was said for one heartbeat
//	server → client   end                   once, last: why; then the body ends
//	client → server   POST …/lease          on a second connection, every third of the lease
//	client → server   DELETE …              the cooperative close
//
// # The native representation
//
// A frame is its type (1 byte), the length of its payload (uint32, big endian)
// and the payload, at most [MaxPayload] bytes:
//
//	O  open       JSON [Open]
//	D  data       length of the cursor (1 byte), cursor, at most [MaxData] bytes of the log
//	E  event      JSON [Event]
//	H  heartbeat  JSON [Heartbeat]
//	Z  end        JSON [End]
//
// A reader skips frames of a type it does not know, so that later servers can
// say more. The package reads no file and touches no socket; a cursor is an
// opaque text here.
package wire

import "time"

// Version is the version of the native representation. It goes up when an old
// reader would misread a new stream, not when a frame type is added.
const Version = 1

// Limits of the native representation. A reader relies on them to bound what it
// allocates for a frame.
const (
	MaxData    = 64 << 10 // bytes of the log in one data frame, and the longest piece of a line
	MaxPayload = 1 << 20  // bytes of any payload; more is a [ProtocolError]
	MaxCursor  = 255      // bytes of a cursor; its length travels in one byte
)

// Types of native frames.
const (
	FrameOpen      byte = 'O'
	FrameData      byte = 'D'
	FrameEvent     byte = 'E'
	FrameHeartbeat byte = 'H'
	FrameEnd       byte = 'Z'
)

// Header and trailer names of stream answers and requests.
const (
	HeaderStream    = "Tail-Stream"    // answer: the stream's id, the right to renew and to close it
	HeaderHeartbeat = "Tail-Heartbeat" // answer: the heartbeat as a duration in seconds, "15" or "0.5"
	HeaderLease     = "Tail-Lease"     // request: asks for a lease of so many seconds; answer: the lease, absent without one
	HeaderCursor    = "Tail-Cursor"    // answer: the cursor where the stream begins (GET) or the log ends now (HEAD)
	HeaderMet       = "Tail-Met"       // answer: the [Met] of where the stream begins; raw streams have no open object
	TrailerEnd      = "Tail-End"       // trailer: the [Reason] of the end; the end frame is the truth, this a courtesy
)

// Media types of the four representations and of problems.
const (
	TypeText    = "text/plain; charset=utf-8"
	TypeBinary  = "application/octet-stream"
	TypeNDJSON  = "application/x-ndjson"
	TypeSSE     = "text/event-stream"
	TypeFrames  = "application/vnd.bubbletail.frames"
	TypeJSON    = "application/json"
	TypeProblem = "application/problem+json"
)

// Limits of what a client may ask for. The server's flags have the same limits.
const (
	MinHeartbeat = time.Second
	MaxHeartbeat = time.Minute
	MaxLines     = 100_000 // lines= at most; reading backwards stays bounded
	MinLease     = time.Second
	MaxLease     = time.Hour
)
