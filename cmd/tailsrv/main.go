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
	// that a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
