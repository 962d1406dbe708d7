package follow

import (
	"bytes"
	"os"
)

// hole looks whether data, which was read at the place, has a hole in it that others
// wrote behind. It reports true with a Hole event that skips one where data begins, or
// with the data before it. A hole that goes on to the end of the file is none yet.
func (f *Follower) hole(b *body, data []byte) (Event, bool) {
	nul := bytes.IndexByte(data, 0)
	if nul < 0 {
		return Event{}, false
	}
	file, ok := b.content.(*stored)
	if !ok {
		return Event{}, false
	}
	p := f.pos.reading()
	var begin, end int64
	err := file.with(func(open *os.File) {
		begin, end, ok = holeIn(open, p.off+int64(nul), p.off+int64(len(data)))
	})
	if err != nil || !ok {
		return Event{}, false
	}
	if begin > p.off {
		return Event{Data: data[:begin-p.off]}, true
	}
	if f.once != nil && f.once.gen == p.gen {
		end = min(end, f.once.off)
	}
	after, err := spotAt(b, end+f.zeros(b, end))
	if err != nil {
		return Event{}, false
	}
	lost := after.off - p.off
	p.spot = after
	return f.event(Event{Kind: Hole, Lost: &lost, Detail: "nothing was ever written there"}), true
}

// zeros counts the NUL bytes from off on to the end of their block: a hole that
// somebody wrote behind ends inside the block that was written.
func (f *Follower) zeros(b *body, off int64) int64 {
	const block = 4096
	var room [block]byte
	n, _ := b.ReadAt(room[:block-off%block], off)
	return int64(n - len(bytes.TrimLeft(room[:n], "\x00")))
}
