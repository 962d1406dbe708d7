package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/server"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// flags is the command line, as parsed and not yet judged.
type flags struct {
	listen              []string
	heartbeat           time.Duration
	lease               time.Duration
	stallTimeout        time.Duration
	maxAge              time.Duration
	idleTimeout         time.Duration
	drain               time.Duration
	maxStreams          int
	maxStreamsPerClient int
	maxConnections      int
	hidden              bool
	allowHosts          []string
	insecure            bool
	logFormat           string
	logLevel            string
}

const long = `Tailsrv serves the log files of this machine as live HTTP streams.

Each ROOT is a directory, or a single file. One root serves its files at /,
several named ones at /NAME/. Whoever asks for a file gets its last lines and
then what is appended, across rotation and truncation, until they leave; however
they leave, everything the stream held is given back.

Every flag can also be set in the environment: --max-age as TAILSRV_MAX_AGE.
SIGTERM ends all streams with a word of farewell and then the server, as do
SIGINT and, unless it is ignored, SIGHUP; a second one ends it at once.`

const examples = `  tailsrv /var/log                          serve /var/log at http://127.0.0.1:7070/
  tailsrv app=/srv/app/logs sys=/var/log    two roots: /app/... and /sys/...
  tailsrv --listen 127.0.0.1:0 ./app.log    one file, on any free port

  curl -N http://127.0.0.1:7070/app.log     watch it without anything else
  tailtui 127.0.0.1:7070/app.log            watch it and never be in doubt
  curl http://127.0.0.1:7070/-/streams      who is watching what`

// register declares every flag; its default is what the zero configuration of
// the rooms means.
func (f *flags) register(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringArrayVar(&f.listen, "listen", []string{"127.0.0.1:7070"}, "`HOST:PORT` to listen on, repeatable; port 0 picks a free one")
	fs.DurationVar(&f.heartbeat, "heartbeat", 15*time.Second, "speak at least this often on a silent stream (1s to 60s)")
	fs.DurationVar(&f.lease, "lease", 0, "end a leased stream that nobody renewed for this long (1s to 1h); 0 for three of its heartbeats")
	fs.DurationVar(&f.stallTimeout, "stall-timeout", 30*time.Second, "end a stream whose client takes nothing for this long (at least 1s)")
	fs.DurationVar(&f.maxAge, "max-age", 12*time.Hour, "end any stream after 80 to 100 % of this, with a cursor to come back with; 0 for never")
	fs.DurationVar(&f.idleTimeout, "idle-timeout", 0, "end a stream whose log was silent for this long; 0 for never")
	fs.DurationVar(&f.drain, "drain", 5*time.Second, "on SIGTERM, how long streams may take to end (at least 100ms)")
	fs.IntVar(&f.maxStreams, "max-streams", 1024, "streams at the same time, in all (at least 1)")
	fs.IntVar(&f.maxStreamsPerClient, "max-streams-per-client", 64, "streams at the same time, for one client address (at least 1)")
	fs.IntVar(&f.maxConnections, "max-connections", 0, fmt.Sprintf("connections at the same time, in all (at least %d), of which an eighth or more is kept from streams; 0 for two for each of --max-streams, or as many as descriptors (ulimit -n) allow", server.MinConnections))
	fs.BoolVar(&f.hidden, "hidden", false, "serve files and directories whose names begin with a dot")
	fs.StringArrayVar(&f.allowHosts, "allow-host", nil, "a further `NAME` that requests may call this server by, repeatable; addresses and localhost always work")
	fs.BoolVar(&f.insecure, "insecure", false, "listen on addresses that others can reach, without asking who they are")
	fs.StringVar(&f.logFormat, "log-format", "text", "`FORMAT` of tailsrv's own log: text or json")
	fs.StringVar(&f.logLevel, "log-level", "info", "`LEVEL` of tailsrv's own log: debug, info, warn or error")
}

var seeHelp = cli.SeeHelp("tailsrv")

// check judges what the parser cannot.
func (f *flags) check() error {
	between := func(name string, d, low, high time.Duration) error {
		if d < low || d > high {
			return cli.Usage(seeHelp, "--%s %v is not between %v and %v", name, d, low, high)
		}
		return nil
	}
	atLeast := func(name string, d, low time.Duration) error {
		if d < low {
			return cli.Usage(seeHelp, "--%s %v is less than %v", name, d, low)
		}
		return nil
	}
	positive := func(name string, n int) error {
		if n < 1 {
			return cli.Usage(seeHelp, "--%s %d is less than 1", name, n)
		}
		return nil
	}
	err := errors.Join(
		between("heartbeat", f.heartbeat, wire.MinHeartbeat, wire.MaxHeartbeat),
		atLeast("stall-timeout", f.stallTimeout, time.Second),
		atLeast("max-age", f.maxAge, 0),
		atLeast("idle-timeout", f.idleTimeout, 0),
		atLeast("drain", f.drain, 100*time.Millisecond),
		positive("max-streams", f.maxStreams),
		positive("max-streams-per-client", f.maxStreamsPerClient),
	)
	if f.maxConnections != 0 && f.maxConnections < server.MinConnections {
		err = errors.Join(err, cli.Usage(seeHelp, "--max-connections %d is less than %d", f.maxConnections, server.MinConnections))
	}
	if f.lease != 0 {
		err = errors.Join(err, between("lease", f.lease, wire.MinLease, wire.MaxLease))
	}
	if err != nil {
		return err
	}
	for _, addr := range f.listen {
		if err := f.checkAddress(addr); err != nil {
			return err
		}
	}
	return nil
}

// checkAddress refuses what is no address, and what others could reach unless
// that was asked for: a machine's logs are nobody's business by accident.
func (f *flags) checkAddress(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return cli.Usage("write HOST:PORT, as in 127.0.0.1:7070 or [::1]:7070", "--listen %q is no address: %v", addr, err)
	}
	if f.insecure || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return cli.Usage("listen on 127.0.0.1 and reach it through ssh -L, or add --insecure if everybody on that network may read these logs",
		"--listen %q can be reached from other machines", addr)
}

// parseRoots reads the [NAME=]ROOT arguments. A name is what stands before the
// first "=" where no slash does: ./a=b is a path.
func parseRoots(args []string) ([]follow.Root, error) {
	if len(args) == 0 {
		return nil, cli.Usage("name a directory of logs, as in: tailsrv /var/log", "no ROOT was given")
	}
	var roots []follow.Root
	for _, arg := range args {
		root := follow.Root{Path: arg}
		if name, path, ok := strings.Cut(arg, "="); ok && !strings.Contains(name, "/") {
			root = follow.Root{Name: name, Path: path}
			if name == "" || path == "" {
				return nil, cli.Usage("write NAME=PATH, as in: app=/srv/app/logs", "root %q lacks its name or its path", arg)
			}
		}
		roots = append(roots, root)
	}
	if len(roots) > 1 {
		for _, r := range roots {
			if r.Name == "" {
				return nil, cli.Usage("write NAME=PATH for each, as in: app=/srv/app/logs sys=/var/log", "root %q has no name, and there are several", r.Path)
			}
		}
	}
	return roots, nil
}

// logger makes tailsrv's own log on w.
func (f *flags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, cli.Usage("levels are debug, info, warn and error", "--log-level %q is no level", f.logLevel)
	}
	opt := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, opt)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	}
	return nil, cli.Usage("formats are text and json", "--log-format %q is no format", f.logFormat)
}

// command is tailsrv's command line, which fills f. serve is called once all of
// it makes sense.
func command(f *flags, serve func(*cobra.Command, []follow.Root) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tailsrv [flags] [NAME=]ROOT...",
		Short:   "Serve log files as live HTTP streams",
		Long:    long,
		Example: examples,
	}
	f.register(cmd.Flags())
	return cli.Command(cmd, func(cmd *cobra.Command, args []string) error {
		if err := f.check(); err != nil {
			return err
		}
		roots, err := parseRoots(args)
		if err != nil {
			return err
		}
		return serve(cmd, roots)
	})
}
