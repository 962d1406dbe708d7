package ui

import "time"

// Every message of ours. One that comes later carries the generation that it
// belongs to, and is dropped once that is over.

// updateMsg is sent by await.
type updateMsg struct {
	pane       int
	generation int // of the pane
	update     Update
	err        error // io.EOF after the last update
	at         time.Time
}

// tickMsg is sent by tick, so that ages move while nothing else happens.
type tickMsg struct {
	generation int
	at         time.Time
}

// markMsg is sent by stamp: the user's rule, with the time.
type markMsg struct {
	pane       int
	generation int // of the pane
	at         time.Time
}

// noticeOverMsg is sent by expire.
type noticeOverMsg struct{ generation int }
