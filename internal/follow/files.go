package follow

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// use is what a file of a log is open for.
type use int

const (
	// brief: to be compared or listed, or for one read. There is always a place for it soon:
	// it is waited for.
	brief use = iota
	// searched: the same, for as long as a search takes. It leaves places to what is brief.
	searched
	// kept: for as long as a follower may come to it. Where no more may be kept, it is
	// opened for each read instead.
	kept
	// current: the log's current generation, which is never closed while it is followed.
	current
	// lent: to the caller of [Logs.Read].
	lent
)

// MinFiles is the smallest limit that [Options].MaxFiles can set.
const MinFiles = 8

// files counts the files of logs that are open, over all logs, and keeps them to a
// limit. It divides the limit:
//
//   - Some files are for what is brief. Who has one of them waits for no other, so that
//     waiting for one always ends.
//   - Each hub has one for its current generation. A log is not begun to be followed, nor
//     a file lent, where that could not be had.
//   - spare ones are left over for rotations, when a log's current generation is two.
//   - What remains is kept open for followers that are behind, and for late bytes.
//
// What is kept is never taken away by others. Where it runs short, each hub learns from
// [files.shortage] that it has to close what it can, itself, and how much it may keep.
type files struct {
	// Static after construction.
	max      int           // 0: no limit
	slots    chan struct{} // one for each brief file that may be open; nil without a limit
	searches chan struct{} // the same for those that are searched; it comes before slots
	all      int           // that may be open for other than brief uses
	spare    int           // of all
	ask      func()        // asks the hubs to close what they can

	mu      sync.Mutex
	briefly int       // open for a brief use
	open    int       // open for another
	lent    int       // of those
	hubs    int       // logs that are followed
	want    time.Time // until when a hub with less than its share lacks one
	waiting time.Time // since when a current generation is waited for
	waited  time.Time // when one was last waited for
	asked   time.Time // when the hubs were asked last
	since   time.Time // since when files are short; zero while they are not
	denied  time.Time // when something was last refused, or a follower's file not kept
}

const (
	// wanting is how long after a hub found no file for what it may keep others keep to
	// their share. It is longer than any hub takes to look again.
	wanting = 2 * time.Second
	// asking is how often all hubs are asked at most, and how long they have to close what
	// nobody needs before they close more. A look that finds nothing to close costs a few
	// microseconds.
	asking = 20 * time.Millisecond
	// lately is for how long a shortage is told after it was over.
	lately = 10 * time.Second
)

func newFiles(limit int, ask func()) (*files, error) {
	f := &files{max: limit, ask: ask}
	switch {
	case limit == 0:
		return f, nil
	case limit < MinFiles:
		return nil, fmt.Errorf("at most %d open files are too few: logs need %d", limit, MinFiles)
	}
	briefly := min(max(2, limit/16), 16)
	f.slots = make(chan struct{}, briefly)
	f.searches = make(chan struct{}, briefly-1)
	f.all = limit - briefly
	f.spare = max(2, f.all/16)
	return f, nil
}

// await waits for a place for a file that is searched. The caller gives it back.
func (f *files) await(ctx context.Context) error {
	if f.searches != nil {
		select {
		case f.searches <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	f.wait()
	return nil
}

// wait waits for a place for a brief use, for no longer than brief uses take. The caller
// gives it back.
func (f *files) wait() {
	if f.slots != nil {
		f.slots <- struct{}{}
	}
	f.mu.Lock()
	f.briefly++
	f.mu.Unlock()
}

// take counts a file that is to be opened for a use that is not brief. Its error is
// errFull, or errLent, where there may be no more. The caller gives it back.
func (f *files) take(u use) error {
	ok, urgent := f.tryTake(u)
	if urgent {
		f.ask()
	}
	switch {
	case ok:
		return nil
	case u == lent:
		return errLent
	}
	return errFull
}

func (f *files) tryTake(u use) (ok, urgent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch ok = f.max == 0; {
	case ok:
	case u == current:
		ok = f.open < f.all
	case u == lent:
		ok = f.lent < max(1, f.all/4) && f.hubs+f.lent < f.all-f.spare && f.open < f.all-1
	default:
		ok = f.open < f.all-f.spare
	}
	now := time.Now()
	if !ok {
		f.denied = now
		if u == current {
			if now.Sub(f.waited) >= wanting { // whoever waited before has given up, or got it
				f.waiting = now
			}
			f.waited = now
		}
		return false, u != kept && f.urge(now) // for what is kept the hub's share counts: see lack
	}
	f.open++
	if u == lent {
		f.lent++
	}
	if u == current {
		f.waited = time.Time{}
	}
	return true, f.max > 0 && f.open > f.all-f.spare && f.urge(now)
}

// give gives a file back that was closed.
func (f *files) give(u use) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch u {
	case brief, searched:
		f.briefly--
		if f.slots != nil {
			<-f.slots
		}
		if u == searched && f.searches != nil {
			<-f.searches
		}
		return
	case lent:
		f.lent--
	}
	f.open--
}

// deny notes that a file was closed that a follower may come to.
func (f *files) deny() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied = time.Now()
}

// lack says that a hub which keeps so many files found no place for another.
func (f *files) lack(keeps int) {
	f.mu.Lock()
	now := time.Now()
	f.denied = now
	urgent := false
	if keeps < f.share() {
		f.want = now.Add(wanting)
		urgent = f.urge(now)
	}
	f.mu.Unlock()
	if urgent {
		f.ask()
	}
}

// urge reports whether the hubs are to be asked to close what they can: not if they were
// asked just now. The caller holds mu, and asks without it.
func (f *files) urge(now time.Time) bool {
	urgent := now.Sub(f.asked) >= asking
	if urgent {
		f.asked = now
	}
	return urgent
}

// share is how many files each hub may keep while there are too few. The caller holds mu.
func (f *files) share() int {
	return max(1, (f.all-f.spare-f.lent)/max(1, f.hubs))
}

// LogsWithin is how many logs can be followed at the same time with a limit of so many
// open files, which [Options].MaxFiles sets; it is at least 1 for [MinFiles].
func LogsWithin(limit int) int {
	f, err := newFiles(limit, nil)
	if err != nil {
		return 0
	}
	return f.all - f.spare
}

// admit counts a hub. Its error is errCrowded if there may be no file for its current generation.
func (f *files) admit() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.max > 0 && f.hubs+f.lent >= f.all-f.spare {
		f.denied = time.Now()
		return errCrowded
	}
	f.hubs++
	return nil
}

// dismiss gives back what admit counted.
func (f *files) dismiss() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hubs--
}

// shortage is how short files are.
type shortage struct {
	short bool // what nobody needs is to be closed
	long  bool // that was not enough: what is over share is to be closed, too
	dire  bool // even if it cannot be opened again
	share int  // how many files a hub may keep, its current generation's among them
	room  bool // files are left, to open again what was closed
}

func (f *files) shortage(now time.Time) shortage {
	if f.max == 0 {
		return shortage{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	short := f.open > f.all-f.spare || now.Before(f.want)
	switch {
	case !short:
		f.since = time.Time{}
	case f.since.IsZero():
		f.since = now
	}
	return shortage{
		short: short,
		long:  short && now.Sub(f.since) >= asking,
		dire:  now.Sub(f.waited) < wanting && now.Sub(f.waiting) >= maxSettle,
		share: f.share(),
		room:  f.open < f.all-2*f.spare && !now.Before(f.want),
	}
}

// health adds what is open.
func (f *files) health(h *Health) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.Files, h.MaxFiles = f.briefly+f.open, f.max
	if !f.denied.IsZero() && time.Since(f.denied) < lately {
		h.Notes = append(h.Notes, fmt.Sprintf("%d of at most %d files of logs are open, for at most %d logs, and more were needed", h.Files, f.max, f.all-f.spare))
	}
}
