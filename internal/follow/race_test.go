package follow

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writer writes numbered lines to a log and rotates it, as fast as it can.
type writer struct {
	t    testing.TB
	rand *rand.Rand
	path string
	file *os.File
	line int // the next one's number
	turn int // rotations so far
}

func newWriter(t testing.TB, path string, seed uint64) *writer {
	w := &writer{t: t, path: path, rand: rand.New(rand.NewPCG(seed, 0))}
	w.reopen()
	return w
}

func (w *writer) reopen() {
	if w.file != nil {
		w.file.Close()
	}
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		w.t.Error(err)
	}
	w.file = f
}

// lines writes n lines, several to a write and some writes ending inside a line.
func (w *writer) lines(n int) {
	var b bytes.Buffer
	for range n {
		fmt.Fprintf(&b, "%08d %s\n", w.line, bytes.Repeat([]byte{'x'}, w.rand.IntN(90)))
		w.line++
		if w.rand.IntN(4) == 0 {
			w.file.Write(b.Next(w.rand.IntN(b.Len() + 1)))
		}
	}
	w.file.Write(b.Bytes())
}

// old is the name that the log's next rotation gives the old file.
func (w *writer) old() string {
	w.turn++
	return fmt.Sprintf("%s-20261122%06d", w.path, w.turn)
}

func (w *writer) rename() {
	if err := os.Rename(w.path, w.old()); err != nil {
		w.t.Error(err)
	}
}

// shift renames as logrotate does without dates: .1 to .2 and so on, then the log to .1.
func (w *writer) shift() {
	w.turn++
	for i := w.turn; i > 0; i-- {
		from := w.path
		if i > 1 {
			from += "." + strconv.Itoa(i-1)
		}
		if err := os.Rename(from, w.path+"."+strconv.Itoa(i)); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *writer) copyTruncate() {
	b, err := os.ReadFile(w.path)
	if err == nil {
		err = os.WriteFile(w.old(), b, 0o644)
	}
	if err == nil {
		err = os.Truncate(w.path, 0)
	}
	if err != nil {
		w.t.Error(err)
	}
}

// styles are the ways of rotating of which nothing may be lost, however fast.
var styles = map[string]func(w *writer){
	"rename": func(w *writer) {
		w.rename()
		w.reopen()
		w.lines(20)
	},
	"shift": func(w *writer) {
		w.shift()
		w.reopen()
		w.lines(20)
	},
	"late": func(w *writer) {
		w.rename()
		old := w.file
		w.file = nil
		w.reopen()
		fresh := w.file
		w.lines(5)
		w.file = old
		w.lines(5)
		w.file = fresh
		w.lines(5)
		old.Close()
	},
	"two at once": func(w *writer) {
		w.rename()
		w.reopen()
		w.lines(3)
		w.rename()
		w.reopen()
		w.lines(3)
	},
	"copytruncate": func(w *writer) {
		w.copyTruncate()
		w.lines(20)
	},
	"copytruncate and larger": func(w *writer) {
		w.copyTruncate()
		w.lines(100)
	},
	"copytruncate twice": func(w *writer) {
		w.copyTruncate()
		w.lines(5)
		w.copyTruncate()
		w.lines(5)
	},
	"symlink": func(w *writer) {
		target := fmt.Sprintf("%s-20261122%06d", w.path, w.turn+1)
		w.turn++
		f, err := os.Create(target)
		if err == nil {
			w.file.Close()
			w.file = f
			w.lines(10)
			err = os.Symlink(filepath.Base(target), w.path+".new")
		}
		if err == nil {
			err = os.Rename(w.path+".new", w.path)
		}
		if err != nil {
			w.t.Error(err)
		}
		w.lines(10)
	},
}

// collector takes what a follower gives and counts each line.
type collector struct {
	seen  map[int]int
	rest  map[bool][]byte // an unfinished line, of the current and of a late generation
	late  bool
	last  int
	kinds map[Kind]int
	wild  int // lines that come before one with a smaller number
	torn  []string
}

func newCollector() *collector {
	return &collector{seen: make(map[int]int), rest: make(map[bool][]byte), kinds: make(map[Kind]int), last: -1}
}

func (c *collector) take(e Event) {
	c.kinds[e.Kind]++
	switch e.Kind {
	case Late:
		c.late = true
	case Rotated:
		c.late = false
	case Data:
		b := append(c.rest[c.late], e.Data...)
		for {
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				break
			}
			c.line(string(b[:i]))
			b = b[i+1:]
		}
		c.rest[c.late] = b
	}
}

func (c *collector) line(s string) {
	n, err := strconv.Atoi(s[:min(8, len(s))])
	if err != nil || len(s) < 9 {
		c.torn = append(c.torn, s)
		return
	}
	c.seen[n]++
	if n < c.last {
		c.wild++
	}
	c.last = n
}

// report says what is wrong with n lines having been written, "" if nothing is.
func (c *collector) report(n int) string {
	lost, doubled := 0, 0
	for i := range n {
		switch c.seen[i] {
		case 0:
			lost++
		case 1:
		default:
			doubled++
		}
	}
	if lost+doubled+len(c.torn) == 0 && c.kinds[Gap] == 0 {
		return ""
	}
	return fmt.Sprintf("of %d lines: %d lost, %d doubled, %d torn %.3q; events %v", n, lost, doubled, len(c.torn), c.torn, c.kinds)
}

var dbgs []string

func dbg(f string, a ...any) { dbgs = append(dbgs, fmt.Sprintf(f, a...)) }

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
					for range 60 {
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
			for round := range 40 {
				writing := make(chan struct{})
				go func() { // half of the rounds race with the reader
					defer close(writing)
					for range w.rand.IntN(4) {
						w.lines(w.rand.IntN(30))
						nextTick(t, dir)
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
			if t.Failed() {
				for i := range last {
					if c.seen[i] == 0 {
						t.Log("lost", i)
						break
					}
				}
				for i := range last {
					if c.seen[i] > 1 {
						t.Log("doubled", i)
						break
					}
				}
				for i := last - 1; i >= 0; i-- {
					if c.seen[i] == 0 {
						t.Log("lost", i)
						break
					}
				}
				os.WriteFile("/tmp/dbg.txt", []byte(strings.Join(dbgs, "\n")), 0644)
			}
			dbgs = nil
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
	f, err := l.Follow("app.log", start)
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
	pc, _ := parseCursor(cursor)
	dbg("OPEN %v off %d born %d newest %d", f.Opening().Met, pc.off, pc.id.born%1e12, pc.newest%1e12)
	fs, _ := siblings(l.roots[0].dir, "app.log", found{})
	for _, x := range fs {
		if len(fs) < 100 {
			dbg("   %s born %d size %d", x.name, x.id.born%1e12, x.size)
		}
	}
	for range events {
		e, err := f.Next(ctx)
		if err != nil {
			break
		}
		dbg(" %s %.9q %s", e.Kind, e.Data, e.Detail)
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

// nextTick waits until new files get a later birth time than those that are there: two
// of the same are told apart by their names only, which a cursor does not carry.
func nextTick(t testing.TB, dir string) {
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	born := func() int64 {
		f, err := root.Create("tick")
		must(t, err)
		defer f.Close()
		defer root.Remove("tick")
		m, err := fileMeta(f)
		must(t, err)
		return m.id.born
	}
	for first := born(); born() == first; {
	}
}
