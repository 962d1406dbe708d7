package follow

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience is how long a test waits for what must come. Nothing waits that long
// unless the test is failing.
const patience = 10 * time.Second

// open opens one root over a new directory, and closes it when the test ends.
func openDir(t testing.TB, opt Options) (dir string, l *Logs) {
	t.Helper()
	dir = t.TempDir()
	return dir, openLogs(t, opt, Root{Path: dir})
}

func openLogs(t testing.TB, opt Options, roots ...Root) *Logs {
	t.Helper()
	l, err := Open(roots, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func follow(t testing.TB, l *Logs, name string, start Start) *Follower {
	t.Helper()
	f, err := l.Follow(t.Context(), name, start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// next gives the next event, which must come.
func next(t testing.TB, f *Follower) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	e, err := f.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return e
}

// read reads data until it is as long as want, and compares. Events other than data
// are given back in order.
func read(t testing.TB, f *Follower, want string) (kinds []Kind) {
	t.Helper()
	var got strings.Builder
	for got.Len() < len(want) {
		e := next(t, f)
		if e.Kind == Data {
			got.Write(e.Data)
		} else {
			kinds = append(kinds, e.Kind)
		}
	}
	if got.String() != want {
		t.Fatalf("read %q, want %q", got.String(), want)
	}
	return kinds
}

func write(t testing.TB, name, text string) {
	t.Helper()
	appendTo(t, name, os.O_CREATE|os.O_TRUNC, text)
}

func add(t testing.TB, name, text string) {
	t.Helper()
	appendTo(t, name, os.O_CREATE|os.O_APPEND, text)
}

func appendTo(t testing.TB, name string, flag int, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|flag, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func join(parts ...string) string { return filepath.Join(parts...) }
