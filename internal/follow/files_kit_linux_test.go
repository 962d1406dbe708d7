package follow

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// openBelow counts the files and directories below dir that this process has open to read
// them, without those of the root itself and those that only name a file.
func openBelow(t testing.TB, dir string) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range fds {
		to, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || !strings.HasPrefix(to, dir+"/") {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		if err != nil {
			continue
		}
		_, flags, _ := strings.Cut(string(info), "flags:\t")
		flags, _, _ = strings.Cut(flags, "\n")
		bits, err := strconv.ParseUint(flags, 8, 64)
		const path, write = 0o10000000, 0o1
		if err == nil && bits&(path|write) == 0 {
			n++
		}
	}
	return n
}

// watchOpen looks again and again how many files are open below dir, until the test calls
// what it gives, which tells the most.
func watchOpen(t testing.TB, dir string) (most func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	max := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if n := openBelow(t, dir); n > max {
				max = n
			}
		}
	})
	return func() int {
		cancel()
		wg.Wait()
		return max
	}
}

// numbered rotates a log the way that logrotate does: each rotated file gets the next
// number, and what has more than keep is removed.
type numbered struct {
	name string
	keep int
	have int
}

func (r *numbered) rotate(t testing.TB) {
	t.Helper()
	if r.have == r.keep {
		must(t, os.Remove(fmt.Sprintf("%s.%d", r.name, r.have)))
		r.have--
	}
	for i := r.have; i > 0; i-- {
		must(t, os.Rename(fmt.Sprintf("%s.%d", r.name, i), fmt.Sprintf("%s.%d", r.name, i+1)))
	}
	must(t, os.Rename(r.name, r.name+".1"))
	r.have++
}

// tallied adds up what a follower gives: each line once, and gaps for the others.
type tallied struct {
	data strings.Builder
	lost int64
	gaps int // without a size
}

func (a *tallied) take(t testing.TB, f *Follower) {
	e := next(t, f)
	switch {
	case e.Kind == Data:
		a.data.Write(e.Data)
	case e.Kind == Gap && e.Lost != nil:
		a.lost += *e.Lost
	case e.Kind == Gap:
		a.gaps++
	}
}

// limited opens logs of which so many files may be open, with files of that names.
func limited(t *testing.T, limit int, names ...string) (dir string, l *Logs) {
	t.Helper()
	dir, l = openDir(t, Options{MaxFiles: limit, Poll: 20 * time.Millisecond, Grace: time.Hour, NoWatch: true})
	for _, name := range names {
		write(t, join(dir, name), name+" begins\n")
	}
	return dir, l
}

// eventually waits until something is so.
func eventually(t testing.TB, so func() bool, what string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatal("it does not come to pass that " + what)
		}
	}
}
