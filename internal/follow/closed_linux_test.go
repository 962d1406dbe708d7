package follow

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A file is not closed under who reads it, however short files are.
func TestFiles_noneIsClosedWhileItIsRead(t *testing.T) {
	dir, l := limited(t, 16, "app.log")
	f := follow(t, l, "app.log", Start{From: FromStart})
	must(t, os.Rename(join(dir, "app.log"), join(dir, "app.log.1")))
	nextTick(t, dir)
	add(t, join(dir, "app.log"), "next\n")
	eventually(t, func() bool { return f.Lag() == int64(len("app.log begins\nnext\n")) }, "the rotation is seen")
	shut := func() bool {
		f.hub.looking.Lock()
		defer f.hub.looking.Unlock()
		g := f.pos.at.gen
		return f.hub.shut(g, true) || !g.body.stored().isOpen()
	}
	v, err := f.view()
	must(t, err)
	if shut() {
		t.Error("it is closed")
	}
	f.done(v)
	if !shut() {
		t.Error("when it was read it is not closed")
	}
	read(t, f, "app.log begins\nnext\n")
}

// What came to a closed file while nobody looked after it comes in its place, and not as late.
func TestFiles_whatIsFoundAgainHasGrown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, l := openDir(t, Options{MaxFiles: MinFiles, NoWatch: true})
		for _, name := range []string{"a.log", "b.log", "c.log", "app.log"} {
			write(t, join(dir, name), "one\n")
		}
		for _, name := range []string{"a.log", "b.log", "c.log"} {
			follow(t, l, name, Start{})
		}
		f := follow(t, l, "app.log", Start{From: FromStart})
		name := join(dir, "app.log")
		for i, next := range []string{"two\n", "three\n"} {
			must(t, os.Rename(name, fmt.Sprintf("%s.%d", name, 2-i)))
			nextTick(t, dir)
			write(t, name, next)
			time.Sleep(4 * defaultGrace)
		}
		h := f.hub
		h.looking.Lock()
		i := slices.IndexFunc(h.gens, func(g *generation) bool { return g.next == h.cur })
		second := h.gens[i]
		if !second.parked {
			t.Error("it is looked after")
		}
		add(t, name+".1", "and more\n")
		second.users++ // as if somebody had come to it
		h.unpark(time.Now())
		if want := int64(len("two\nand more\n")); second.parked || second.size != want {
			t.Errorf("it is found again with %d bytes, not with %d", second.size, want)
		}
		second.users--
		h.looking.Unlock()
		if kinds := read(t, f, "one\ntwo\nand more\nthree\n"); !slices.Equal(kinds, []Kind{Rotated, Rotated}) {
			t.Errorf("events %q", kinds)
		}
		l.Close()
	})
}
