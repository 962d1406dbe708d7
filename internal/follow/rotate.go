package follow

import (
	"cmp"
	"errors"
	"path"
	"slices"
	"time"
)

// unseen reports whether s was born after everything that is accounted for on the
// current generation.
func (h *hub) unseen(s sibling) bool {
	return !s.live && s.id != h.cur.id && s.id.born >= h.cur.horizon.newest && !h.used[s.id]
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
	open, at, err := h.root.open(h.name, current)
	if isExhausted(err) {
		h.exhausted = true
		switch {
		case h.cur == nil:
			h.err = err
		case !h.cur.void:
			h.inspect(now) // its writer may go on
		}
		return
	}
	if err != nil {
		h.err = err
		h.missing(now)
		return
	}
	h.live, h.absent, h.adrift = at, time.Time{}, time.Time{}
	file := newStored(open, at, kinOf(h.name, at), false)
	silent := silentFS(open.File)
	h.mu.Lock()
	h.silent = silent
	h.mu.Unlock()
	files, err := h.siblings()
	next := &generation{id: at.id, dir: h.dirOf(at)}
	if h.cur == nil {
		if !h.beginChain(next, file, files, now) {
			file.Close()
			return
		}
	} else if errors.Is(err, errMoved) || !h.rotate(next, file, files, err, now) {
		file.Close()
		h.again()
		return
	}
	h.seen = spot{}
	h.inspect(now)
	h.rewatch(now)
}

// beginChain begins the chain with the generation that is there when the hub begins. What
// is older is history; a copy that is being made right now is not, nor is what was
// rotated since the file was opened. It reports false when not all of that could be opened.
func (h *hub) beginChain(g *generation, file *stored, files []sibling, now time.Time) bool {
	if at, err := h.root.stat(h.name); err != nil || at.id != g.id {
		// The births of copies are later than the log's, too: but copies leave it its name.
		files = slices.DeleteFunc(files, func(s sibling) bool { return s.id.born >= g.id.born && s.id != g.id })
	}
	history := h.truncated(file, g.id, files)
	if h.exhausted {
		h.err = errNoFile
		return false
	}
	for _, s := range history {
		g.horizon.add(s.id)
		h.account(s.id)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	g.body = h.hold(file, g.id)
	h.succeed(g, leave{}, now)
	return true
}

// rotate puts next, whose file is open already, at the end of the chain, and before
// it those of files that nobody has seen. It reports false when the files were
// renamed under it.
func (h *hub) rotate(next *generation, file *stored, files []sibling, listing error, now time.Time) bool {
	how := h.farewell(next)
	if listing != nil {
		how.gap = "the log's directory may not be listed, and so it cannot be known whether there was a file in between"
	}
	between, ok := h.openUnseen(files, &how)
	if !ok || h.exhausted {
		h.discard(between...)
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	how = h.extend(between, how, now)
	next.body = h.hold(file, next.id)
	h.extend([]*generation{next}, how, now)
	return true
}

// catchUp puts the files that nobody has seen at the end of the chain while nothing has
// the log's name: it had them all, and whoever comes now begins after them.
func (h *hub) catchUp(now time.Time) {
	files, err := h.siblings()
	if errors.Is(err, errMoved) {
		h.again()
		return
	}
	var how leave
	between, ok := h.openUnseen(h.truncatedNow(files), &how)
	if !ok || h.exhausted {
		h.discard(between...)
		h.again()
		return
	}
	if len(between) == 0 {
		return
	}
	if err := h.keepCurrent(between[len(between)-1]); err != nil {
		h.exhausted = h.exhausted || isExhausted(err)
		h.discard(between...)
		h.again()
		return
	}
	gap := how.gap
	how = h.farewell(between[0])
	how.gap = cmp.Or(how.gap, gap)
	h.mu.Lock()
	h.extend(between, how, now)
	h.mu.Unlock()
	h.seen = spot{}
}

// keepCurrent keeps the file open of a generation that is to be the current one, although
// it was opened as one that need not stay open.
func (h *hub) keepCurrent(g *generation) error {
	s := g.body.stored()
	if s.isOpen() {
		return nil
	}
	return s.reopen(current)
}

// openUnseen opens those of files that the log has been since it was what is current. It
// reports false when they were renamed meanwhile, and adds to how what cannot be had.
func (h *hub) openUnseen(files []sibling, how *leave) (unseen []*generation, ok bool) {
	own := sibling{}
	if i := slices.IndexFunc(files, func(s sibling) bool { return s.id == h.cur.id && !s.live }); i >= 0 {
		own = files[i]
	}
	for _, s := range successors(own, files, files) {
		if s.live {
			break // what was born after it is for the next look
		}
		if !h.unseen(s) || !h.after(s, files) || h.cur.body != nil && h.copyOf(h.cur.body, s) {
			continue
		}
		g, err := h.openSibling(s)
		switch {
		case err == nil:
			unseen = append(unseen, g)
		case errors.Is(err, errMoved):
			h.discard(unseen...)
			return nil, false
		default: // it will not be waited for
			how.gap = "a file between the last and the next one may not be read"
			h.account(s.id)
		}
	}
	return unseen, true
}

// extend puts generations at the end of the chain, the first of which the log came to by
// how, and says how it comes to the one after them. The caller holds mu.
func (h *hub) extend(gens []*generation, how leave, now time.Time) leave {
	h.account(h.cur.id)
	for _, g := range gens {
		reached := h.cur.horizon
		reached.add(g.id)
		g.horizon = reached
		h.account(g.id)
		h.succeed(g, how, now)
		how = leave{kind: Rotated, detail: "the log was rotated more than once between two looks"}
	}
	return how
}

// discard lets go of generations that do not become part of a chain.
func (h *hub) discard(gens ...*generation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range gens {
		h.drop(g)
	}
}

// after reports whether s can have come after the current generation. Only files
// born in the same tick leave a doubt; then their order among files tells.
func (h *hub) after(s sibling, files []sibling) bool {
	if s.id.born > h.cur.horizon.newest {
		return true
	}
	place := func(id identity) int {
		return slices.IndexFunc(files, func(f sibling) bool { return f.id == id })
	}
	return place(s.id) > place(h.cur.id)
}

// farewell says how the current generation is left for another file.
func (h *hub) farewell(next *generation) leave {
	if h.cur.void || h.cur.removed {
		return leave{kind: Appeared, detail: "the log is there"}
	}
	how := leave{kind: Rotated, detail: "the log goes on in a new file"}
	if m, err := h.cur.body.meta(); err == nil && m.links == 0 {
		how.gap = "the last file was removed, and with its name went the proof that there was none between it and the next one"
	}
	if h.cur.dir != next.dir {
		how.gap = "the log is in another directory now; whether it was in a third one in between cannot be known"
	}
	return how
}

// dirOf says in which directory a file was found. The way there may lead through
// symlinks that are set anew.
func (h *hub) dirOf(at found) identity {
	dir, err := h.root.glance(path.Dir(at.name))
	if err != nil {
		return identity{}
	}
	return dir.id
}

// errMoved is the error of what was found and is not so any more: it is to be looked for
// again.
var errMoved = errors.New("the log changed while it was looked at")

// openSibling opens a file that was listed, as a generation without a successor.
func (h *hub) openSibling(s sibling) (*generation, error) {
	f, at, err := h.openListed(s)
	if isAbsent(err) || isExhausted(err) {
		return nil, errMoved
	}
	if err != nil {
		return nil, err
	}
	head, err := readHead(f, at.size)
	if err != nil {
		f.Close()
		return nil, err
	}
	file := h.keeping(f, at, kinOf(h.name, h.alive()), false)
	dir := h.dirOf(at)
	h.mu.Lock()
	defer h.mu.Unlock()
	g := &generation{id: at.id, dir: dir, origin: s, body: h.hold(file, at.id), head: head, size: at.size}
	g.horizon.add(at.id)
	return g, nil
}

// openListed opens a file that was listed, for a brief use.
func (h *hub) openListed(s sibling) (disk, found, error) {
	f, at, err := h.root.openListed(s)
	h.exhausted = h.exhausted || isExhausted(err)
	return f, at, err
}

// keeping makes a content of a file that was opened for a brief use. It stays open if it may.
func (h *hub) keeping(f disk, at found, kin []string, packed bool) *stored {
	keep := h.keep(&f)
	s := newStored(f, at, kin, packed)
	if !keep {
		s.Close()
	}
	return s
}
