package follow

import "sync"

// buffers gives followers room for one read. Small ones do for a log that grows line
// by line, so that a thousand woken followers do not take 256 KiB each.
type buffers struct{ small, large sync.Pool }

const smallBuffer = 8 << 10

// get gives a buffer for n bytes of data, or MaxData if that is less.
func (b *buffers) get(n int64) *[]byte {
	pool, size := &b.large, overlap+MaxData
	if n <= smallBuffer-overlap {
		pool, size = &b.small, smallBuffer
	}
	if buf, ok := pool.Get().(*[]byte); ok {
		return buf
	}
	buf := make([]byte, size)
	return &buf
}

func (b *buffers) put(buf *[]byte) {
	if len(*buf) == smallBuffer {
		b.small.Put(buf)
	} else {
		b.large.Put(buf)
	}
}
