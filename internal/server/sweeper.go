package server

import (
	"context"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// The sweeper's times. Every bound of the package documentation that it keeps
// is late by at most one tick; the promise of heartbeats is kept by slack, which
// is a tick and half of one for a sweeper that itself came late.
const (
	tick  = 250 * time.Millisecond
	slack = tick + tick/2
)

// askEvery is how many ticks lie between two questions to the kernel about one
// connection: one second, the bound for a client that net/http does not see go.
const askEvery = 4

// sweep looks after all streams until ctx ends. While there are none it waits
// without ticking.
func (s *Server) sweep(ctx context.Context) {
	ticker := time.NewTicker(tick)
	ticker.Stop()
	defer ticker.Stop()
	var streams []*stream // reused
	for {
		select {
		case <-s.registry.wake:
			ticker.Reset(tick)
		case <-ctx.Done():
			return
		}
		for turn := 0; ; turn++ {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			streams = s.registry.all(streams[:0])
			if len(streams) == 0 {
				break
			}
			s.metrics.sweeps.Inc()
			for _, st := range streams {
				st.look(turn%askEvery == askEvery-1)
			}
			clear(streams) // hold on to no stream between two sweeps
		}
		ticker.Stop()
	}
}

// look ends the stream if it is overdue or its connection closed, and nudges it
// if it has something to say.
func (st *stream) look(ask bool) {
	if st.noticed.Load() != 0 {
		return
	}
	now := st.clock.now()
	if e := st.overdue(now); e != nil {
		st.end(e)
		return
	}
	if ask {
		state, ok := st.kernel()
		if ok && state.closed {
			st.end(&ending{reason: wire.ReasonClientGone, detail: "the kernel saw the connection end"})
			return
		}
		st.rtt.Store(state.rtt.Microseconds())
	}
	if st.lineDue(now) || st.heartbeatDue(now) {
		st.nudge()
	}
}
