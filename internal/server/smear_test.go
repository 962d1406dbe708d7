package server

import (
	"slices"
	"testing"
	"time"
)

// However many clients there are, they come back evenly, and none before or after
// the times that are promised.
func TestSmear(t *testing.T) {
	for n, last := range map[int]time.Duration{
		0: maxReturn, 1: maxReturn, 20: maxReturn, 500: maxReturn,
		2000: minReturn + 10*time.Second, 100_000: maxReturnOfMany,
	} {
		s := newSmear(n)
		var dealt []time.Duration
		for range max(n, 1) {
			dealt = append(dealt, s.next())
		}
		slices.Sort(dealt)
		if dealt[0] < minReturn || dealt[len(dealt)-1] > last {
			t.Errorf("%d clients: from %v to %v, want at most %v", n, dealt[0], dealt[len(dealt)-1], last)
		}
		for i := range dealt[1:] {
			if gap, most := dealt[i+1]-dealt[i], 2*(last-minReturn)/time.Duration(n)+1; gap > most {
				t.Errorf("%d clients: nobody comes for %v, want at most %v", n, gap, most)
			}
		}
	}
}

// Who was not counted when the streams were is dealt a time all the same.
func TestSmear_moreThanWereCounted(t *testing.T) {
	s := newSmear(2)
	for range 10 {
		if d := s.next(); d < minReturn || d > maxReturn {
			t.Errorf("dealt %v", d)
		}
	}
}
