package leak

import (
	"fmt"
	"slices"
	"strings"
)

// Held is what a process holds of the kernel at one time.
type Held struct {
	Descriptors []Descriptor // in the order of their numbers
	Watches     []Watch      // of all its inotify instances
	Goroutines  int          // of a Go program that was asked; 0 where it was not

	pid int // whose
}

// Descriptor is an open file, socket or the like.
type Descriptor struct {
	FD   int
	Path string // where it leads as the kernel has it: "/var/log/app.log", "socket:[4711]", "anon_inode:inotify"
}

// Watch is one inotify watch.
type Watch struct {
	FD    int    // the inotify instance
	WD    int    // the watch in it
	Inode string // inode and device of what is watched as the kernel prints them, in hex: "ino:2f8a1 sdev:fd00001"
}

// Beyond is what h holds and base does not. Descriptors and watches are told
// apart by number and by what is behind it, so that one which took the place of
// another is seen. Goroutines are those in excess.
func (h Held) Beyond(base Held) Held {
	had := func(d Descriptor) bool {
		return slices.ContainsFunc(base.Descriptors, func(b Descriptor) bool { return b.FD == d.FD && b.Path == d.Path })
	}
	more := Held{
		pid:         h.pid,
		Descriptors: slices.DeleteFunc(slices.Clone(h.Descriptors), had),
		Watches:     slices.DeleteFunc(slices.Clone(h.Watches), func(w Watch) bool { return slices.Contains(base.Watches, w) }),
	}
	if h.Goroutines > 0 && base.Goroutines > 0 {
		more.Goroutines = max(0, h.Goroutines-base.Goroutines)
	}
	return more
}

// Empty reports whether nothing is held.
func (h Held) Empty() bool {
	return len(h.Descriptors) == 0 && len(h.Watches) == 0 && h.Goroutines == 0
}

// String has a line for each thing that is held, with the ends and the state of a
// TCP socket that is still there; "" for nothing.
func (h Held) String() string {
	var s strings.Builder
	var sockets map[string]string
	if len(h.Descriptors) > 0 {
		sockets = connections(h.pid)
	}
	for _, d := range h.Descriptors {
		fmt.Fprintln(&s, strings.TrimSpace(fmt.Sprintf("descriptor %d: %s %s", d.FD, d.Path, sockets[d.Path])))
	}
	for _, w := range h.Watches {
		fmt.Fprintf(&s, "inotify watch %d of descriptor %d: %s\n", w.WD, w.FD, w.Inode)
	}
	if h.Goroutines > 0 {
		fmt.Fprintf(&s, "%d goroutines\n", h.Goroutines)
	}
	return s.String()
}

// AwaitBack waits until what now gives has come back to base; after some patience it
// gives an error that says what is left. It is for another process; an error of now
// is told as well.
func AwaitBack(base Held, now func() (Held, error)) error {
	return await(func() string {
		held, err := now()
		if err != nil {
			return fmt.Sprintf("what the process holds: %v\n", err)
		}
		return held.Beyond(base).String()
	})
}

// goroutinesMetric is the line of a Prometheus text that says how many there are.
const goroutinesMetric = "go_goroutines "

// Goroutines finds how many goroutines a Go program says that it has, in the
// Prometheus text of its metrics.
func Goroutines(metrics string) (int, error) {
	for line := range strings.Lines(metrics) {
		if rest, ok := strings.CutPrefix(line, goroutinesMetric); ok {
			var n int
			_, err := fmt.Sscan(rest, &n)
			return n, err
		}
	}
	return 0, fmt.Errorf("no line of the metrics begins with %q", goroutinesMetric)
}
