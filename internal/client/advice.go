package client

import (
	"errors"
	"net"
	"strings"
)

// advise gives an error the hint that fits a server which was there: its address
// is right, whatever is wrong now. Before the first good answer the hint stays.
func (w *Watcher) advise(err error) error {
	if err == nil || !w.known.Load() {
		return err
	}
	var (
		unreachable *UnreachableError
		peer        *PeerError
		problem     *ProblemError
		timeout     net.Error
	)
	const other = "tailsrv was there before: does something else answer now, or a proxy in its place?"
	switch {
	case errors.As(err, &unreachable) && errors.As(err, &timeout) && timeout.Timeout():
		unreachable.Hint = "it was there before: it hangs, or the way to it does"
	case errors.As(err, &unreachable):
		unreachable.Hint = "it was there before: was it stopped, or the way to it cut?"
	case errors.As(err, &peer) && strings.HasSuffix(peer.Hint, portHint):
		peer.Hint = other
	case errors.As(err, &problem) && problem.Hint == isThatTailsrv:
		problem.Hint = other
	}
	return err
}
