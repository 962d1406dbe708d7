package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// ending is how one attempt came to its end, and what follows from it.
type ending struct {
	event  link.Event // Lost, Goodbye or Refused
	reason wire.Reason
	detail string
	hint   string
	retry  time.Duration // the server's wish when to come back; 0 leaves it to the backoff
	soon   bool          // the user's wish: come back at once
	err    error         // Refused: what Run returns; nil after a complete answer
}

// lost is the ending of a stream that was cut.
func lost(detail string) *ending { return &ending{event: link.Lost, detail: detail} }

// refused is a final ending with err.
func refused(err error) *ending {
	return &ending{event: link.Refused, detail: err.Error(), hint: Hint(err), err: err}
}

// stream is one attempt: a request, and what comes of it.
type stream struct {
	s       *Session
	leaving <-chan struct{} // closed when the user leaves: nothing more is taken
	opened  chan struct{}   // closed by the reader when the first frame came
	ended   chan *ending    // of one, never closed: how the reader ended
	gone    chan struct{}   // closed by the renewer when the server knows the stream no more
	wg      sync.WaitGroup  // the reader and the renewer

	resumed *Resumed // owned by the reader: to be put before the next item
}

// attempt makes one stream, watches over it to its end, and returns when its
// goroutines have. It returns nil when the user left; the session is closed then.
func (s *Session) attempt(ctx context.Context) *ending {
	st := &stream{
		s:       s,
		leaving: ctx.Done(),
		opened:  make(chan struct{}),
		ended:   make(chan *ending, 1),
		gone:    make(chan struct{}),
	}
	// Not the user's context: when that ends, the stream is first closed
	// cooperatively, and read meanwhile up to the server's last word.
	sctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	st.wg.Go(func() { st.ended <- st.read(sctx) })

	end := st.watch(ctx, sctx)
	confirmed := end == nil && s.leave(ctx)
	cancel(errEnded)
	st.wg.Wait()
	// The second connection goes with the first: if the network is what ended
	// the stream, it is dead as well.
	s.controls.CloseIdleConnections()
	if end == nil {
		s.left(confirmed)
	}
	return end
}

// watch decides when the attempt is over: when its reader says so, when it must
// be given up, or, with nil, when the user leaves.
func (st *stream) watch(ctx, sctx context.Context) *ending {
	s := st.s
	opened, gone := st.opened, st.gone
	silence := time.NewTimer(AnswerTimeout)
	defer silence.Stop()
	for {
		select {
		case end := <-st.ended:
			return end
		case <-opened:
			opened = nil
			st.startRenewer(sctx)
			silence.Reset(s.checkSilence())
		case <-silence.C:
			if opened != nil {
				return s.judge(&UnreachableError{Hint: portHint,
					Detail: fmt.Sprintf("%s took the connection and gave no stream within %s", s.target.Addr, AnswerTimeout)})
			}
			if gone == nil {
				return lost("the server knows the stream no more")
			}
			left := s.checkSilence()
			if left <= 0 {
				return lost("no contact, given up")
			}
			silence.Reset(left)
		case <-gone:
			gone = nil
			silence.Reset(lastWord)
		case <-s.again:
			end := lost("given up at the user's wish")
			end.soon = true
			return end
		case <-ctx.Done():
			return nil
		}
	}
}

// startRenewer begins to renew the lease of a stream that has one.
func (st *stream) startRenewer(sctx context.Context) {
	status := st.s.Status()
	if status.Lease <= 0 || status.Stream == "" {
		return
	}
	st.wg.Go(func() {
		if st.s.renew(sctx, status.Stream, status.Lease) {
			close(st.gone)
		}
	})
}

// checkSilence moves the link on if the server has been silent for too long, and
// gives the time until it may have been so next; 0 or less when the stream is to
// be given up.
func (s *Session) checkSilence() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	quiet, abandon := QuietAfter*s.now.Heartbeat, AbandonAfter*s.now.Heartbeat
	if s.blocked {
		return quiet
	}
	silent := time.Since(s.heard)
	if silent < quiet {
		return quiet - silent
	}
	s.move(link.Quiet, fmt.Sprintf("no contact for %s", silent.Round(time.Second/10)))
	return abandon - silent
}

// leave tells the server that the user goes. It reports whether the server
// confirmed it; it takes no longer than CloseTimeout.
func (s *Session) leave(ctx context.Context) bool {
	s.mu.Lock()
	s.move(link.Stop, "")
	id := s.now.Stream
	s.mu.Unlock()
	return id != "" && s.dismiss(context.WithoutCancel(ctx), id)
}

// left closes the session after the user's leave.
func (s *Session) left(confirmed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := &ending{event: link.Goodbye, reason: wire.ReasonClientClosed}
	if !confirmed {
		end = &ending{event: link.Lost, reason: wire.ReasonClientGone}
		if s.now.Stream != "" {
			end.detail = "the server did not confirm the close"
		}
	}
	s.settle(end)
}
