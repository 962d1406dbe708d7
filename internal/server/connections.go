package server

import (
	"net"
	"net/http"
	"sync"
)

// connections knows those that net/http has: how many, for who waits until they
// are gone, and which of them have not asked for anything yet.
type connections struct {
	all sync.WaitGroup // net/http's own goroutine for each

	mu       sync.Mutex
	fresh    map[net.Conn]struct{} // in http.StateNew
	draining bool                  // fresh ones are closed as they come
}

// note is an http.Server's ConnState.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.all.Add(1)
		c.open(conn)
		return
	case http.StateClosed, http.StateHijacked:
		defer c.all.Done()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fresh, conn)
}

func (c *connections) open(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		conn.Close()
		return
	}
	if c.fresh == nil {
		c.fresh = map[net.Conn]struct{}{}
	}
	c.fresh[conn] = struct{}{}
}

// drain closes those that have not asked for anything, and lets no further one
// in. http.Server.Shutdown waits for them for 5 s, in case they might yet.
func (c *connections) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	for conn := range c.fresh {
		conn.Close()
	}
}
