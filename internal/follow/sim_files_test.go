//go:build linux

package follow

import (
	"bytes"
	"compress/gzip"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// touch gives a directory the time of the fake clock, as if it ran for the kernel, too.
func (m *model) touch(name string) {
	now := time.Now()
	if dir := m.path(path.Dir(name)); m.dirs[path.Dir(name)] {
		m.check(os.Chtimes(dir, now, now))
	}
}

func (m *model) mkdir(name string) {
	m.check(os.MkdirAll(m.path(name), 0o755))
	m.dirs[name] = true
	m.touch(name)
}

func (m *model) create(name string) *node {
	if m.program.ticks {
		m.check(waitTick(m.dir))
	}
	f, err := os.OpenFile(m.path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	m.check(err)
	f.Close()
	c := &run{at: time.Now()}
	n := &node{name: name, run: c, made: time.Now(), source: &source{size: -1, since: time.Now()}}
	c.sources = []*source{n.source}
	m.nodes[name] = n
	m.touch(name)
	m.observe()
	return n
}

func (m *model) rename(from, to string) {
	m.check(os.Rename(m.path(from), m.path(to)))
	n, now := m.nodes[from], time.Now()
	wasFindable := m.findable(from)
	if over := m.nodes[to]; over != nil {
		over.source.end(byFile, false)
	}
	delete(m.nodes, from)
	m.nodes[to], n.name = n, to
	m.touch(from)
	m.touch(to)
	m.observe()
	if found := m.findable(to) || m.live == n; !found && n.source.until.IsZero() {
		n.source.end(byFile, false)
		n.source.hidden = true
	} else if found && n.source.how == byFile && !wasFindable {
		n.source.since, n.source.until, n.source.hidden = now, time.Time{}, false
	}
}

func (m *model) remove(name string) {
	m.check(os.Remove(m.path(name)))
	m.nodes[name].source.end(byFile, false)
	delete(m.nodes, name)
	m.touch(name)
	m.observe()
}

// link makes a symlink take the place of what has the name.
func (m *model) link(target, name string) {
	m.check(os.Symlink(target, m.path(name+".tmp")))
	m.check(os.Rename(m.path(name+".tmp"), m.path(name)))
	if over := m.nodes[name]; over != nil {
		over.source.end(byFile, false)
		delete(m.nodes, name)
	}
	m.links[name] = target
	m.touch(name)
	m.observe()
}

// moveDir renames a directory with all that is in it; to "" removes it.
func (m *model) moveDir(from, to string) {
	if to == "" {
		m.check(os.RemoveAll(m.path(from)))
	} else {
		m.check(os.Rename(m.path(from), m.path(to)))
		m.dirs[to] = true
	}
	delete(m.dirs, from)
	for name, n := range maps.Clone(m.nodes) {
		rest, ok := strings.CutPrefix(name, from+"/")
		if !ok {
			continue
		}
		delete(m.nodes, name)
		if to == "" {
			n.source.end(byFile, false)
		}
		if to != "" {
			n.name = to + "/" + rest
			m.nodes[n.name] = n
		}
	}
	m.touch(from)
	m.observe()
	for _, n := range m.nodes {
		switch {
		case to == "" || path.Dir(n.name) != to:
		case !m.findable(n.name):
			n.source.end(byFile, false)
			n.source.hidden = true
		case n.source.hidden:
			n.source.away = append(n.source.away, uptime{n.source.until, time.Now()})
			n.source.until, n.source.hidden = time.Time{}, false
			n.source.since = time.Now()
		}
	}
}

// truncate begins the log anew in place.
func (m *model) truncate(n *node) {
	m.check(os.Truncate(m.path(n.name), 0))
	if len(n.run.data) == 0 {
		return
	}
	n.source.end(byTruncate, false)
	now := time.Now()
	for _, s := range n.run.sources[1:] {
		s.since = now // from now on it is a copy of something that is gone
	}
	n.run = &run{at: now}
	n.source = &source{size: -1, since: now}
	n.run.sources = []*source{n.source}
	m.came(n, byTruncate)
}

// copyTo begins a copy of what n has.
func (m *model) copyTo(n *node, name string) *node {
	c := m.create(name)
	c.copy, c.run = true, n.run
	c.source = &source{since: time.Now()}
	n.run.sources = append(n.run.sources, c.source)
	return c
}

// copyUpTo goes on with a copy.
func (m *model) copyUpTo(n *node, size int64) {
	f, err := os.OpenFile(m.path(n.name), os.O_APPEND|os.O_WRONLY, 0)
	m.check(err)
	_, err = f.Write(n.run.data[n.source.size:size])
	m.check(err)
	m.check(f.Close())
	n.source.size = size
}

// pack compresses an old file.
func (m *model) pack(n *node) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	size := n.source.size
	if size < 0 {
		size = int64(len(n.run.data))
	}
	z.Write(n.run.data[:size])
	m.check(z.Close())
	was, err := os.Stat(m.path(n.name))
	m.check(err)
	m.check(os.WriteFile(m.path(n.name+".gz"), b.Bytes(), 0o644))
	m.check(os.Chtimes(m.path(n.name+".gz"), was.ModTime(), was.ModTime()))
	m.check(os.Remove(m.path(n.name)))
	n.source.end(byFile, true)
	delete(m.nodes, n.name)
	n.name += ".gz"
	m.nodes[n.name] = n
	m.datePacked()
	m.touch(n.name)
}

// datePacked gives packed files that are no copies the time of their last writing: so much before
// or after the making of the log's present file as it was in the fake clock. File births, which
// a follower compares it with, are of the real one.
func (m *model) datePacked() {
	if m.live == nil {
		return
	}
	f, err := os.Open(m.path(m.live.name))
	if err != nil {
		m.check(err)
		return
	}
	defer f.Close()
	made, err := fileMeta(f)
	m.check(err)
	for name, n := range m.nodes {
		if strings.HasSuffix(name, ".gz") && !n.copy && len(n.run.written) > 0 {
			at := time.Unix(0, made.id.born).Add(n.run.written[len(n.run.written)-1].at.Sub(m.live.made))
			m.check(os.Chtimes(m.path(name), at, at))
		}
	}
}

// open opens a file as a writer does.
func (m *model) open(n *node) *handle {
	f, err := os.OpenFile(m.path(n.name), os.O_APPEND|os.O_WRONLY, 0)
	m.check(err)
	return &handle{f, n}
}

// reopen opens the log anew as its writer does, and makes it if it is not there.
func (m *model) reopen(keep bool) {
	if m.writer != nil && m.writer.node == m.live {
		return
	}
	if m.dirs[m.log] || !m.dirs["sub"] && m.program.style != "rename" {
		return
	}
	if !m.dirs["sub"] {
		if !keep {
			return
		}
		m.mkdir("sub")
	}
	if m.live == nil && m.links[m.log] != "" {
		return
	}
	if m.live == nil {
		m.create(m.log)
	}
	if m.writer != nil {
		if keep {
			m.kept = append(m.kept, m.writer)
		} else {
			m.writer.Close()
		}
	}
	m.writer = m.open(m.live)
}

// old lists the files that the log has left, from the earliest on.
func (m *model) old() []*node {
	var out []*node
	for name, n := range m.nodes {
		if n != m.live && path.Dir(name) == "sub" && strings.HasPrefix(path.Base(name), "app") {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return a.run.number - b.run.number })
	return out
}
