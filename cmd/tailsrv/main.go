// Tailsrv serves log files as live HTTP streams.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader of our log that has gone must not take the server with it.
	signal.Ignore(syscall.SIGPIPE)
	// The first signal drains; stop() then gives signals back their default, so
	// that a second one ends the process at once. A terminal that closes is one of
	// them, unless nohup or a shell has the process outlive it.
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
