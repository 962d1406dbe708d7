//go:build linux

package follow

import (
	"fmt"
	"math/rand/v2"
	"time"
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// header is what all contents of some programs begin with, longer than what a follower
// compares.
const header = "# this is how all the files of this log begin, as those of many programs do: with a header.\n"

// lines makes the text of n lines for the end of c. Every line has a number and letters
// that follow from it. No two contents that come after one another begin with the same
// letter: the bytes are all that a follower can tell contents of one file by, be they ever
// so few, and 64 equal bytes at the same place in both would be no proof of anything.
func (m *model) lines(c *run, n int) []byte {
	b := m.begin(c)
	b = append(b, m.rest...)
	m.rest = nil
	for range n {
		b = append(b, m.next()...)
	}
	return b
}

// text makes n bytes for the end of c, wherever they end.
func (m *model) text(c *run, n int) []byte {
	b := m.begin(c)
	for len(b) < n {
		if len(m.rest) == 0 {
			m.rest = m.next()
		}
		k := min(n-len(b), len(m.rest))
		b = append(b, m.rest[:k]...)
		m.rest = m.rest[k:]
	}
	return b
}

func (m *model) begin(c *run) []byte {
	switch {
	case len(c.data) > 0:
		return nil
	case m.program.alike:
		return append([]byte(header), m.next()...)
	}
	m.turn++
	return []byte{letters[m.turn%len(letters)]}
}

func (m *model) next() []byte {
	r := rand.New(rand.NewPCG(uint64(m.line), 1))
	b := fmt.Appendf(nil, "%08d ", m.line)
	for range r.IntN(90) {
		b = append(b, letters[r.IntN(len(letters))])
	}
	m.line++
	return append(b, '\n')
}

// write appends to a file. Empty data is not written.
func (m *model) write(h *handle, b []byte) {
	if len(b) == 0 {
		return
	}
	_, err := h.Write(b)
	m.check(err)
	m.grow(h.node.run, b)
}

func (m *model) grow(c *run, b []byte) {
	c.data = append(c.data, b...)
	m.written += int64(len(b))
	s, now := stamp{int64(len(c.data)), time.Now()}, time.Now()
	if k := len(c.written) - 1; k >= 0 && c.written[k].at.Equal(now) {
		c.written[k] = s
		return
	}
	c.written = append(c.written, s)
}

// hole makes a file larger without writing, and appends to it.
func (m *model) hole(h *handle, size int) {
	c := h.node.run
	from := int64(len(c.data))
	m.check(h.Truncate(from + int64(size)))
	m.grow(c, make([]byte, size))
	c.holes = append(c.holes, span{from, from + int64(size)})
	m.write(h, m.lines(c, 1))
}
