package server

import (
	"context"
	"log/slog"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// journalRoom is how many lines may wait for a slow logger: some seconds of a
// crowd of streams that all end.
const journalRoom = 1024

// lastWords is how long Serve waits for the logger beyond the drain time: lines
// about connections that were cut at its end come after it.
const lastWords = 250 * time.Millisecond

// journal is the [slog.Handler] that everything in the server logs through. A
// logger whose writer blocks (a pipe that nobody reads, a terminal after Ctrl-S)
// must keep no stream, no DELETE and no drain waiting: lines wait in its place,
// and what finds no room is lost, and counted.
type journal struct {
	slog.Handler // the logger's
	queue        chan line
	lost         *vm.Counter
}

// line is a record and the handler, with its attributes and groups, that it is for.
type line struct {
	to     slog.Handler
	record slog.Record
}

func newJournal(h slog.Handler, lost *vm.Counter) *journal {
	return &journal{Handler: h, queue: make(chan line, journalRoom), lost: lost}
}

// Handle is slog.Handler's. It never waits.
func (j *journal) Handle(_ context.Context, record slog.Record) error {
	select {
	case j.queue <- line{j.Handler, record.Clone()}:
	default:
		j.lost.Inc()
	}
	return nil
}

// WithAttrs is slog.Handler's.
func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journal{j.Handler.WithAttrs(attrs), j.queue, j.lost}
}

// WithGroup is slog.Handler's.
func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{j.Handler.WithGroup(name), j.queue, j.lost}
}

// run hands lines to the logger until ctx ends and none is left. It takes as
// long as the logger does, which may be for ever.
func (j *journal) run(ctx context.Context) {
	told := j.lost.Get()
	for {
		select {
		case l := <-j.queue:
			j.write(l)
		case <-ctx.Done():
			select {
			case l := <-j.queue:
				j.write(l)
			default:
				return
			}
		}
		if lost := j.lost.Get(); lost != told {
			record := slog.NewRecord(time.Now(), slog.LevelWarn, "lines of this log were lost: it is read too slowly", 0)
			record.Add("lines", lost-told)
			j.write(line{j.Handler, record})
			told = lost
		}
	}
}

// write has nobody to tell of an error: the logger is who one would tell.
func (j *journal) write(l line) {
	if l.to.Enabled(context.Background(), l.record.Level) {
		_ = l.to.Handle(context.Background(), l.record)
	}
}
