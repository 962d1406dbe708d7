package main

import (
	"errors"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSummary_isOneLine(t *testing.T) {
	for want, s := range map[string]client.Summary{
		"h:1/x: never connected, h:1 refuses the connection":                          {Log: "h:1/x", Detail: "h:1 refuses the connection"},
		"h:1/x: watched 4m12s, 11.8 MiB, closed by you":                               {Log: "h:1/x", For: 252 * time.Second, Bytes: 12_449_999, Connects: 1, Reason: wire.ReasonClientClosed},
		"h:1/x: watched 1s, 0 B, 2 connections, the server did not confirm the close": {Log: "h:1/x", For: time.Second, Connects: 2, Reason: wire.ReasonClientGone, Detail: "the server did not confirm the close"},
		"h:1/x: watched 1s, 5 B, ended by the server: removed: gone":                  {Log: "h:1/x", For: time.Second, Bytes: 5, Connects: 1, Reason: wire.ReasonRemoved, Detail: "gone"},
		"h:1/x: watched 1s, 5 B, read to its end":                                     {Log: "h:1/x", For: time.Second, Bytes: 5, Connects: 1, Reason: wire.ReasonComplete},
	} {
		if got := summary(s); got != want {
			t.Errorf("%+v\n is %q\nwant %q", s, got, want)
		}
	}
}

// TestFailure_exitCodes: scripts learn from the code what people read.
func TestFailure_exitCodes(t *testing.T) {
	for _, tt := range []struct {
		ended error
		code  int
	}{
		{nil, cli.ExitOK},
		{&client.ProblemError{Status: 404, Detail: "not found"}, cli.ExitRefused},
		{&client.ProblemError{Status: 403, Detail: "you may not"}, cli.ExitRefused},
		{&client.ProblemError{Status: 500, Detail: "it broke"}, cli.ExitError},
		{&client.ProblemError{Status: 502, Detail: "bad gateway"}, cli.ExitError},
		{&client.EndError{Reason: wire.ReasonIdle}, cli.ExitEnded},
		{&client.PeerError{Addr: "h:1", Detail: "speaks no HTTP"}, cli.ExitError},
	} {
		err := failure(tt.ended)
		var e *cli.Error
		code := cli.ExitOK
		if errors.As(err, &e) {
			code = e.Code
		}
		if code != tt.code || (err == nil) != (tt.ended == nil) {
			t.Errorf("%v gives %v with code %d, want %d", tt.ended, err, code, tt.code)
		}
	}
}
