package follow

import (
	"errors"
	"os"
	"slices"
	"testing"
)

func TestSuffix_ofRotatedNames(t *testing.T) {
	for name, want := range map[string]bool{
		"app.log": true, "app.log.1": true, "app.log.12": true, "app.log-20261122": true, "app.log-20261122-101530": true,
		"app.log.2026-11-22": true, "app.log.2026-11-22T10:15:30Z": true, "app.log_1": true, "app.log.old": true,
		"app.1.log": true, "app-20261122.log": true, "app-2026-11-22T10-15-30.000.log": true,
		"app.log.1.gz": false, "app.log-20261122.zst": false, "app.log.swp": false, "app.log~": false, "app.log1": false,
		"app.log.": false, "app.log.-": false, "app-server.log": false, "other.log": false, "app": false, "app.log.pos": false,
		"application.log": false, "app.log.1x": false,
	} {
		if _, got := suffixOf("app.log", name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Births may be equal; then the names tell the order.
func TestSuffix_order(t *testing.T) {
	for _, names := range [][]string{
		{"app.log.10", "app.log.9", "app.log.2", "app.log.1", "app.log"},
		{"app.log-20261121", "app.log-20261122", "app.log-20261122-1", "app.log"},
		{"app-20261121.log", "app-20261122.log", "app.log"},
	} {
		shuffled := slices.Clone(names)
		slices.Sort(shuffled)
		slices.SortFunc(shuffled, func(a, b string) int {
			x, _ := suffixOf("app.log", a)
			y, _ := suffixOf("app.log", b)
			return x.compare(y)
		})
		if !slices.Equal(shuffled, names) {
			t.Errorf("got %q, want %q", shuffled, names)
		}
	}
}

func TestUnsuffix(t *testing.T) {
	for name, want := range map[string]string{
		"app-20261122.log": "app.log", "app.log": "app.log", "app.2026-11-22.log": "app.log", "my-app-3.log": "my-app.log", "20261122.log": "20261122.log",
	} {
		if got := unsuffix(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// A name that leads to another file by now gives neither that file nor a descriptor of it.
func TestRoot_opensNothingButWhatWasListed(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	r, name := l.roots[0], join(dir, "app.log.1")
	write(t, name, "one\n")
	files, err := siblings(r, "app.log", found{})
	must(t, err)
	write(t, name+".new", "two\n")
	must(t, os.Rename(name+".new", name))
	f, _, err := r.openListed(files[0])
	if !errors.Is(err, errMoved) {
		t.Errorf("got %v", err)
	}
	if _, err := f.Stat(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is open: %v", err)
	}
}
