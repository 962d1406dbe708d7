package follow

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Logs that are rotated fast, each with a client that has stopped reading, have no more files
// open than they may, and those who read go on reading. Who goes on later gets every byte that
// still has a name, and is told how many have none.
func TestFiles_aStuckReaderOfEachLog(t *testing.T) {
	const (
		logs, limit = 20, 24
		rotations   = 15
	)
	for _, keep := range []int{rotations + 1, 4} {
		t.Run(fmt.Sprintf("keep=%d", keep), func(t *testing.T) {
			dir, l := openDir(t, Options{MaxFiles: limit, Poll: 20 * time.Millisecond, Grace: 200 * time.Millisecond})
			most := watchOpen(t, dir)
			rotators := make([]*numbered, logs)
			stuck, live := make([]*Follower, logs), make([]*Follower, logs)
			heard := make([]tallied, logs)
			want := make([]strings.Builder, logs)
			put := func(i int, line string) {
				add(t, rotators[i].name, line)
				want[i].WriteString(line)
			}
			for i := range logs {
				name := fmt.Sprintf("app%d.log", i)
				rotators[i] = &numbered{name: join(dir, name), keep: keep}
				put(i, fmt.Sprintf("log %d begins\n", i))
				stuck[i] = follow(t, l, name, Start{From: FromStart})
				live[i] = follow(t, l, name, Start{From: FromStart})
			}
			for n := range rotations {
				for i, r := range rotators {
					nextTick(t, dir)
					r.rotate(t)
					put(i, fmt.Sprintf("log %d, %s %d\n", i, strings.Repeat("x", 100), n))
				}
				for i, f := range live { // all logs are followed all the time
					for heard[i].data.Len() < want[i].Len() {
						heard[i].take(t, f)
					}
				}
			}
			for i := range live {
				if heard[i].data.String() != want[i].String() || heard[i].lost > 0 || heard[i].gaps > 0 {
					t.Errorf("log %d: who reads it all the time has %d of %d bytes, and gaps of %d", i, heard[i].data.Len(), want[i].Len(), heard[i].lost)
				}
			}
			for i, f := range stuck {
				var got tallied
				for int64(got.data.Len())+got.lost < int64(want[i].Len()) {
					got.take(t, f)
				}
				all, have := want[i].String(), got.data.String()
				first, _, _ := strings.Cut(all, "\n")
				if keep > rotations && (got.lost > 0 || have != all) {
					t.Errorf("log %d: %d of %d bytes, and gaps of %d", i, len(have), len(all), got.lost)
				}
				if !strings.HasPrefix(have, first) && got.lost == 0 || int64(len(have))+got.lost != int64(len(all)) || got.gaps > 0 {
					t.Errorf("log %d: %d of %d bytes, and gaps of %d and %d", i, len(have), len(all), got.lost, got.gaps)
				}
				for line := range strings.Lines(have) {
					if !strings.Contains(all, line) || strings.Count(have, line) != 1 {
						t.Errorf("log %d: line %q", i, line)
					}
				}
			}
			if n := most(); n > limit || n < logs {
				t.Errorf("%d files were open at once", n)
			} else {
				t.Logf("at most %d files were open", n)
			}
			for i := range logs {
				stuck[i].Close()
				live[i].Close()
			}
			if n := openBelow(t, dir); n > 0 {
				t.Errorf("%d files are still open", n)
			}
			if h := l.Health(); h.Files > 0 {
				t.Errorf("%d files are still counted", h.Files)
			}
		})
	}
}

// What is open only for late bytes goes before what somebody has yet to read, and late bytes come
// all the same.
func TestFiles_thoseForLateBytesGoFirst(t *testing.T) {
	dir, l := limited(t, 16, "behind.log", "rotated.log", "a.log", "b.log", "c.log", "d.log", "e.log", "f.log")
	stuck := follow(t, l, "behind.log", Start{From: FromStart})
	for i := range 2 { // its generations are needed: three with the current one
		must(t, os.Rename(join(dir, "behind.log"), join(dir, fmt.Sprintf("behind.log-2026112%d", i))))
		nextTick(t, dir)
		add(t, join(dir, "behind.log"), fmt.Sprintf("next %d\n", i))
		eventually(t, func() bool { return l.Health().Generations == i+2 }, "the rotation is seen")
	}
	f := follow(t, l, "rotated.log", Start{From: FromStart})
	read(t, f, "rotated.log begins\n")
	writers := []*os.File{}
	for i := range 4 {
		w, err := os.OpenFile(join(dir, "rotated.log"), os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		defer w.Close()
		writers = append(writers, w)
		must(t, os.Rename(join(dir, "rotated.log"), join(dir, fmt.Sprintf("rotated.log-2026112%d", i))))
		nextTick(t, dir)
		add(t, join(dir, "rotated.log"), fmt.Sprintf("next %d\n", i))
		read(t, f, fmt.Sprintf("next %d\n", i))
	}
	if n := l.Health().Generations; n != 3+5 {
		t.Fatalf("%d generations are open", n)
	}
	for _, name := range []string{"a.log", "b.log", "c.log", "d.log", "e.log", "f.log"} {
		follow(t, l, name, Start{})
	}
	closed := func(h *hub) (n int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, g := range h.gens {
			if g.body != nil && !g.body.stored().isOpen() {
				n++
			}
		}
		return n
	}
	eventually(t, func() bool { return closed(f.hub) == 4 }, "all that only late bytes may come to is closed")
	if notes := l.Health().Notes; len(notes) != 1 || !strings.Contains(notes[0], "more were needed") {
		t.Errorf("nobody is told: %q", notes)
	}
	if n := closed(stuck.hub); n > 0 {
		t.Errorf("%d are closed that are to be read", n)
	}
	for i, w := range writers {
		_, err := fmt.Fprintf(w, "late %d\n", i)
		must(t, err)
		if kinds := read(t, f, fmt.Sprintf("late %d\n", i)); !slices.Contains(kinds, Late) {
			t.Errorf("late %d came with %q", i, kinds)
		}
	}
	read(t, stuck, "behind.log begins\nnext 0\nnext 1\n")
}

// A new log finds a file for its current generation while others keep all that they may, and
// where there are too many logs it is refused for that reason; once one has gone it is followed.
func TestFiles_aNewLogAtTheLimit(t *testing.T) {
	var names []string
	for i := range MinFiles {
		names = append(names, fmt.Sprintf("app%d.log", i))
	}
	dir, l := limited(t, MinFiles, names...)
	rotator := numbered{name: join(dir, names[0]), keep: 100}
	stuck := follow(t, l, names[0], Start{From: FromStart})
	want := names[0] + " begins\n"
	for i := range 10 {
		nextTick(t, dir)
		rotator.rotate(t)
		line := fmt.Sprintf("next %d\n", i)
		add(t, rotator.name, line)
		want += line
		eventually(t, func() bool { return stuck.Lag() == int64(len(want)) }, "the rotation is seen")
	}
	var last *Follower
	var refused *Refusal
	for _, name := range names[1:] {
		f, err := l.Follow(t.Context(), name, Start{From: FromStart})
		if errors.As(err, &refused) {
			break
		}
		must(t, err)
		defer f.Close()
		read(t, f, name+" begins\n")
		last = f
	}
	if refused == nil || refused.Why != WhyExhausted || !isExhausted(refused) {
		t.Fatalf("it is not refused: %v", refused)
	}
	if h := l.Health(); h.Hubs != 4 || h.MaxFiles != MinFiles || len(h.Notes) != 1 || !strings.Contains(h.Notes[0], "open") {
		t.Errorf("health: %+v", h)
	}
	last.Close()
	f := follow(t, l, refused.Name, Start{From: FromStart})
	read(t, f, refused.Name+" begins\n")
	read(t, stuck, want)
}

// A current generation that is waited for comes before files that have no name any more, but not
// at once; what was unread in them is told with its size.
func TestFiles_removedOnesAreGivenUpLast(t *testing.T) {
	dir, l := limited(t, MinFiles, "a.log", "b.log", "c.log", "d.log")
	var stuck []*Follower
	for _, name := range []string{"a.log", "b.log", "c.log"} {
		stuck = append(stuck, follow(t, l, name, Start{From: FromStart}))
		must(t, os.Remove(join(dir, name)))
		nextTick(t, dir)
		add(t, join(dir, name), name+" goes on\n")
		eventually(t, func() bool { return stuck[len(stuck)-1].Lag() == int64(len(name+" begins\n"+name+" goes on\n")) }, "the next one is seen")
	}
	begin := time.Now()
	read(t, follow(t, l, "d.log", Start{From: FromStart}), "d.log begins\n")
	if waited := time.Since(begin); waited < maxSettle {
		t.Errorf("it was found room for after %v: nobody had time to read what it took the place of", waited)
	}
	lost, whole := 0, 0
	for i, name := range []string{"a.log", "b.log", "c.log"} {
		var got tallied
		for !strings.HasSuffix(got.data.String(), "goes on\n") {
			got.take(t, stuck[i])
		}
		switch first := name + " begins\n"; {
		case got.lost == 0 && got.data.String() == first+name+" goes on\n":
			whole++
		case got.lost == int64(len(first)) && got.data.String() == name+" goes on\n":
			lost++
		default:
			t.Errorf("%s: %q and gaps of %d", name, got.data.String(), got.lost)
		}
	}
	if lost == 0 {
		t.Error("nothing was given up")
	}
	t.Logf("%d were given up, %d were not", lost, whole)
}

// Searches at the limit take turns, and find the same.
func TestFiles_searchesAtTheLimit(t *testing.T) {
	dir, l := limited(t, MinFiles, "x.log", "y.log", "z.log")
	all := ""
	for i := range 5 {
		name := join(dir, fmt.Sprintf("app.log-2026112%d", i))
		write(t, name, hourly(10*i, 10))
		all += hourly(10*i, 10)
		if i < 2 {
			must(t, gzipFile(name))
		}
		nextTick(t, dir)
	}
	current := hourly(50, 10)
	all += current
	write(t, join(dir, "app.log"), current)
	for _, name := range []string{"x.log", "y.log", "z.log"} {
		follow(t, l, name, Start{})
	}
	most := watchOpen(t, dir)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			start, want := Start{From: FromSince, Since: past, Once: true}, all
			if i%2 == 1 {
				start, want = Start{Lines: 3, Once: true}, current[len(current)*7/10:]
			}
			f, err := l.Follow(t.Context(), "app.log", start)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			var got strings.Builder
			for {
				e, err := f.Next(t.Context())
				if err != nil {
					break
				}
				if e.Kind == Gap {
					t.Errorf("gap: %s", e.Detail)
				}
				got.Write(e.Data)
			}
			if got.String() != want {
				t.Errorf("%d: got %d bytes, want %d", i, got.Len(), len(want))
			}
		})
	}
	wg.Wait()
	if n := most(); n > MinFiles {
		t.Errorf("%d files were open at once", n)
	}
}

// What Read gives is counted, and leaves files for the logs that are followed.
func TestFiles_snapshotsLeaveSomeForLogs(t *testing.T) {
	dir, l := limited(t, 16, "app.log")
	var got []*Snapshot
	var err error
	for err == nil {
		var s *Snapshot
		if s, err = l.Read("app.log"); err == nil {
			got = append(got, s)
		}
	}
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Why != WhyExhausted || len(got) == 0 {
		t.Fatalf("after %d: %v", len(got), err)
	}
	if h := l.Health(); h.Files != len(got) || openBelow(t, dir) != len(got) {
		t.Errorf("%d files are counted, %d are open, %d were given", h.Files, openBelow(t, dir), len(got))
	}
	read(t, follow(t, l, "app.log", Start{From: FromStart}), "app.log begins\n")
	if _, err := l.Stat("app.log"); err != nil {
		t.Error(err)
	}
	for _, s := range got {
		s.Close()
		s.Close() // gives nothing back twice
	}
	if h := l.Health(); h.Files != 1 {
		t.Errorf("%d files are counted", h.Files)
	}
}

// Health tells of a shortage while it lasts, and not for ever.
func TestFiles_healthIsWellAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{MaxFiles: MinFiles, NoWatch: true})
		write(t, join(dir, "app.log"), "one\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		for i := range 8 {
			time.Sleep(3 * time.Second)
			must(t, os.Rename(join(dir, "app.log"), join(dir, fmt.Sprintf("app.log-2026112%d", i))))
			add(t, join(dir, "app.log"), "one\n")
		}
		time.Sleep(3 * time.Second)
		if h := l.Health(); len(h.Notes) != 1 {
			t.Errorf("while files are missing: %+v", h)
		}
		read(t, f, strings.Repeat("one\n", 9))
		time.Sleep(lately + defaultGrace + 2*defaultPoll)
		if h := l.Health(); len(h.Notes) > 0 || h.Files != 1 {
			t.Errorf("when all is read: %+v", h)
		}
		f.Close()
		l.Close()
	})
}

// A limit that no log could be followed with is refused.
func TestOpen_refusesALimitThatIsTooSmall(t *testing.T) {
	if l, err := Open([]Root{{Path: t.TempDir()}}, Options{MaxFiles: MinFiles - 1}); err == nil {
		l.Close()
		t.Error("it is not refused")
	}
}

// However much is kept for those who are behind, spare files are left for rotations.
func TestFiles_keepsSomeInReserve(t *testing.T) {
	f, err := newFiles(64, func() {})
	must(t, err)
	kepts := 0
	for f.take(kept) == nil {
		kepts++
	}
	spare := 0
	for f.take(current) == nil {
		spare++
	}
	if spare != f.spare || spare < 2 || kepts+spare+cap(f.slots) != 64 {
		t.Errorf("%d are kept and %d are spare", kepts, spare)
	}
}

// What was closed is kept open again once there is room, and so is had also when it is removed
// after that.
func TestFiles_areOpenAgainWhenThereIsRoom(t *testing.T) {
	dir, l := limited(t, 16, "behind.log", "a.log", "b.log", "c.log", "d.log", "e.log", "f.log", "g.log", "h.log", "i.log", "j.log", "k.log")
	stuck := follow(t, l, "behind.log", Start{From: FromStart})
	for i := range 2 {
		must(t, os.Rename(join(dir, "behind.log"), join(dir, fmt.Sprintf("behind.log-2026112%d", i))))
		nextTick(t, dir)
		add(t, join(dir, "behind.log"), fmt.Sprintf("next %d\n", i))
		eventually(t, func() bool { return l.Health().Generations == i+2 }, "the rotation is seen")
	}
	var others []*Follower
	for c := 'a'; c <= 'k'; c++ {
		others = append(others, follow(t, l, string(c)+".log", Start{}))
	}
	eventually(t, func() bool { return l.Health().Generations == 1+len(others) }, "what is behind is closed")
	for _, f := range others {
		f.Close()
	}
	eventually(t, func() bool { return l.Health().Generations == 3 }, "it is open again")
	for i := range 2 {
		must(t, os.Remove(join(dir, fmt.Sprintf("behind.log-2026112%d", i))))
	}
	if kinds := read(t, stuck, "behind.log begins\nnext 0\nnext 1\n"); slices.Contains(kinds, Gap) {
		t.Errorf("events %q", kinds)
	}
}

// When a file that late bytes may come to was closed, and is removed before its time is over,
// nobody knows whether some came: that is told.
func TestFiles_aDoubtIsTold(t *testing.T) {
	dir, l := limited(t, MinFiles, "app.log", "a.log", "b.log", "c.log")
	for _, name := range []string{"a.log", "b.log", "c.log"} {
		follow(t, l, name, Start{})
	}
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "app.log begins\n")
	must(t, os.Rename(join(dir, "app.log"), join(dir, "app.log.1")))
	nextTick(t, dir)
	add(t, join(dir, "app.log"), "next\n")
	read(t, f, "next\n")
	eventually(t, func() bool { return l.Health().Generations == 4 }, "the old one is closed")
	must(t, os.Remove(join(dir, "app.log.1")))
	if e := next(t, f); e.Kind != Gap || e.Lost != nil {
		t.Errorf("got %s", e.Kind)
	}
	add(t, join(dir, "app.log"), "more\n")
	read(t, f, "more\n")
}

// What is closed is had in full: also what was appended to it since, and also after the
// directory was away for a while.
func TestFiles_closedOnesAreHadInFull(t *testing.T) {
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
		for _, next := range []string{"two\n", "three\n"} {
			time.Sleep(2 * defaultGrace)
			must(t, os.Rename(name, fmt.Sprintf("%s-%d", name, time.Now().Unix())))
			add(t, name, next)
		}
		time.Sleep(4 * defaultGrace)
		if h := l.Health(); h.Generations != h.Hubs {
			t.Fatalf("%d generations of %d logs are open", h.Generations, h.Hubs)
		}
		f.hub.mu.Lock()
		second := *f.hub.cur // the one before it
		for _, g := range f.hub.gens {
			if g.next == f.hub.cur {
				second = *g
			}
		}
		f.hub.mu.Unlock()
		add(t, join(dir, *second.body.stored().name.Load()), "and more\n")
		must(t, os.Rename(join(dir, "d"), join(dir, "away")))
		time.Sleep(maxAway - 2*defaultPoll)
		must(t, os.Rename(join(dir, "away"), join(dir, "d")))
		for _, kind := range read(t, f, "one\ntwo\nand more\nthree\n") {
			if kind == Gap {
				t.Error("it tells a gap")
			}
		}
		l.Close()
	})
}

// The generation that a log has last is kept open however few files there are, also when it is
// found only after it had lost the log's name: what was written to it is had once it is removed.
func TestFiles_theLastGenerationIsKeptThatLostItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{MaxFiles: MinFiles, NoWatch: true})
		for _, name := range []string{"a.log", "b.log", "c.log"} {
			write(t, join(dir, name), "begins\n")
			follow(t, l, name, Start{})
		}
		name := join(dir, "app.log")
		write(t, name, "one\n")
		f := follow(t, l, "app.log", Start{From: FromStart})
		must(t, os.Rename(name, name+"-20261121"))
		nextTick(t, dir)
		write(t, name, "two\n")
		must(t, os.Rename(name, name+"-20261122")) // nobody has looked since
		time.Sleep(2 * defaultPoll)
		must(t, os.Remove(name+"-20261122"))
		read(t, f, "one\n")
		time.Sleep((maxMissed + 1) * defaultPoll)
		nextTick(t, dir)
		write(t, name, "three\n")
		if kinds := read(t, f, "two\nthree\n"); slices.Contains(kinds, Gap) {
			t.Errorf("events %q", kinds)
		}
		l.Close()
	})
}
