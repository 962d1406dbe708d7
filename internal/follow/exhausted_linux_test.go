package follow

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// Without a descriptor left the log is not lost from sight: what was rotated meanwhile is
// given, and nothing is told that is not so.
func TestFollower_withoutDescriptorsLeft(t *testing.T) {
	dir, l := openDir(t, Options{Poll: 20 * time.Millisecond, Grace: 80 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "0\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "0\n")
	f.hub.looking.Lock() // all rotations are between two looks
	want := ""
	for i := range 20 {
		nextTick(t, dir)
		must(t, os.Rename(name, fmt.Sprintf("%s-202611220000%02d", name, i)))
		add(t, name, fmt.Sprintf("%d\n", i+1))
		want += fmt.Sprintf("%d\n", i+1)
	}
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	spare, err := os.Open(dir)
	must(t, err)
	few := syscall.Rlimit{Cur: uint64(spare.Fd()) + 4, Max: limit.Max}
	spare.Close()
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few))
	f.hub.look()
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	if !f.hub.exhausted {
		t.Error("it found enough descriptors")
	}
	f.hub.looking.Unlock()
	for _, kind := range read(t, f, want) {
		if kind != Rotated {
			t.Errorf("it tells %s", kind)
		}
	}
}
