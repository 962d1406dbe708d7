package streams

import (
	"context"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// A Server is what the screen looks after. It knows nothing of how the streams
// come here; the command adapts a watcher to it.
type Server interface {
	// Next blocks until the server was asked once more, or ctx has ended. After the
	// last update it gives io.EOF. It is called by one goroutine at a time.
	Next(ctx context.Context) (Update, error)
	// Redial makes Next ask now. It returns at once.
	Redial()
	// End ends the live stream that is shown under id, and blocks until it is known
	// what came of that.
	End(ctx context.Context, id string) Outcome
}

// Update is what is known of a server now. What it refers to is not changed
// afterwards by anyone.
type Update struct {
	Streams wire.Streams  // of the last good answer; any text may be in it
	At      time.Time     // when that came; zero while there was none
	Clock   time.Time     // the server's clock then
	Took    time.Duration // to answer
	Every   time.Duration // how often the server is asked

	Problem string    // why the newest question has no answer; "" when it has
	Hint    string    // what the user can do about it
	Refused bool      // with Problem: the server did answer, and it was a no
	Failed  int       // questions without an answer since the last good one
	RetryAt time.Time // with Problem: the next question
	Closed  bool      // no more questions are asked
}

// Result is what came of ending a stream.
type Result int

// Results.
const (
	Ended   Result = iota // it was ended, and has given everything back
	Gone                  // there was no such live stream any more
	Refused               // the server will not do it, or could not
	Unknown               // no answer came: it may have been ended, or not
	Unasked               // the server could not be reached, so that it was not ended
)

// Outcome is a result, in the server's words.
type Outcome struct {
	Result Result
	Detail string
	Hint   string
}
