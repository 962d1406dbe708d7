package follow

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const childEnv = "FOLLOW_TEST_AS_NOBODY"

// asNobody runs the calling test again in a process of another user, since nothing is
// denied to root, and limits of one user are another's too. It reports true in that
// process.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childEnv) != "" {
		return true
	}
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	child := asUser(t, 65534, "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(child.Env, childEnv+"=1")
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
	return false
}

// asUser prepares a process of another user that runs this program, in a directory where
// it may write and finds the scenarios.
func asUser(t *testing.T, uid uint32, args ...string) *exec.Cmd {
	t.Helper()
	dir, err := os.MkdirTemp("", "follow")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.CopyFS(join(dir, "testdata"), os.DirFS("testdata")))
	must(t, os.Chmod(dir, 0o777))
	program := join(dir, "test") // go test keeps its own where others cannot reach it
	from, err := os.Open("/proc/self/exe")
	must(t, err)
	defer from.Close()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755)
	must(t, err)
	_, err = io.Copy(to, from)
	must(t, errors.Join(err, to.Close()))
	child := exec.Command(program, args...)
	child.Dir = dir
	child.Env = quickExit("TMPDIR=" + dir)
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return child
}

// quickExit is the environment in which a program that is built with the race detector ends
// when it has ended, and not a second later.
func quickExit(more ...string) []string {
	return append(append(os.Environ(), "GORACE=atexit_sleep_ms=0"), more...)
}

// A log that may not be read after a rotation is told as denied, and goes on once it may.
func TestFollower_denied(t *testing.T) {
	if !asNobody(t) {
		return
	}
	dir, l := openDir(t, Options{Poll: 20 * time.Millisecond, Grace: 80 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	must(t, os.Rename(name, name+".1"))
	write(t, join(dir, "new"), "two\n")
	must(t, os.Chmod(join(dir, "new"), 0))
	must(t, os.Rename(join(dir, "new"), name))
	if e := next(t, f); e.Kind != Denied {
		t.Fatalf("got %s %q", e.Kind, e.Data)
	}
	if _, err := l.Follow(t.Context(), "app.log", Start{Wait: true}); refused(t, err) != WhyDenied {
		t.Errorf("another follower: %v", err)
	}
	must(t, os.Chmod(name, 0o644))
	if kinds := read(t, f, "two\n"); !slices.Equal(kinds, []Kind{Rotated}) {
		t.Errorf("events %q", kinds)
	}
}

// Who comes after the permission was taken away gets nothing, though somebody who came
// before still holds the log open.
func TestLogs_deniedToWhoComesLater(t *testing.T) {
	if !asNobody(t) {
		return
	}
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	cursor := f.Cursor()
	must(t, os.Chmod(name, 0))
	for what, start := range map[string]Start{
		"tail": {Lines: 10}, "start": {From: FromStart}, "wait": {Wait: true}, "once": {From: FromStart, Once: true},
		"cursor": {From: FromCursor, Cursor: cursor},
	} {
		later, err := l.Follow(t.Context(), "app.log", start)
		if refused(t, err) != WhyDenied {
			t.Errorf("%s: %v", what, err)
		}
		if later != nil {
			later.Close()
		}
	}
}

// With no inotify instance left a log is polled, everything works, and Health says so.
func TestLogs_pollWithoutInotify(t *testing.T) {
	if !asNobody(t) {
		return
	}
	var all []int
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			break
		}
		all = append(all, fd)
	}
	dir, l := openDir(t, Options{Poll: 20 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	if h := l.Health(); h.Watching != "polling" || len(h.Notes) == 0 {
		t.Errorf("health: %+v", h)
	}
	add(t, name, "two\n")
	read(t, f, "two\n")
	for _, fd := range all {
		must(t, unix.Close(fd))
	}
	for l.Health().Watching == "polling" { // until the next poll finds one
		add(t, name, "three\n")
		read(t, f, "three\n")
	}
}

// A generation that may not be read is a gap; the log goes on behind it.
func TestFollower_unreadableGeneration(t *testing.T) {
	if !asNobody(t) {
		return
	}
	for _, away := range []bool{false, true} {
		dir := t.TempDir()
		opt := Options{NoWatch: true, Poll: 20 * time.Millisecond, Grace: 80 * time.Millisecond}
		l := openLogs(t, opt, Root{Path: dir})
		name := join(dir, "app.log")
		write(t, name, "one\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		read(t, f, "one\n")
		if away {
			must(t, f.Close())
		} else {
			f.hub.looking.Lock() // both rotations are between two looks
		}
		nextTick(t, dir)
		must(t, os.Rename(name, name+"-20261121"))
		write(t, name, "two\n")
		must(t, os.Chmod(name, 0))
		nextTick(t, dir)
		must(t, os.Rename(name, name+"-20261122"))
		write(t, name, "three\n")
		if away {
			f = follow(t, l, "app.log", Start{From: FromCursor, Cursor: f.Cursor()})
		} else {
			f.hub.looking.Unlock()
		}
		if kinds := read(t, f, "three\n"); !slices.Equal(kinds, []Kind{Gap, Rotated}) {
			t.Errorf("away %v: events %q", away, kinds)
		}
	}
}

// In a root that may be entered but no longer be listed a log is followed through its
// rotations, and each tells that it cannot be known what was in between.
func TestFollower_rootThatMayNotBeListed(t *testing.T) {
	if !asNobody(t) {
		return
	}
	dir, l := openDir(t, Options{Poll: 20 * time.Millisecond, Grace: 80 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	must(t, os.Chmod(dir, 0o311))
	defer os.Chmod(dir, 0o755)
	must(t, os.Rename(name, name+".1"))
	add(t, name, "two\n")
	if kinds := read(t, f, "two\n"); !slices.Equal(kinds, []Kind{Gap, Rotated}) {
		t.Errorf("events %q", kinds)
	}
}
