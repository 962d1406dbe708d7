package follow

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refused gives why a name was refused, "" if it was not.
func refused(t *testing.T, err error) Why {
	t.Helper()
	if err == nil {
		return ""
	}
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("%v is no refusal", err)
	}
	return r.Why
}

// Each kind of name that is no log has its own answer, and none of them blocks.
func TestLogs_refuseEachInItsWay(t *testing.T) {
	dir, l := openDir(t, Options{})
	outside := t.TempDir()
	write(t, join(outside, "secret"), "secret\n")
	write(t, join(dir, "app.log"), "one\n")
	write(t, join(dir, ".hidden"), "one\n")
	must(t, os.MkdirAll(join(dir, "sub", ".dot"), 0o755))
	write(t, join(dir, "sub", "app.log"), "one\n")
	write(t, join(dir, "sub", ".dot", "app.log"), "one\n")
	must(t, mkfifo(join(dir, "fifo")))
	socket, err := net.Listen("unix", join(dir, "socket"))
	must(t, err)
	defer socket.Close()
	must(t, os.Symlink("app.log", join(dir, "inside")))
	must(t, os.Symlink("sub/../app.log", join(dir, "roundabout")))
	must(t, os.Symlink("../"+filepath.Base(outside)+"/secret", join(dir, "relative")))
	must(t, os.Symlink(join(outside, "secret"), join(dir, "absolute")))
	must(t, os.Symlink(outside, join(dir, "away")))
	must(t, os.Symlink("loop", join(dir, "loop")))
	must(t, os.Symlink("fifo", join(dir, "tofifo")))
	must(t, os.Symlink("nowhere", join(dir, "dangling")))

	for name, want := range map[string]Why{
		"app.log":                 "",
		"sub/app.log":             "",
		"inside":                  "",
		"roundabout":              "",
		strings.Repeat("a", 300):  WhyNotFound,
		"":                        WhyBadName,
		"/":                       WhyBadName,
		"/app.log":                WhyBadName,
		"app.log/":                WhyBadName,
		"sub//app.log":            WhyBadName,
		".":                       WhyBadName,
		"..":                      WhyBadName,
		"./app.log":               WhyBadName,
		"sub/../app.log":          WhyBadName,
		"../../etc/passwd":        WhyBadName,
		"sub/..":                  WhyBadName,
		"app.log\x00.txt":         WhyBadName,
		`..\..\etc\passwd`:        WhyBadName,
		`sub\app.log`:             WhyBadName,
		"-":                       WhyBadName,
		"-/streams":               WhyBadName,
		".hidden":                 WhyHidden,
		"sub/.dot/app.log":        WhyHidden,
		".missing":                WhyHidden,
		"...":                     WhyHidden,
		"missing":                 WhyNotFound,
		"missing/app.log":         WhyNotFound,
		"app.log/more":            WhyNotFound,
		"dangling":                WhyNotFound,
		"loop":                    WhyNotFound,
		"sub":                     WhyDirectory,
		"fifo":                    WhyNotRegular,
		"tofifo":                  WhyNotRegular,
		"socket":                  WhyNotRegular,
		"relative":                WhyDenied,
		"absolute":                WhyDenied,
		"away/secret":             WhyDenied,
		"%2e%2e/etc/passwd":       WhyNotFound,
		"..%2fetc/passwd":         WhyHidden,
		"sub/\xff\xfe":            WhyNotFound,
		"app.log\n":               WhyNotFound,
		string(make([]byte, 300)): WhyBadName,
	} {
		f, err := l.Follow(t.Context(), name, Start{})
		if err == nil {
			f.Close()
		}
		_, statErr := l.Stat(name)
		snapshot, readErr := l.Read(name)
		if readErr == nil {
			snapshot.Close()
		}
		for verb, err := range map[string]error{"follow": err, "stat": statErr, "read": readErr} {
			if got := refused(t, err); got != want {
				t.Errorf("%s %q: %q (%v), want %q", verb, name, got, err, want)
			}
		}
	}
}

func TestLogs_refuseADeviceBelowARoot(t *testing.T) {
	dir, l := openDir(t, Options{})
	if err := mknod(join(dir, "zero")); err != nil {
		t.Skipf("making a device: %v", err)
	}
	_, err := l.Follow(t.Context(), "zero", Start{})
	if got := refused(t, err); got != WhyNotRegular {
		t.Errorf("got %q", got)
	}
}

func TestOpen_refusesRoots(t *testing.T) {
	dir := t.TempDir()
	must(t, mkfifo(join(dir, "fifo")))
	write(t, join(dir, "a.log"), "")
	for name, roots := range map[string][]Root{
		"missing":          {{Path: join(dir, "missing")}},
		"a FIFO":           {{Path: join(dir, "fifo")}},
		"a device":         {{Path: "/dev/zero"}},
		"procfs":           {{Path: "/proc"}},
		"below procfs":     {{Path: "/proc/self/fd"}},
		"sysfs":            {{Path: "/sys"}},
		"devfs":            {{Path: "/dev"}},
		"a file of procfs": {{Path: "/proc/self/environ"}},
		"reserved":         {{Name: "-", Path: dir}},
		"not a name":       {{Name: "a/b", Path: dir}},
		"dots":             {{Name: "..", Path: dir}},
		"twice":            {{Name: "a", Path: dir}, {Name: "a", Path: t.TempDir()}},
		"twice unnamed":    {{Path: dir}, {Path: t.TempDir()}},
		"a file twice":     {{Path: join(dir, "a.log")}, {Path: join(dir, "a.log")}},
	} {
		l, err := Open(roots, Options{})
		if err == nil {
			l.Close()
			t.Errorf("%s: opened", name)
		}
	}
}

func TestOpen_hidden(t *testing.T) {
	dir, l := openDir(t, Options{Hidden: true})
	write(t, join(dir, ".hidden"), "one\n")
	read(t, follow(t, l, ".hidden", Start{From: FromStart}), "one\n")
	if _, err := l.Stat(".."); refused(t, err) != WhyBadName {
		t.Errorf("..: %v", err)
	}
}

func TestRoots_namesAndFiles(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write(t, join(a, "app.log"), "a\n")
	write(t, join(b, "app.log"), "b\n")
	write(t, join(b, "other.log"), "other\n")
	must(t, os.Mkdir(join(b, "sub"), 0o755))
	l := openLogs(t, Options{}, Root{Name: "one", Path: a}, Root{Name: "two", Path: b},
		Root{Path: join(b, "other.log")}, Root{Name: "one", Path: join(b, "other.log")})
	for name, want := range map[string]string{
		"one/app.log": "a\n", "two/app.log": "b\n", "other.log": "other\n", "one/other.log": "other\n",
	} {
		read(t, follow(t, l, name, Start{From: FromStart}), want)
	}
	for name, want := range map[string]Why{
		"one": WhyDirectory, "app.log": WhyNotFound, "one/other": WhyNotFound, "three/app.log": WhyNotFound,
	} {
		if _, err := l.Stat(name); refused(t, err) != want {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	list := func(dir string) (names []string) {
		entries, err := l.List(dir)
		must(t, err)
		for _, e := range entries {
			if e.Dir {
				e.Name += "/"
			}
			names = append(names, e.Name)
		}
		return names
	}
	for dir, want := range map[string][]string{
		"":        {"one/", "other.log", "two/"},
		"one":     {"app.log", "other.log"},
		"two":     {"app.log", "other.log", "sub/"},
		"two/sub": nil,
	} {
		if got := list(dir); !slices.Equal(got, want) {
			t.Errorf("list %q: %q, want %q", dir, got, want)
		}
	}
}

// A root that is a file serves that file only, and follows it into its siblings.
func TestRoots_oneFile(t *testing.T) {
	dir := t.TempDir()
	name := join(dir, "app.log")
	write(t, name, "one\n")
	write(t, join(dir, "secret.log"), "secret\n")
	l := openLogs(t, Options{}, Root{Path: name})
	f := follow(t, l, "app.log", Start{From: FromStart})
	read(t, f, "one\n")
	add(t, name, "two\n")
	must(t, os.Rename(name, name+".1"))
	add(t, name, "three\n")
	if kinds := read(t, f, "two\nthree\n"); !slices.Equal(kinds, []Kind{Rotated}) {
		t.Errorf("events %q", kinds)
	}
	for _, other := range []string{"secret.log", "app.log.1"} {
		if _, err := l.Stat(other); refused(t, err) != WhyNotFound {
			t.Errorf("%s: %v", other, err)
		}
	}
}

func TestLogs_listsWhatCanBeFollowed(t *testing.T) {
	dir, l := openDir(t, Options{})
	write(t, join(dir, "b.log"), "one\n")
	write(t, join(dir, "a.log"), "")
	write(t, join(dir, ".hidden"), "")
	write(t, join(dir, `back\slash`), "")
	must(t, mkfifo(join(dir, "fifo")))
	must(t, os.Mkdir(join(dir, "sub"), 0o755))
	must(t, os.Symlink("b.log", join(dir, "link")))
	must(t, os.Symlink("/etc/passwd", join(dir, "out")))
	entries, err := l.List("")
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
		if e.Dir != (e.Name == "sub") || e.MTime.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(names, []string{"a.log", "b.log", "link", "sub"}) {
		t.Errorf("got %q", names)
	}
	for dir, want := range map[string]Why{"b.log": WhyNotFound, "no": WhyNotFound, "..": WhyBadName, "fifo": WhyNotFound} {
		if _, err := l.List(dir); refused(t, err) != want {
			t.Errorf("list %q: %v, want %q", dir, err, want)
		}
	}
}
