package main

import (
	"fmt"
	"log/slog"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/server"
)

// budget is how the descriptors that the process may have are divided, so that
// none of those who need them can take another's.
type budget struct {
	descriptors int // that there are; 0 where nobody says
	connections int // at the same time
	streams     int // of those, at most
	files       int // of logs, open at the same time; 0 is no limit
}

// Numbers of descriptors.
const (
	// minDescriptors is what tailsrv does not start below: a dozen connections
	// for streams would be left, and a log or two.
	minDescriptors = 64
	// ownDescriptors are for what is always open (stdin, stdout, stderr; the
	// runtime's two of its poller and two of the cgroup's limits; inotify), for a
	// connection that is being accepted, and for what is open for moments:
	// directories and files that are looked at, and /proc for metrics. Listeners
	// and roots count beside them.
	ownDescriptors = 32
	// minFiles are kept for logs however many connections are asked for.
	minFiles = 8
)

// divide divides so many descriptors, of which fixed are for listeners and roots.
// Of the rest a quarter is for files, so many streams on so many different logs
// being unlikely, and more where connections need less.
func (f *flags) divide(descriptors, fixed int) (budget, error) {
	b := budget{descriptors: descriptors, connections: f.maxConnections}
	if b.connections == 0 {
		b.connections = server.ConnectionsFor(2 * f.maxStreams) // each stream's own, and one that renews its lease
	}
	if descriptors > 0 {
		room := descriptors - ownDescriptors - fixed
		most := room * 3 / 4
		if f.maxConnections > 0 {
			most = room - minFiles
		}
		if descriptors < minDescriptors || most < server.MinConnections {
			return b, &cli.Error{
				Msg:  fmt.Sprintf("%d open files are too few to serve anything", descriptors),
				Hint: fmt.Sprintf("allow more before tailsrv starts: ulimit -n %d, or LimitNOFILE= in a systemd unit", f.descriptorsFor(fixed)),
			}
		}
		b.connections = min(b.connections, most)
		b.files = room - b.connections
	}
	b.streams = min(f.maxStreams, server.StreamsWithin(b.connections))
	return b, nil
}

// descriptorsFor is how many descriptors all that was asked for takes.
func (f *flags) descriptorsFor(fixed int) int {
	connections := max(server.ConnectionsFor(f.maxStreams), f.maxConnections)
	return max(minDescriptors, ownDescriptors+fixed+(connections*4+2)/3)
}

// warn tells the log, in one line with the way out, when less can be had than
// the flags say.
func (b budget) warn(f *flags, fixed int, logger *slog.Logger) {
	if b.streams == f.maxStreams && b.connections >= f.maxConnections {
		return
	}
	hint := fmt.Sprintf("ulimit -n %d before tailsrv starts, or LimitNOFILE= in a systemd unit", f.descriptorsFor(fixed))
	if b.connections == f.maxConnections {
		hint = fmt.Sprintf("--max-connections %d, or --max-streams %d to mean it", server.ConnectionsFor(f.maxStreams), b.streams)
	}
	logger.Warn("there will be fewer streams or connections than asked for",
		"streams", b.streams, "max_streams", f.maxStreams, "connections", b.connections,
		"descriptors", b.descriptors, "files", b.files, "logs", follow.LogsWithin(b.files), "hint", hint)
}
