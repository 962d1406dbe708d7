package follow

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// resident gives so many bytes of this process as are in memory: now, and at most since
// the last call of forget.
func resident(t testing.TB) (now, most int64) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	must(t, err)
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			most = kib << 10
		}
	}
	return now, most
}

func forget(t testing.TB) {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("the kernel keeps no peak that can be reset: %v", err)
	}
}

// A line that does not end for a gigabyte, 64 MiB without -long, is passed on as it comes,
// half of it written before and half while it is read, in as much memory as any other.
func TestFollower_aLineWithoutEnd(t *testing.T) {
	size := int64(64 << 20)
	if *long {
		size = 1 << 30
	}
	const growth = 8 << 20
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	w, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(t, err)
	defer w.Close()
	write := func(n int64) (err error) {
		for ; n > 0 && err == nil; n -= int64(len(piece)) {
			_, err = w.Write(piece)
		}
		return err
	}
	must(t, write(size/2))
	for what, start := range map[string]Start{"from=start": {From: FromStart}, "lines=10": {Lines: 10}} {
		fi, err := w.Stat()
		must(t, err)
		forget(t)
		before, _ := resident(t)
		f := follow(t, l, "app.log", start)
		at := f.pos.at.off
		writing := make(chan error, 1)
		go func() { writing <- write(size / 2) }()
		for end := fi.Size() + size/2; at < end; {
			e := next(t, f)
			if e.Kind != Data {
				t.Fatalf("got %s", e.Kind)
			}
			phase := int(at % 16)
			if !bytes.Equal(e.Data, piece[phase:phase+len(e.Data)]) {
				t.Fatalf("the bytes after %d are not those that were written", at)
			}
			at += int64(len(e.Data))
		}
		must(t, <-writing)
		_, most := resident(t)
		if most-before > growth && !raceEnabled { // whose own memory is counted, too
			t.Errorf("%s: resident memory grew by %d KiB", what, (most-before)>>10)
		}
		t.Logf("%s: a line of %d MiB: resident memory grew from %d to at most %d KiB", what, at>>20, before>>10, most>>10)
		must(t, f.Close())
	}
}
