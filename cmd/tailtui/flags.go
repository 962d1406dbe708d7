package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// flags is the command line, as parsed and not yet judged.
type flags struct {
	lines     string
	since     string
	noFollow  bool
	heartbeat time.Duration
	retry     bool
	ascii     bool
	plain     bool
	fps       int
	demo      bool
	streams   string
}

const long = `Tailtui watches log files that tailsrv serves, and never leaves you in doubt: the
first line of the screen always tells a quiet log from a dead connection.

TARGET is host:port/path, http://host:port/path, or a file of this machine. With
several, Tab goes from one to the next.

With --streams it shows a server's streams instead: each with its client, age, rate
and how far behind it is, and those that ended with the reason.

Without a terminal on stdout, or with --plain, the log's bytes go to stdout and
what happens to the connection to stderr; of --streams the table goes to stdout,
once. Press ? on the screen for the keys.
Every flag can also be set in the environment: --retry as TAILTUI_RETRY=true.

Exit codes: 0 ended by you, or complete; 1 error; 2 wrong command line; 3 refused:
there is no such log, or you may not; 4 ended by the server for good.`

const examples = `  tailtui web-1:7070/app.log                watch a log of web-1
  tailtui -n 1000 web-1:7070/app.log        begin with its last 1000 lines
  tailtui --since 10m web-1:7070/app.log    begin with what is ten minutes old
  tailtui /var/log/syslog                   watch a file of this machine
  tailtui web-1:7070/a.log web-2:7070/a.log two logs, Tab between them
  tailtui web-1:7070/app.log | grep ERROR   only its bytes, for pipes
  tailtui --streams web-1:7070              who watches what there, and end a stream
  tailtui --demo                            see what it looks like`

func (f *flags) register(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVarP(&f.lines, "lines", "n", "10", "begin with the last `N` lines of the log (0 to 100000), or all")
	fs.StringVar(&f.since, "since", "", "begin with the first line not older than `TIME`: 10m, 1d12h, or an instant as 2026-11-22T12:00:00Z")
	cli.Alternatives(fs, "lines", "since")
	fs.BoolVar(&f.noFollow, "no-follow", false, "stop at the log's end instead of waiting for more")
	fs.DurationVar(&f.heartbeat, "heartbeat", 5*time.Second, "ask the server to speak at least this often (1s to 60s); twice that without a word is shown as no contact")
	fs.BoolVar(&f.retry, "retry", false, "wait for a log that is not there yet")
	fs.StringVar(&f.streams, "streams", "", "look after the server `HOST:PORT` instead of a log: who watches what, and end a stream with x")
	for _, name := range []string{"lines", "since", "no-follow", "heartbeat", "retry"} {
		cli.Alternatives(fs, "streams", name)
	}
	fs.BoolVar(&f.ascii, "ascii", false, "draw the screen with ASCII only")
	fs.BoolVar(&f.plain, "plain", false, "no screen: the log's bytes to stdout, states to stderr")
	fs.IntVar(&f.fps, "fps", 30, "draw at most so many frames a second (1 to 60)")
	fs.BoolVar(&f.demo, "demo", false, "watch a log made for show, that grows, falls silent and is rotated")
}

var seeHelp = cli.SeeHelp("tailtui")

// check judges what the parser cannot. given reports whether a flag was given.
func (f *flags) check(given func(flag string) bool, targets []string) error {
	if f.heartbeat < wire.MinHeartbeat || f.heartbeat > wire.MaxHeartbeat {
		return cli.Usage(seeHelp, "--heartbeat %v is not between %v and %v", f.heartbeat, wire.MinHeartbeat, wire.MaxHeartbeat)
	}
	if f.fps < 1 || f.fps > 60 {
		return cli.Usage(seeHelp, "--fps %d is not between 1 and 60", f.fps)
	}
	if _, _, err := f.begin(); err != nil {
		return err
	}
	if _, ok := wire.ParseSince(f.since, time.Now()); given("since") && !ok {
		return cli.Usage("write how long ago, as --since 10m or --since 1d12h, or an instant, as --since 2026-11-22T12:00:00Z; without an offset it is in the server's zone",
			"--since %q is no time", f.since)
	}
	switch {
	case f.demo && given("streams"):
		return cli.Usage("give one of them", "--demo and --streams exclude each other")
	case given("streams") && len(targets) > 0:
		return cli.Usage("leave the target or --streams away; x on the screen of the streams ends one, tailtui host:port/path watches a log",
			"--streams takes a server and no TARGET")
	case given("streams"):
		return nil
	case f.demo && len(targets) > 0:
		return cli.Usage("leave the target or --demo away", "--demo brings its own log")
	case !f.demo && len(targets) == 0:
		return cli.Usage("name a log, as in: tailtui web-1:7070/app.log, or try: tailtui --demo", "no TARGET was given")
	}
	return nil
}

// begin is where a stream begins: so many last lines, or the log's start.
func (f *flags) begin() (lines int, start bool, err error) {
	if f.lines == "all" {
		return 0, true, nil
	}
	n, err := strconv.Atoi(f.lines)
	if err != nil || n < 0 || n > wire.MaxLines {
		return 0, false, cli.Usage(seeHelp, "--lines %q is neither a number from 0 to %d nor all", f.lines, wire.MaxLines)
	}
	return n, false, nil
}

// command is tailtui's command line, which fills f. watch is called with the
// targets once all of it makes sense.
func command(f *flags, watch func(cmd *cobra.Command, targets []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tailtui [flags] TARGET...",
		Short:   "Watch live logs in the terminal",
		Long:    long,
		Example: examples,
	}
	f.register(cmd.Flags())
	return cli.Command(cmd, func(cmd *cobra.Command, targets []string) error {
		if err := f.check(cmd.Flags().Changed, targets); err != nil {
			return err
		}
		return watch(cmd, targets)
	})
}
