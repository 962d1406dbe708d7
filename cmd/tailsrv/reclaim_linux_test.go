package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/wire"
)

var reclaimTable = flag.Bool("reclaim.table", false, "print the table of TestReclaim as Markdown, with the figures of this run")

// TestReclaim: in whatever way a client leaves, whatever it reads and whatever its
// log does, its stream is given back within the published bound and for the reason
// it has; and afterwards the server holds what it held before.
func TestReclaim(t *testing.T) {
	t.Parallel()
	f := newFigures()
	rows := table(f)
	all, left := runMatrix(t, binaries.tailsrv, f, rows)
	if left != nil {
		t.Error(left)
	}
	lack := namespacesLack()
	for i := range rows {
		r := &rows[i]
		t.Run(r.way, func(t *testing.T) {
			if r.from != onLoopback && lack != "" {
				t.Skip("skipped: " + lack)
			}
			for _, c := range all {
				if c.row != r {
					continue
				}
				if fault := c.fault(); fault != "" {
					t.Errorf("%v: %s", c, fault)
				}
			}
		})
	}
	if *reclaimTable {
		writeTable(os.Stdout, rows, all)
	}
}

// runMatrix opens and leaves a stream for each cell of the rows, all side by side,
// on servers of the given binary, and gives what became of them. Rows that need
// namespaces have no cells where there can be none. The error says what a server
// holds beyond what it held before, once all is over.
func runMatrix(t testing.TB, binary string, f figures, rows []row) (all cells, left error) {
	t.Helper()
	m := startMatrix(t, binary, f)
	var leaving sync.WaitGroup
	for i := range rows {
		if rows[i].from != onLoopback && m.net == nil {
			continue
		}
		cs := cellsOf(f, &rows[i], i)
		all = append(all, cs...)
		p := m.party()
		defer p.end()
		leaving.Go(func() { rows[i].leave(p, cs) })
	}
	leaving.Wait()
	m.collect(all)
	for _, s := range []*site{m.staying, m.aging} {
		left = errors.Join(left, s.givesBack(t.Context(), s.before))
	}
	return all, left
}

// matrix is one run: its servers and their logs.
type matrix struct {
	t testing.TB
	figures
	dir                      string // of the logs
	staying, aging, stopping *site
	net                      *network // nil where there can be none
}

// site is one of its servers.
type site struct {
	*tailsrv
	before leak.Held // without a stream
}

// startMatrix starts three servers on the same logs: one that keeps its streams,
// one that lets none grow old, and one that is stopped.
func startMatrix(t testing.TB, binary string, f figures) *matrix {
	t.Helper()
	m := newMatrix(t, f, 20)
	listen := []string{"--listen", "127.0.0.1:0"}
	if namespacesLack() == "" {
		m.net = newNetwork(t)
		listen = append(listen, "--listen", m.net.near+":0", "--listen", m.net.far+":0", "--insecure")
	}
	m.staying = m.serve(binary, listen...)
	m.aging = m.serve(binary, "--listen", "127.0.0.1:0", "--max-age", f.maxAge.String())
	m.stopping = m.serve(binary, "--listen", "127.0.0.1:0", "--stall-timeout", "1m") // its clients are seen to be stuck before it is stopped
	return m
}

// newMatrix is a run without servers. Its busy log gets 10 KB as often a second as
// is given, until t ends, in lines long enough that few of them come to much.
func newMatrix(t testing.TB, f figures, often int) *matrix {
	t.Helper()
	leak.Check(t) // before the writer begins
	m := &matrix{t: t, figures: f, dir: t.TempDir()}
	var writing sync.WaitGroup
	ctx, quiet := context.WithCancel(context.Background())
	t.Cleanup(func() {
		quiet()
		writing.Wait()
	})
	line := strings.Repeat("x", 999) + "\n"
	must(t, os.WriteFile(m.path(silent), []byte(strings.Repeat(line, 10)), 0o644))
	must(t, os.WriteFile(m.path(busy), []byte(strings.Repeat(line, busyBefore/len(line))), 0o644))
	writing.Go(func() {
		if err := appendEach(ctx, time.Second/time.Duration(often), m.path(busy), strings.Repeat(line, 10)); err != nil {
			t.Error(err)
		}
	})
	return m
}

func (m *matrix) path(log logKind) string { return filepath.Join(m.dir, string(log)+".log") }

// busyBefore is how many bytes the busy log has to begin with: more than the
// kernel's buffers of a connection hold.
const busyBefore = 8 << 20

// appendEach appends to a file at each interval until ctx ends.
func appendEach(ctx context.Context, interval time.Duration, path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		if _, err := f.WriteString(text); err != nil {
			return err
		}
	}
}

// serve starts a server on the logs, and has each visited once.
func (m *matrix) serve(binary string, more ...string) *site {
	m.t.Helper()
	args := []string{"--heartbeat", m.heartbeat.String(), "--stall-timeout", m.stall.String(), "--drain", m.drain.String(), "--log-format", "json"}
	var ns *namespace
	if m.net != nil {
		ns = m.net.server
	}
	s := &site{tailsrv: startServer(m.t, ns, binary, append(append(args, more...), m.dir)...)}
	s.before = s.settled(m.t, "/silent.log", "/busy.log")
	return s
}

// party is some clients that leave by the same way. What they began ends with it.
type party struct {
	*matrix
	open    context.Context // until its end
	close   context.CancelFunc
	running sync.WaitGroup // what ends with open
}

func (m *matrix) party() *party {
	p := &party{matrix: m}
	p.open, p.close = context.WithCancel(context.Background())
	return p
}

// end closes the clients that are left, and kills those that are processes.
func (p *party) end() {
	p.close()
	p.running.Wait()
}

// collect waits until each cell's stream has ended, and at most for its bound and
// some patience, and gives the cells what the servers say of them.
func (m *matrix) collect(all cells) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		waiting := slices.DeleteFunc(slices.Clone(all), func(c *cell) bool {
			return c.err != nil || c.got != nil || time.Since(c.left) > c.row.within+matrixPatience
		})
		if len(waiting) == 0 {
			return
		}
		for s, cs := range m.bySite(waiting) {
			streams, err := s.streams(m.t.Context())
			if err != nil {
				m.t.Errorf("what became of the streams: %v", err)
				return
			}
			for _, c := range cs {
				c.find(streams.Ended)
			}
		}
		<-ticker.C
	}
}

// matrixPatience is how long after its bound is waited for a cell, to see how late
// it is.
const matrixPatience = 8 * time.Second

func (m *matrix) bySite(all cells) map[*site]cells {
	by := map[*site]cells{}
	for _, c := range all {
		s := c.row.site(m)
		by[s] = append(by[s], c)
	}
	return by
}

// find looks for the cell's stream among those that have ended. Who left before it
// was told its id is known by its address, which nobody else has.
func (c *cell) find(ended []wire.StreamInfo) {
	for i := range ended {
		st := &ended[i]
		if c.id == "" && st.Client == c.from || c.id != "" && strings.HasPrefix(c.id, st.ID) {
			c.got = st
			return
		}
	}
}
