package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/server"
)

// local serves a file of this machine to tailtui itself: the same server, the
// same promises, and no port.
type local struct {
	target   client.Target
	logs     *follow.Logs
	listener *memnet.Listener
}

// openLocal serves the file that target names. Its directory is the root, so
// that rotated siblings are found; nobody but this process can ask for them.
func openLocal(target client.Target, mayBeMissing bool) (*local, error) {
	path, err := resolve(target.Path, mayBeMissing)
	if err != nil {
		return nil, err
	}
	logs, err := follow.Open([]follow.Root{{Path: filepath.Dir(path)}}, follow.Options{Hidden: true})
	if err != nil {
		return nil, &cli.Error{Msg: err.Error(), Hint: "check the path and that you may read it"}
	}
	target.Path = path
	return &local{target: target, logs: logs, listener: memnet.Listen()}, nil
}

// resolve finds the file behind a path. A symbolic link is followed once, here:
// the server never leaves its root, and a link may point anywhere.
func resolve(path string, mayBeMissing bool) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && mayBeMissing:
		return filepath.Abs(path)
	case errors.Is(err, fs.ErrNotExist):
		return "", &cli.Error{Code: cli.ExitRefused, Msg: fmt.Sprintf("there is no file %q", path),
			Hint: "add --retry to wait for it; a log of another machine is named host:port/path"}
	case errors.Is(err, syscall.ENOTDIR):
		return "", &cli.Error{Code: cli.ExitRefused, Msg: fmt.Sprintf("%q: a part of it is a file, not a directory", path), Hint: "check the path"}
	case err != nil:
		return "", &cli.Error{Code: cli.ExitRefused, Msg: fmt.Sprintf("%q: %v", path, err), Hint: "check that you may read it"}
	}
	if info, err := os.Stat(resolved); err == nil && info.IsDir() {
		return "", &cli.Error{Code: cli.ExitRefused, Msg: fmt.Sprintf("%q is a directory", path), Hint: "name a file in it"}
	}
	return filepath.Abs(resolved)
}

func (l *local) dial(ctx context.Context, _, _ string) (net.Conn, error) { return l.listener.Dial(ctx) }

// serve runs until ctx ends, then gives back everything.
func (l *local) serve(ctx context.Context) error {
	defer l.logs.Close()
	return server.New(server.Config{
		Logs:    server.FromFollow(l.logs),
		Version: cli.Version(),
		Drain:   500 * time.Millisecond,
	}).Serve(ctx, l.listener)
}
