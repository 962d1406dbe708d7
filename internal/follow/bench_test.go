package follow

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"
)

// BenchmarkFollower_catchUp reads a large log from its start.
func BenchmarkFollower_catchUp(b *testing.B) {
	dir, l := openDir(b, Options{})
	const size = 64 << 20
	text := bytes.Repeat([]byte("2026-11-22T10:00:00.000Z INFO a line of a log as they are, of 80 bytes or so\n"), size/77)
	must(b, os.WriteFile(join(dir, "app.log"), text, 0o644))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := l.Follow(b.Context(), "app.log", Start{From: FromStart})
		must(b, err)
		for n := 0; n < len(text); {
			e, err := f.Next(b.Context())
			must(b, err)
			n += len(e.Data)
		}
		f.Close()
	}
}

// BenchmarkFollower_wake measures from a write until a Next that waits has its bytes.
func BenchmarkFollower_wake(b *testing.B) {
	dir, l := openDir(b, Options{})
	name := join(dir, "app.log")
	w, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(b, err)
	defer w.Close()
	f := follow(b, l, "app.log", Start{})
	got := make(chan time.Time)
	go func() {
		defer close(got)
		for {
			if _, err := f.Next(b.Context()); err != nil {
				return
			}
			got <- time.Now()
		}
	}()
	var all []time.Duration
	for range b.N {
		time.Sleep(300 * time.Microsecond) // so that Next waits
		began := time.Now()
		_, err := w.WriteString("a line\n")
		must(b, err)
		all = append(all, (<-got).Sub(began))
	}
	slices.Sort(all)
	b.ReportMetric(0, "ns/op") // that has the pauses in it
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "µs-p99")
	must(b, l.Close())
	<-got
}

// BenchmarkEvent_cursorAt is paid for each line of a stream of lines.
func BenchmarkEvent_cursorAt(b *testing.B) {
	dir, l := openDir(b, Options{NoWatch: true})
	must(b, os.WriteFile(join(dir, "app.log"), bytes.Repeat([]byte("a line\n"), 1000), 0o644))
	f := follow(b, l, "app.log", Start{From: FromStart})
	e, err := f.Next(b.Context())
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		e.CursorAt(len(e.Data) / 2)
	}
}

// What a silent log costs at each poll.
func BenchmarkLook_silent(b *testing.B) {
	dir, l := openDir(b, Options{Poll: time.Hour})
	must(b, os.MkdirAll(join(dir, "a", "b"), 0o755))
	write(b, join(dir, "a", "b", "app.log"), string(bytes.Repeat([]byte("a line of the log\n"), 100)))
	f := follow(b, l, "a/b/app.log", Start{})
	for f.hub.still.id.zero() { // until it has been silent for long enough
		f.hub.looking.Lock()
		f.hub.look()
		f.hub.looking.Unlock()
	}
	f.hub.looking.Lock()
	defer f.hub.looking.Unlock()
	for b.Loop() {
		f.hub.look()
	}
}
