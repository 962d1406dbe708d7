package follow

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nineCase is one of nine ways to rotate a log in each of which some follower that is in
// use loses lines. They are played in real time, by a real writer to real files.
type nineCase struct {
	name  string
	turns int
	turn  func(p *player) // what happens turns times over

	rotated, truncated int  // what is told of each turn
	gone               bool // the old file has no name any more: whether there was another is unknown
	brief              bool // readers poll at least five times a second: slower ones would only be slower
}

func nineCases() []nineCase {
	return []nineCase{
		{name: "A rename and create", turns: 12, rotated: 1, turn: func(p *player) {
			p.feed(80)
			p.rename()
			p.reopen()
		}},
		{name: "B rename and create, the writer stays on the old file for 40 ms", turns: 8, rotated: 1, turn: func(p *player) {
			p.feed(80)
			p.rename()
			touch(p.t, p.path)
			for end := time.Now().Add(40 * time.Millisecond); time.Now().Before(end); {
				p.feed(5)
			}
			p.reopen()
		}},
		{name: "C copy and truncate, the reader has caught up", turns: 8, truncated: 1, brief: true, turn: func(p *player) {
			p.feed(80)
			p.caughtUp()
			p.copyTruncate()
			p.pause(260, 300) // for who polls each 250 ms to see it empty, or D it would be
		}},
		{name: "D copy and truncate, at once larger than before", turns: 8, truncated: 1, turn: func(p *player) {
			p.feed(40)
			before := p.size()
			p.copyTruncate()
			for p.size() <= before {
				p.lines(20)
			}
			p.pause(5, 60)
		}},
		{name: "E two rotations 3 ms apart", turns: 8, rotated: 2, turn: func(p *player) {
			p.feed(60)
			p.rename()
			p.reopen()
			p.lines(10)
			p.pause(3, 3)
			p.rename()
			p.reopen()
			p.lines(10)
		}},
		{name: "F another target for the symlink", turns: 7, rotated: 1, turn: func(p *player) {
			p.feed(70)
			p.point(p.lines)
			p.pause(1, 20)
		}},
		{name: "G remove and create", turns: 8, rotated: 1, gone: true, brief: true, turn: func(p *player) {
			first := p.line
			p.lines(10)
			p.inHand(first) // nobody can have what is made and removed before it is opened
			p.feed(120)
			p.lines(10)
			if err := os.Remove(p.path); err != nil {
				p.t.Error(err)
			}
			p.pause(0, 2)
			p.reopen()
		}},
		{name: "H the reader is frozen for 400 ms, over two rotations", turns: 6, rotated: 2, brief: true, turn: func(p *player) {
			p.feed(40)
			p.frozen(400*time.Millisecond, func() {
				p.feed(40)
				p.rename()
				p.reopen()
				p.feed(40)
				p.rename()
				p.reopen()
				p.feed(40)
			})
			p.pause(20, 60)
		}},
		{name: "I copy and truncate while the reader is frozen for 100 ms", turns: 6, truncated: 1, turn: func(p *player) {
			p.feed(40)
			p.frozen(100*time.Millisecond, func() {
				p.feed(40)
				p.copyTruncate()
				p.lines(15)
			})
			p.pause(20, 60)
		}},
	}
}

// schemes are how a rotator names the old file: dates after the name, dates before the
// extension, or numbers, for which all the older ones are renamed, too.
const schemes = 3

// player writes a log as one case wants it, paced by the clock: how its turns follow one
// another in time is what the cases are about.
type player struct {
	*writer
	scheme  uint64
	readers []reader
}

// newPlayer begins the log called app.log in dir. Seeds differ in the lines' lengths, in
// the pauses and in the names that old files get.
func newPlayer(t testing.TB, c nineCase, dir string, seed uint64) *player {
	p := &player{scheme: seed % schemes}
	path := filepath.Join(dir, "app.log")
	if strings.HasPrefix(c.name, "F") {
		p.scheme %= schemes - 1 // numbers are not what a symlink's targets are told apart by
		if err := os.Symlink("app.log-20261121000000", path); err != nil {
			t.Error(err)
		}
	}
	p.writer = newWriter(t, path, seed)
	return p
}

// play plays the case to its end, and a little more when all readers that can have it
// all have it: what comes twice comes before that.
func (p *player) play(c nineCase) {
	defer func() { p.file.Close() }()
	for range c.turns {
		c.turn(p)
	}
	p.feed(55)
	p.caughtUp()
	p.lines(5)
	p.caughtUp()
}

// feed writes about n lines, some at a time.
func (p *player) feed(n int) {
	for ; n > 0; n -= 10 {
		p.lines(min(n, 10))
		p.pause(0, 3)
	}
}

// pause lets so many milliseconds go by.
func (p *player) pause(least, most int) {
	time.Sleep(time.Duration(least+p.rand.IntN(most-least+1)) * time.Millisecond)
}

func (p *player) size() int64 {
	fi, err := p.file.Stat()
	if err != nil {
		p.t.Error(err)
		return 0
	}
	return fi.Size()
}

// aside makes room for the next old file, and names it.
func (p *player) aside() string {
	if p.scheme < schemes-1 {
		return p.dated()
	}
	p.turn++
	for i := p.turn - 1; i > 0; i-- {
		if err := os.Rename(p.path+"."+strconv.Itoa(i), p.path+"."+strconv.Itoa(i+1)); err != nil {
			p.t.Error(err)
		}
	}
	return p.path + ".1"
}

func (p *player) dated() string {
	if p.scheme == 0 {
		return p.old()
	}
	p.turn++
	return fmt.Sprintf("%s-20261122%06d.log", strings.TrimSuffix(p.path, ".log"), p.turn)
}

func (p *player) rename() {
	if err := os.Rename(p.path, p.aside()); err != nil {
		p.t.Error(err)
	}
}

func (p *player) copyTruncate() {
	b, err := os.ReadFile(p.path)
	if err == nil {
		err = os.WriteFile(p.aside(), b, 0o644)
	}
	if err == nil {
		err = os.Truncate(p.path, 0)
	}
	if err != nil {
		p.t.Error(err)
	}
}

// point lets the symlink that the log is name another file, which has lines already.
func (p *player) point(lines func(int)) {
	target := p.dated()
	next, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.file.Close()
	p.file = next
	lines(10)
	if err := os.Symlink(filepath.Base(target), p.path+".new"); err != nil {
		p.t.Error(err)
	}
	if err := os.Rename(p.path+".new", p.path); err != nil {
		p.t.Error(err)
	}
}

// frozen does something while no reader runs, for at least that long.
func (p *player) frozen(least time.Duration, do func()) {
	for _, r := range p.readers {
		r.freeze()
	}
	end := time.Now().Add(least)
	do()
	time.Sleep(time.Until(end))
	for _, r := range p.readers {
		r.thaw()
	}
}

// caughtUp waits until the readers have every line.
func (p *player) caughtUp() {
	for _, r := range p.readers {
		r.await(func(c *collector) bool { return len(c.seen) >= p.line })
	}
}

// inHand waits until the readers have that line.
func (p *player) inHand(line int) {
	for _, r := range p.readers {
		r.await(func(c *collector) bool { return c.seen[line] > 0 })
	}
}

// touch makes an empty file.
func touch(t testing.TB, name string) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Error(err)
		return
	}
	f.Close()
}
