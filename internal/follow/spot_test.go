package follow

import (
	"strings"
	"testing"
)

// rewritten is a file that has other content from its second read on.
type rewritten struct{ before, after string }

func (r *rewritten) ReadAt(p []byte, off int64) (int, error) {
	now := r.before
	r.before = r.after
	return strings.NewReader(now).ReadAt(p, off)
}

// What was read is only given when the file still has the same content afterwards, by
// each of the three signs that tell.
func TestSpot_aRewriteDuringTheRead(t *testing.T) {
	old := strings.Repeat("0123456789", 50)
	for name, c := range map[string]struct {
		after string
		off   int64
		same  bool
	}{
		"nothing happened":                {after: old, off: 100, same: true},
		"it grew":                         {after: old + "more", off: 100, same: true},
		"truncated":                       {after: "", off: 100},
		"truncated, from the beginning":   {after: "", off: 0},
		"other bytes before the position": {after: old[:90] + "x" + old[91:], off: 100},
		"other bytes at the beginning":    {after: "x" + old[1:], off: 0},
		"other bytes further on":          {after: old[:390] + "x" + old[391:], off: 0},
		"other bytes further on, later":   {after: old[:390] + "x" + old[391:], off: 100},
	} {
		at, err := spotAt(strings.NewReader(old), c.off)
		must(t, err)
		mark, err := spotAt(strings.NewReader(old), 400)
		must(t, err)
		buf := make([]byte, 200)
		n, same, err := at.readOn(&rewritten{old, c.after}, buf, []byte(old[:overlap]), mark)
		if n != len(buf) || same != c.same || err != nil {
			t.Errorf("%s: %d bytes, same %v, %v", name, n, same, err)
		}
	}
}
