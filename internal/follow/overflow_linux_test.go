package follow

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The kernel keeps so many events and drops the rest. A rotation that is among the dropped
// is found all the same, at once and not at the next poll.
func TestFollower_rotationInAnOverflow(t *testing.T) {
	limit, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events")
	must(t, err)
	queue, err := strconv.Atoi(strings.TrimSpace(string(limit)))
	must(t, err)
	if queue > 1<<17 {
		t.Skipf("the kernel keeps %d events", queue)
	}
	flood := max(20_000, queue+4_000)
	dir, l := openDir(t, Options{Poll: time.Hour})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	quieten(f)

	l.watcher.mu.Lock() // nobody takes events out of the queue from here on
	here, there := join(dir, "here"), join(dir, "there")
	write(t, here, "")
	noise := func(events int) {
		for range events / 2 { // each rename is two
			must(t, os.Rename(here, there))
			here, there = there, here
		}
	}
	noise(flood - 100)
	must(t, os.Rename(name, name+".1"))
	add(t, name, "two\n")
	noise(100)
	l.watcher.mu.Unlock()
	if kinds := read(t, f, "two\n"); !slices.Equal(kinds, []Kind{Rotated}) {
		t.Errorf("events %q", kinds)
	}
}
