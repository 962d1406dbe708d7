package ui

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// The store's geometry follows from its budget: a block is a sixteenth of it,
// within these limits, and the longest piece of a line a quarter of a block.
// Both bounds are needed: blocks must be many, since they are given up whole,
// and large, so that appending allocates nothing per line.
const (
	minBlock = 4 << 10
	maxBlock = 256 << 10

	// maxRuleText bounds a rule's text; what a server says must not fill memory.
	maxRuleText = 1 << 10

	entryCost = 8  // size of an entry
	ruleCost  = 64 // size of a rule without its text
)

// store keeps the newest lines of one source, and the rules between them, in
// memory bounded by its budget, its own bookkeeping included. It keeps the
// original bytes; making them harmless is left to whoever shows them.
//
// Entries are numbered from 0 in order of arrival; a number is never used
// again. A piece of a line that is longer than a block allows is an entry of
// its own, so no line length costs more than another. Where entries are
// missing, because the budget took them, the number just before the next
// entry that is there stands for all of them (see [store.at]).
//
// Whole blocks are given up from the front. Blocks that a frozen view shows
// are held: they stay, counted, while newer ones beside them go.
type store struct {
	budget    int
	blockSize int

	blocks  []*block // by first; the ones before ring are held beyond their time
	ring    int      // index of the oldest block that is not yet due
	holdLo  uint64   // entries [holdLo, holdHi) are held
	holdHi  uint64
	spare   *block // the last block given up, so that a full ring allocates nothing
	goesOn  bool   // the next line continues the one before the last rule
	started int    // lines ever begun
	dropped int    // lines given up
}

// block holds the bytes of consecutive entries.
type block struct {
	first   uint64 // number of entries[0]
	before  int    // lines begun before this block
	lines   int    // lines begun in it
	data    []byte
	entries []entry
	rules   []rule
	ruleMem int
}

// entry is a line, a piece of one, or a rule. Its bytes begin where those of
// the entry before it end.
type entry struct {
	end   uint32 // in data
	rule  uint16 // index in rules, with isRule
	flags flags
}

type flags uint8

const (
	isRule flags = 1 << iota
	isOpen       // its newline has not come (yet)
	isCont       // goes on with the line of the last entry that is no rule
)

// ruleKind says how much a rule matters to the reader.
type ruleKind uint8

const (
	ruleNote    ruleKind = iota // nothing is wrong
	ruleTrouble                 // something is missing or over
	ruleMark                    // the user's own
)

// rule is a line of ours between those of the log. Its text is harmless.
type rule struct {
	kind ruleKind
	text string
}

func newStore(budget int) *store {
	budget = max(budget, 16*minBlock)
	return &store{budget: budget, blockSize: min(max(budget/16, minBlock), maxBlock)}
}

// write appends bytes of the log, cut anywhere.
func (s *store) write(p []byte) {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.extend(p)
			return
		}
		s.extend(p[:i])
		s.finish()
		p = p[i+1:]
	}
}

// extend appends bytes without a newline to the open line, beginning one if
// there is none.
func (s *store) extend(p []byte) {
	b, e := s.open()
	for {
		start := b.start(len(b.entries) - 1)
		n := min(len(p), s.pieceSize()-(int(e.end)-start))
		if len(b.data)+n > cap(b.data) {
			b, e = s.moveOpen(b)
		}
		b.data = append(b.data, p[:n]...)
		e.end = uint32(len(b.data))
		if p = p[n:]; len(p) == 0 {
			return
		}
		b, e = s.cutPiece(b)
	}
}

// finish ends the open line with its newline.
func (s *store) finish() {
	_, e := s.open()
	e.flags &^= isOpen
}

// open gives the open line's entry, beginning a line if there is none.
func (s *store) open() (*block, *entry) {
	if n := len(s.blocks); n > 0 {
		b := s.blocks[n-1]
		if e := b.last(); e != nil && e.flags&(isRule|isOpen) == isOpen {
			return b, e
		}
	}
	f := isOpen
	if s.goesOn {
		f |= isCont
		s.goesOn = false
	}
	return s.begin(f)
}

// begin adds an entry without bytes.
func (s *store) begin(f flags) (*block, *entry) {
	b := s.room()
	if len(b.entries) == cap(b.entries) {
		// Not append's own growth, which would overshoot what maxCost reckons with.
		b.entries = append(make([]entry, 0, min(2*cap(b.entries), s.maxEntries())), b.entries...)
	}
	b.entries = append(b.entries, entry{end: uint32(len(b.data)), flags: f})
	if f&(isRule|isCont) == 0 {
		b.lines++
		s.started++
	}
	return b, b.last()
}

// moveOpen takes the open line, which is all that its full block has no more
// room for, to a new block.
func (s *store) moveOpen(b *block) (*block, *entry) {
	last := len(b.entries) - 1
	e, start := b.entries[last], b.start(last)
	tail := b.data[start:]
	isLine := e.flags&isCont == 0

	b.entries = b.entries[:last]
	if isLine {
		b.lines--
	}
	next := s.grow(s.blocks[len(s.blocks)-1].end())
	next.data = append(next.data, tail...)
	b.data = b.data[:start]
	next.entries = append(next.entries, entry{end: uint32(len(next.data)), flags: e.flags})
	if isLine {
		next.before--
		next.lines++
	}
	return next, next.last()
}

// cutPiece ends the open line's entry as a piece and begins the next one. A
// rune that the cut would part goes over whole.
func (s *store) cutPiece(b *block) (*block, *entry) {
	e := b.last()
	start := b.start(len(b.entries) - 1)
	whole := int(e.end) - partialRune(b.data[start:e.end])
	var carry [utf8.UTFMax]byte
	n := copy(carry[:], b.data[whole:e.end])
	b.data = b.data[:whole]
	e.end = uint32(whole)

	next, ne := s.begin(isOpen | isCont)
	if len(next.data)+n > cap(next.data) {
		next, ne = s.moveOpen(next)
	}
	next.data = append(next.data, carry[:n]...)
	ne.end = uint32(len(next.data))
	return next, ne
}

// rule adds a rule after everything that came. An open line before it stays
// as it is; with goesOn what comes next continues that line.
func (s *store) rule(r rule, goesOn bool) {
	if len(r.text) > maxRuleText {
		r.text = r.text[:maxRuleText-partialRune([]byte(r.text[:maxRuleText]))]
	}
	s.goesOn = goesOn && (s.goesOn || s.isOpenEnded())
	b, e := s.begin(isRule)
	e.rule = uint16(len(b.rules))
	b.rules = append(b.rules, r)
	b.ruleMem += ruleCost + len(r.text)
}

// isOpenEnded reports whether the last entry is a line without its newline.
func (s *store) isOpenEnded() bool {
	if len(s.blocks) == 0 {
		return false
	}
	e := s.blocks[len(s.blocks)-1].last()
	return e != nil && e.flags&(isRule|isOpen) == isOpen
}

// room gives the block that takes the next entry.
func (s *store) room() *block {
	if n := len(s.blocks); n > 0 && !s.isFull(s.blocks[n-1]) {
		return s.blocks[n-1]
	}
	return s.grow(s.end())
}

func (s *store) isFull(b *block) bool {
	return len(b.data) == cap(b.data) || len(b.entries) == s.maxEntries() || b.ruleMem > s.blockSize/4
}

// pieceSize is the most bytes that an entry has.
func (s *store) pieceSize() int { return s.blockSize / 4 }

// maxEntries bounds a block's entries so that they cost no more than its bytes.
func (s *store) maxEntries() int { return s.blockSize / entryCost }

// maxCost is the most a block comes to cost.
func (s *store) maxCost() int { return 2*s.blockSize + s.blockSize/4 + ruleCost + maxRuleText }

// grow adds a block, giving up old ones first.
func (s *store) grow(first uint64) *block {
	s.evict(s.budget - s.maxCost())
	b := s.spare
	s.spare = nil
	if b == nil {
		b = &block{data: make([]byte, 0, s.blockSize), entries: make([]entry, 0, s.maxEntries()/8)}
	}
	b.first, b.before = first, s.started
	s.blocks = append(s.blocks, b)
	return b
}

// evict gives up blocks from the front until the rest costs no more than
// limit. The newest block stays, and so do held ones.
func (s *store) evict(limit int) {
	cost := s.cost()
	for cost > limit && s.ring < len(s.blocks)-1 {
		b := s.blocks[s.ring]
		if s.isHeld(b) {
			s.ring++
			continue
		}
		cost -= b.cost()
		s.giveUp(s.ring)
	}
}

// giveUp forgets the i-th block.
func (s *store) giveUp(i int) {
	b := s.blocks[i]
	s.dropped += b.lines
	s.blocks = slices.Delete(s.blocks, i, i+1)
	clear(b.rules)
	b.data, b.entries, b.rules = b.data[:0], b.entries[:0], b.rules[:0]
	b.lines, b.ruleMem = 0, 0
	s.spare = b
}

// hold keeps the entries [lo, hi) in memory whatever the budget says, and
// lets go of those held before.
func (s *store) hold(lo, hi uint64) {
	s.holdLo, s.holdHi = lo, hi
	for i := s.ring - 1; i >= 0; i-- {
		if !s.isHeld(s.blocks[i]) {
			s.giveUp(i)
			s.ring--
		}
	}
}

func (s *store) isHeld(b *block) bool { return b.first < s.holdHi && b.end() > s.holdLo }

// cost is what the store's blocks take of memory, the spare one included.
func (s *store) cost() int {
	sum := 0
	if s.spare != nil {
		sum = s.spare.cost()
	}
	for _, b := range s.blocks {
		sum += b.cost()
	}
	return sum
}

func (b *block) cost() int { return cap(b.data) + entryCost*cap(b.entries) + b.ruleMem }

func (b *block) end() uint64 { return b.first + uint64(len(b.entries)) }

// start is where the bytes of the i-th entry begin.
func (b *block) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(b.entries[i-1].end)
}

func (b *block) last() *entry {
	if len(b.entries) == 0 {
		return nil
	}
	return &b.entries[len(b.entries)-1]
}

// partialRune is how many bytes at the end of p are the beginning of a rune
// that is not complete.
func partialRune(p []byte) int {
	for n := 1; n <= min(len(p), utf8.UTFMax-1); n++ {
		c := p[len(p)-n]
		if utf8.RuneStart(c) {
			if !utf8.FullRune(p[len(p)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
