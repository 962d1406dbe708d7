package follow

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
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
		fmt.Fprintf(&b, "%08d ", w.line)
		for range w.rand.IntN(90) {
			b.WriteByte(byte('a' + w.rand.IntN(26))) // 64 equal bytes anywhere would be no proof of anything
		}
		b.WriteByte('\n')
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

// gzipFile packs a file as gzip(1) does.
func gzipFile(name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	fi, err := os.Stat(name)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err = w.Write(b); err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.WriteFile(name+".gz", out.Bytes(), 0o644)
	}
	if err == nil {
		err = os.Chtimes(name+".gz", time.Time{}, fi.ModTime())
	}
	if err == nil {
		err = os.Remove(name)
	}
	return err
}

// gunzipFile unpacks a file as gunzip(1) does.
func gunzipFile(name string) error {
	packed, err := os.Open(name + ".gz")
	if err != nil {
		return err
	}
	defer packed.Close()
	fi, err := packed.Stat()
	if err != nil {
		return err
	}
	r, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err == nil {
		err = os.WriteFile(name, b, 0o644)
	}
	if err == nil {
		err = os.Chtimes(name, time.Time{}, fi.ModTime())
	}
	if err == nil {
		err = os.Remove(name + ".gz")
	}
	return err
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
