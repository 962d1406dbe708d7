//go:build linux

package follow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// program is what a simulation does, one operation after another.
type program struct {
	style string // how the log is rotated: rename, copy, rewrite, symlink, data
	names string // of its old files: shift, date, ext
	alike bool   // all its files begin with the same header
	ticks bool   // the kernel's clock moves on before a file is made
	ops   []op
}

// op is one operation. As text it is "[@AFTER] VERB [N]".
//
// Of the writer and the rotator:
//
//	lines N      append N lines              bytes N      append N bytes, wherever a line ends
//	burst KIB    append so much              hole KIB     make the log larger without writing, and append
//	rotate N     N = 1: and make the new file, before the writer reopens the log
//	install N    rename, and put a file with N bytes in its place
//	replace N    put a file with N bytes in the log's place, without a name for the old one
//	reopen N     N = 1: keep the old descriptor, too
//	late N       append N bytes to a descriptor that was kept
//	drop         close the descriptors that were kept
//	copytrunc N  copy, append N bytes that nobody copies, truncate
//	truncate     without a copy              rewrite N    truncate, and write N bytes at once
//	remove       the log                     away, back   rename the log to what no rotator calls it, and back
//	block        away, and make a directory of the log's name; unblock
//	diraway, dirback, dirgone                the directory that the log is in
//	retain N     delete all old files but N  pack         compress the earliest old file
//
// Of the followers and the time:
//
//	sleep µS     the first follower takes all that comes meanwhile
//	read         the first follower takes all that is there, without any time going by
//	slow N       the second follower takes at most N events
//	visit N CUT  the third follower comes back, takes at most N events and stays; of the
//	             last one it keeps CUT thousandths
//	leave        the third follower goes
//	restart N    everything is closed and opened anew; N = 1: nobody accepts a gap
type op struct {
	after int // it is done inside the followers' AFTER-th operation on a file from here on; 0: between them
	verb  string
	n     int
	cut   int
}

func (o op) String() string {
	s := o.verb
	if o.after > 0 {
		s = "@" + strconv.Itoa(o.after) + " " + s
	}
	if o.n > 0 || o.cut > 0 {
		s += " " + strconv.Itoa(o.n)
	}
	if o.cut > 0 {
		s += " " + strconv.Itoa(o.cut)
	}
	return s
}

// ofTheFollowers reports whether the operation is none of the writer's.
func (o op) ofTheFollowers() bool {
	return slices.Contains([]string{"sleep", "read", "slow", "visit", "leave", "restart"}, o.verb)
}

func (p *program) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "style %s %s", p.style, p.names)
	if p.alike {
		b.WriteString(" alike")
	}
	if p.ticks {
		b.WriteString(" ticks")
	}
	b.WriteByte('\n')
	for _, o := range p.ops {
		fmt.Fprintln(&b, o)
	}
	return b.String()
}

// parseProgram reads what String writes.
func parseProgram(text string) (*program, error) {
	p := &program{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "style" && len(words) >= 3 {
			p.style, p.names = words[1], words[2]
			p.alike, p.ticks = slices.Contains(words, "alike"), slices.Contains(words, "ticks")
			continue
		}
		var o op
		if after, ok := strings.CutPrefix(words[0], "@"); ok {
			o.after, _ = strconv.Atoi(after)
			words = words[1:]
		}
		o.verb = words[0]
		for i, number := range []*int{&o.n, &o.cut} {
			if i+1 < len(words) {
				n, err := strconv.Atoi(words[i+1])
				if err != nil {
					return nil, fmt.Errorf("%q: %w", line, err)
				}
				*number = n
			}
		}
		p.ops = append(p.ops, o)
	}
	return p, nil
}

// needed is how many operations at the beginning make the log what its style says it is.
func (p *program) needed() int {
	if p.style == "symlink" || p.style == "data" {
		return 1
	}
	return 0
}
