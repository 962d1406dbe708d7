package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/server"
)

// run is the whole command: it serves until ctx ends and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var f flags
	cmd := command(&f, func(cmd *cobra.Command, roots []follow.Root) error {
		return serve(cmd.Context(), &f, roots, stderr)
	})
	cmd.SetArgs(args)
	cmd.SetIn(stdin)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	return cli.Report(stderr, "tailsrv", cmd.ExecuteContext(ctx))
}

func serve(ctx context.Context, f *flags, roots []follow.Root, stderr io.Writer) error {
	logger, err := f.logger(stderr)
	if err != nil {
		return err
	}
	fixed := len(f.listen) + 2*len(roots) // a root is open twice: to open below it, and to list it
	budget, err := f.divide(descriptorLimit(), fixed)
	if err != nil {
		return err
	}
	budget.warn(f, fixed, logger)
	logs, err := follow.Open(roots, follow.Options{Hidden: f.hidden, MaxFiles: budget.files})
	if err != nil {
		return &cli.Error{Msg: err.Error(), Hint: "each ROOT is a directory or a regular file that this user may read; each NAME stands once and is no - . or .."}
	}
	defer logs.Close()

	listeners, err := listen(ctx, f.listen)
	if err != nil {
		return err
	}
	for _, l := range listeners {
		logger.Info("listening", "addr", l.Addr().String())
	}
	if f.insecure {
		logger.Warn("anyone who can reach these addresses can read these logs", "flag", "--insecure")
	}
	return server.New(server.Config{
		Logs:                server.FromFollow(logs),
		Logger:              logger,
		Version:             cli.Version(),
		Heartbeat:           f.heartbeat,
		Lease:               f.lease,
		StallTimeout:        f.stallTimeout,
		MaxAge:              f.maxAge,
		IdleTimeout:         f.idleTimeout,
		Drain:               f.drain,
		MaxStreams:          f.maxStreams,
		MaxStreamsPerClient: f.maxStreamsPerClient,
		MaxConnections:      budget.connections,
		AllowHosts:          append(ownNames(), f.allowHosts...),
		Insecure:            f.insecure,
	}).Serve(ctx, listeners...)
}

// ownNames is what this machine calls itself, with and without its domain:
// names that people use and that no other site can have in a browser.
func ownNames() []string {
	name, err := os.Hostname()
	if err != nil {
		return nil
	}
	short, _, _ := strings.Cut(name, ".")
	return []string{name, short}
}

// listen opens every address, or none.
func listen(ctx context.Context, addrs []string) ([]net.Listener, error) {
	var opened []net.Listener
	var config net.ListenConfig
	// Go's listeners are MPTCP by default. On those the kernel answers for the
	// first path only what is asked about a connection, and ignores that a stalled
	// one is to be reset: what is promised about leaving is promised on TCP.
	config.SetMultipathTCP(false)
	for _, addr := range addrs {
		l, err := config.Listen(ctx, "tcp", addr)
		if err != nil {
			for _, o := range opened {
				o.Close()
			}
			return nil, listenError(addr, err)
		}
		opened = append(opened, l)
	}
	return opened, nil
}

func listenError(addr string, err error) error {
	e := &cli.Error{Msg: fmt.Sprintf("listen on %q: %v", addr, err)}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Hint = "something listens there already; choose another port, or :0 for any free one"
	case errors.Is(err, syscall.EACCES):
		e.Hint = "ports below 1024 need privileges; choose a higher one"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		e.Hint = "this machine has no such address"
	}
	return e
}
