// Tailtui watches log files that tailsrv serves, in a terminal.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Nobody writes here but net/http, of peers that send what nobody asked for: it
	// would be in the middle of the screen, in words that are not ours. What went
	// wrong with a server is told in its place.
	log.SetOutput(io.Discard)
	// A reader of our output that has gone is told by the write's error, so that
	// the streams are still closed before the process ends.
	signal.Ignore(syscall.SIGPIPE)
	// The first signal closes cooperatively; stop() then gives signals back their
	// default, so that a second one ends the process at once. A hangup is no wish of
	// anybody's, and comes twice where the kernel and the shell both send it: it stays
	// caught. To ignore it only when the first has come would be too late for one that
	// is being delivered then, and that kills.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
