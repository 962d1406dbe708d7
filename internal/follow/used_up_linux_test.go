package follow

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// everything are the tests that say what following is. They have to pass with any watcher
// and with none.
const everything = "-test.run=^(TestFollower_scenarios|TestFollower_losesNothingInTheNineCases|TestHelper_healthWithoutInotify)$"

// With all inotify instances of its user in use by others, a process follows all the same,
// by polling, and says so.
func TestFollower_withInotifyInstancesUsedUp(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	t.Parallel()
	// Nobody else's tests have this user's instances, and they do not miss them.
	uid := uint32(2_000_000_000 + os.Getpid()%100_000)
	holder := asUser(t, uid, "-test.run=^TestHelper_holdsAllInstances$", "-test.v")
	holder.Env = append(holder.Env, usedUpEnv+"=hold")
	in, err := holder.StdinPipe()
	must(t, err)
	out, err := holder.StdoutPipe()
	must(t, err)
	must(t, holder.Start())
	defer func() {
		in.Close()
		if err := holder.Wait(); err != nil {
			t.Error(err)
		}
	}()
	held := ""
	for lines := bufio.NewScanner(out); held == "" && lines.Scan(); {
		held, _ = strings.CutPrefix(lines.Text(), "holding ")
		if held == lines.Text() {
			held = ""
		}
	}
	go io.Copy(io.Discard, out)
	if held == "" || held == "0" {
		t.Fatal("the other process holds no instance")
	}
	child := asUser(t, uid, everything, "-nine.seeds=2", "-test.v")
	child.Env = append(child.Env, usedUpEnv+"=instances")
	runEverything(t, child)
}

// The helper holds all instances that its user can have until its stdin ends.
func TestHelper_holdsAllInstances(t *testing.T) {
	if os.Getenv(usedUpEnv) != "hold" {
		t.Skip("it is run by another test")
	}
	all := 0
	for {
		if _, err := unix.InotifyInit1(unix.IN_CLOEXEC); err != nil {
			break
		}
		all++
	}
	fmt.Printf("holding %d\n", all)
	io.Copy(io.Discard, os.Stdin)
}

// The same with an instance, but without a watch to put into it.
func TestFollower_withInotifyWatchesUsedUp(t *testing.T) {
	t.Parallel()
	const limit = "echo 0 >/proc/sys/user/max_inotify_watches || exit 77; exec \"$0\" \"$@\""
	program, err := os.Executable()
	must(t, err)
	child := exec.Command("/bin/sh", "-c", limit, program, everything, "-nine.seeds=2", "-test.v")
	child.Env = quickExit(usedUpEnv + "=watches")
	child.SysProcAttr = &syscall.SysProcAttr{
		// A user namespace has limits of its own below those of the machine.
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	runEverything(t, child)
}

// runEverything runs a process with the tests of everything, and sees to it that they were
// run where no inotify is left, and passed.
func runEverything(t *testing.T, child *exec.Cmd) {
	t.Helper()
	b, err := child.CombinedOutput()
	if child.ProcessState == nil || child.ProcessState.ExitCode() == 77 {
		t.Skipf("no such limit can be set here: %v", err)
	}
	out := string(b)
	for line := range strings.Lines(out) {
		if strings.Contains(line, "health: ") {
			t.Log(strings.TrimSpace(line), "and", strings.Count(out, "--- PASS"), "tests passed")
		}
	}
	for _, name := range []string{"TestFollower_scenarios", "TestFollower_losesNothingInTheNineCases", "TestHelper_healthWithoutInotify"} {
		if err != nil || !strings.Contains(out, "--- PASS: "+name+" ") {
			t.Fatalf("without inotify: %v\n%s", err, out)
		}
	}
}

// The helper looks at what health says where no inotify is left.
func TestHelper_healthWithoutInotify(t *testing.T) {
	if !inotifyUsedUp() {
		t.Skip("it is run by another test")
	}
	dir, l := openDir(t, Options{Poll: 20 * time.Millisecond})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{})
	h := l.Health()
	t.Logf("health: %+v", h)
	if h.Watching != "polling" || len(h.Notes) != 1 || !strings.Contains(h.Notes[0], dir) {
		t.Error("it does not say that, and what, is polled")
	}
	add(t, name, "two\n")
	read(t, f, "two\n")
}
