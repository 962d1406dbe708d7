package follow

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const mountsEnv = "FOLLOW_TEST_OWN_MOUNTS"

// inOwnMounts runs the calling test again in a process with mounts of its own, which go
// with it whatever becomes of it. It reports true in that process.
func inOwnMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(mountsEnv) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("only root can mount")
	}
	child := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = quickExit(mountsEnv + "=1")
	child.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := child.CombinedOutput()
	if errIsAny(err, syscall.EPERM, syscall.EINVAL, syscall.ENOSYS) {
		t.Skipf("no mounts of one's own here: %v", err)
	}
	if err != nil || !strings.Contains(string(out), "PASS: "+t.Name()) {
		t.Errorf("with mounts of its own: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "SKIP") || strings.Contains(line, "mounts_linux_test.go") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return false
}

func errIsAny(err error, any ...syscall.Errno) bool {
	pe, ok := err.(*os.PathError)
	return ok && slices.ContainsFunc(any, func(e syscall.Errno) bool { return pe.Err == e })
}

// mounted is a file system that logs are on.
type mounted struct {
	logs   string // the directory where they are followed
	behind string // where the same files are written; logs itself unless somebody else's writes are the subject
}

// mount mounts until the test ends, or skips it.
func mount(t *testing.T, source, target, kind string, options string) {
	t.Helper()
	if err := unix.Mount(source, target, kind, 0, options); err != nil {
		t.Skipf("mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func subdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := join(parts...)
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

func mountTmpfs(t *testing.T) mounted {
	dir := t.TempDir()
	mount(t, "none", dir, "tmpfs", "size=16m")
	return mounted{dir, dir}
}

// lowerLog is so long that its content alone is enough to know it by.
var lowerLog = strings.Repeat("a line in a layer that is never written\n", 2000)

// mountOverlay puts a writable layer over lower, in which there is a log already.
func mountOverlay(t *testing.T, lower string) mounted {
	dir := t.TempDir()
	upper, work, merged := subdir(t, dir, "upper"), subdir(t, dir, "work"), subdir(t, dir, "merged")
	write(t, join(lower, "lower.log"), lowerLog)
	mount(t, "none", merged, "overlay", "lowerdir="+lower+",upperdir="+upper+",workdir="+work)
	return mounted{merged, merged}
}

// mountFUSE shows a directory a second time by way of bindfs, a process of its own. What
// is written to the directory is not told to who watches the mount, but shown at once: a
// mount that caches names and pages shows, for that long, files that never were.
func mountFUSE(t *testing.T) mounted {
	program, err := exec.LookPath("bindfs")
	if err != nil {
		t.Skip("bindfs is not installed")
	}
	behind, dir := t.TempDir(), t.TempDir()
	daemon := exec.Command(program, "-f", "-o", "direct_io,attr_timeout=0,entry_timeout=0", behind, dir)
	must(t, daemon.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		daemon.Wait()
	}()
	t.Cleanup(func() {
		unix.Unmount(dir, unix.MNT_DETACH)
		daemon.Process.Kill()
		<-ended
	})
	within(t, patience, func() error {
		select {
		case <-ended:
			t.Skip("bindfs mounts nothing here")
		default:
		}
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err != nil || s.Type != unix.FUSE_SUPER_MAGIC {
			return fmt.Errorf("bindfs has not mounted yet: %v", err)
		}
		return nil
	})
	return mounted{dir, behind}
}

// On whatever file system: what is appended, rotated, truncated and removed is followed,
// and health says how files are recognised there and whether they have to be polled.
func TestFollower_onEachFileSystem(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	for _, c := range []struct {
		name     string
		mount    func(t *testing.T) mounted
		identity string
		silent   string
		holes    bool
	}{
		{name: "here", mount: func(t *testing.T) mounted {
			dir := t.TempDir()
			return mounted{dir, dir}
		}, identity: "strong", holes: true},
		{name: "tmpfs", mount: mountTmpfs, identity: "strong", holes: true},
		{name: "overlay", mount: func(t *testing.T) mounted { return mountOverlay(t, t.TempDir()) }, identity: "strong", holes: true},
		{name: "overlay over another file system", mount: func(t *testing.T) mounted {
			return mountOverlay(t, mountTmpfs(t).logs)
		}, identity: "strong", holes: true},
		{name: "FUSE", mount: mountFUSE, identity: "weak", silent: "FUSE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.mount(t)
			l := openLogs(t, Options{Poll: 200 * time.Millisecond}, Root{Path: m.logs})
			m.rotated(t, l)
			m.truncated(t, l)
			m.renewed(t, l)
			m.resumed(t)
			if c.holes {
				m.sparse(t, l)
			}
			name := "health.log"
			write(t, join(m.behind, name), "one\n")
			follow(t, l, name, Start{})
			h := l.Health()
			notes := strings.Join(h.Notes, "; ")
			if h.Identity != c.identity || (h.Watching == "polling") != (c.silent != "") || !strings.Contains(notes, c.silent) {
				t.Errorf("health: %+v", h)
			}
			t.Logf("%s: watching %s, identity %s; %s", c.name, h.Watching, h.Identity, notes)
		})
	}
}

func (m mounted) rotated(t *testing.T, l *Logs) {
	t.Helper()
	name := join(m.behind, "rotated.log")
	write(t, name, "one\n")
	f := follow(t, l, "rotated.log", Start{From: FromStart})
	read(t, f, "one\n")
	add(t, name, "two\n")
	read(t, f, "two\n")
	for _, suffix := range []string{"-20261121", "-20261122"} {
		must(t, os.Rename(name, name+suffix))
		add(t, name, "three\n")
		if kinds := read(t, f, "three\n"); !slices.Equal(kinds, []Kind{Rotated}) {
			t.Errorf("a rotation is told as %q", kinds)
		}
	}
}

func (m mounted) truncated(t *testing.T, l *Logs) {
	t.Helper()
	name := join(m.behind, "truncated.log")
	write(t, name, "one\n")
	f := follow(t, l, "truncated.log", Start{From: FromStart})
	read(t, f, "one\n")
	f.hub.looking.Lock() // nobody looks until all of this has happened
	add(t, name, "two\n")
	b, err := os.ReadFile(name)
	must(t, err)
	write(t, name+".1", string(b))
	must(t, os.Truncate(name, 0))
	add(t, name, "three, which makes it longer than it was\n")
	f.hub.looking.Unlock()
	if kinds := read(t, f, "two\nthree, which makes it longer than it was\n"); !slices.Equal(kinds, []Kind{Truncated}) {
		t.Errorf("a truncation is told as %q", kinds)
	}
}

// renewed removes and creates: the file system may give an inode number out again.
func (m mounted) renewed(t *testing.T, l *Logs) {
	t.Helper()
	name := join(m.behind, "renewed.log")
	write(t, name, "line 0\n")
	f := follow(t, l, "renewed.log", Start{From: FromStart})
	read(t, f, "line 0\n")
	for range 3 {
		must(t, os.Remove(name))
		write(t, name, "line 0\n")
		kinds := read(t, f, "line 0\n")
		if last := len(kinds) - 1; last < 0 || kinds[last] != Rotated && kinds[last] != Appeared {
			t.Errorf("another file is told as %q", kinds)
		}
	}
}

// resumed restarts with a cursor after things have happened to the log.
func (m mounted) resumed(t *testing.T) {
	t.Helper()
	name := join(m.behind, "resumed.log")
	cursor := ""
	resume := func(want string, kinds ...Kind) {
		t.Helper()
		l, err := Open([]Root{{Path: m.logs}}, Options{Poll: 50 * time.Millisecond})
		must(t, err)
		defer l.Close()
		start := Start{From: FromStart}
		if cursor != "" {
			start = Start{From: FromCursor, Cursor: cursor, Strict: true}
		}
		f, err := l.Follow(t.Context(), "resumed.log", start)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got := read(t, f, want); !slices.Equal(got, kinds) {
			t.Errorf("%q comes with %q, want %q", want, got, kinds)
		}
		cursor = f.Cursor()
	}
	long := strings.Repeat("0123456789", 10)
	write(t, name, "one "+long+"\n")
	resume("one " + long + "\n")
	add(t, name, "two\n")
	for _, line := range []string{"three\n", "four " + long + "\n"} {
		nextTick(t, m.behind)
		os.Rename(name+".1", name+".2")
		must(t, os.Rename(name, name+".1"))
		write(t, name, line)
	}
	resume("two\nthree\nfour "+long+"\n", Rotated, Rotated)
	add(t, name, "five\n")
	nextTick(t, m.behind)
	b, err := os.ReadFile(name)
	must(t, err)
	must(t, os.Rename(name+".2", name+".3"))
	must(t, os.Rename(name+".1", name+".2"))
	write(t, name+".1", string(b))
	write(t, name, "six, and so much more that it is longer than it was: "+long+long+"\n")
	resume("five\nsix, and so much more that it is longer than it was: "+long+long+"\n", Truncated)
}

// sparse makes a log with a hole of 10 GiB: more than anybody could read in this time.
func (m mounted) sparse(t *testing.T, l *Logs) {
	t.Helper()
	name := join(m.behind, "sparse.log")
	write(t, name, "one\n")
	f := follow(t, l, "sparse.log", Start{From: FromStart})
	read(t, f, "one\n")
	const size = 10 << 30
	must(t, os.Truncate(name, size))
	add(t, name, "two\n")
	nul, hole := int64(0), int64(0)
	for last := ""; last != "two\n"; {
		switch e := next(t, f); e.Kind {
		case Hole:
			hole += *e.Lost
		case Data:
			last = strings.TrimLeft(string(e.Data), "\x00")
			if nul += int64(len(e.Data) - len(last)); nul > 4096 {
				t.Fatalf("%d NUL bytes of the hole are read", nul)
			}
		default:
			t.Fatalf("got %s", e.Kind)
		}
	}
	if nul+hole != size-4 {
		t.Errorf("%d bytes are told as a hole, and %d NUL bytes are read", hole, nul)
	}
}

// A log that a container's image brought is copied to the writable layer with its first
// new byte. It is the same log all the same: nothing is told, nothing comes twice.
func TestFollower_onAnOverlayThatCopiesUp(t *testing.T) {
	if !inOwnMounts(t) {
		return
	}
	for name, lower := range map[string]func(t *testing.T) string{
		"one file system": func(t *testing.T) string { return t.TempDir() },
		"two":             func(t *testing.T) string { return mountTmpfs(t).logs },
	} {
		t.Run(name, func(t *testing.T) {
			m := mountOverlay(t, lower(t))
			l := openLogs(t, Options{Poll: 50 * time.Millisecond}, Root{Path: m.logs})
			f := follow(t, l, "lower.log", Start{From: FromStart})
			read(t, f, lowerLog)
			cursor := f.Cursor()
			nextTick(t, m.behind) // the copy has another birth time
			name := join(m.behind, "lower.log")
			add(t, name, "two\n")
			if kinds := read(t, f, "two\n"); len(kinds) > 0 {
				t.Errorf("events %q", kinds)
			}
			must(t, os.Rename(name, name+".1"))
			write(t, name, "three\n")
			again := follow(t, l, "lower.log", Start{From: FromCursor, Cursor: cursor})
			if kinds := read(t, again, "two\nthree\n"); !slices.Equal(kinds, []Kind{Rotated}) {
				t.Errorf("by a cursor: events %q", kinds)
			}
			if kinds := read(t, f, "three\n"); !slices.Equal(kinds, []Kind{Rotated}) {
				t.Errorf("events %q", kinds)
			}
		})
	}
}
