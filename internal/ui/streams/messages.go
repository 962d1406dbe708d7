package streams

import "time"

// Every message of ours. One that comes later carries the generation that it
// belongs to, and is dropped once that is over; of those without there is never
// more than one on its way.

// answerMsg is sent by await: the server was asked once more.
type answerMsg struct {
	update   Update
	snapshot *snapshot
	err      error // io.EOF after the last
	at       time.Time
}

// tickMsg is sent by tick, so that ages move while nothing else happens.
type tickMsg struct {
	generation int
	at         time.Time
}

// endedMsg is sent by end: what came of ending a stream.
type endedMsg struct {
	name    string // of the stream, harmless
	outcome Outcome
}

// noticeOverMsg is sent by expire.
type noticeOverMsg struct{ generation int }
