package follow

import (
	"bytes"
	"os"
	"testing"
)

// A writer without O_APPEND goes on at its old position after the log was truncated,
// and leaves a hole. It is skipped and told, not read as a million NUL bytes.
func TestFollower_tellsHoles(t *testing.T) {
	dir, l := openDir(t, Options{})
	name := join(dir, "app.log")
	add(t, name, "one\n")
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	const size = 1<<20 + 100
	w, err := os.OpenFile(name, os.O_WRONLY, 0)
	must(t, err)
	defer w.Close()
	_, err = w.WriteAt([]byte("two\n"), size)
	must(t, err)
	var nul, hole int64
	for {
		e := next(t, f)
		if e.Kind == Hole {
			hole += *e.Lost
			continue
		}
		n := int64(len(bytes.TrimLeft(e.Data, "\x00")))
		nul += int64(len(e.Data)) - n
		if n > 0 {
			break
		}
	}
	if nul >= 4096 || 4+nul+hole != size {
		t.Errorf("%d NUL bytes and %d bytes of holes, of %d", nul, hole, size-4)
	}
}
