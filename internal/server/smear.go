package server

import (
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Clients of a server that stops, or that has a fault, come back between these
// times; those of a stop in which more than a few hundred are sent away over as long
// as it takes at returnsPerSecond, so that a server which has just begun is not asked
// everything at once.
const (
	minReturn        = 500 * time.Millisecond
	maxReturn        = 3 * time.Second
	maxReturnOfMany  = 30 * time.Second
	returnsPerSecond = 200
)

// smear deals out the times after which n clients come back: one in each n-th part
// of the window, at a random place in it, so that they come evenly however they are
// dealt.
type smear struct {
	n      int64
	window time.Duration
	dealt  atomic.Int64
}

func newSmear(n int) *smear {
	n = max(n, 1)
	window := time.Duration(n) * time.Second / returnsPerSecond
	return &smear{n: int64(n), window: min(max(window, maxReturn-minReturn), maxReturnOfMany-minReturn)}
}

// next is for one client more. Any goroutine may ask.
func (s *smear) next() time.Duration {
	part := s.window / time.Duration(s.n)
	i := (s.dealt.Add(1) - 1) % s.n
	return minReturn + time.Duration(i)*part + rand.N(part+1)
}
