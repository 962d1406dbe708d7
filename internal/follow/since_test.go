package follow

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSince_choosesTheEra(t *testing.T) {
	broken := errors.New("broken")
	of := func(ages ...age) (out []finding) {
		for _, a := range ages {
			out = append(out, finding{age: a})
		}
		return out
	}
	with := func(found []finding, more ...finding) []finding { return append(found, more...) }
	for _, test := range []struct {
		name    string
		found   []finding
		want    int
		refused bool
		told    string
	}{
		{name: "an empty log", found: of(bare)},
		{name: "all is earlier", found: of(older)},
		{name: "in the current one", found: of(divided)},
		{name: "all there is", found: of(younger, younger), want: 1},
		{name: "in an older one", found: of(younger, younger, divided), want: 2},
		{name: "between two", found: of(younger, younger, older), want: 1},
		{name: "the older one was not looked at", found: of(younger, passed)},
		{name: "no time", found: of(timeless), refused: true},
		{name: "no time anywhere", found: of(bare, timeless, timeless), refused: true},
		{name: "nothing anywhere", found: of(bare, bare)},
		{name: "a banner, and the older one was not looked at", found: of(timeless, passed)},
		{name: "a banner, and the older one is earlier", found: of(timeless, older)},
		{name: "a banner, and the older one is not", found: of(timeless, younger), want: 1},
		{name: "no times in the oldest", found: of(younger, timeless)},
		{name: "no times before the place", found: of(younger, timeless, older)},
		{name: "no times after the place", found: of(younger, timeless, divided), want: 2},
		{name: "cut at once", found: []finding{{age: timeless, cut: true}}, told: "search"},
		{name: "cut behind the place", found: with(of(younger), finding{age: timeless, cut: true}), told: "search"},
		{name: "cut at the place", found: with(of(younger), finding{age: divided, cut: true}), want: 1, told: "search"},
		{name: "the oldest is damaged", found: with(of(younger), finding{age: timeless, damage: broken}), told: "broken"},
		{name: "its end is damaged", found: with(of(younger), finding{age: older, damage: broken}), told: "broken"},
		{name: "damaged at the place", found: with(of(younger), finding{age: divided, damage: broken}), want: 1},
		{name: "damaged after the place", found: with(of(younger), finding{age: timeless, damage: broken}, finding{age: divided}), want: 2},
		{name: "no time but in a damaged one perhaps", found: with(of(timeless), finding{age: timeless, damage: broken}), told: "broken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := choose(test.found)
			if got != test.want || ok == test.refused {
				t.Fatalf("era %d, %v", got, ok)
			}
			if told := missing(test.found, got); (told == "") != (test.told == "") || !strings.Contains(told, test.told) {
				t.Errorf("told %q, want %q", told, test.told)
			}
		})
	}
}

// past is a moment long before any file of a test is written.
var past = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// hourly are n lines, one an hour from so many hours after past on, none like another.
func hourly(from, n int) string {
	var b strings.Builder
	for i := range n {
		at := past.Add(time.Duration(from+i) * time.Hour)
		fmt.Fprintf(&b, "%s %x\n", at.Format(time.RFC3339), digest([]byte{byte(i), byte(i >> 8)}))
	}
	return b.String()
}

func gzipped(t testing.TB, text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// All that can be inflated is read, and the rest is a gap in its place; what comes before
// and after it is not lost with it.
func TestSince_throughDamagedHistory(t *testing.T) {
	const n = 5000
	oldest, middle, latest := hourly(0, n), hourly(n, n), hourly(2*n, n)
	whole := gzipped(t, middle)
	broken := bytes.Clone(whole)
	broken[len(broken)/2] ^= 0xff
	members := append(gzipped(t, middle[:len(middle)/2]), gzipped(t, middle[len(middle)/2:])...)
	for _, test := range []struct {
		name    string
		stored  []byte
		gap     bool
		least   int  // bytes of it that can be inflated nevertheless
		garbled bool // what is inflated before the damage shows is not all what it was
	}{
		{name: "whole", stored: whole},
		{name: "two members", stored: members},
		{name: "zeros after it", stored: append(bytes.Clone(whole), make([]byte, 100)...)},
		{name: "a few bytes after it", stored: append(bytes.Clone(whole), "abc"...)},
		{name: "cut", stored: whole[:len(whole)/2], gap: true, least: len(middle) / 4},
		{name: "cut in its second member", stored: members[:len(members)*3/4], gap: true, least: len(middle) / 2},
		{name: "broken inside", stored: broken, gap: true, least: len(middle) / 4, garbled: true},
		{name: "broken at its end", stored: append(bytes.Clone(whole[:len(whole)-8]), make([]byte, 8)...), gap: true, least: len(middle)},
		{name: "nothing", gap: true},
		{name: "not packed", stored: []byte(middle), gap: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, l := openDir(t, Options{NoWatch: true})
			must(t, os.WriteFile(join(dir, "app.log.2.gz"), gzipped(t, oldest), 0o644))
			must(t, os.WriteFile(join(dir, "app.log.1.gz"), test.stored, 0o644))
			write(t, join(dir, "app.log"), latest)
			for _, from := range []int{n / 2, n, n + n/4, 2*n - 1, 2*n + n/2} {
				since := past.Add(time.Duration(from) * time.Hour)
				all := oldest + middle + latest
				want := all[from*len(all)/(3*n):]
				got, told := sinceUntilEnd(t, l, since)
				history, ok := strings.CutSuffix(got, latest[max(0, from-2*n)*len(latest)/n:])
				switch {
				case told != (test.gap && from < 2*n):
					t.Errorf("from %d: told of a gap: %v", from, told)
				case !test.gap && got != want:
					t.Errorf("from %d: %d of %d bytes", from, len(got), len(want))
				case !ok || !test.garbled && !strings.HasPrefix(want, history):
					t.Errorf("from %d: %d of %d bytes, and not the first ones", from, len(got), len(want))
				case test.gap && from <= n && len(history) < len(want)-2*n*len(all)/(3*n)+test.least:
					t.Errorf("from %d: only %d bytes before the gap", from, len(history))
				}
			}
		})
	}
}

// sinceUntilEnd reads a log from a moment to its end.
func sinceUntilEnd(t testing.TB, l *Logs, since time.Time) (data string, gap bool) {
	t.Helper()
	f := follow(t, l, "app.log", Start{From: FromSince, Since: since, Once: true})
	defer f.Close()
	var b strings.Builder
	for {
		e, err := f.Next(t.Context())
		if err == io.EOF {
			return b.String(), gap
		}
		must(t, err)
		b.Write(e.Data)
		gap = gap || e.Kind == Gap
	}
}

// A rotated file that may not be read does not keep anybody from the others.
func TestSince_besideAFileThatMayNotBeRead(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	write(t, join(dir, "app.log.1"), hourly(0, 10))
	write(t, join(dir, "app.log"), hourly(10, 10))
	f := follow(t, l, "app.log", Start{From: FromEnd})
	fault := errors.New("the disk is broken")
	got, err := conclude(newSearch(t.Context()), 0, timeless, fault)
	if err != nil || !errors.Is(got.damage, fault) {
		t.Errorf("%+v, %v", got, err)
	}
	if os.Geteuid() == 0 {
		return // who may read everything
	}
	must(t, os.Chmod(join(dir, "app.log.1"), 0))
	f.Close()
	if data, gap := sinceUntilEnd(t, l, past); data != hourly(10, 10) || !gap {
		t.Errorf("%q, gap %v", data, gap)
	}
}

// Waiting for others that inflate is not counted; what was spent before is not given back.
func TestSearch_itsTimeStandsStillWhileItWaits(t *testing.T) {
	_, l := openDir(t, Options{NoWatch: true})
	s := newSearch(t.Context())
	until := s.until
	for range 3 {
		release, err := l.turn(s)
		must(t, err)
		release()
	}
	if more := s.until.Sub(until); more < 0 || more > searchTime/2 {
		t.Errorf("three turns gave it %v more", more)
	}
}
