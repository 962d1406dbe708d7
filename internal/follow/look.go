package follow

import (
	"bytes"
	"errors"
	"os"
	"path"
	"slices"
	"time"
)

// look brings the chain up to date with what the file system shows, and says how
// long the next look may wait. The caller holds looking.
func (h *hub) look() time.Duration {
	now := time.Now()
	h.unsure = false
	if h.ticked.IsZero() || now.Sub(h.ticked) >= h.poll {
		h.ticked = now
		h.rewatch()
	}
	h.live, h.err = stat(h.root.dir, h.name)
	if h.err == nil {
		h.err = h.live.refusal()
	}
	switch {
	case h.err != nil:
		h.missing(now)
	case h.cur != nil && !h.cur.void && h.cur.id == h.live.id:
		h.present()
		h.inspect(now)
	default:
		h.advance(now)
	}
	return h.tend(now)
}

// again asks for another look, because the log changed during this one: what is known
// of it now may be of two different moments.
func (h *hub) again() {
	h.unsure = true
	h.hint()
}

// present notes that the current generation has the log's name.
func (h *hub) present() {
	h.absent = time.Time{}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cur.removed || h.cur.denied != "" {
		h.cur.removed, h.cur.denied = false, ""
		h.broadcast()
	}
}

// missing notes that nothing which can be followed has the log's name. The current
// generation goes on being read: it may have been renamed, and its writer goes on.
func (h *hub) missing(now time.Time) {
	if h.cur == nil {
		files, _ := h.siblings()
		h.mu.Lock()
		h.succeed(&generation{void: true, newest: newest(files)}, leave{}, now)
		h.mu.Unlock()
	}
	if !h.cur.void {
		h.inspect(now)
	}
	if !isAbsent(h.err) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if why := refuse(h.name, h.err).Error(); h.cur.denied != why {
			h.cur.denied = why
			h.broadcast()
		}
		return
	}
	if h.absent.IsZero() {
		h.absent = now
	}
	if h.cur.void {
		return
	}
	m, err := fileMeta(h.cur.body.file)
	unlinked := err == nil && m.links == 0
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.cur.removed && (unlinked || now.Sub(h.absent) >= min(removal, h.grace)) {
		h.cur.removed = true
		h.broadcast()
	}
	if h.cur.removed && unlinked && now.Sub(h.cur.grown) >= h.grace && now.Sub(h.absent) >= h.grace {
		h.succeed(&generation{void: true, newest: h.cur.newest}, leave{static: true}, now)
		h.seen = spot{}
	}
}

// siblings are the log's, as they are now.
func (h *hub) siblings() (files []sibling, settled bool) {
	live := h.live
	if h.err != nil {
		live = found{}
	}
	return siblings(h.root.dir, h.name, live)
}

// newest is the latest birth among files.
func newest(files []sibling) int64 {
	var n int64
	for _, s := range files {
		n = max(n, s.id.born)
	}
	return n
}

// print is what tells one content of a file from another: how it begins, and how it
// goes on to where it was seen.
type print struct {
	head []byte
	spot spot
}

// printOf reads the print of a file of that size.
func printOf(f *os.File, size int64) (p print, err error) {
	if p.head, err = readHead(f, size); err == nil {
		p.spot, err = spotAt(f, size)
	}
	return p, err
}

// holds reports whether a file still has that content, or has grown from it.
func (p *print) holds(f *os.File) bool {
	head, err := readHead(f, int64(len(p.head)))
	if err != nil || !bytes.Equal(head, p.head) {
		return false
	}
	same, err := p.spot.holds(f)
	return same && err == nil
}

// inspect finds out whether the current generation has grown, or was rewritten.
func (h *hub) inspect(now time.Time) {
	cur := h.cur
	h.mu.Lock()
	proof := h.evidence
	h.evidence = nil
	h.mu.Unlock()
	if proof != nil {
		defer h.wakeAll() // whoever brought it waits to be told
	}
	file := cur.body.file
	m, err := fileMeta(file)
	if err != nil {
		return
	}
	if m.size == 0 && h.seen.off == 0 && h.nothingNew() {
		return
	}
	seen, err := printOf(file, m.size)
	// What was seen before is compared after everything else was read: then all of it
	// belongs together, however short ago somebody truncated the file.
	same, failed := h.seen.holds(file)
	if failed != nil {
		return
	}
	if same && proof != nil && proof.gen == cur {
		same, _ = proof.spot.holds(file)
	}
	switch {
	case !same:
		h.restart(now, nil)
	case err != nil || m.size < h.seen.off:
		h.again() // it changes while it is read
	case h.seen.off < overlap && (m.size == 0 || m.size > h.seen.off) && !h.first(seen, now):
	default:
		h.publish(cur, seen, now)
	}
}

// publish lets followers see what was seen of the current generation.
func (h *hub) publish(g *generation, p print, now time.Time) {
	h.seen = p.spot
	if g.size == p.spot.off && len(g.head) == len(p.head) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g.size, g.head, g.mark, g.grown = p.spot.off, p.head, p.spot, now
	h.broadcast()
}

func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broadcast()
}

// nothingNew reports that no file was made, removed or renamed beside an empty log
// since this was asked last. Listing the directory costs much more.
func (h *hub) nothingNew() bool {
	dir, err := stat(h.root.dir, path.Dir(h.live.name))
	if err != nil {
		return false
	}
	// A time as young as this may be that of a later change, too.
	const tick = 20 * time.Millisecond
	same := dir.mtime.Equal(h.stamp)
	h.stamp = time.Time{}
	if time.Since(dir.mtime) > tick {
		h.stamp = dir.mtime
	}
	return same
}

// first looks at a generation of which nothing was seen yet, or a few bytes that prove
// nothing. Only a copy shows that there was something before what is there now. It
// reports false when it found one, and has begun the next generation.
func (h *hub) first(seen print, now time.Time) bool {
	copies, ok := h.copies(seen)
	if !ok {
		h.again()
		return false
	}
	if len(copies) > 0 {
		h.restart(now, copies)
		return false
	}
	return true
}

// unseen reports whether s was born after everything that is accounted for on g.
func (h *hub) unseen(g *generation, s sibling) bool {
	return !s.live && s.id != g.id && s.id.born >= g.newest && !h.used[s.id]
}

// account remembers files whose content has been, or will be, given to followers. It
// matters for those that were born in the same tick of the kernel's clock, a few
// milliseconds, and where there are no birth times.
func (h *hub) account(ids ...identity) {
	if len(h.used) > 2*maxSiblings {
		clear(h.used)
	}
	for _, id := range ids {
		h.used[id] = true
	}
}

// advance goes on to the file that has the log's name now, by way of all those that
// had it in between.
func (h *hub) advance(now time.Time) {
	file, at, err := open(h.root.dir, h.name)
	if err != nil {
		h.err = err
		h.missing(now)
		return
	}
	h.live, h.absent = at, time.Time{}
	silent := silentFS(file)
	h.mu.Lock()
	h.silent = silent
	h.mu.Unlock()
	files, ok := h.siblings()
	next := &generation{id: at.id}
	if h.cur == nil {
		h.found(next, file, files, now)
	} else if !ok || !h.rotate(next, file, files, now) {
		file.Close()
		h.again()
		return
	}
	h.seen = spot{}
	h.inspect(now)
	h.rewatch()
}

// found begins the chain with the generation that is there when the hub begins. What
// is older is history; a copy that is being made right now is not.
func (h *hub) found(g *generation, file *os.File, files []sibling, now time.Time) {
	youngest := newest(files)
	for _, s := range files {
		if s.id.born == youngest && h.isOriginal(file, s) {
			continue
		}
		g.newest = max(g.newest, s.id.born)
		h.account(s.id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g.body = h.hold(file, g.id)
	h.succeed(g, leave{}, now)
}

// rotate puts next, whose file is open already, at the end of the chain, and before
// it those of files that nobody has seen. It reports false when the files were
// renamed under it.
func (h *hub) rotate(next *generation, file *os.File, files []sibling, now time.Time) bool {
	how := h.farewell()
	var between []*generation
	for _, s := range files {
		if s.live {
			break // what was born after it is for the next look
		}
		if !h.unseen(h.cur, s) || !h.after(s, files) {
			continue
		}
		g, err := h.openSibling(s)
		if err != nil {
			h.discard(between)
			return false
		}
		between = append(between, g)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.account(h.cur.id)
	reached := h.cur.newest
	for _, g := range between {
		reached = max(reached, g.id.born)
		g.newest = reached
		h.account(g.id)
		h.succeed(g, how, now)
		how = leave{kind: Rotated, detail: "the log was rotated more than once between two looks"}
	}
	h.account(next.id)
	next.body = h.hold(file, next.id)
	next.newest = max(reached, next.id.born)
	h.succeed(next, how, now)
	return true
}

// discard lets go of generations that do not become part of a chain.
func (h *hub) discard(gens []*generation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range gens {
		h.drop(g)
	}
}

// after reports whether s can have come after the current generation. Only files
// born in the same tick leave a doubt; then their order among files tells.
func (h *hub) after(s sibling, files []sibling) bool {
	if s.id.born > h.cur.newest {
		return true
	}
	place := func(id identity) int {
		return slices.IndexFunc(files, func(f sibling) bool { return f.id == id })
	}
	return place(s.id) > place(h.cur.id)
}

// farewell says how the current generation is left for another file.
func (h *hub) farewell() leave {
	if h.cur.void || h.cur.removed {
		return leave{kind: Appeared, detail: "the log is there"}
	}
	how := leave{kind: Rotated, detail: "the log goes on in a new file"}
	if m, err := fileMeta(h.cur.body.file); err == nil && m.links == 0 {
		// With its name went the proof that nothing came between it and what is there now.
		how.gap = true
	}
	return how
}

// errMoved is the error of a file that was listed and has another name by now.
var errMoved = errors.New("renamed while its directory was listed")

// openSibling opens a file that was listed, as a generation without a successor.
func (h *hub) openSibling(s sibling) (*generation, error) {
	f, at, err := open(h.root.dir, s.name)
	if isAbsent(err) {
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	if at.id != s.id {
		f.Close()
		return nil, errMoved
	}
	head, err := readHead(f, at.size)
	if err != nil {
		f.Close()
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return &generation{id: at.id, body: h.hold(f, at.id), head: head, size: at.size, newest: at.id.born}, nil
}

// tend looks after the generations that have a successor, and says how long the
// next look may wait.
func (h *hub) tend(now time.Time) time.Duration {
	next := h.poll
	if (!h.watched || h.silent != "") && !h.logs.opt.NoWatch {
		next = h.poll / 4
	}
	if !h.absent.IsZero() && !h.cur.void {
		next = min(next, removal/4, h.grace/4)
	}
	for _, g := range h.gens { // only looks change gens
		if g == h.cur || g.body == nil || g.leave.static || g.next == nil {
			continue
		}
		m, err := fileMeta(g.body.file)
		h.mu.Lock()
		if err == nil && m.size > g.size {
			g.size, g.grown = m.size, now
			h.broadcast()
		}
		next = min(next, h.settle(g, now))
		h.mu.Unlock()
	}
	h.unpark()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.prune(now)
	return max(next, time.Millisecond)
}

// settle decides whether an old generation may be left, and says when to decide
// again. The caller holds mu.
func (h *hub) settle(g *generation, now time.Time) time.Duration {
	if g.settled {
		return max(h.grace-now.Sub(g.left), h.quiet)
	}
	if g.waited.IsZero() && g.next.size > 0 {
		g.waited = now
	}
	quiet := now.Sub(g.grown)
	waiting := !g.waited.IsZero()
	switch {
	case g.next.next != nil, // its successor has been left by its writers, too
		waiting && quiet >= h.quiet && now.Sub(g.waited) >= h.quiet,
		waiting && now.Sub(g.waited) >= maxSettle,
		quiet >= h.grace:
		g.settled, g.left = true, now
		h.broadcast()
		return h.grace
	case waiting:
		return h.quiet / 2
	}
	return h.grace / 4
}
