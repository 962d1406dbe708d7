package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// BenchmarkSession reads a log through a session over loopback, in frames of
// the sizes that a busy log and a backlog have.
func BenchmarkSession(b *testing.B) {
	for _, size := range []int{100, 4 << 10, wire.MaxData} {
		b.Run(strconv.Itoa(size), func(b *testing.B) { benchmarkFrames(b, size) })
	}
}

func benchmarkFrames(b *testing.B, size int) {
	enc := wire.NewEncoder(wire.Frames, wire.EncoderOptions{})
	frame := enc.Data(nil, bytes.Repeat([]byte("x"), size), func(int) string { return "a-cursor-of-the-usual-length-of-about-a-hundred-bytes" })
	batch := max(1, (64<<10)/len(frame)) // frames a write, as a pacing server has them
	frames := bytes.Repeat(frame, batch)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", wire.TypeFrames)
		w.Write(enc.Open(nil, wire.Open{HeartbeatMS: 15_000}))
		for left := b.N; left > 0; left -= batch {
			w.Write(frames[:min(left, batch)*len(frame)])
		}
		w.Write(enc.End(nil, wire.End{Reason: wire.ReasonComplete}))
	})}
	go srv.Serve(ln)
	defer srv.Close()

	s := NewSession(Target{Addr: ln.Addr().String(), Path: "/app.log"}, Options{})
	ran := make(chan error, 1)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	go func() { ran <- s.Run(context.Background()) }()
	for {
		if _, err := s.Next(context.Background()); errors.Is(err, io.EOF) {
			break
		}
	}
	if err := <-ran; err != nil {
		b.Fatal(err)
	}
	if got := s.Status().Bytes; got != int64(b.N)*int64(size) {
		b.Fatalf("%d bytes came, want %d", got, int64(b.N)*int64(size))
	}
}
