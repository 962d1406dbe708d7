package follow

import "slices"

// horizon says which files are accounted for at a point of a log's history: those born
// before newest, and of those born in that very tick of the kernel's clock, some
// milliseconds, the ones that it names.
type horizon struct {
	newest int64 // a birth; 0 where files have none, and then every file is born in that tick
	ties   [maxTies]uint32
	n      uint8 // how many of ties there are
	more   bool  // and that there are more than fit
}

// maxTies is how many files of one tick a horizon, and so a cursor, can name. Nobody
// rotates that often in so short a time but tests.
const maxTies = 8

// tie is what names a file among those of the same birth.
func (id identity) tie() uint32 { return uint32(id.ino) ^ uint32(id.ino>>32) }

func (z *horizon) names() []uint32 { return z.ties[:z.n] }

// add accounts for a file as well.
func (z *horizon) add(id identity) {
	switch {
	case id.zero() || id.born < z.newest:
		return
	case id.born > z.newest:
		*z = horizon{newest: id.born}
	}
	switch {
	case slices.Contains(z.names(), id.tie()):
	case int(z.n) < maxTies:
		z.ties[z.n] = id.tie()
		z.n++
	default:
		z.more = true
	}
}

// drop takes the name of a file away that is named anyway.
func (z *horizon) drop(id identity) {
	i := slices.Index(z.names(), id.tie())
	if i < 0 || id.born != z.newest {
		return
	}
	copy(z.ties[i:], z.ties[i+1:z.n])
	z.n--
	z.ties[z.n] = 0
}

// has reports whether a file is accounted for. It is not sure of that where there
// were more files of the same birth than it could name.
func (z *horizon) has(id identity) (has, sure bool) {
	if id.born != z.newest {
		return id.born < z.newest, true
	}
	has = slices.Contains(z.names(), id.tie())
	return has, has || !z.more
}

// horizonOf accounts for files.
func horizonOf(files []sibling) (z horizon) {
	for _, s := range files {
		z.add(s.id)
	}
	return z
}
