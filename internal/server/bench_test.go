package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// BenchmarkFanOut sends one log to many readers over loopback, a line each
// 100 µs, and reports the bytes that all of them took. It is the stream loop
// with its pacing, encoding and flushing; the follower costs nothing here.
func BenchmarkFanOut(b *testing.B) {
	line := strings.Repeat("x", 119) + "\n"
	for _, readers := range []int{1, 100} {
		for _, accept := range []string{"*/*", wire.TypeFrames, wire.TypeNDJSON} {
			b.Run(fmt.Sprintf("%d/%s", readers, accept), func(b *testing.B) {
				logs := newFakeLogs("app.log")
				s := onLoopback(b, logs, Config{MaxStreamsPerClient: readers})
				var taken atomic.Int64
				reached := make(chan struct{}, readers)
				want := int64(b.N * len(line))
				for range readers {
					res := s.do(http.MethodGet, "/app.log?from=start", "", "Accept", accept)
					go func() {
						n, _ := io.Copy(io.Discard, &countdown{r: res.Body, left: want})
						taken.Add(n)
						reached <- struct{}{}
					}()
				}
				b.SetBytes(int64(readers * len(line)))
				b.ReportAllocs()
				b.ResetTimer()
				ticker := time.NewTicker(time.Millisecond)
				defer ticker.Stop()
				for sent := 0; sent < b.N; {
					n := min(10, b.N-sent)
					logs.log("app.log").append(strings.Repeat(line, n))
					sent += n
					<-ticker.C
				}
				for range readers {
					<-reached
				}
				b.ReportMetric(float64(taken.Load())/float64(b.N*readers*len(line)), "overhead")
			})
		}
	}
}

// countdown ends after at least so many bytes.
type countdown struct {
	r    io.Reader
	left int64
}

func (c *countdown) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	return n, err
}

// BenchmarkCatchUp sends 16 MiB that are there already to one reader.
func BenchmarkCatchUp(b *testing.B) {
	const size = 16 << 20
	for _, accept := range []string{"*/*", wire.TypeFrames, wire.TypeNDJSON} {
		b.Run(accept, func(b *testing.B) {
			logs := newFakeLogs("app.log")
			logs.log("app.log").append(strings.Repeat(strings.Repeat("x", 127)+"\n", size/128))
			s := onLoopback(b, logs, Config{})
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				res := s.do(http.MethodGet, "/app.log?from=start&follow=0", "", "Accept", accept)
				if _, err := io.Copy(io.Discard, res.Body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
