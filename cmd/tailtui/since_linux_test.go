package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// stamped is a line that is so old.
func stamped(now time.Time, age time.Duration, words string) string {
	return now.Add(-age).Format(time.RFC3339Nano) + " " + words + "\n"
}

// sinceLog makes a log that has a line for every minute of the last hour, in three generations:
// from 60 to 41 minutes ago, from 40 to 21, and from 20 to 1. The function gives
// those of the last so many minutes.
func sinceLog(t testing.TB, dir string, now time.Time) (log *file, last func(minutes int) string) {
	log = newFile(t, dir, "app.log", "")
	minute := func(m int) string {
		return stamped(now, time.Duration(m)*time.Minute, fmt.Sprintf("minute %d", m)) + "  a line without a time belongs to the one before\n"
	}
	for m := 60; m > 0; m-- {
		switch m {
		case 20:
			if err := os.Rename(log.path+".1", log.path+".2"); err != nil {
				t.Fatal(err)
			}
			fallthrough
		case 40:
			log.rotate()
		}
		log.append(minute(m))
	}
	return log, func(minutes int) string {
		var b strings.Builder
		for m := minutes; m > 0; m-- {
			b.WriteString(minute(m))
		}
		return b.String()
	}
}

// TestSince_reachesBackThroughRotations: what is younger than asked for, of all
// generations and not a byte more, and then what is appended; from a server and
// from a file of this machine.
func TestSince_reachesBackThroughRotations(t *testing.T) {
	for _, minutes := range []int{5, 20, 21, 30, 40, 55} {
		t.Run(fmt.Sprint(minutes), func(t *testing.T) {
			dir := t.TempDir()
			log, last := sinceLog(t, dir, time.Now())
			srv := serveDir(t, dir)
			// Half a minute off the lines' times: neither clocks nor delays matter.
			since := time.Duration(minutes)*time.Minute + 30*time.Second
			tuis := []*tui{
				startTUI(t, "--plain", "--since", since.String(), srv.addr+"/app.log"),
				startTUI(t, "--plain", "--since", time.Now().Add(-since).Format(time.RFC3339), log.path),
			}
			want := last(minutes)
			for i, c := range tuis {
				got := c.Out.Await(t, "the lines since then", func(s string) bool { return len(s) >= len(want) })
				if got != want {
					t.Errorf("%d: got\n%s\nwant\n%s", i, got, want)
				}
			}
			log.append("appended\n")
			for _, c := range tuis {
				if got := c.Out.AwaitMatch(t, `(?s)^(.*)appended\n$`, 1)[1]; got != want {
					t.Errorf("before what was appended came\n%s", got)
				}
			}
			if status, body := srv.get(t, "/app.log?follow=0&since="+since.String()); status != http.StatusOK || body != want+"appended\n" {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// TestSince_goesOnAfterARestart: a session that comes back asks for no time again,
// and has every line once.
func TestSince_goesOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	log, last := sinceLog(t, dir, time.Now())
	srv := serveDir(t, dir)
	c := startTUI(t, "--plain", "--since", "30m30s", srv.addr+"/app.log")
	c.Out.Await(t, "the lines since then", func(s string) bool { return len(s) >= len(last(30)) })
	srv.Process.Kill()
	srv.Exit(t)
	log.append("while away\n")
	startServer(t, "--listen", srv.addr, dir)
	c.Out.AwaitMatch(t, `while away\n`, 1)
	if got, want := c.Out.String(), last(30)+"while away\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSince_withoutTimes: a log whose lines have none is refused with what to do
// instead, to each in its own words.
func TestSince_withoutTimes(t *testing.T) {
	dir := t.TempDir()
	newFile(t, dir, "app.log", strings.Repeat("no time at all\n", 100))
	srv := serveDir(t, dir)
	c := startTUI(t, "--plain", "--since", "10m", srv.addr+"/app.log")
	if code := c.Exit(t); code != cli.ExitRefused || c.Out.String() != "" {
		t.Errorf("exit %d, output %q", code, c.Out)
	}
	if said := c.Log.String(); !strings.Contains(lineWith(said, "tailtui: error: "), "no times") || !strings.Contains(lineWith(said, "tailtui: hint: "), "-n 100") {
		t.Errorf("said:\n%s", said)
	}
	for accept, words := range map[string]string{"*/*": "hint: use lines=100", wire.TypeNDJSON + ", " + wire.TypeProblem: `"title":"no times"`} {
		if status, body := srv.get(t, "/app.log?since=10m", "Accept", accept); status != http.StatusUnprocessableEntity || !strings.Contains(body, words) {
			t.Errorf("%s: %d %s", accept, status, body)
		}
	}
}
