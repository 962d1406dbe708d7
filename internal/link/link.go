// Package link is the state machine of a connection, and the backoff between
// attempts. It is pure: it has no clock, no socket and no goroutine. Who has
// them feeds it events and obeys the state that comes out.
package link

// State says what a session knows of its connection. Each constant tells what
// leads out of it.
type State int

// The states. Closed is terminal.
const (
	// Idle: nothing was tried yet. Dial leads to Dialing, Stop to Closed.
	Idle State = iota
	// Dialing: a request is on its way. Opened leads to Live, Lost to Waiting,
	// Refused to Closed, Stop to Closing.
	Dialing
	// Live: something was heard within two heartbeats. Quiet leads to Stalled,
	// Lost and Goodbye to Waiting, Refused to Closed, Stop to Closing.
	Live
	// Stalled: nothing was heard for two heartbeats, the stream is kept. Heard
	// leads back to Live, Lost and Goodbye to Waiting, Refused to Closed, Stop
	// to Closing.
	Stalled
	// Waiting: there is no stream, and a time for the next attempt. Due and
	// Dial (the user's wish) lead to Dialing, Refused to Closed (nothing is to
	// be tried again), Stop to Closed.
	Waiting
	// Closing: the user is leaving and the server is being told. Goodbye, Lost
	// and a second Stop lead to Closed.
	Closing
	// Closed: over, with a reason. Nothing leads out.
	Closed

	numStates
)

// Event is what happened to a connection.
type Event int

// The events.
const (
	Dial    Event = iota // an attempt begins
	Opened               // the stream's first frame came
	Heard                // any later byte came
	Quiet                // two heartbeats passed without a byte
	Lost                 // the attempt or the stream failed, or was cut
	Goodbye              // the server ended the stream and may be asked again
	Refused              // an answer or an end that asking again does not change
	Due                  // the backoff is over
	Stop                 // the user leaves

	numEvents
)

// table has the next state for each pair; a missing pair changes nothing: late
// news of something that is over already.
var table = [numStates]map[Event]State{
	Idle:    {Dial: Dialing, Stop: Closed},
	Dialing: {Opened: Live, Lost: Waiting, Refused: Closed, Stop: Closing},
	Live:    {Heard: Live, Quiet: Stalled, Lost: Waiting, Goodbye: Waiting, Refused: Closed, Stop: Closing},
	Stalled: {Heard: Live, Lost: Waiting, Goodbye: Waiting, Refused: Closed, Stop: Closing},
	Waiting: {Due: Dialing, Dial: Dialing, Refused: Closed, Stop: Closed},
	Closing: {Lost: Closed, Goodbye: Closed, Stop: Closed},
	Closed:  {},
}

// On gives the state after e, and whether e means anything in s. Where it does
// not, the state stays: news may arrive after what it tells of is over.
func (s State) On(e Event) (State, bool) {
	next, ok := table[s][e]
	if !ok {
		return s, false
	}
	return next, true
}

// String is the state's word, as /-/streams, logs and the details view use it.
func (s State) String() string {
	return [...]string{"idle", "dialing", "live", "stalled", "waiting", "closing", "closed"}[s]
}

// String is the event's word.
func (e Event) String() string {
	return [...]string{"dial", "opened", "heard", "quiet", "lost", "goodbye", "refused", "due", "stop"}[e]
}
