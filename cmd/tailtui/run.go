package main

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/ui"
)

// Nothing waits longer than this for an output that takes nothing, when the user
// leaves: a terminal that was stopped, a pager that does not read. Together, and
// beside them the close of the streams, they stay within the promised second.
const (
	screenPatience  = 600 * time.Millisecond // for the screen to give the terminal back
	plainPatience   = 300 * time.Millisecond // for the write under way
	messagePatience = 300 * time.Millisecond // for the last words on stderr
)

// run is the whole command: it watches until the user leaves, ctx ends or
// nothing is left to watch, and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, messages io.Writer) int {
	stderr := cli.NewNonBlocking(messages)
	defer stderr.Close(messagePatience)
	var f flags
	cmd := command(&f, func(cmd *cobra.Command, targets []string) error {
		std := stdio{stdin, stdout, stderr}
		if cmd.Flags().Changed("streams") {
			return lookAfter(cmd.Context(), &f, std)
		}
		return watch(cmd.Context(), &f, targets, std)
	})
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cli.Report(stderr, "tailtui", cmd.ExecuteContext(ctx))
}

// stdio is the standard streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// terminal gives stdin and stdout as files where both are a terminal that can
// show a screen.
func (s stdio) terminal() (in, out *os.File, ok bool) {
	in, inFile := s.in.(*os.File)
	out, outFile := s.out.(*os.File)
	if !inFile || !outFile || os.Getenv("TERM") == "dumb" {
		return nil, nil, false
	}
	return in, out, isatty.IsTerminal(in.Fd()) && isatty.IsTerminal(out.Fd())
}

// watched is one log being watched: its session and, for a file of this machine,
// the server that serves it.
type watched struct {
	session *client.Session
	local   *local // nil for a log of a server
	ended   error  // what Run returned; read after it has
}

// watch opens everything, runs the sessions beside the view, and takes it all
// down in order: view, sessions (they close their streams), servers, demo.
func watch(ctx context.Context, f *flags, targets []string, std stdio) error {
	if f.demo {
		d, err := newDemo()
		if err != nil {
			return err
		}
		defer d.Close()
		stop := goUntil(func(ctx context.Context) error { return d.run(ctx) })
		defer stop()
		targets = []string{d.path()}
	}
	logs, err := openAll(f, targets)
	if err != nil {
		return err
	}
	for _, w := range logs {
		if w.local != nil {
			defer goUntil(w.local.serve)()
		}
	}

	sctx, leave := context.WithCancel(ctx)
	defer leave()
	var sessions sync.WaitGroup
	for _, w := range logs {
		sessions.Go(func() { w.ended = w.session.Run(sctx) })
	}
	viewErr := view(sctx, leave, f, logs, std)
	leave()
	sessions.Wait()
	return farewell(std.err, logs, viewErr, ctx.Err() != nil)
}

// view shows the logs until the user leaves, ctx ends, or there is nothing more.
func view(ctx context.Context, leave func(), f *flags, logs []*watched, std stdio) error {
	in, out, ok := std.terminal()
	if f.plain || !ok {
		return plain(ctx, logs, std.out, std.err)
	}
	return show(ctx, leave, f, ui.New(ctx, f.screenOptions(logs)), in, out)
}

// goUntil runs f in a goroutine; the function it returns ends f's context and
// waits for it.
func goUntil(f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f(ctx) // what it served or wrote is gone with it
	}()
	return func() {
		cancel()
		<-done
	}
}

// openAll opens every target, or none.
func openAll(f *flags, targets []string) (logs []*watched, err error) {
	defer func() {
		if err == nil {
			return
		}
		for _, w := range logs {
			if w.local != nil {
				w.local.logs.Close()
			}
		}
	}()
	for _, s := range targets {
		w, err := f.open(s, len(targets) > 1)
		if err != nil {
			return logs, err
		}
		logs = append(logs, w)
	}
	return logs, nil
}

// open opens one target. A local file that is missing is an error at once, but
// not among others: there it is told in its place, like a server's.
func (f *flags) open(s string, amongOthers bool) (*watched, error) {
	target, err := client.ParseTarget(s)
	if err != nil {
		return nil, &cli.Error{Code: cli.ExitUsage, Msg: err.Error(), Hint: client.Hint(err)}
	}
	w := &watched{}
	opt := f.sessionOptions()
	if target.Kind == client.Local {
		w.local, err = openLocal(target, f.retry || amongOthers)
		if err != nil {
			return nil, err
		}
		target, opt.Dial = w.local.target, w.local.dial
	}
	if f.demo {
		target.Label = demoLog
	}
	w.session = client.NewSession(target, opt)
	return w, nil
}

func (f *flags) sessionOptions() client.Options {
	lines, start, _ := f.begin() // checked before
	opt := client.Options{
		Lines:     lines,
		Since:     f.since,
		NoFollow:  f.noFollow,
		Heartbeat: f.heartbeat,
		Retry:     f.retry,
		UserAgent: "tailtui/" + cli.Version(),
	}
	switch {
	case start:
		opt.From = "start"
	case lines == 0:
		opt.From = "end"
	}
	return opt
}
