package cli

import (
	"io"
	"sync"
	"time"
)

// maxQueued bounds what waits for a writer that takes nothing, in bytes. It is
// some ten thousand messages: a hiccup loses none, a closed tap costs no memory.
const maxQueued = 1 << 20

// NonBlocking stands before a writer that may block, such as a stderr that is a
// full pipe or a terminal that was stopped. Its Write never waits: what the
// writer has not taken is queued, and what does not fit is dropped. So nothing a
// program does can hang on who reads its messages.
type NonBlocking struct {
	w    io.Writer
	done chan struct{} // closed when run has returned

	mu     sync.Mutex
	wake   sync.Cond
	queue  []byte
	closed bool
}

// NewNonBlocking makes a NonBlocking for w and starts the goroutine that writes.
// Close ends it.
func NewNonBlocking(w io.Writer) *NonBlocking {
	n := &NonBlocking{w: w, done: make(chan struct{})}
	n.wake.L = &n.mu
	go n.run()
	return n
}

// Write queues p, whole or not at all. It reports no error: nobody could do
// anything about one.
func (n *NonBlocking) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed && len(n.queue)+len(p) <= maxQueued {
		n.queue = append(n.queue, p...)
		n.wake.Signal()
	}
	return len(p), nil
}

// Close takes nothing more and waits until the writer has taken what is queued,
// at most d. A writer that is stuck then keeps its goroutine until the process
// ends; nothing can interrupt it.
func (n *NonBlocking) Close(d time.Duration) {
	n.mu.Lock()
	n.closed = true
	n.wake.Signal()
	n.mu.Unlock()
	select {
	case <-n.done:
	case <-time.After(d):
	}
}

// run writes what is queued, in as large pieces as have gathered.
func (n *NonBlocking) run() {
	defer close(n.done)
	for {
		p := n.next()
		if p == nil {
			return
		}
		_, _ = n.w.Write(p) // a reader that has gone is no reason to stop
	}
}

// next waits for something to write; nil means there will be no more.
func (n *NonBlocking) next() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.queue) == 0 && !n.closed {
		n.wake.Wait()
	}
	p := n.queue
	n.queue = nil
	return p
}
