package follow

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// What is packed reads like the file that it was, wherever it is read from.
func TestPacked_readsLikeTheFile(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	random := rand.New(rand.NewPCG(1, 0))
	plain := make([]byte, 5*packedWindow)
	for i := range plain {
		plain[i] = byte('a' + random.IntN(3))
	}
	name := join(dir, "app.log.1")
	must(t, os.WriteFile(name, plain, 0o644))
	must(t, gzipFile(name))
	files, err := packedSiblings(l.roots[0], "app.log", found{})
	must(t, err)
	if len(files) != 1 {
		t.Fatalf("%d packed files", len(files))
	}
	p, err := l.roots[0].openPacked(files[0], nil)
	must(t, err)
	defer p.Close()
	if got := p.size(files[0].size); got != int64(len(plain)) {
		t.Errorf("size %d, want %d", got, len(plain))
	}
	whole := bytes.NewReader(plain)
	for range 300 {
		off := random.Int64N(int64(len(plain)) + 100)
		if random.IntN(3) > 0 { // mostly on from where it was
			off = max(0, min(p.pos, int64(len(plain)))-random.Int64N(packedChunk))
		}
		want, got := make([]byte, random.IntN(2*packedChunk)), make([]byte, 2*packedChunk)
		got = got[:len(want)]
		n, wantErr := whole.ReadAt(want, off)
		m, err := p.ReadAt(got, off)
		if m != n || (err == nil) != (wantErr == nil) || !bytes.Equal(got[:m], want[:n]) {
			t.Fatalf("at %d: %d bytes, %v; want %d, %v", off, m, err, n, wantErr)
		}
		if len(p.window) > packedWindow {
			t.Fatalf("the window has grown to %d", len(p.window))
		}
	}
}

// A cursor leads into a bomb: who made it begin like the log gains nothing.
func TestPacked_aBombIsNotInflatedForever(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, err := w.Write(zeros)
		must(t, err)
	}
	must(t, w.Close())
	write(t, join(dir, "app.log.1.gz"), bomb.String())
	write(t, join(dir, "app.log"), "a line\n")
	f := follow(t, l, "app.log", Start{})
	c := cursor{id: identity{ino: 1, born: 1}, off: 1 << 40, head: digest(zeros[:overlap])}
	s := newSearch(t.Context())
	s.left = 8 << 20
	files, err := packedSiblings(l.roots[0], "app.log", found{})
	must(t, err)
	_, _, _, err = f.hub.findPacked(s, c, files, likeness{})
	if !errors.Is(err, errCut) {
		t.Errorf("got %v", err)
	}
	// And without such limits its end is found to come before the cursor.
	g, _, _, err := f.hub.findPacked(newSearch(t.Context()), c, files, likeness{})
	if g != nil || err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("found %v, %v", g, err)
	}
}

// What a file says of its size is no more than it can be.
func TestPacked_sizeIsPossible(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	must(t, os.WriteFile(join(dir, "app.log.1.gz"), append(gzipped(t, "one\n"), 0xff, 0xff, 0xff, 0xff), 0o644))
	files, err := packedSiblings(l.roots[0], "app.log", found{})
	must(t, err)
	p, err := l.roots[0].openPacked(files[0], nil)
	must(t, err)
	defer p.Close()
	if got := p.size(files[0].size); got > maxRatio*files[0].size {
		t.Errorf("%d bytes are said to be %d", files[0].size, got)
	}
}
