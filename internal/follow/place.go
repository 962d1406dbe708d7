package follow

// place is where a follower is in one generation.
type place struct {
	gen    *generation // nil in a cursor's place that no follower is at
	id     identity    // gen's, as the follower saw it last
	newest int64       // gen's
	head   []byte      // gen's
	spot
}

// position is where a follower is in a log.
type position struct {
	tag  [digestLen]byte // of the log
	at   place
	prev place // the generation left last, while its late bytes are waited for
	late bool  // those bytes are being read: data moves prev on, not at
}

// reading is the place that data moves on.
func (p *position) reading() *place {
	if p.late {
		return &p.prev
	}
	return &p.at
}

// cursor is the position as text.
func (p *position) cursor() string {
	c := cursor{log: p.tag, id: p.at.id, off: p.at.off, newest: p.at.newest}
	c.before = digest(p.at.before())
	c.head = c.before
	if p.at.off > overlap {
		c.head = digest(p.at.head)
	}
	if !p.prev.id.zero() {
		c.left.id, c.left.off = identity{ino: p.prev.id.ino, born: p.prev.id.born}, p.prev.off
	}
	return c.text()
}
