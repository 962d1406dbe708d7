//go:build linux

package follow

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// steps gives what the operation does to the files, one thing after another: a follower may
// look in between. What makes no sense now is nothing.
func (m *model) steps(o op) []func() {
	plain := m.live != nil && m.live.name == m.log
	if rotates := []string{"rotate", "install", "replace"}; slices.Contains(rotates, o.verb) && !m.program.ticks &&
		m.live != nil && len(m.live.run.data) == 0 {
		return nil // of two empty files that were made at the same time nobody knows which was first
	}
	switch o.verb {
	case "lines", "bytes", "burst", "hole":
		return m.appending(o)
	case "late":
		if len(m.kept) > 0 {
			h := m.kept[o.n%len(m.kept)]
			return []func(){func() { m.write(h, m.text(h.node.run, o.n)) }}
		}
	case "drop":
		return []func(){func() {
			for _, h := range m.kept {
				h.Close()
			}
			m.kept = nil
		}}
	case "reopen":
		return []func(){func() { m.reopen(o.n == 1) }}
	case "rotate":
		return m.rotating(o)
	case "install", "replace":
		if plain {
			return m.installing(o)
		}
	case "copytrunc", "truncate", "rewrite":
		if plain && m.writer != nil && m.writer.node == m.live {
			return m.truncating(o)
		}
	case "remove":
		if plain {
			return []func(){func() { m.remove(m.log) }}
		}
	case "retain":
		var out []func()
		old := m.old()
		for i := 0; i < len(old)-o.n; i++ {
			out = append(out, func() { m.remove(old[i].name) })
		}
		return out
	case "pack":
		old := slices.DeleteFunc(m.old(), func(n *node) bool { return strings.HasSuffix(n.name, ".gz") })
		if len(old) > 1 { // the latest stays as it is, as with delaycompress
			return []func(){func() { m.pack(old[0]) }}
		}
	default:
		return m.hiding(o)
	}
	return nil
}

func (m *model) appending(o op) []func() {
	h := m.writer
	if h == nil {
		return nil
	}
	c := h.node.run
	return []func(){func() {
		switch o.verb {
		case "lines":
			m.write(h, m.lines(c, o.n))
		case "bytes":
			m.write(h, m.text(c, o.n))
		case "burst":
			m.write(h, m.text(c, o.n<<10))
		case "hole":
			if len(c.data) > 0 {
				m.hole(h, o.n<<10)
			}
		}
	}}
}

// shifting makes room for the log's newest old file, and gives its name.
func (m *model) shifting() (steps []func(), name string) {
	m.turn++
	switch m.program.names {
	case "date":
		return nil, fmt.Sprintf("sub/app.log-20261122%06d", m.turn)
	case "ext":
		return nil, fmt.Sprintf("sub/app-20261122%06d.log", m.turn)
	}
	numbered := func(i int) string { return m.log + "." + strconv.Itoa(i) }
	for i := len(m.nodes) + 1; i > 0; i-- {
		for _, ext := range []string{"", ".gz"} {
			if m.nodes[numbered(i)+ext] != nil {
				steps = append(steps, func() { m.rename(numbered(i)+ext, numbered(i+1)+ext) })
			}
		}
	}
	return steps, numbered(1)
}

func (m *model) rotating(o op) []func() {
	m.turn++
	switch m.program.style {
	case "rename":
		if m.live == nil {
			return nil
		}
		steps, old := m.shifting()
		steps = append(steps, func() { m.rename(m.log, old) })
		if o.n == 1 {
			steps = append(steps, func() { m.create(m.log) })
		}
		return steps
	case "symlink":
		name := fmt.Sprintf("app.log-20261122%06d", m.turn)
		if !m.dirs["sub"] {
			return nil
		}
		return []func(){
			func() { m.create("sub/" + name) },
			func() { m.link(name, m.log) },
		}
	case "data":
		name := fmt.Sprintf("..v%d", m.turn)
		var before *node
		steps := []func(){
			func() { m.mkdir("sub/" + name) },
			func() { m.create("sub/" + name + "/app.log") },
		}
		if m.links[m.log] == "" {
			steps = append(steps, func() { m.link("..data/app.log", m.log) })
		}
		return append(steps,
			func() {
				before = m.live
				m.link(name, "sub/..data")
			},
			func() {
				if before != nil {
					m.moveDir(path.Dir(before.name), "")
				}
			})
	}
	return nil
}

// installing puts a file that was written before into the log's place.
func (m *model) installing(o op) []func() {
	var fresh *node
	steps, old := m.shifting()
	prepare := func() {
		fresh = m.create("sub/prepared")
		h := m.open(fresh)
		m.write(h, m.text(fresh.run, o.n))
		h.Close()
	}
	if o.verb == "replace" {
		return []func(){prepare, func() { m.rename("sub/prepared", m.log) }}
	}
	return append(steps, prepare,
		func() { m.rename(m.log, old) },
		func() { m.rename("sub/prepared", m.log) })
}

func (m *model) truncating(o op) []func() {
	log := m.live
	switch o.verb {
	case "truncate":
		return []func(){func() { m.truncate(log) }}
	case "rewrite":
		return []func(){
			func() { m.truncate(log) },
			func() { m.write(m.writer, m.text(log.run, o.n)) },
		}
	}
	size := int64(len(log.run.data))
	if size == 0 {
		return nil
	}
	steps, name := m.shifting()
	var copied *node
	steps = append(steps,
		func() { copied = m.copyTo(log, name) },
		func() { m.copyUpTo(copied, size/2) },
		func() { m.copyUpTo(copied, size) })
	if o.n > 0 {
		steps = append(steps, func() { m.write(m.writer, m.text(log.run, o.n)) })
	}
	return append(steps, func() { m.truncate(log) })
}

// hiddenName is what a log is renamed to that no rotator calls it.
const hiddenName = "sub/elsewhere"

// hiding does what makes a log, or its directory, go and come.
func (m *model) hiding(o op) []func() {
	plain := m.live != nil && m.live.name == m.log
	one := func(do func()) []func() { return []func(){do} }
	switch o.verb {
	case "away", "block":
		if !plain || m.nodes[hiddenName] != nil {
			return nil
		}
		steps := one(func() { m.rename(m.log, hiddenName) })
		if o.verb == "block" {
			steps = append(steps, func() {
				m.mkdir(m.log)
				a := m.last().absences
				a[len(a)-1].blocked = true
			})
		}
		return steps
	case "back", "unblock":
		var steps []func()
		if m.dirs[m.log] {
			steps = one(func() { m.moveDir(m.log, "") })
		}
		if away := m.nodes[hiddenName]; away != nil && m.live == nil && away.run == m.last() {
			steps = append(steps, func() { m.rename(hiddenName, m.log) })
		}
		return steps
	case "diraway":
		if m.dirs["sub"] && !m.dirs["gone"] && !m.dirs[m.log] {
			return one(func() { m.moveDir("sub", "gone") })
		}
	case "dirback":
		if m.dirs["gone"] && !m.dirs["sub"] {
			return one(func() { m.moveDir("gone", "sub") })
		}
	case "dirgone":
		if m.dirs["sub"] && !m.dirs[m.log] {
			return []func(){func() { m.moveDir("sub", "") }, func() { m.mkdir("sub") }}
		}
	}
	return nil
}
