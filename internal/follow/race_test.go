package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFollower_losesNothingToAFastWriter(t *testing.T) {
	for name, rotate := range styles {
		for _, noWatch := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/noWatch=%v", name, noWatch), func(t *testing.T) {
				t.Parallel()
				dir, l := openDir(t, Options{NoWatch: noWatch, Poll: 5 * time.Millisecond})
				w := styledWriter(t, dir, name, 1)
				f := follow(t, l, "app.log", Start{From: FromStart})
				done := make(chan struct{})
				go func() {
					for range 40 {
						w.lines(w.rand.IntN(30))
						rotate(w)
					}
					w.lines(10)
					close(done)
					f.Nudge() // all may have been read
				}()
				c := newCollector()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				for finished := false; !finished || len(c.seen) < w.line; {
					select {
					case <-done:
						finished = true
					default:
					}
					e, err := f.Next(ctx)
					if err != nil {
						t.Error(err)
						break
					}
					c.take(e)
				}
				<-done
				w.file.Close()
				c.check(t, w.line, name)
			})
		}
	}
}

// styledWriter makes the writer of a log for one of the styles.
func styledWriter(t testing.TB, dir, style string, seed uint64) *writer {
	path := filepath.Join(dir, "app.log")
	if style == "symlink" {
		must(t, os.Symlink("app.log-20261121000000", path))
	}
	return newWriter(t, path, seed)
}

// check fails the test unless each of n lines came once, and in order.
func (c *collector) check(t testing.TB, n int, style string) {
	t.Helper()
	if why := c.report(n); why != "" {
		t.Error(why)
	}
	if style != "late" && c.wild > 0 {
		t.Errorf("%d lines came out of order", c.wild)
	}
}

// A log that is rewritten in place all the time, without copies, never gives bytes of
// two contents as one: between them it tells that it was begun anew. The contents begin
// alike, as files with the same header do.
func TestFollower_neverMixesTwoContents(t *testing.T) {
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	header := bytes.Repeat([]byte("# header "), 20)
	content := func(i int) []byte {
		return append(bytes.Clone(header), bytes.Repeat([]byte{byte(1 + i%250)}, 300<<10+i)...)
	}
	must(t, os.WriteFile(name, content(0), 0o644))
	f := follow(t, l, "app.log", Start{From: FromStart})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for i := range 300 {
			if err := os.WriteFile(name, content(i), 0o644); err != nil {
				t.Error(err)
			}
		}
		cancel()
	}()
	at, value := 0, byte(0)
	for {
		e, err := f.Next(ctx)
		if err != nil {
			break
		}
		if e.Kind != Data {
			if e.Kind == Truncated {
				at, value = 0, 0
			}
			continue
		}
		for _, b := range e.Data {
			switch {
			case at < len(header):
				if b != header[at] {
					t.Fatalf("%q in the header", b)
				}
			case value == 0:
				value = b
			case b != value:
				t.Fatalf("byte %d is of content %d, those before it of %d", at, b, value)
			}
			at++
		}
	}
}

// A reader that goes away at any moment, its server with it, and comes back with the
// cursor of the last byte that it kept, gets the rest once and in order: whatever the
// log's writer did meanwhile.
func TestFollower_resumesAcrossRestartsAndRotations(t *testing.T) {
	for name, rotate := range styles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			w := styledWriter(t, dir, name, 2)
			c := newCollector()
			random := rand.New(rand.NewPCG(3, 0))
			cursor := readSome(t, dir, "", c, 0)
			for round := range 24 {
				writing := make(chan struct{})
				go func() { // half of the rounds race with the reader
					defer close(writing)
					for range w.rand.IntN(4) {
						w.lines(w.rand.IntN(30))
						rotate(w)
					}
				}()
				if round%2 == 0 {
					<-writing
				}
				cursor = readSome(t, dir, cursor, c, random.IntN(12))
				<-writing
			}
			last := w.line
			for readAll := 0; len(c.seen) < last && readAll < 100; readAll++ {
				cursor = readSome(t, dir, cursor, c, 1000)
			}
			w.file.Close()
			c.check(t, last, name)
		})
	}
}

// readSome follows from a cursor for so many events, and gives the cursor after the
// last byte that it took: it may throw a part of the last event away, as a client does
// that loses its connection.
func readSome(t testing.TB, dir, cursor string, c *collector, events int) string {
	l := openLogs(t, Options{NoWatch: true, Poll: time.Millisecond, Grace: 20 * time.Millisecond}, Root{Path: dir})
	defer l.Close()
	start := Start{From: FromStart, Wait: true}
	if cursor != "" {
		start = Start{From: FromCursor, Cursor: cursor, Wait: true}
	}
	f, err := l.Follow(t.Context(), "app.log", start)
	if err != nil {
		t.Error(err)
		return cursor
	}
	defer f.Close()
	if o := f.Opening(); o.Met == MetGap {
		t.Errorf("met %s", o.Met)
	}
	cursor = f.Opening().Cursor
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	for range events {
		e, err := f.Next(ctx)
		if err != nil {
			break
		}
		n := len(e.Data)
		if n > 0 && n%3 == 0 {
			n = n / 2
		}
		cursor = e.CursorAt(n)
		whole := n == len(e.Data)
		e.Data = e.Data[:n]
		c.take(e)
		if !whole {
			break
		}
	}
	return cursor
}

// nextTick waits until new files get a later birth time than those that are there: it is
// that of the kernel's clock, which moves on every few milliseconds only, and two of the
// same are told apart by their names.
func nextTick(t testing.TB, dir string) {
	t.Helper()
	must(t, waitTick(dir))
}

func waitTick(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var first int64
	for {
		f, err := root.Create("tick")
		if err != nil {
			return err
		}
		m, err := fileMeta(f)
		if err := errors.Join(err, f.Close(), root.Remove("tick")); err != nil {
			return err
		}
		if first != 0 && m.id.born != first {
			return nil
		}
		first = m.id.born
	}
}
