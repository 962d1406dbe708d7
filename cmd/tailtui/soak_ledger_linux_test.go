package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fate is what may become of a line.
type fate uint8

const (
	owed fate = iota // it must come
	told             // it may be missing where a gap is told: its file was deleted or packed
	free             // it may be missing without a word: written between the copy and the truncate
)

// ledger is what a model writer wrote to one log: which lines, where, in which
// order, and what it did to the files. Lines are not kept, since their text
// follows from their numbers.
type ledger struct {
	name   string
	header string // each generation begins with this line; "" for none
	noise  [2]string

	mu    sync.Mutex
	lines []entry
	late  map[int]int // lines by those who kept a generation open after it was left
	gone  int         // all generations before this one were deleted or packed unread
	ops   []op
}

// entry is one line of a ledger.
type entry struct {
	at     int64 // its first byte, counted over all generations
	gen    int32
	fate   fate
	header bool
}

// op is one thing that the writer did.
type op struct {
	at   time.Time
	line int // how many lines there were by then
	text string
}

func newLedger(name string, seed uint64) *ledger {
	l := &ledger{name: name, late: make(map[int]int)}
	rng := rand.New(rand.NewPCG(seed, 0))
	var text, octets strings.Builder
	for range 80 << 10 {
		text.WriteByte("abcdefghijklmnopqrstuvwxyz =/\"<"[rng.IntN(31)])
		c := byte(rng.Uint32())
		if c == '\n' {
			c = 0
		}
		octets.WriteByte(c)
	}
	l.noise = [2]string{text.String(), octets.String()}
	return l
}

// padding is what makes line n as long as it is: most are short, some longer than a
// page, a few longer than a data frame, and one in eight is no UTF-8.
func (l *ledger) padding(n int) string {
	size := (n*7919)%160 + 1
	switch {
	case n%4001 == 4000:
		size = 70 << 10
	case n%97 == 96:
		size = 5000
	}
	noise := l.noise[0]
	if n%8 == 7 {
		noise = l.noise[1]
	}
	return noise[n%1000:][:size]
}

// text is line n with its newline. The caller holds mu or knows that n is there.
func (l *ledger) text(n int) string {
	if l.lines[n].header {
		return l.header + "\n"
	}
	return l.name + " " + strconv.Itoa(n) + " " + l.padding(n) + "\n"
}

// lateText is the n-th late line of a generation.
func (l *ledger) lateText(gen, n int) string {
	return fmt.Sprintf("late %d %d %s\n", gen, n, l.padding(gen+n))
}

// add enters a line and gives its text, to be written from now on.
func (l *ledger) add(gen int, f fate, header bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := entry{gen: int32(gen), fate: f, header: header}
	n := len(l.lines)
	if n > 0 {
		e.at = l.lines[n-1].at + int64(len(l.text(n-1)))
	}
	l.lines = append(l.lines, e)
	return l.text(n)
}

// addLate enters a late line of a generation and gives its text.
func (l *ledger) addLate(gen int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.late[gen]
	l.late[gen]++
	return l.lateText(gen, n)
}

// forget says that all generations up to gen are about to be gone unread.
func (l *ledger) forget(gen int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone = gen + 1
	for i := len(l.lines) - 1; i >= 0; i-- {
		switch g := int(l.lines[i].gen); {
		case g <= gen && l.lines[i].fate == told:
			return
		case g <= gen:
			l.lines[i].fate = told
		}
	}
}

// note keeps what the writer did.
func (l *ledger) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ops = append(l.ops, op{time.Now(), len(l.lines), fmt.Sprintf(format, args...)})
}

// length is how many lines there are.
func (l *ledger) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}

// bytes is how many there are in all lines.
func (l *ledger) bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == 0 {
		return 0
	}
	n := len(l.lines) - 1
	return l.lines[n].at + int64(len(l.text(n)))
}

// find says which line text, without its newline, is; next is the one expected, which
// tells apart headers, that are all alike. It is -1 for none.
func (l *ledger) find(text []byte, next int) int {
	if l.header != "" && string(text) == l.header {
		for n := next; n < len(l.lines); n++ {
			if l.lines[n].header {
				return n
			}
			if l.lines[n].fate == owed {
				break // so it is one that was here before
			}
		}
		for n := min(next, len(l.lines)) - 1; n >= 0; n-- {
			if l.lines[n].header {
				return n
			}
		}
		return -1
	}
	rest, ok := bytes.CutPrefix(text, []byte(l.name+" "))
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	n, err := strconv.Atoi(string(digits))
	if !ok || err != nil || n < 0 || n >= len(l.lines) || string(text)+"\n" != l.text(n) {
		return -1
	}
	return n
}

// findLate says which late line text is.
func (l *ledger) findLate(text []byte) (gen, n int, ok bool) {
	fields := bytes.SplitN(text, []byte(" "), 4)
	if len(fields) != 4 || string(fields[0]) != "late" {
		return 0, 0, false
	}
	gen, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.Atoi(string(fields[2]))
	return gen, n, err == nil && n >= 0 && n < l.late[gen] && string(text)+"\n" == l.lateText(gen, n)
}

// around tells what the writer did about when line n was written, and lately.
func (l *ledger) around(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	show := func(from, to int) {
		for _, o := range l.ops[max(from, 0):max(min(to, len(l.ops)), 0)] {
			fmt.Fprintf(&b, "  %s  after line %d: %s\n", o.at.Format(stamp), o.line-1, o.text)
		}
	}
	i := 0
	for i < len(l.ops) && l.ops[i].line <= n {
		i++
	}
	show(i-20, i+30)
	if last := len(l.ops) - 10; last > i+30 {
		b.WriteString("  ...\n")
		show(last, len(l.ops))
	}
	return b.String()
}

// stamp is how times are shown: fine enough to order what happened.
const stamp = "15:04:05.000000"
