package follow

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
)

// With every hint lost a change is seen within one poll.
func TestFollower_pollAloneIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true, Poll: time.Second})
		name := join(dir, "app.log")
		write(t, name, "")
		f := follow(t, l, "app.log", Start{})
		for i := range 20 {
			line := fmt.Sprintf("line %d\n", i)
			wrote := make(chan time.Time, 1)
			go func() {
				time.Sleep(5 * time.Minute) // Next waits for it
				add(t, name, line)
				wrote <- time.Now()
			}()
			e := must2(f.Next(t.Context()))
			if took := time.Since(<-wrote); string(e.Data) != line || took > time.Second {
				t.Fatalf("got %q after %v", e.Data, took)
			}
		}
		f.Close()
		l.Close()
	})
}

// quieten lets the hub act on all hints that it has.
func quieten(f *Follower) {
	for range 3 {
		for len(f.hub.kick) > 0 {
			runtime.Gosched()
		}
		f.hub.looking.Lock() // waits for its look to be over
		runtime.Gosched()
		f.hub.looking.Unlock()
	}
}

// With a watcher no poll is needed: what happens to the log, and to what leads to it, is
// seen by itself.
func TestFollower_hintsAloneAreEnough(t *testing.T) {
	if watcherName != "inotify" {
		t.Skip("only promised with inotify")
	}
	dir, l := openDir(t, Options{Poll: time.Hour})
	for _, sub := range []string{"one", "two"} {
		must(t, os.Mkdir(join(dir, sub), 0o755))
		write(t, join(dir, sub, "app.log"), sub+"\n")
	}
	must(t, os.Symlink("one", join(dir, "current")))
	must(t, os.Symlink("current/app.log", join(dir, "link")))
	direct := follow(t, l, "one/app.log", Start{})
	linked := follow(t, l, "link", Start{})
	missing := follow(t, l, "three/four/app.log", Start{From: FromStart, Wait: true})
	happen := func(f *Follower, want string, change func(), kinds ...Kind) {
		t.Helper()
		quieten(f)
		change()
		if got := read(t, f, want); !slices.Equal(got, kinds) {
			t.Errorf("%q came with %q, want %q", want, got, kinds)
		}
	}
	name := join(dir, "one", "app.log")
	happen(linked, "two\n", func() {
		must(t, os.Symlink("two", join(dir, "new")))
		must(t, os.Rename(join(dir, "new"), join(dir, "current")))
	}, Gap, Rotated)
	happen(direct, "two\nthree\n", func() {
		add(t, name, "two\n")
		must(t, os.Rename(name, name+".1"))
		add(t, name, "three\n")
	}, Rotated)
	happen(missing, "five\n", func() {
		must(t, os.MkdirAll(join(dir, "three", "four"), 0o755))
		add(t, join(dir, "three", "four", "app.log"), "five\n")
	}, Appeared)
}

// When the watcher's queue runs over, anything may have happened: everything is looked at.
func TestFollower_overflowLooksAtEverything(t *testing.T) {
	dir, l := openDir(t, Options{Poll: time.Hour})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	f := follow(t, l, "app.log", Start{})
	must(t, l.watcher.fs.Remove(l.roots[0].path)) // from here on every hint is lost
	quieten(f)
	must(t, os.Rename(name, name+".1"))
	add(t, name, "two\n")
	l.watcher.fs.Errors <- fsnotify.ErrEventOverflow
	if kinds := read(t, f, "two\n"); !slices.Equal(kinds, []Kind{Rotated}) {
		t.Errorf("events %q", kinds)
	}
}
