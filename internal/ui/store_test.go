package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// smallBudget is the least that a store takes; eviction begins early.
const smallBudget = 16 * minBlock

// dump walks a store and gives back what was put into it, as far as it is
// there: bytes as written, rules as their text in brackets, gaps as "[gap N]".
func dump(s *store) string {
	var b strings.Builder
	for n, ok := s.first(), s.end() > 0; ok; n, ok = s.next(n) {
		switch r := s.at(n); {
		case r.isGap:
			fmt.Fprintf(&b, "[gap %d]", r.missing)
		case r.rule != nil:
			b.WriteString(r.rule.text)
		case r.open:
			b.Write(r.data)
		default:
			b.Write(r.data)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestStore_joinsWhatIsCutAnywhere(t *testing.T) {
	const log = "one\n\ntwo 世界\r\nthree"
	for size := 1; size <= len(log); size++ {
		s := newStore(smallBudget)
		for p := []byte(log); len(p) > 0; p = p[min(size, len(p)):] {
			s.write(p[:min(size, len(p))])
		}
		if got := dump(s); got != log {
			t.Errorf("in pieces of %d: %q, want %q", size, got, log)
		}
		if s.started != 4 {
			t.Errorf("in pieces of %d: %d lines, want 4", size, s.started)
		}
	}
}

func TestStore_keepsItsOwnBytes(t *testing.T) {
	s := newStore(smallBudget)
	p := []byte("mine\n")
	s.write(p)
	copy(p, "evil\n")
	if got := dump(s); got != "mine\n" {
		t.Errorf("got %q: the store shares memory with its source", got)
	}
}

// TestStore_accounting is the store against the plainest one there is: a text.
func TestStore_accounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(smallBudget)
		var all strings.Builder
		rules := 0
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				p := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\n\xe4\xb8\x96")), 0, 200).Draw(t, "bytes")
				p = bytes.Repeat(p, rapid.SampledFrom([]int{1, 1, 7, 100}).Draw(t, "times"))
				s.write(p)
				all.Write(p)
			},
			"long": func(t *rapid.T) {
				p := bytes.Repeat([]byte("世"), rapid.IntRange(1, smallBudget/3).Draw(t, "runes"))
				s.write(p)
				all.Write(p)
			},
			"rule": func(t *rapid.T) {
				r := rule{text: fmt.Sprintf("[%d]", rules)}
				rules++
				s.rule(r, rapid.Bool().Draw(t, "goesOn"))
				all.WriteString(r.text)
			},
			"hold": func(t *rapid.T) {
				lo := rapid.Uint64Range(s.first(), s.end()).Draw(t, "lo")
				s.hold(lo, lo+rapid.Uint64Range(0, 4).Draw(t, "n"))
			},
			"letGo": func(*rapid.T) { s.hold(0, 0) },
			"":      func(t *rapid.T) { checkStore(t, s, all.String()) },
		})
	})
}

// checkStore compares a store with everything that was put into it.
func checkStore(t *rapid.T, s *store, all string) {
	if c := s.cost(); c > s.budget {
		t.Fatalf("costs %d of %d", c, s.budget)
	}
	run := dump(s)
	if newest := run[gapEnd(run):]; !strings.HasSuffix(all, newest) {
		t.Fatalf("the newest entries are not the newest bytes: %q", newest)
	}
	kept, missing := 0, 0
	var forward []uint64
	for n, ok := s.first(), s.end() > 0; ok; n, ok = s.next(n) {
		forward = append(forward, n)
		switch r := s.at(n); {
		case r.isGap:
			missing += r.missing
		case r.rule == nil && !r.cont:
			kept++
		}
	}
	if kept+missing != s.started || missing != s.dropped {
		t.Fatalf("%d kept and %d told missing, of %d begun and %d dropped", kept, missing, s.started, s.dropped)
	}
	for i, n := len(forward)-1, s.end(); i >= 0; i-- {
		prev, ok := s.prev(n)
		if !ok || prev != forward[i] {
			t.Fatalf("before %d comes %d, %v; after %d comes %d", n, prev, ok, forward[i], n)
		}
		n = prev
	}
}

// gapEnd is where the last gap in a dump ends.
func gapEnd(run string) int {
	i := strings.LastIndex(run, "[gap")
	if i < 0 {
		return 0
	}
	return i + strings.IndexByte(run[i:], ']') + 1
}

func TestStore_lineWithoutEnd(t *testing.T) {
	s := newStore(1 << 20)
	piece := bytes.Repeat([]byte("0123456789世"), 1000)
	for range 1000 {
		s.write(piece)
		if c := s.cost(); c > s.budget {
			t.Fatalf("costs %d of %d", c, s.budget)
		}
	}
	if s.started != 1 {
		t.Errorf("%d lines, want 1", s.started)
	}
	for n, ok := s.first(), true; ok; n, ok = s.next(n) {
		r := s.at(n)
		if r.isGap {
			continue
		}
		if len(r.data) > s.pieceSize() {
			t.Fatalf("a piece of %d bytes, at most %d", len(r.data), s.pieceSize())
		}
		if !utf8.Valid(r.data) {
			t.Fatalf("entry %d parts a character", n)
		}
	}
}

func TestStore_ruleParts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		goesOn bool
		cont   bool
	}{
		{"a line that goes on", true, true},
		{"a line that never ended", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(smallBudget)
			s.write([]byte("begun"))
			s.rule(rule{text: "[rule]"}, tt.goesOn)
			s.write([]byte(" and ended\n"))
			if got, want := dump(s), "begun[rule] and ended\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if r := s.at(2); r.cont != tt.cont {
				t.Errorf("goes on: %v, want %v", r.cont, tt.cont)
			}
		})
	}
}

func TestStore_appendAllocatesNothingPerLine(t *testing.T) {
	s := newStore(4 << 20)
	batch := bytes.Repeat([]byte("12:00:00 INFO GET /orders/1000 200 3ms\n"), 100_000)
	for range 3 { // until the ring is full
		s.write(batch)
	}
	if n := testing.AllocsPerRun(10, func() { s.write(batch) }); n > 2 {
		t.Errorf("%.1f allocations for 100,000 lines", n)
	}
}

func BenchmarkStore_append100kLines(b *testing.B) {
	s := newStore(DefaultMemory)
	batch := bytes.Repeat([]byte("12:00:00 INFO GET /orders/1000 200 3ms user=4711 region=eu-west-1 trace=0123456789abcdef\n"), 3334)
	b.ReportAllocs()
	for b.Loop() {
		for range 30 { // a second's updates
			s.write(batch)
		}
	}
}
