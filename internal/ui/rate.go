package ui

import "time"

// rateSpan is how many seconds the rate looks back: what the longest sparkline
// shows.
const rateSpan = 20

// rateMean is over how many whole seconds the number is a mean: short enough
// to follow a burst, long enough to be read.
const rateMean = 5

// rate counts lines by the second they came in.
type rate struct {
	counts [rateSpan + 1]int // by second modulo its length; the current one is not whole yet
	last   int64             // the newest second counted, Unix
	begun  int64             // the second it began to count in
}

// add counts n lines that came at t.
func (r *rate) add(t time.Time, n int) {
	if n == 0 {
		return
	}
	sec := t.Unix()
	switch {
	case r.begun == 0:
		r.begun = sec
	case sec < r.last: // a clock that was set back
		sec = r.last
	}
	for s := max(r.last+1, sec-rateSpan); s <= sec; s++ {
		r.counts[r.slot(s)] = 0
	}
	r.last = sec
	r.counts[r.slot(sec)] += n
}

// recent gives the counts of the n whole seconds before now, oldest first.
func (r *rate) recent(now time.Time, n int) []int {
	out := make([]int, n)
	sec := now.Unix()
	for i := range out {
		if s := sec - int64(n-i); s <= r.last && s > r.last-int64(len(r.counts)) {
			out[i] = r.counts[r.slot(s)]
		}
	}
	return out
}

// perSecond is the mean over the last whole seconds since it began to count.
func (r *rate) perSecond(now time.Time) float64 {
	n := min(rateMean, r.age(now))
	if n <= 0 {
		return 0
	}
	sum := 0
	for _, c := range r.recent(now, n) {
		sum += c
	}
	return float64(sum) / float64(n)
}

// age is how many whole seconds there are since the first line.
func (r *rate) age(now time.Time) int {
	if r.begun == 0 {
		return 0
	}
	return int(now.Unix() - r.begun)
}

func (r *rate) slot(sec int64) int {
	n := int64(len(r.counts))
	return int(((sec % n) + n) % n)
}

// spark draws counts with one of bars for each, scaled to the highest.
func spark(counts []int, bars []rune) string {
	top := 0
	for _, c := range counts {
		top = max(top, c)
	}
	if top == 0 {
		return ""
	}
	out := make([]rune, len(counts))
	for i, c := range counts {
		// Rounded up, so that one line beside a thousand is not nothing.
		out[i] = bars[(c*(len(bars)-1)+top-1)/top]
	}
	return string(out)
}
