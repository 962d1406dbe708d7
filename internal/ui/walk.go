package ui

import "sort"

// How a store is read: by the numbers of its entries. Each step is a search
// among its few hundred blocks.

// record is an entry as its readers see it. Its bytes belong to the store and
// are good until the store next changes.
type record struct {
	data    []byte
	open    bool
	cont    bool
	rule    *rule // nil for a line
	isGap   bool  // stands for entries given up,
	missing int   // with so many lines
}

// first is the lowest number that [store.at] knows; with an empty store it is
// end.
func (s *store) first() uint64 {
	if len(s.blocks) == 0 {
		return 0
	}
	return s.gapBefore(0)
}

// end is one past the highest number.
func (s *store) end() uint64 {
	if len(s.blocks) == 0 {
		return 0
	}
	return s.blocks[len(s.blocks)-1].end()
}

// gapBefore is the lowest number of the i-th block, or that of what is missing
// before it.
func (s *store) gapBefore(i int) uint64 {
	b := s.blocks[i]
	if s.missingBefore(i) {
		return b.first - 1
	}
	return b.first
}

func (s *store) missingBefore(i int) bool {
	if i == 0 {
		return s.blocks[0].first > 0
	}
	return s.blocks[i].first > s.blocks[i-1].end()
}

// isCutOff reports whether the entries held for a frozen view are all that is
// left of their time: what came after them was given up.
func (s *store) isCutOff() bool {
	return s.ring > 0 && s.ring < len(s.blocks) && s.missingBefore(s.ring)
}

// next is the number after n that is there.
func (s *store) next(n uint64) (uint64, bool) {
	if n++; n >= s.end() {
		return 0, false
	}
	i := s.search(n)
	return max(n, s.gapBefore(i)), true
}

// prev is the number before n that is there.
func (s *store) prev(n uint64) (uint64, bool) {
	if n == 0 || n <= s.first() {
		return 0, false
	}
	i := s.search(n - 1)
	if g := s.gapBefore(i); n-1 >= g {
		return n - 1, true
	}
	return s.blocks[i-1].end() - 1, true
}

// near is n where it is there, or else the closest number after it that is.
func (s *store) near(n uint64) uint64 {
	if n >= s.end() {
		return s.end()
	}
	return max(n, s.gapBefore(s.search(n)))
}

// search is the index of the first block that ends after n.
func (s *store) search(n uint64) int {
	return sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i].end() > n })
}

// at gives the entry with a number that is there.
func (s *store) at(n uint64) record {
	i := s.search(n)
	b := s.blocks[i]
	if n < b.first {
		return record{isGap: true, missing: s.missing(i)}
	}
	k := int(n - b.first)
	e := b.entries[k]
	if e.flags&isRule != 0 {
		return record{rule: &b.rules[e.rule]}
	}
	return record{
		data: b.data[b.start(k):e.end],
		open: e.flags&isOpen != 0,
		cont: e.flags&isCont != 0,
	}
}

// missing is how many lines were given up between the i-th block and the one
// before it.
func (s *store) missing(i int) int {
	if i == 0 {
		return s.blocks[0].before
	}
	return s.blocks[i].before - s.blocks[i-1].before - s.blocks[i-1].lines
}

// lineOf is the number, from 1, of the line that the n-th entry is of or
// follows.
func (s *store) lineOf(n uint64) int {
	i := s.search(n)
	if i == len(s.blocks) {
		return s.started
	}
	b := s.blocks[i]
	if n < b.first {
		return b.before + 1
	}
	line := b.before
	for _, e := range b.entries[:n-b.first+1] {
		if e.flags&(isRule|isCont) == 0 {
			line++
		}
	}
	return max(line, 1)
}
