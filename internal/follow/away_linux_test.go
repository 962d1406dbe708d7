package follow

import (
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Who waited for a log, went before it came, and comes back while its directory is away gets
// all that the log has been since: the directory is waited for, although others have the
// current generation in hand.
func TestFollow_anEarlyCursorWhileTheDirectoryIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true})
		must(t, os.Mkdir(join(dir, "d"), 0o755))
		name := join(dir, "d", "app.log")
		early := follow(t, l, "d/app.log", Start{Wait: true})
		cursor := early.Cursor()
		early.Close()
		write(t, name, "one\n")
		must(t, os.Rename(name, name+".1"))
		nextTick(t, dir)
		write(t, name, "two\n")
		read(t, follow(t, l, "d/app.log", Start{From: FromStart}), "two\n")
		must(t, os.Rename(join(dir, "d"), join(dir, "away")))
		var refused *Refusal
		if _, err := l.Follow(t.Context(), "d/app.log", Start{From: FromCursor, Cursor: cursor}); !errors.As(err, &refused) || refused.Why != WhyNotFound {
			t.Errorf("who does not wait is told %v", err)
		}
		f := follow(t, l, "d/app.log", Start{From: FromCursor, Cursor: cursor, Wait: true})
		time.Sleep(2 * defaultPoll)
		must(t, os.Rename(join(dir, "away"), join(dir, "d")))
		if kinds := read(t, f, "one\ntwo\n"); slices.Contains(kinds, Gap) {
			t.Errorf("events %q", kinds)
		}
		l.Close()
	})
}

// A closed generation is waited for while its directory is away, however long the log itself had
// been gone before that.
func TestFiles_aDirectoryIsWaitedForFromWhenItWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{MaxFiles: MinFiles, NoWatch: true})
		for _, name := range []string{"a.log", "b.log", "c.log"} {
			write(t, join(dir, name), "begins\n")
			follow(t, l, name, Start{})
		}
		must(t, os.Mkdir(join(dir, "d"), 0o755))
		name := join(dir, "d", "app.log")
		write(t, name, "one\n")
		f := follow(t, l, "d/app.log", Start{From: FromStart})
		must(t, os.Rename(name, name+".1"))
		nextTick(t, dir)
		write(t, name, "two\n")
		time.Sleep(2 * defaultGrace)
		must(t, os.Rename(name, join(dir, "d", "hidden")))
		time.Sleep(2 * maxAway)
		must(t, os.Rename(join(dir, "d"), join(dir, "away")))
		e := make(chan Event)
		go func() { e <- next(t, f) }() // comes to the closed one, and waits
		time.Sleep(maxAway - 2*defaultPoll)
		must(t, os.Rename(join(dir, "away"), join(dir, "d")))
		if e := <-e; e.Kind != Data || string(e.Data) != "one\n" {
			t.Errorf("got %s %q", e.Kind, e.Data)
		}
		read(t, f, "two\n")
		l.Close()
	})
}
