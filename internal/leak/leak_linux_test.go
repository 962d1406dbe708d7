package leak_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/leak"
)

// TestOf_seesWhatWasTaken: a descriptor, a socket with its ends and state, a watch,
// each told as what it is; and nothing any more once they are given back.
func TestOf_seesWhatWasTaken(t *testing.T) {
	before := held(t)
	file, err := os.Open("main_test.go")
	must(t, err)
	defer file.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	notify, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	must(t, err)
	defer unix.Close(notify)
	_, err = unix.InotifyAddWatch(notify, t.TempDir(), unix.IN_CREATE)
	must(t, err)

	more := held(t).Beyond(before)
	if n := len(more.Watches); n != 1 || more.Watches[0].FD != notify || !strings.HasPrefix(more.Watches[0].Inode, "ino:") {
		t.Errorf("watches: %+v", more.Watches)
	}
	for _, want := range []string{
		fmt.Sprintf("descriptor %d: %s/main_test.go\n", file.Fd(), wd(t)),
		fmt.Sprintf(" %s <- 0.0.0.0:0 LISTEN\n", listener.Addr()),
		fmt.Sprintf("descriptor %d: anon_inode:inotify\n", notify),
		fmt.Sprintf("inotify watch 1 of descriptor %d: ino:", notify),
	} {
		if !strings.Contains(more.String(), want) {
			t.Errorf("%q is missing in\n%s", want, more)
		}
	}

	file.Close()
	listener.Close()
	unix.Close(notify)
	if left := held(t).Beyond(before); !left.Empty() || left.String() != "" {
		t.Errorf("left:\n%s", left)
	}
}

// TestBeyond_oneForAnother: a descriptor that took the place of another is no less
// of a leak.
func TestBeyond_oneForAnother(t *testing.T) {
	was := leak.Held{Descriptors: []leak.Descriptor{{FD: 7, Path: "socket:[1]"}}, Goroutines: 5}
	is := leak.Held{Descriptors: []leak.Descriptor{{FD: 7, Path: "socket:[2]"}}, Goroutines: 4}
	if more := is.Beyond(was); len(more.Descriptors) != 1 || more.Goroutines != 0 {
		t.Errorf("%+v", more)
	}
}

// TestOf_anotherProcess: what a child holds, and what it gives back.
func TestOf_anotherProcess(t *testing.T) {
	leak.Check(t)
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	must(t, err)
	must(t, child.Start())
	defer child.Wait()
	defer in.Close()
	of := func() (leak.Held, error) { return leak.Of(child.Process.Pid) }
	now, err := of()
	if err != nil || len(now.Descriptors) < 3 || now.Descriptors[0].FD != 0 || !strings.HasPrefix(now.Descriptors[0].Path, "pipe:") {
		t.Fatalf("%+v, %v", now, err)
	}
	if err := leak.AwaitBack(now, of); err != nil {
		t.Error(err)
	}
}

// TestAwaitBack_seesWhatStays: what a process goes on to hold is told.
func TestAwaitBack_seesWhatStays(t *testing.T) {
	t.Setenv("LEAK_PATIENCE", "10ms")
	err := leak.AwaitBack(leak.Held{Goroutines: 3}, func() (leak.Held, error) { return leak.Held{Goroutines: 5}, nil })
	if err == nil || !strings.HasSuffix(err.Error(), "\n2 goroutines\n") {
		t.Errorf("%v", err)
	}
}

// TestCheck_seesAPlant: a test of this binary that leaves something behind fails,
// and says exactly what; one that gives it back late does not. So does a package
// whose parallel tests leave something.
func TestCheck_seesAPlant(t *testing.T) {
	tests := map[string]string{ // plant to what is said of it
		"descriptor":          "main_test.go",
		"watch":               "inotify watch 1 of descriptor ",
		"goroutine":           "leak_test.lingerOn",
		"nothing":             "",
		"late":                "",
		"parallel/descriptor": "main_test.go",
		"parallel/goroutine":  "leak_test.lingerOn",
		"parallel/nothing":    "",
	}
	for plant, said := range tests {
		t.Run(plant, func(t *testing.T) {
			t.Parallel()
			name := "^TestPlanted$"
			if kind, ok := strings.CutPrefix(plant, "parallel/"); ok {
				name, plant = "^TestPlanted_inParallel$", kind
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+name)
			child.Env = append(os.Environ(), plantEnv+"="+plant, "LEAK_PATIENCE=1s")
			out, err := child.CombinedOutput()
			switch {
			case said == "" && err != nil:
				t.Errorf("%v:\n%s", err, out)
			case said != "" && (err == nil || !strings.Contains(string(out), said) || !strings.Contains(string(out), "left behind")):
				t.Errorf("%v, %q is missing in:\n%s", err, said, out)
			}
		})
	}
}

// plantEnv is what a child process of TestCheck_seesAPlant is to leave behind.
const plantEnv = "LEAK_TEST_PLANT"

// TestPlanted is no test but the child process of another.
func TestPlanted(t *testing.T) {
	if os.Getenv(plantEnv) == "" {
		t.Skip("only as a child process")
	}
	leak.Check(t)
	t.Run("inner", func(t *testing.T) { // what a subtest takes may be the outer test's
		leak.Check(t)
		leaveBehind(t)
	})
}

// TestPlanted_inParallel: Check leaves it to Main.
func TestPlanted_inParallel(t *testing.T) {
	if os.Getenv(plantEnv) == "" {
		t.Skip("only as a child process")
	}
	t.Parallel()
	leak.Check(t)
	leaveBehind(t)
}

func leaveBehind(t *testing.T) {
	switch os.Getenv(plantEnv) {
	case "descriptor":
		_, err := unix.Open("main_test.go", unix.O_RDONLY|unix.O_CLOEXEC, 0) // no os.File, which the garbage collector would close
		must(t, err)
	case "watch":
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		must(t, err)
		_, err = unix.InotifyAddWatch(fd, ".", unix.IN_CREATE)
		must(t, err)
	case "goroutine":
		go lingerOn(context.Background())
	case "late":
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		go func() {
			defer cancel()
			lingerOn(ctx)
		}()
	}
}

// lingerOn waits for ctx, which it shares with nobody.
func lingerOn(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-make(chan struct{}):
	}
}

func held(t *testing.T) leak.Held {
	t.Helper()
	h, err := leak.Of(os.Getpid())
	must(t, err)
	return h
}

func wd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
