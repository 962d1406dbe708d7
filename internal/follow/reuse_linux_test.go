package follow

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// A log is removed and made again, with the same beginning, two thousand times; the file
// system gives the number of the one out to the next. A cursor of the one is never taken
// for a place in the next.
func TestCursor_anInodeNumberIsUsedAgain(t *testing.T) {
	t.Parallel()
	dir, l := openDir(t, Options{NoWatch: true})
	name := join(dir, "app.log")
	head := strings.Repeat("# each of these files begins alike\n", 120) // more than a block
	random := rand.New(rand.NewPCG(1, 0))
	var last identity
	reused, cursor := 0, ""
	for i := range 2000 {
		text := fmt.Sprintf("%s%s line %d\n", head, strings.Repeat("x", random.IntN(200)), i)
		write(t, name, text)
		s, err := l.Read("app.log")
		must(t, err)
		if s.at.id.ino == last.ino {
			reused++
		}
		last = s.at.id
		must(t, s.Close())
		if cursor != "" {
			f := follow(t, l, "app.log", Start{From: FromCursor, Cursor: cursor, Once: true})
			if o := f.Opening(); o.Met != MetGap {
				t.Fatalf("file %d was met by a cursor of the one before as %s", i, o.Met)
			}
			if e := next(t, f); e.Kind != Gap {
				t.Fatalf("file %d begins with %s", i, e.Kind)
			}
			read(t, f, text)
			must(t, f.Close())
		}
		info, err := l.Stat("app.log")
		must(t, err)
		cursor = info.Cursor
		must(t, os.Remove(name))
	}
	t.Logf("the next file had the same inode number %d times", reused)
}
