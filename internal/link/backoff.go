package link

import "time"

// Limits of the backoff. The first retry comes before a user has read that the
// connection is lost; the longest wait is short enough not to walk away from.
const (
	MinDelay = 250 * time.Millisecond
	MaxDelay = 15 * time.Second
)

// Backoff counts attempts and says how long to wait before the next. Its zero
// value is ready.
type Backoff struct {
	attempts int
}

// Next counts one failed attempt and gives the wait before the next one:
// [MinDelay] doubling to [MaxDelay], of which jitter (0 ≤ jitter < 1, random)
// takes away up to a half, so that the clients of one server do not come back
// as one.
func (b *Backoff) Next(jitter float64) time.Duration {
	d := MaxDelay
	if shift := b.attempts; shift < 6 {
		d = min(MinDelay<<shift, MaxDelay)
	}
	b.attempts++
	return d - time.Duration(jitter*float64(d)/2)
}

// Attempts is how many attempts failed since the last Forgive.
func (b *Backoff) Attempts() int { return b.attempts }

// Forgive forgets the failed attempts. It is called after the first frame behind
// the open one, or after a stream lived for one heartbeat, not after the connect:
// a server that accepts, opens and dies must not be hammered.
func (b *Backoff) Forgive() { b.attempts = 0 }
