package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// The sweeper's times. Every bound of the package documentation that it keeps
// is late by at most one tick; the promise of heartbeats is kept by slack, which
// is a tick and half of one for a sweeper that itself came late.
const (
	tick  = 250 * time.Millisecond
	slack = tick + tick/2
)

// askEvery is how many ticks lie between two questions to the kernel which
// connections ended: one second, the bound for a client that net/http does not see
// go. About one connection it is asked then if there may be news of it.
const askEvery = 4

// healthEvery is how many ticks lie between two looks at how logs are watched.
const healthEvery = 12

// sweep looks after all streams until ctx ends. While there are none it waits
// without ticking.
func (s *Server) sweep(ctx context.Context) {
	ticker := time.NewTicker(tick)
	ticker.Stop()
	defer ticker.Stop()
	var streams []*stream // reused, as what follows
	var ended hangups
	health := health{logger: s.cfg.Logger}
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
			lookAt(streams, &ended, turn%askEvery == askEvery-1)
			clear(streams) // hold on to no stream between two sweeps
			if turn%healthEvery == 0 {
				health.look(s.cfg.Logs.Health())
			}
		}
		ticker.Stop()
	}
}

// lookAt is one sweep.
func lookAt(streams []*stream, ended *hangups, ask bool) {
	if ask {
		ended.mark(streams)
	}
	for _, st := range streams {
		st.look(ask)
	}
}

// health tells the log when watching gets worse, and when it is well again.
type health struct {
	logger   *slog.Logger
	degraded bool // as the log was told
}

func (h *health) look(now follow.Health) {
	if degraded(now) == h.degraded {
		return
	}
	h.degraded = !h.degraded
	if h.degraded {
		h.logger.Warn("logs are watched less well than they could be", "watching", now.Watching, "identity", now.Identity, "notes", now.Notes)
	} else {
		h.logger.Info("logs are watched well again", "watching", now.Watching)
	}
}

// look ends the stream if it is overdue or its connection closed or stalled, and
// nudges it if it has something to say. While its beginning is looked for there is
// nothing but the connection to look at.
func (st *stream) look(ask bool) {
	if st.noticed.Load() != 0 {
		return
	}
	now := st.clock.now()
	if ask && st.news() || st.progress.due(now, st.stall) {
		if e := st.ask(now); e != nil {
			st.end(e)
			return
		}
	}
	at := st.place.Load()
	if at == nil {
		return
	}
	if e := st.overdue(now); e != nil {
		st.end(e)
		return
	}
	if st.lineDue(now) || st.heartbeatDue(now) {
		(*at).Nudge()
	}
}

// news reports whether the kernel may have something to tell of the connection that it
// did not tell before: it ended, or something was written or waited to be taken. Most
// connections are idle, and a question about each of them is what a sweep would cost.
func (st *stream) news() bool {
	return st.hungUp || st.progress.since > 0 || st.writing.Load() ||
		time.Duration(st.spoke.Load()) >= st.progress.at
}

// ask asks the kernel about the connection: the ending that it knows of, nil for
// none.
func (st *stream) ask(now time.Duration) *ending {
	state, ok := st.kernel()
	if !ok {
		return nil
	}
	said := st.learn(state, now)
	if state.closed {
		return &ending{reason: wire.ReasonClientGone, detail: "the kernel saw the connection end"}
	}
	took, stalled := st.progress.look(state, said, now, st.stall)
	st.stuck.Store(int64(st.progress.since))
	if stalled {
		return &ending{reason: wire.ReasonStalled, detail: "the client is there and took nothing for " + st.stall.String()}
	}
	if took {
		st.taken()
	}
	return nil
}
