package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// How the cells of the matrix leave.

// network is what vanishing needs: a server, a client on a cable to it, and one
// behind a router.
//
//	client ─── server ─── router ─── stranger
type network struct {
	server, client, router, stranger *namespace
	near, far                        string // the server's addresses for the client and for the stranger
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	n := &network{
		server: newNamespace(t), client: newNamespace(t), router: newNamespace(t), stranger: newNamespace(t),
		near: "10.77.1.1", far: "10.77.2.1",
	}
	n.server.link(t, "near", n.near+"/24", n.client, "cable", "10.77.1.2/24")
	n.server.link(t, "far", n.far+"/24", n.router, "inside", "10.77.2.2/24")
	n.router.link(t, "outside", "10.77.3.1/24", n.stranger, "cable", "10.77.3.2/24")
	must(t, n.server.ip("route", "add", "10.77.3.0/24", "via", "10.77.2.2"))
	must(t, n.stranger.ip("route", "add", "default", "via", "10.77.3.1"))
	must(t, n.router.forward(true))
	return n
}

// Where the streams of a row are. The server that keeps its streams has a listener
// for each kind of client.
func (r *row) site(m *matrix) *site {
	if r.server == nil {
		return m.staying
	}
	return r.server(m)
}

func aging(m *matrix) *site    { return m.aging }
func stopping(m *matrix) *site { return m.stopping }

// dialer is that of a cell, and addr where it dials to.
func (c *cell) dialer(m *matrix) (d dialer, addr string) {
	s := c.row.site(m)
	d = dialer{ns: s.ns, from: c.from, narrow: c.row.narrow}
	switch c.row.from {
	case behindCable:
		d.ns = m.net.client
		return d, s.addrs[1]
	case behindRouter:
		d.ns = m.net.stranger
		return d, s.addrs[2]
	}
	return d, s.addrs[0]
}

// begin opens the cell's stream, reads what it is to read, and goes on reading for as
// long as it is to stay. With the party it is closed, if not before.
func (p *party) begin(c *cell) (*client, error) {
	d, addr := c.dialer(p.matrix)
	cl, err := d.open(p.open, addr, c.ask)
	if err != nil {
		return nil, err
	}
	c.id = cl.id
	p.running.Go(func() {
		<-p.open.Done()
		cl.Close()
	})
	if err := cl.take(c.take); err != nil {
		return nil, err
	}
	return cl, cl.readFor(c.stay)
}

// each is the leaving of clients in this process, each for itself.
func each(leave func(*party, *client) error) func(*party, cells) {
	return func(p *party, cs cells) {
		var all sync.WaitGroup
		for _, c := range cs {
			all.Go(func() {
				var cl *client
				if cl, c.err = p.begin(c); c.err == nil {
					c.left = time.Now()
					c.err = leave(p, cl)
				}
			})
		}
		all.Wait()
	}
}

func closing(p *party, c *client) error {
	p.running.Go(c.read)
	return c.delete(p.open)
}

func finishing(p *party, c *client) error {
	p.running.Go(c.read) // with something unread the kernel would make a reset of it
	return c.Close()
}

func resetting(_ *party, c *client) error {
	if err := c.SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

func halfClosing(p *party, c *client) error {
	p.running.Go(c.read)
	return c.CloseWrite()
}

// straying and pipelining: net/http stops watching a connection once it has sent
// anything more.
func straying(p *party, c *client) error {
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	return finishing(p, c)
}

func pipelining(p *party, c *client) error {
	if _, err := io.WriteString(c, request{Path: "/"}.header()); err != nil {
		return err
	}
	return resetting(p, c)
}

// idling is not reading any more, nor renewing.
func idling(*party, *client) error { return nil }

// reading clients are well and stay.
func reading(p *party, c *client) error {
	p.running.Go(c.read)
	return nil
}

func renewingOnly(p *party, c *client) error {
	p.running.Go(func() { c.renew(p.open) })
	return nil
}

// process starts one client process with the streams of all cells.
func (p *party) process(cs cells) (signal func(os.Signal) error, err error) {
	var orders []order
	var ns *namespace
	for _, c := range cs {
		d, addr := c.dialer(p.matrix)
		ns = d.ns
		orders = append(orders, order{Addr: addr, From: d.from, Narrow: d.narrow, Ask: c.ask})
	}
	process, ids, err := startClients(p.t, ns, orders)
	if err != nil {
		return nil, err
	}
	p.running.Go(func() {
		<-p.open.Done()
		_ = process.Process.Kill() // it may have been
		<-process.Exited
	})
	for i, c := range cs {
		c.id = ids[i]
	}
	return process.Process.Signal, nil
}

// together is the leaving of all cells by one act.
func (cs cells) together(prepare func() error, act func() error) {
	err := prepare()
	left := time.Now()
	if err == nil {
		err = act()
	}
	for _, c := range cs {
		c.left = left
		c.err = errors.Join(c.err, err)
	}
}

func bySignal(sig syscall.Signal) func(*party, cells) {
	return func(p *party, cs cells) {
		var signal func(os.Signal) error
		cs.together(
			func() (err error) { signal, err = p.process(cs); return err },
			func() error { return signal(sig) })
	}
}

func killed(p *party, cs cells)  { bySignal(syscall.SIGKILL)(p, cs) }
func stopped(p *party, cs cells) { bySignal(syscall.SIGSTOP)(p, cs) }

// beginAll opens all streams of the cells, and gives them; those that cannot have
// their error.
func (p *party) beginAll(cs cells) []*client {
	opened := make([]*client, len(cs))
	var all sync.WaitGroup
	for i, c := range cs {
		all.Go(func() { opened[i], c.err = p.begin(c) })
	}
	all.Wait()
	return slices.DeleteFunc(opened, func(c *client) bool { return c == nil })
}

// readAll opens all of them, and has them read for as long as they can.
func (p *party) readAll(cs cells) error {
	for _, c := range p.beginAll(cs) {
		p.running.Go(c.read)
	}
	return nil
}

func unplugged(p *party, cs cells) {
	cs.together(
		func() error { return p.readAll(cs) },
		func() error { return p.net.client.ip("link", "set", "cable", "down") })
}

func dropped(p *party, cs cells) {
	cs.together(
		func() error { return p.readAll(cs) },
		func() error { return p.net.router.forward(false) })
}

// unheard clients ask and leave before they have heard anything. Their stay is before
// they come.
func unheard(p *party, cs cells) {
	var all sync.WaitGroup
	for _, c := range cs {
		all.Go(func() {
			<-time.After(c.stay)
			d, addr := c.dialer(p.matrix)
			conn, err := d.dial(p.open, addr)
			if err != nil {
				c.err = err
				return
			}
			_, err = io.WriteString(conn, c.ask.header())
			c.left = time.Now()
			c.err = errors.Join(err, conn.Close())
		})
	}
	all.Wait()
}

// drained clients leave a server that is stopping: those of the busy log in the
// middle of what they do not read, the others after their end, and every other one
// with a reset.
func drained(p *party, cs cells) {
	s := p.stopping
	var clients []*client
	cs.together(
		func() error {
			clients = p.beginAll(cs)
			return s.stuck(p.open, busy)
		},
		func() error {
			if err := s.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			return s.refusing(p.open)
		})
	for i, c := range clients {
		if i%2 == 0 {
			_ = c.SetLinger(0) // it may be gone already
		}
		c.Close()
	}
	ended, err := s.end()
	for _, c := range cs {
		c.err = errors.Join(c.err, err)
		c.find(ended)
	}
}

// stuck waits until the server can write nothing more to the streams of a log.
func (s *site) stuck(ctx context.Context, log logKind) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	before := map[string]int64{}
	for {
		all, err := s.streams(ctx)
		if err != nil {
			return err
		}
		moved := len(all.Live) == 0
		for _, st := range all.Live {
			moved = moved || st.Log == string(log)+".log" && st.Bytes != before[st.ID]
			before[st.ID] = st.Bytes
		}
		if !moved {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refusing waits until the server takes no connection any more: it has told all
// its streams to end by then.
func (s *site) refusing(ctx context.Context) error {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for late := time.After(proctest.Patience); ; {
		conn, err := dialer{ns: s.ns}.dial(ctx, s.addrs[0])
		if err != nil {
			return nil
		}
		conn.Close()
		select {
		case <-ticker.C:
		case <-late:
			return errors.New("a server that is stopping goes on to take connections")
		}
	}
}

// end waits for the server's exit and gives the streams that ended, by its log.
func (s *site) end() ([]wire.StreamInfo, error) {
	select {
	case <-s.Exited:
	case <-time.After(proctest.Patience):
		return nil, fmt.Errorf("the server did not end; it said:\n%s", s.Log)
	}
	if code := s.ProcessState.ExitCode(); code != 0 {
		return nil, fmt.Errorf("the server exited with %d; it said:\n%s", code, s.Log)
	}
	return buried(s.Log.String())
}
