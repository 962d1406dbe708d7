// Package proctest runs real programs in tests: it builds commands of this module,
// starts them, hears what they say, waits for it, and ends them with the test, each
// by its own id. Only tests import it.
package proctest

import (
	"bytes"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for something that is bound to happen. It is
// no bound of the product: those are asserted by their own figures.
const Patience = 20 * time.Second

// Output collects what a program says and lets a test wait for it. [NewOutput]
// makes one; any number of goroutines may use it.
type Output struct {
	mu      sync.Mutex
	all     bytes.Buffer
	changed chan struct{} // closed and replaced at each write
}

// NewOutput makes an Output to which nothing was said.
func NewOutput() *Output { return &Output{changed: make(chan struct{})} }

// Write takes what the program says next. It never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.changed)
	o.changed = make(chan struct{})
	return o.all.Write(p)
}

// String is everything said so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// From is what was said after the first n bytes, and a channel that is closed when
// more is.
func (o *Output) From(n int) (said string, more <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.all.Bytes()[n:]), o.changed
}

// Wait blocks until ok accepts everything said so far, and gives that; after
// [Patience] an error with the end of what was said. What says for what is waited.
func (o *Output) Wait(what string, ok func(string) bool) (string, error) {
	late := time.After(Patience)
	for {
		s, more := o.From(0)
		if ok(s) {
			return s, nil
		}
		select {
		case <-more:
		case <-late:
			return s, fmt.Errorf("waited %v for %s; got %d bytes ending in:\n%s", Patience, what, len(s), s[max(0, len(s)-3000):])
		}
	}
}

// Await does so for a test, which it fails instead.
func (o *Output) Await(t testing.TB, what string, ok func(string) bool) string {
	t.Helper()
	s, err := o.Wait(what, ok)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// AwaitMatch blocks until pattern has matched n times, and gives the last match
// with its groups.
func (o *Output) AwaitMatch(t testing.TB, pattern string, n int) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var found [][]string
	o.Await(t, fmt.Sprintf("%d of %s", n, pattern), func(s string) bool {
		found = re.FindAllStringSubmatch(s, -1)
		return len(found) >= n
	})
	return found[n-1]
}
