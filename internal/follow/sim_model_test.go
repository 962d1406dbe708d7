//go:build linux

package follow

import (
	"fmt"
	"os"
	"path"
	"strings"
	"time"
)

// model is a writer and a rotator that know what they did: the real files below dir, and
// beside them every content that the log has had, with all that became of it.
type model struct {
	dir     string
	log     string // the log's name below dir
	program *program

	runs    []*run
	lives   []uptime // when the log was there
	live    *node    // what the log's name leads to; nil while nothing does
	nodes   map[string]*node
	links   map[string]string
	dirs    map[string]bool
	writer  *handle
	kept    []*handle // descriptors that the writer went on without closing
	turn    int
	line    int
	rest    []byte // of a line that was not written to its end
	moves   int    // steps from one content to the next
	written int64
	err     error
}

// run is what one file held from its making, or from a truncation, to the next one: what
// a generation is to a follower.
type run struct {
	number   int
	data     []byte
	written  []stamp
	holes    []span
	sources  []*source // the file first, then its copies
	by       change    // how the log came to it
	at       time.Time // when
	absences []*absence
}

// stamp says when a content had come to be so long.
type stamp struct {
	end int64
	at  time.Time
}

type span struct{ from, to int64 }

// uptime is from when to when something was there; to is zero while it is.
type uptime struct{ from, to time.Time }

// change is how one content followed another.
type change int

const (
	byFile     change = iota // another file had the log's name
	byTruncate               // the same file was truncated
)

// source is a file that has a content's first bytes.
type source struct {
	size   int64 // how many; negative: all
	since  time.Time
	until  time.Time // when it was taken away; zero while it can be found
	how    change    // byFile: the file has no name any more that a follower can know; byTruncate
	packed bool      // it was compressed, not just deleted
	hidden bool      // it still has a name, but none that a follower can know
	away   []uptime  // when its directory had another name
}

// absence is a time in which nothing had the log's name.
type absence struct {
	from, to time.Time // to is zero while it lasts
	same     bool      // it ended with the same file
	blocked  bool      // something that cannot be followed had it
}

// node is a file with a name.
type node struct {
	name   string
	run    *run
	source *source // its own among its run's
	copy   bool
	made   time.Time
}

type handle struct {
	*os.File
	node *node
}

func newModel(dir string, p *program) *model {
	m := &model{
		dir: dir, log: "sub/app.log", program: p,
		nodes: make(map[string]*node), links: make(map[string]string), dirs: make(map[string]bool),
	}
	nothing := &run{absences: []*absence{{from: time.Now()}}, at: time.Now()}
	m.runs = []*run{nothing}
	m.mkdir("sub")
	return m
}

func (m *model) check(err error) {
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("model: %w", err)
	}
}

func (m *model) path(name string) string { return path.Join(m.dir, name) }

// last is the content that the log has, or had last.
func (m *model) last() *run { return m.runs[len(m.runs)-1] }

func (m *model) close() {
	for _, h := range append(m.kept, m.writer) {
		if h != nil {
			h.Close()
		}
	}
	m.kept, m.writer = nil, nil
}

// resolve finds the node that a name leads to, nil if there is none.
func (m *model) resolve(name string) *node {
	for range 4 {
		parts := strings.Split(name, "/")
		again := false
		for i := range parts {
			prefix := path.Join(parts[:i+1]...)
			if target, ok := m.links[prefix]; ok {
				name = path.Join(append([]string{path.Dir(prefix), target}, parts[i+1:]...)...)
				again = true
				break
			}
		}
		if !again {
			break
		}
	}
	return m.nodes[name]
}

// observe notes what the log's name leads to now.
func (m *model) observe() {
	n, now, last := m.resolve(m.log), time.Now(), m.last()
	if n == m.live {
		return
	}
	if m.live != nil && n == nil {
		m.lives[len(m.lives)-1].to = now
		last.absences = append(last.absences, &absence{from: now})
	}
	if n != nil {
		same := n.run == last
		if m.live == nil {
			m.lives = append(m.lives, uptime{from: now})
			a := last.absences[len(last.absences)-1]
			a.to, a.same = now, same
		}
		if !same {
			n.source.since = now // nobody knew it for one of the log's before
			m.came(n, byFile)
		}
	}
	m.live = n
	m.datePacked()
}

// came makes the node's run the log's next one.
func (m *model) came(n *node, by change) {
	c := n.run
	c.number, c.by, c.at = len(m.runs), by, time.Now()
	m.runs = append(m.runs, c)
	m.moves++
}

// findable reports whether a follower can know a file of that name for one of the log's.
func (m *model) findable(name string) bool {
	if m.program.style == "data" {
		return m.resolve(m.log) == m.nodes[name]
	}
	return path.Dir(name) == "sub" && strings.HasPrefix(path.Base(name), "app") && !strings.HasSuffix(name, ".gz")
}

// end notes that the source cannot be found any more.
func (s *source) end(how change, packed bool) {
	if s.until.IsZero() {
		s.until, s.how, s.packed = time.Now(), how, packed
	}
}

// describe lists all that the model knows of the runs.
func (m *model) describe() string {
	var b strings.Builder
	since := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Sub(m.runs[0].at).String()
	}
	for i, c := range m.runs {
		fmt.Fprintf(&b, "run %d: %d bytes, at %s by %s", i, len(c.data), since(c.at), [...]string{"file", "truncation"}[c.by])
		for _, s := range c.sources {
			fmt.Fprintf(&b, "; source %d since %s until %s", s.size, since(s.since), since(s.until))
		}
		for _, a := range c.absences {
			fmt.Fprintf(&b, "; away %s to %s same=%v", since(a.from), since(a.to), a.same)
		}
		fmt.Fprintf(&b, "; written")
		for _, w := range c.written[max(0, len(c.written)-6):] {
			fmt.Fprintf(&b, " %d@%s", w.end, since(w.at))
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}
