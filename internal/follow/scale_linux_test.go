package follow

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

var long = flag.Bool("long", false, "also run what takes minutes and gigabytes")

// opened gives what the process holds open in dir for reading, by the names that the files
// have or had. What is only being looked at is left out.
func opened(t testing.TB, dir string) (names []string) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range fds {
		name, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err != nil || !strings.HasPrefix(name, dir+"/") {
			continue
		}
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		var flags int
		if _, rest, ok := strings.Cut(string(info), "flags:"); ok && err == nil {
			fmt.Sscanf(rest, "%o", &flags)
		}
		if flags&unix.O_PATH == 0 {
			names = append(names, filepath.Base(name))
		}
	}
	slices.Sort(names)
	return names
}

// between calls do while the hub does not look, so that nothing is open for a moment only.
func (h *hub) between(do func()) {
	h.looking.Lock()
	defer h.looking.Unlock()
	do()
}

// within tries again until check has nothing to object to: for what nobody announces.
func within(t testing.TB, most time.Duration, check func() error) {
	t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	late := time.After(most)
	for err := check(); err != nil; err = check() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("still after %v: %v", most, err)
		}
	}
}

// A thousand followers of one log hold one descriptor for each generation that one of them
// still needs, and one watch; also over rotations, and with half of them far behind.
func TestFollower_aThousandHoldOneDescriptorAGeneration(t *testing.T) {
	before := held(t)
	dir, l := openDir(t, Options{Grace: 100 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	var all []*Follower
	for range 1000 {
		all = append(all, follow(t, l, "app.log", Start{From: FromStart}))
	}
	h := all[0].hub
	holds := func(want ...string) {
		t.Helper()
		slices.Sort(want)
		within(t, patience, func() (err error) {
			h.between(func() {
				watches := held(t).watches - before.watches
				if got := opened(t, dir); !slices.Equal(got, want) || watches != 1 {
					err = fmt.Errorf("open are %q and %d watches, want %q", got, watches, want)
				}
			})
			return err
		})
	}
	each := func(some []*Follower, want string) {
		t.Helper()
		var wg sync.WaitGroup
		for _, f := range some {
			wg.Go(func() { read(t, f, want) })
		}
		wg.Wait()
	}
	holds("app.log")
	each(all, "one\n")
	holds("app.log")
	fast, slow := all[:500], all[500:]
	want := ""
	for i := range 5 {
		nextTick(t, dir)
		must(t, os.Rename(name, fmt.Sprintf("%s-2026112%d", name, i)))
		line := fmt.Sprintf("line %d\n", i)
		add(t, name, line)
		want += line
		each(fast, line)
	}
	holds("app.log-20261120", "app.log-20261121", "app.log-20261122", "app.log-20261123", "app.log-20261124", "app.log")
	for i := range 5 { // the slow ones need them still
		must(t, os.Remove(fmt.Sprintf("%s-2026112%d", name, i)))
	}
	holds("app.log-20261120 (deleted)", "app.log-20261121 (deleted)", "app.log-20261122 (deleted)",
		"app.log-20261123 (deleted)", "app.log-20261124 (deleted)", "app.log")
	each(slow, want)
	holds("app.log")
	for _, f := range all {
		must(t, f.Close())
	}
	if got := opened(t, dir); len(got) > 0 {
		t.Errorf("after the last one went %q are open", got)
	}
	if after := held(t); after.watches != before.watches {
		t.Errorf("after the last one went %d directories are watched, before it was %d", after.watches, before.watches)
	}
	if h := l.Health(); h.Hubs != 0 || h.Watches != 0 {
		t.Errorf("after the last one went: %+v", h)
	}
}

// spaceIsReturned removes a log's files in each of the ways there are, and looks whether the
// last descriptor of each is closed in time once it is drained.
func spaceIsReturned(t *testing.T, opt Options) {
	const promised = 10 * time.Second
	dir, l := openDir(t, opt)
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	drained := func(what, want string) {
		t.Helper()
		read(t, f, want)
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan struct{})
		go func() { // who follows asks for more
			defer close(waiting)
			for ctx.Err() == nil {
				f.Next(ctx)
			}
		}()
		defer func() {
			cancel()
			<-waiting
		}()
		within(t, promised, func() (err error) {
			f.hub.between(func() {
				for _, name := range opened(t, dir) {
					if strings.HasSuffix(name, " (deleted)") {
						err = fmt.Errorf("%s: %s is open", what, name)
					}
				}
			})
			return err
		})
		t.Logf("%s: its space is free %v after the last byte was read", what, time.Since(began).Round(time.Millisecond))
	}
	must(t, os.Rename(name, name+".1"))
	add(t, name, "two\n")
	must(t, os.Remove(name+".1"))
	drained("a rotated file is removed", "one\ntwo\n")

	must(t, os.Remove(name))
	add(t, name, "three\n")
	drained("the log is removed and made again", "three\n")

	add(t, name, "four\n")
	must(t, os.Remove(name))
	drained("the log is removed", "four\n")
	f.Close()
	l.Close()
}

func TestFollower_spaceOfRemovedFilesIsReturned(t *testing.T) {
	t.Run("soon", func(t *testing.T) { spaceIsReturned(t, Options{Grace: 200 * time.Millisecond}) })
	t.Run("polled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { spaceIsReturned(t, Options{NoWatch: true}) })
	})
	t.Run("by default", func(t *testing.T) {
		if !*long {
			t.Skip("it takes 15 s: -long")
		}
		spaceIsReturned(t, Options{})
	})
}
