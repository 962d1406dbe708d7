package follow

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

func someCursor(seed uint64) cursor {
	r := rand.New(rand.NewPCG(seed, 0))
	c := cursor{
		id:  identity{r.Uint64(), r.Uint64(), r.Int64()},
		off: r.Int64(),
	}
	for i := range digestLen {
		c.log[i], c.before[i], c.head[i] = byte(r.Int()), byte(r.Int()), byte(r.Int())
	}
	c.horizon.newest, c.horizon.more = r.Int64(), seed%5 == 0
	for c.n < int(seed%(maxLeft+1)) {
		c.left[c.n] = leftAt{ino: r.Uint64(), born: r.Int64(), off: r.Int64()}
		c.n++
	}
	for c.horizon.n < uint8(seed%(maxTies+1)) {
		c.horizon.ties[c.horizon.n] = r.Uint32()
		c.horizon.n++
	}
	return c
}

func TestCursor_comesBackAsItWas(t *testing.T) {
	for seed := range uint64(1000) {
		c := someCursor(seed)
		text := c.text()
		if len(text) > 255 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("%q does not fit a URL and one byte of length", text)
		}
		got, ok := parseCursor(text)
		if !ok || got != c {
			t.Fatalf("%+v came back as %+v, %v", c, got, ok)
		}
	}
}

// One wrong character anywhere, one too many or one too few, and it is no cursor.
func TestCursor_damagedIsRefused(t *testing.T) {
	c := someCursor(1)
	text := c.text()
	for i := range text {
		for _, damaged := range []string{
			text[:i] + string(text[i]^1) + text[i+1:], text[:i], text[:i] + text[i+1:], text[:i] + "A" + text[i:], text[:i] + "\n" + text[i:],
		} {
			if _, ok := parseCursor(damaged); ok && damaged != text {
				t.Errorf("%q is taken for a cursor", damaged)
			}
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	must(t, err)
	raw[0]++
	if _, ok := parseCursor(base64.RawURLEncoding.EncodeToString(raw)); ok {
		t.Error("another version is taken for this one")
	}
}

// Who sends a megabyte for a cursor makes us allocate no more than who sends one.
func TestCursor_parsingIsCheap(t *testing.T) {
	c := someCursor(1)
	text, long := c.text(), strings.Repeat("A", 1<<20)
	if n := testing.AllocsPerRun(100, func() { parseCursor(long) }); n > 0 {
		t.Errorf("a long text: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { parseCursor(text) }); n > 1 { // of fixed size
		t.Errorf("a cursor: %v allocations", n)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("AQ")
	f.Add(strings.Repeat("A", 144))
	for seed := range uint64(4) {
		c := someCursor(seed)
		f.Add(c.text())
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCursor(text)
		if ok && c.text() != text {
			t.Errorf("%q reads as the cursor %q", text, c.text())
		}
		if ok && (c.off < 0 || c.n > 0 && c.left[0].off < 0) {
			t.Errorf("%q has a negative offset", text)
		}
	})
}

// Whatever a well-formed cursor says, the answer is a place in the log, or a refusal.
func TestFollow_forgedCursors(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	name := join(dir, "app.log")
	write(t, name, strings.Repeat("a line of the log\n", 100))
	write(t, name+".1", "older\n")
	info, err := l.Stat("app.log")
	must(t, err)
	genuine, ok := parseCursor(info.Cursor)
	if !ok {
		t.Fatal("no cursor")
	}
	for _, forge := range []func(c *cursor){
		func(c *cursor) { c.off = 1 << 62 },
		func(c *cursor) { c.off = 1<<63 - 1 },
		func(c *cursor) { c.off = 5 },
		func(c *cursor) { c.before[0]++ },
		func(c *cursor) { c.head[0]++ },
		func(c *cursor) { c.id.ino++ },
		func(c *cursor) { c.id.born++ },
		func(c *cursor) { c.horizon.newest = 1<<63 - 1; c.id.ino++ },
		func(c *cursor) { c.horizon.newest = -1 << 63; c.id.ino++ },
		func(c *cursor) { c.n, c.left[0] = 1, leftAt{c.id.ino, c.id.born, 1 << 62} },
		func(c *cursor) { c.n, c.left[0] = 1, leftAt{c.id.ino, c.id.born, 3} },
	} {
		c := genuine
		forge(&c)
		f, err := l.Follow(t.Context(), "app.log", Start{From: FromCursor, Cursor: c.text(), Once: true})
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		for err == nil {
			_, err = f.Next(t.Context())
		}
		f.Close()
	}
	for text, want := range map[string]Why{"": WhyBadCursor, "AAAA": WhyBadCursor, strings.Repeat("A", 1000): WhyBadCursor} {
		if _, err := l.Follow(t.Context(), "app.log", Start{From: FromCursor, Cursor: text}); refused(t, err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
