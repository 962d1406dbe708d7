package follow

import (
	"os"
	"testing"
)

// How much a client lacks that has taken no more than its cursor says, across a
// rotation and a truncation.
func TestFollower_behind(t *testing.T) {
	dir, l := openDir(t, Options{})
	file := join(dir, "app.log")
	behind := func(f *Follower, cursor string, want int64) {
		t.Helper()
		if got, ok := f.Behind(cursor); !ok || got != want {
			t.Errorf("%d bytes behind (%v), want %d", got, ok, want)
		}
	}
	write(t, file, "0123456789\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	first := next(t, f)
	four, all := first.CursorAt(4), first.CursorAt(11)
	behind(f, four, 7)
	behind(f, all, 0)

	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, file, "after\n")
	read(t, f, "after\n")
	behind(f, four, 7+6)
	behind(f, all, 6)
	behind(f, f.Cursor(), 0)
	last := f.Cursor()

	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	if e := next(t, f); e.Kind != Truncated {
		t.Fatalf("got %v", e.Kind)
	}
	write(t, file, "x\n")
	read(t, f, "x\n")
	behind(f, f.Cursor(), 0)
	if n, ok := f.Behind(last); ok { // what was there before the truncation is forgotten
		t.Errorf("%d bytes behind", n)
	}
}

func TestFollower_behindOfWhatIsNoCursorOfIt(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	write(t, join(dir, "app.log"), "one\n")
	write(t, join(dir, "other.log"), "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	next(t, f)
	other := follow(t, l, "other.log", Start{From: FromStart})
	for _, cursor := range []string{"", "nonsense", other.Cursor()} {
		if n, ok := f.Behind(cursor); ok {
			t.Errorf("%q: %d bytes", cursor, n)
		}
	}
}
