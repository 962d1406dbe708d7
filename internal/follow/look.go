package follow

import "time"

// look brings the chain up to date with what the file system shows, and says how
// long the next look may wait. The caller holds looking.
func (h *hub) look() time.Duration {
	now := time.Now()
	if h.calm(now) {
		return h.rest()
	}
	if h.exhausted {
		defer h.wakeAll() // somebody may wait for what could not be opened
	}
	h.unsure, h.exhausted = false, false
	if h.dueToRewatch(now) {
		h.rewatch(now)
	}
	live, err := h.root.stat(h.name)
	if isExhausted(err) {
		h.exhausted = true // which says nothing of the log
		if h.cur == nil {
			h.err = err
			return h.poll / 4
		}
		return min(h.tend(now), h.poll/4)
	}
	h.live, h.err = live, err
	if h.err == nil {
		h.err = h.live.refusal()
	}
	switch {
	case h.err != nil:
		h.missing(now)
	case h.cur != nil && !h.cur.void && h.current():
		h.present()
		h.inspect(now)
	default:
		h.advance(now)
	}
	next := h.tend(now)
	switch {
	case h.cur == nil, h.exhausted:
		next = min(next, h.poll/4)
	case h.unsure:
		next = min(next, pause)
	}
	return next
}

// current reports whether the current generation has the log's name.
func (h *hub) current() bool {
	if h.cur.id == h.live.id {
		return true
	}
	// The first append to a file in a lower layer of an overlay copies it up: it is the
	// same open file, of the same inode, and from then on has another birth time. That the
	// open file says so is not enough: FUSE file systems tell of its name, not of it.
	was, is := h.cur.id, h.live.id
	if was.dev != is.dev || was.ino != is.ino || was.born == 0 {
		return false
	}
	m, err := h.cur.body.meta()
	if err != nil || m.id != is {
		return false
	}
	h.account(h.cur.id)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.bodies, h.cur.body.id)
	h.cur.id, h.cur.body.id, h.cur.body.stored().id = m.id, m.id, m.id
	h.bodies[m.id] = h.cur.body
	h.cur.horizon.add(m.id)
	return true
}

// stillness is how long a file must not have changed for its times to show the next
// change: there are file systems that count in seconds.
const stillness = 3 * time.Second

// calm reports that nothing has happened since the last look, and that nothing is waited
// for: it then costs one system call to know that of a silent log.
func (h *hub) calm(at time.Time) bool {
	if h.still.id.zero() || h.unsure || h.exhausted || len(h.gens) != 1 || !h.absent.IsZero() || h.dueToRewatch(at) {
		return false
	}
	h.mu.Lock()
	accused := h.evidence != nil
	h.mu.Unlock()
	if accused {
		return false
	}
	now, err := h.root.glance(h.name)
	return err == nil && now == h.still
}

// inspected notes that the current generation was inspected as it is now.
func (h *hub) inspected(now time.Time) {
	if h.err == nil && !h.live.ctime.IsZero() && now.Sub(h.live.ctime) > stillness {
		h.still = h.live.meta
	}
}

// pause is how long a look waits for whatever was going on during the last one.
const pause = 2 * time.Millisecond

// again asks for another look, because the log changed during this one: what is known
// of it now may be of two different moments.
func (h *hub) again() { h.unsure = true }

// present notes that the current generation has the log's name.
func (h *hub) present() {
	h.absent, h.adrift = time.Time{}, time.Time{}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away || h.cur.removed || h.cur.denied != "" {
		h.away, h.cur.removed, h.cur.denied = false, false, ""
		h.broadcast()
	}
}

// missing notes that nothing which can be followed has the log's name. The current
// generation goes on being read: it may have been renamed, and its writer goes on.
func (h *hub) missing(now time.Time) {
	h.rewatch(now) // another part of the way to the log may be what is missing now
	if h.cur == nil {
		files, _ := h.siblings()
		if h.exhausted {
			return
		}
		for _, s := range files {
			h.account(s.id)
		}
		h.mu.Lock()
		h.succeed(&generation{void: true, horizon: horizonOf(files)}, leave{}, now)
		h.mu.Unlock()
	} else if isAbsent(h.err) {
		h.catchUp(now)
	}
	if !h.cur.void {
		h.inspect(now)
	}
	if h.absent.IsZero() {
		h.absent = now
	}
	switch away := isAbsent(h.err) && h.dirAway(); {
	case !away:
		h.adrift = time.Time{}
	case h.adrift.IsZero():
		h.adrift = now
	}
	unlinked := false
	if !h.cur.void {
		m, err := h.cur.body.meta()
		unlinked = err == nil && m.links == 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	why := refuse(h.name, h.err).Error()
	switch gone := now.Sub(h.absent) >= min(removal, h.grace); {
	case !isAbsent(h.err) && h.cur.denied != why:
		h.cur.denied = why
		h.broadcast()
	case isAbsent(h.err):
		h.away = true
		if !h.cur.removed && (unlinked || gone) {
			h.cur.removed = true
			h.broadcast()
		}
	}
	if unlinked && now.Sub(h.cur.grown) >= h.grace && now.Sub(h.absent) >= h.grace {
		h.succeed(&generation{void: true, horizon: h.cur.horizon}, leave{static: true}, now)
		h.seen = spot{}
	}
}

// siblings are the log's, as they are now.
func (h *hub) siblings() ([]sibling, error) {
	files, err := siblings(h.root, h.name, h.alive())
	if isExhausted(err) {
		h.exhausted, err = true, errMoved
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range files { // what is closed is found by its name
		if b, ok := h.bodies[s.id]; ok {
			b.stored().name.Store(&s.name)
		}
	}
	return files, err
}

// packed are the log's siblings that were packed.
func (h *hub) packed() []sibling {
	files, err := packedSiblings(h.root, h.name, h.alive())
	h.exhausted = h.exhausted || isExhausted(err)
	return files
}

// alive is what has the log's name, zero if nothing has.
func (h *hub) alive() found {
	if h.err != nil {
		return found{}
	}
	return h.live
}

// rest is how long the next look may wait when nothing is going on.
func (h *hub) rest() time.Duration {
	if (!h.watched || h.silent != "") && !h.logs.opt.NoWatch {
		return h.poll / 4
	}
	return h.poll
}

// tend looks after the generations that have a successor, and says how long the
// next look may wait.
func (h *hub) tend(now time.Time) time.Duration {
	next := h.rest()
	if !h.absent.IsZero() && h.cur != nil && !h.cur.void {
		next = min(next, removal/4, h.grace/4)
	}
	for _, g := range h.gens { // only looks change gens
		if g == h.cur || g.body == nil || g.leave.static || g.next == nil || g.parked {
			continue
		}
		unlinked, missed := h.tendOld(g, now)
		if missed {
			next = min(next, h.poll/4)
		}
		h.mu.Lock()
		next = min(next, h.settle(g, unlinked, now))
		h.mu.Unlock()
	}
	if h.unpark(now) {
		next = min(next, h.poll/4)
	}
	h.mu.Lock()
	needed := h.prune(now)
	h.mu.Unlock()
	if h.makeRoom(needed, now) {
		next = min(next, asking)
	}
	return max(next, time.Millisecond)
}

// settle decides whether an old generation may be left, and says when to decide
// again. The caller holds mu.
func (h *hub) settle(g *generation, unlinked bool, now time.Time) time.Duration {
	if g.settled {
		return max(h.grace-now.Sub(g.left), h.quiet)
	}
	next := g.next
	if next.void && next.next != nil { // nobody writes to the time in between
		next = next.next
	}
	if next.void && !unlinked {
		return h.rest() // the log has not gone on
	}
	if g.waited.IsZero() && next.size > 0 {
		g.waited = now
	}
	quiet := now.Sub(g.grown)
	waiting := !g.waited.IsZero()
	switch {
	case next.next != nil, // its successor has been left by its writers, too
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
