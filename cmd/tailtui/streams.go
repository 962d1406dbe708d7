package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"syscall"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/ui/streams"
)

// lookAfter shows a server's streams until the user leaves or ctx ends; without a
// terminal it prints them once.
func lookAfter(ctx context.Context, f *flags, std stdio) error {
	target, err := client.ParseServer(f.streams)
	if err != nil {
		return &cli.Error{Code: cli.ExitUsage, Msg: err.Error(), Hint: client.Hint(err)}
	}
	watcher := client.NewWatcher(target, client.WatcherOptions{UserAgent: "tailtui/" + cli.Version()})
	defer watcher.Close()
	in, out, ok := std.terminal()
	if f.plain || !ok {
		return printStreams(ctx, watcher, f, std.out)
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	s := &watchedServer{watcher: watcher}
	model := streams.New(ctx, streams.Options{Server: s, Name: target.Label, ASCII: f.ascii, Styles: styles()})
	if err := show(ctx, leave, f, model, in, out); err != nil {
		return err
	}
	return s.failure()
}

// printStreams prints a server's streams, as one answer tells them.
func printStreams(ctx context.Context, w *client.Watcher, f *flags, out io.Writer) error {
	now, err := w.Next(ctx)
	switch {
	case err != nil: // ctx has ended: at the user's wish
		return nil
	case now.Err != nil:
		return failure(now.Err)
	}
	_, err = io.WriteString(out, streams.Text(update(now), f.ascii))
	if errors.Is(err, syscall.EPIPE) {
		return nil // the reader's good right
	}
	return err
}

// watchedServer gives a watcher to the screen, which knows nothing of networks: the same
// things in the screen's own words.
type watchedServer struct {
	watcher *client.Watcher
	failed  atomic.Pointer[error] // why nothing more is asked
}

func (s *watchedServer) Redial() { s.watcher.Redial() }

func (s *watchedServer) Next(ctx context.Context) (streams.Update, error) {
	now, err := s.watcher.Next(ctx)
	u := update(now)
	if err == nil && u.Closed {
		s.failed.Store(&now.Err)
	}
	return u, err
}

// failure is what ended the watching, for people; nil where the user did.
func (s *watchedServer) failure() error {
	if err := s.failed.Load(); err != nil {
		return failure(*err)
	}
	return nil
}

func (s *watchedServer) End(ctx context.Context, id string) streams.Outcome {
	err := s.watcher.End(ctx, id)
	if err == nil {
		return streams.Outcome{Result: streams.Ended}
	}
	out := streams.Outcome{Result: streams.Refused, Detail: err.Error(), Hint: client.Hint(err)}
	var (
		problem     *client.ProblemError
		unreachable *client.UnreachableError
	)
	switch {
	case errors.As(err, &problem) && problem.Status == http.StatusNotFound:
		out.Result = streams.Gone
	case errors.As(err, &unreachable) && unreachable.Unsent:
		out.Result = streams.Unasked
	case errors.As(err, &unreachable):
		out.Result = streams.Unknown
	}
	return out
}

func update(now client.Overview) streams.Update {
	u := streams.Update{
		Streams: now.Streams, At: now.At, Clock: now.Clock, Took: now.Took, Every: now.Every,
		Failed: now.Failed, RetryAt: now.RetryAt,
	}
	if now.Err != nil {
		var problem *client.ProblemError
		u.Problem, u.Hint = now.Err.Error(), client.Hint(now.Err)
		u.Refused = errors.As(now.Err, &problem)
		u.Closed = now.RetryAt.IsZero()
	}
	return u
}
