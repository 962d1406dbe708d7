package follow

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"time"
)

// packed is the content of a generation that was compressed since: history, to be read
// once from its beginning to its end. Reading anywhere but a little before the last
// byte read inflates all of it again. It belongs to one follower.
//
// What cannot be inflated is taken for its end, and damage tells of it once that is
// reached. What comes after the last member and is none is ignored, as gzip(1) does.
type packed struct {
	file   content // stays the same once a generation is made of it
	at     found
	stored *bufio.Reader
	in     *gzip.Reader
	head   []byte // the first bytes inflated, at most overlap
	window []byte // the bytes before pos
	pos    int64
	damage error   // why no more can be inflated; nil if that is not known, or there is no more
	broken bool    // inflating was ended where it could be gone on with: it begins anew
	search *search // pays for what is inflated; nil when there is nothing to be paid
}

const (
	// packedChunk is how much one read takes from a packed generation, less than from a
	// file, since each of its followers has a window of its own.
	packedChunk = 64 << 10
	// packedKeep is how much of the window stays: the last chunk, and the overlap before
	// it, which is compared again after the read.
	packedKeep   = packedChunk + 2*overlap
	packedWindow = packedKeep + 32<<10
)

// openPacked opens a file that siblings found to be packed.
func (r *root) openPacked(s sibling, pay *search) (*packed, error) {
	f, at, err := pay.opens(r, s)
	if err != nil {
		return nil, err
	}
	p := &packed{file: f, at: at, search: pay}
	if err = p.rewind(); err == nil {
		p.head, err = readHead(p, overlap)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// packedBytes are the bytes of a packed file as they are stored.
type packedBytes struct{ p *packed }

func (b packedBytes) ReadAt(p []byte, off int64) (int, error) { return b.p.file.ReadAt(p, off) }

func (p *packed) rewind() error {
	p.broken = false
	p.pos, p.window = 0, slices.Grow(p.window[:0], packedWindow)
	p.stored = bufio.NewReaderSize(io.NewSectionReader(packedBytes{p}, 0, math.MaxInt64), 16<<10)
	if p.in == nil {
		p.in = new(gzip.Reader)
	}
	err := p.member()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // there is no member at all
	}
	return err
}

// member begins to inflate a member.
func (p *packed) member() error {
	err := p.in.Reset(p.stored)
	p.in.Multistream(false)
	return err
}

// nextMember goes on to the next member. Its error is io.EOF if none comes.
func (p *packed) nextMember() error {
	magic, err := p.stored.Peek(2)
	if string(magic) == "\x1f\x8b" {
		return p.member()
	}
	if err == nil {
		err = io.EOF
	}
	return err
}

// inflate adds to the window, and lets go of its beginning. Its error is io.EOF where
// there is no more, also for damage, or that of the search that pays.
func (p *packed) inflate() error {
	if len(p.window) > packedKeep {
		p.window = p.window[:copy(p.window, p.window[len(p.window)-packedKeep:])]
	}
	n, err := p.in.Read(p.window[len(p.window):cap(p.window)])
	p.window = p.window[:len(p.window)+n]
	p.pos += int64(n)
	if n == 0 && err == io.EOF {
		err = p.nextMember()
	}
	switch {
	case n == 0 && (isExhausted(err) || errors.Is(err, errAway)): // which says nothing of the file
		p.broken = true
		return err
	case n == 0 && err != nil: // an error that came with bytes comes again
		if !errors.Is(err, io.EOF) {
			p.damage = err
		}
		return io.EOF
	case p.search != nil:
		return p.search.spend(n)
	}
	return nil
}

func (p *packed) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		at, begin := off+int64(n), p.pos-int64(len(p.window))
		switch {
		case at < begin, p.broken:
			if err = p.rewind(); err != nil {
				p.broken = true
			}
		case at < p.pos:
			n += copy(b[n:], p.window[at-begin:])
		default:
			err = p.inflate()
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *packed) meta() (meta, error) { return p.file.meta() }
func (p *packed) Close() error        { return p.file.Close() }

// maxRatio is how many bytes deflate can make of one at most.
const maxRatio = 1032

// size is what the file says of itself. It is wrong for several members, of which it is
// the last one's, for 4 GiB and more, and where the file was damaged; but never more than
// its stored bytes can be.
func (p *packed) size(stored int64) int64 {
	var b [4]byte
	if _, err := p.file.ReadAt(b[:], stored-int64(len(b))); err != nil {
		return 0
	}
	return min(int64(binary.LittleEndian.Uint32(b[:])), maxRatio*stored)
}

// packed reports whether b is one that only history has.
func (b *body) packed() bool {
	if b == nil {
		return false
	}
	_, ok := b.content.(*packed)
	return ok
}

// damage is why nothing comes after the last byte that was read of b, although there
// was more; nil if there was not.
func (b *body) damage() error {
	if p, ok := b.content.(*packed); ok {
		return p.damage
	}
	return nil
}

// unpacked makes a generation of p, which can go on to others only.
func (h *hub) unpacked(p *packed, s sibling, read int64) *generation {
	p.search = nil
	size := max(p.size(s.size), read)
	if f, ok := p.file.(disk); ok {
		p.file = h.keeping(f, p.at, []string{s.kin}, true)
	}
	return &generation{id: s.id, packed: true, body: &body{content: p, id: s.id, refs: 1}, head: p.head, size: size}
}

// findPacked looks for the cursor's bytes in packed files, which the one that it names
// may be among by now, and gives the generation, the spot and those after it. like is
// what looking through the others came to.
func (h *hub) findPacked(s *search, c cursor, files []sibling, like likeness) (g *generation, at spot, after []sibling, err error) {
	if len(files) == 0 {
		return nil, spot{}, nil, nil
	}
	release, err := h.logs.turn(s)
	if err != nil {
		return nil, spot{}, nil, err
	}
	defer release()
	keep := func(p *packed, i int, where spot) {
		h.unhold(g)
		g, at, after = h.unpacked(p, files[i], c.off), where, files[i+1:]
	}
	own := slices.IndexFunc(files, func(f sibling) bool { return c.id.sameFile(f.id) })
	if own >= 0 {
		if p, where, ok := h.inPacked(s, c, files[own]); ok {
			keep(p, own, where)
			return g, at, after, nil
		}
	}
	for i, f := range slices.Backward(files) {
		p, where, ok := h.inPacked(s, c, f)
		if ok {
			like.same++
			keep(p, i, where)
		} else {
			like.other++
		}
		if err := s.spend(0); err != nil {
			h.unhold(g)
			return nil, spot{}, nil, err
		}
		if ok && c.off > sameHeader {
			break
		}
	}
	if !like.proves(c) {
		h.unhold(g)
		g = nil
	}
	return g, at, after, nil
}

// inPacked opens a packed file, if the cursor's bytes are in it.
func (h *hub) inPacked(s *search, c cursor, f sibling) (*packed, spot, bool) {
	p, err := h.root.openPacked(f, s)
	if err != nil {
		return nil, spot{}, false
	}
	// The head first: it costs little, and most are not the one.
	if digest(p.head[:min(c.off, int64(len(p.head)))]) == c.head {
		if at, err := spotAt(p, c.off); err == nil && digest(at.before()) == c.before {
			return p, at, true
		}
	}
	p.Close()
	return nil, spot{}, false
}

// firstSince is the like of the function for what can only be read from its beginning.
func (p *packed) firstSince(s *search, since, ref time.Time) (off int64, a age, err error) {
	l := lineReader{search: s, r: p, size: math.MaxInt64, ref: ref}
	b, err := l.scan(0, math.MaxInt64, since)
	switch a = b.age(); {
	case err != nil && err != io.EOF:
		return b.sure(), min(a, divided), err
	case p.pos == 0 && p.damage == nil:
		return 0, bare, nil
	case a == divided:
		off = b.fromOn
	case a == older:
		off = p.pos
	}
	return off, a, nil
}
