package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A cursor is good after each byte, not only after each event.
func TestEvent_cursorAtEachByte(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	text := strings.Repeat("0123456789abcdef line\n", 12)
	write(t, join(dir, "app.log"), text)
	f := follow(t, l, "app.log", Start{From: FromStart})
	e := next(t, f)
	if string(e.Data) != text {
		t.Fatalf("got %q", e.Data)
	}
	for n := range len(text) + 1 {
		again := follow(t, l, "app.log", Start{From: FromCursor, Cursor: e.CursorAt(n), Once: true})
		if met := again.Opening().Met; met != MetContinued {
			t.Fatalf("after %d bytes: met %s", n, met)
		}
		if n < len(text) {
			read(t, again, text[n:])
		}
		if _, err := again.Next(t.Context()); err != io.EOF {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		again.Close()
	}
	if f.Cursor() != e.CursorAt(len(text)) {
		t.Error("the follower is not where its last event ended")
	}
}

func TestFollower_nudge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true})
		write(t, join(dir, "app.log"), "one\n")
		f := follow(t, l, "app.log", Start{})
		for _, before := range []bool{true, false} {
			if before {
				f.Nudge()
				f.Nudge() // as good as one
			} else {
				go func() {
					time.Sleep(time.Hour)
					f.Nudge()
				}()
			}
			if e := must2(f.Next(t.Context())); e.Kind != Nothing {
				t.Errorf("got %s", e.Kind)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := f.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the nudges: %v", err)
		}
		f.Close()
		l.Close()
	})
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Next ends with the cause of its context, and goes on with the next one.
func TestFollower_nextEndsWithTheCause(t *testing.T) {
	dir, l := openDir(t, Options{})
	write(t, join(dir, "app.log"), "one\n")
	f := follow(t, l, "app.log", Start{})
	because := errors.New("because")
	ctx, cancel := context.WithCancelCause(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := f.Next(ctx)
		waiting <- err
	}()
	cancel(because)
	if err := <-waiting; err != because {
		t.Errorf("got %v", err)
	}
	add(t, join(dir, "app.log"), "two\n")
	read(t, f, "two\n")
}

// What a writer appends to the old file while it is told to reopen its log comes before
// the new file's bytes, though those are there already.
func TestFollower_waitsForALateWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true, Poll: 10 * time.Millisecond})
		name := join(dir, "app.log")
		write(t, name, "one\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		read(t, f, "one\n")
		must(t, os.Rename(name, name+".1"))
		go func() {
			add(t, name, "three\n")
			time.Sleep(defaultSettle - 20*time.Millisecond)
			add(t, name+".1", "two\n")
		}()
		began := time.Now()
		if kinds := read(t, f, "two\nthree\n"); !slices.Equal(kinds, []Kind{Rotated}) {
			t.Errorf("events %q", kinds)
		}
		if waited := time.Since(began); waited > 3*defaultSettle {
			t.Errorf("the new file's bytes came after %v", waited)
		}
		f.Close()
		l.Close()
	})
}

// A writer that does not stop appending to the old file delays the new one's bytes for a
// second, no longer; what it writes then is told as late.
func TestFollower_doesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true, Poll: 10 * time.Millisecond})
		name := join(dir, "app.log")
		write(t, name, "")
		f := follow(t, l, "app.log", Start{From: FromStart})
		must(t, os.Rename(name, name+".1"))
		add(t, name, "new\n")
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for ctx.Err() == nil {
				add(t, name+".1", "old\n")
				time.Sleep(10 * time.Millisecond)
			}
		}()
		began := time.Now()
		rotated, came := false, false
		for late := false; !late; {
			e := must2(f.Next(t.Context()))
			rotated = rotated || e.Kind == Rotated
			came = came || string(e.Data) == "new\n"
			late = e.Kind == Late
		}
		if waited := time.Since(began); !rotated || !came || waited > 2*maxSettle {
			t.Errorf("rotated %v, the new file's bytes %v, after %v", rotated, came, waited)
		}
		stop()
		<-stopped
		f.Close()
		l.Close()
	})
}

// A removed file's space is given back within the grace period and a little.
func TestFollower_aRemovedFileIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true})
		name := join(dir, "app.log")
		write(t, name, "one\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		must2(f.Next(t.Context()))
		must(t, os.Remove(name))
		if e := must2(f.Next(t.Context())); e.Kind != Removed {
			t.Fatalf("got %s", e.Kind)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if e, err := f.Next(ctx); err == nil {
			t.Errorf("got %s", e.Kind)
		}
		f.hub.mu.Lock()
		held := len(f.hub.bodies)
		f.hub.mu.Unlock()
		if held > 0 {
			t.Errorf("%d files are still held", held)
		}
		f.Close()
		l.Close()
	})
}

// Bytes are passed as they are: not text, not lines, no matter how they are cut.
func TestFollower_bytesExactly(t *testing.T) {
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	write(t, name, "")
	f := follow(t, l, "app.log", Start{From: FromStart})
	random := rand.New(rand.NewPCG(1, 2))
	var want, got bytes.Buffer
	w, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer w.Close()
	for got.Len() < 4<<20 {
		piece := make([]byte, random.IntN(600<<10))
		for i := range piece {
			piece[i] = byte(random.Uint32())
		}
		must2(w.Write(piece))
		want.Write(piece)
		for got.Len() < want.Len() {
			e := next(t, f)
			if e.Kind != Data || len(e.Data) > MaxData {
				t.Fatalf("got %s of %d bytes", e.Kind, len(e.Data))
			}
			got.Write(e.Data)
		}
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Error("what was read is not what was written")
	}
}

// A log that is patched where it stands has other content: it is told as begun anew, and
// read again, instead of being read on as if nothing was.
func TestFollower_patchedInPlace(t *testing.T) {
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	text := strings.Repeat("0123456789", 20)
	write(t, name, text)
	f := follow(t, l, "app.log", Start{From: FromStart}) // has read nothing yet
	w, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	defer w.Close()
	must2(w.WriteAt([]byte("X"), 0))
	if kinds := read(t, f, "X"+text[1:]); len(kinds) == 0 || kinds[len(kinds)-1] != Truncated {
		t.Errorf("events %q", kinds)
	}
	must2(w.WriteAt([]byte("Y"), 150)) // within what is compared before the end
	if kinds := read(t, f, "X"+text[1:150]+"Y"+text[151:]); !slices.Equal(kinds, []Kind{Truncated}) {
		t.Errorf("events %q", kinds)
	}
}

// The hub finds out by itself that a log was rewritten, also when it begins as before
// and is larger: not only when a follower stumbles over it.
func TestHub_seesARewrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true})
		name := join(dir, "app.log")
		header := strings.Repeat("# header ", 20)
		write(t, name, header+strings.Repeat("one ", 20))
		f := follow(t, l, "app.log", Start{}) // and never reads
		size := f.Size()
		write(t, name, header+strings.Repeat("two ", 40))
		time.Sleep(2 * defaultPoll)
		f.hub.mu.Lock()
		seen := f.pos.at.gen.next != nil
		f.hub.mu.Unlock()
		if !seen || f.Size() <= size {
			t.Error("it was not seen")
		}
		f.Close()
		l.Close()
	})
}

// One hub, one descriptor and one watch do for however many; with the last that goes
// they go.
func TestFollower_aThousandShareOneHub(t *testing.T) {
	before := held(t)
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	write(t, name, "one\n")
	opened := held(t)
	var all []*Follower
	for range 1000 {
		all = append(all, follow(t, l, "app.log", Start{From: FromStart}))
	}
	var wg sync.WaitGroup
	for _, f := range all {
		wg.Go(func() { read(t, f, "one\ntwo\n") })
	}
	add(t, name, "two\n")
	wg.Wait()
	if h := l.Health(); h.Hubs != 1 || h.Watches != 1 {
		t.Errorf("health: %+v", h)
	}
	now := held(t)
	if now.files > opened.files+4 || now.watches > opened.watches+1 { // inotify, epoll and its pipe, the log
		t.Errorf("a thousand followers hold %+v, before them it was %+v", now, opened)
	}
	for _, f := range all {
		must(t, f.Close())
		must(t, f.Close())
	}
	if h := l.Health(); h.Hubs != 0 || h.Watches != 0 {
		t.Errorf("after the last went: %+v", h)
	}
	if after := held(t); after.watches > before.watches {
		t.Errorf("after the last went %d directories are watched, before it was %d", after.watches, before.watches)
	}
	must(t, l.Close())
	if after := held(t); after.files > before.files || after.watches > before.watches {
		t.Errorf("held %+v, before it was %+v", after, before)
	}
}

// An idle follower gives its buffer back before it waits.
func TestFollower_idleHoldsNoBuffer(t *testing.T) {
	dir, l := openDir(t, Options{})
	write(t, join(dir, "app.log"), "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	if f.buf == nil {
		t.Fatal("the test looks in the wrong place")
	}
	f.Nudge()
	next(t, f)
	if f.buf != nil {
		t.Error("it holds one")
	}
}

func TestLogs_closeEndsFollowers(t *testing.T) {
	dir, l := openDir(t, Options{})
	write(t, join(dir, "app.log"), "one\n")
	f := follow(t, l, "app.log", Start{})
	ended := make(chan error)
	go func() {
		_, err := f.Next(context.Background())
		ended <- err
	}()
	must(t, l.Close())
	if err := <-ended; err != ErrClosed {
		t.Errorf("Next: %v", err)
	}
	must(t, f.Close())
	if _, err := l.Follow(t.Context(), "app.log", Start{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Follow: %v", err)
	}
}

// A follower that is generations behind gets all of them, though few are held open.
func TestFollower_farBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{NoWatch: true})
		name := join(dir, "app.log")
		write(t, name, "line 0\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		want := "line 0\n"
		const generations = 5 * maxOpen
		for i := 1; i < generations; i++ {
			time.Sleep(3 * time.Second)
			must(t, os.Rename(name, fmt.Sprintf("%s-20261122%06d", name, i)))
			line := fmt.Sprintf("line %d\n", i)
			add(t, name, line)
			want += line
		}
		time.Sleep(10 * time.Second)
		if h := l.Health(); h.Generations > maxOpen+1 {
			t.Errorf("%d generations are held open", h.Generations)
		}
		kinds := read(t, f, want)
		if slices.ContainsFunc(kinds, func(k Kind) bool { return k != Rotated }) || len(kinds) != generations-1 {
			t.Errorf("events %q", kinds)
		}
		f.Close()
		l.Close()
	})
}

func TestSnapshot_isOneGeneration(t *testing.T) {
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	text := strings.Repeat("a line of more than some bytes\n", 10)
	write(t, name, text)
	s, err := l.Read("app.log")
	must(t, err)
	defer s.Close()
	add(t, name, "more\n")
	b, err := io.ReadAll(io.NewSectionReader(s, 0, 1<<20))
	if string(b) != text || err != nil || s.Size() != int64(len(text)) {
		t.Errorf("read %q, %v, size %d", b, err, s.Size())
	}
	tag := func() string {
		info, err := l.Stat("app.log")
		must(t, err)
		return info.Tag
	}
	if tag() != s.Tag() {
		t.Error("appending changed the tag")
	}
	write(t, name, strings.Repeat("another line in the same file\n", 10))
	if tag() == s.Tag() {
		t.Error("rewriting did not change the tag")
	}
	must(t, os.Rename(name, name+".1"))
	write(t, name, text)
	if tag() == s.Tag() {
		t.Error("rotating did not change the tag")
	}
	info, err := l.Stat("app.log")
	must(t, err)
	f := follow(t, l, "app.log", Start{From: FromCursor, Cursor: info.Cursor})
	add(t, name, "after the cursor\n")
	read(t, f, "after the cursor\n")
}

// A follower knows how old what it begins with is, and nothing of a log that is not there.
func TestFollower_openingTellsTheLogsAge(t *testing.T) {
	dir, l := openDir(t, Options{})
	write(t, join(dir, "app.log"), "one\n")
	old := time.Now().Add(-72 * time.Hour).Truncate(time.Second)
	must(t, os.Chtimes(join(dir, "app.log"), old, old))
	f := follow(t, l, "app.log", Start{Lines: 10})
	if got := f.Opening().Modified; !got.Equal(old) {
		t.Errorf("modified %v, want %v", got, old)
	}
	again := follow(t, l, "app.log", Start{From: FromCursor, Cursor: f.Cursor()})
	if got := again.Opening().Modified; !got.Equal(old) {
		t.Errorf("by a cursor: modified %v, want %v", got, old)
	}
	if got := follow(t, l, "later.log", Start{Wait: true}).Opening().Modified; !got.IsZero() {
		t.Errorf("a log that is not there was modified %v", got)
	}
}

// A cursor inside the first bytes, and one after bytes that were the first when its
// generation was met, is one like any other.
func TestFollower_cursorsOfAGenerationThatBegins(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true, Poll: time.Hour})
	name := join(dir, "app.log")
	write(t, name, "short line\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "short line\n")
	text := strings.Repeat("0123456789", 20) + "\n"
	add(t, name, text)
	f.hub.hint()
	e := next(t, f)
	if string(e.Data) != text {
		t.Fatalf("read %q", e.Data)
	}
	for n := range len(e.Data) + 1 {
		again := openLogs(t, Options{NoWatch: true}, Root{Path: dir})
		g := follow(t, again, "app.log", Start{From: FromCursor, Cursor: e.CursorAt(n)})
		if met := g.Opening().Met; met != MetContinued {
			t.Fatalf("after %d bytes: met %s", n, met)
		}
		g.Close()
		again.Close()
	}
}
