package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// farewell writes one line a log: what was watched, how long, how much, how it
// ended. Its error, of which the caller tells, is the first ending that was
// nobody's wish.
func farewell(w io.Writer, logs []*watched, viewErr error, signalled bool) error {
	var first error
	for _, l := range logs {
		err := failure(l.ended)
		s := l.session.Summary()
		if err != nil && len(logs) == 1 {
			s.Detail = "" // the error says it, once
		}
		fmt.Fprintf(w, "tailtui: %s\n", text.Plain(summary(s)))
		if first == nil {
			first = err
		}
	}
	switch {
	case viewErr != nil:
		return viewErr
	case signalled:
		return nil
	}
	return first
}

// summary is one log's line of the farewell.
func summary(s client.Summary) string {
	words := fmt.Sprintf("%s: watched %s, %s", s.Log, text.Duration(s.For), text.Bytes(s.Bytes))
	switch s.Connects {
	case 0:
		words = s.Log + ": never connected"
	case 1:
	default:
		words += fmt.Sprintf(", %d connections", s.Connects)
	}
	switch s.Reason {
	case wire.ReasonClientClosed:
		return words + ", closed by you"
	case wire.ReasonComplete:
		return words + ", read to its end"
	case wire.ReasonClientGone, "":
		return words + orNothing(", ", s.Detail)
	}
	return words + ", ended by the server: " + string(s.Reason) + orNothing(": ", s.Detail)
}

// failure is what Run returned as an error for people, nil after an ending that
// somebody wished.
func failure(ended error) error {
	var (
		problem *client.ProblemError
		end     *client.EndError
	)
	code := cli.ExitError
	switch {
	case ended == nil:
		return nil
	case errors.As(ended, &problem) && problem.Status < 500: // beyond, it could not rather than would not
		code = cli.ExitRefused
	case errors.As(ended, &end):
		code = cli.ExitEnded
	}
	return &cli.Error{Code: code, Msg: ended.Error(), Hint: client.Hint(ended)}
}
