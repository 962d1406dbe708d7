package linetime

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

// row is one line of testdata/lines.txt.
type row struct {
	number  int // of the file's line
	heading string
	want    string // RFC 3339 in UTC, or none
	line    string
}

func rows(t testing.TB) (rows []row) {
	t.Helper()
	file, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	heading := ""
	for i, text := range strings.Split(string(file), "\n") {
		want, line, ok := strings.Cut(text, "<")
		switch {
		case strings.HasPrefix(text, "#"):
			heading = strings.TrimPrefix(text, "# ")
			continue
		case text == "":
			continue
		case !ok:
			t.Fatalf("testdata/lines.txt:%d: no \"<\"", i+1)
		}
		line = strings.TrimPrefix(line, " ")
		line = strings.NewReplacer(`\t`, "\t", `\e`, "\x1b", `\s`, " ", `\ufeff`, "\ufeff").Replace(line)
		rows = append(rows, row{i + 1, heading, strings.TrimSpace(want), line})
	}
	return rows
}

func berlin(t testing.TB) *time.Location { return zone(t, "Europe/Berlin") }

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func refBerlin(t testing.TB) time.Time {
	return time.Date(2026, 11, 22, 15, 0, 0, 0, berlin(t))
}

func TestParse_findsTheLinesTimeAndNoOther(t *testing.T) {
	ref := refBerlin(t)
	for _, r := range rows(t) {
		// With a newline, as a file has it, nothing may change.
		for _, line := range []string{r.line, r.line + "\n", r.line + "\r\n"} {
			got, ok := Parse([]byte(line), ref)
			if r.want == "none" {
				if ok {
					t.Errorf("lines.txt:%d (%s): %q has the time %s, want none", r.number, r.heading, line, got)
				}
				continue
			}
			want, err := time.Parse(time.RFC3339Nano, strings.Replace(r.want, "23:59:60", "23:59:59", 1))
			if err != nil {
				t.Fatalf("lines.txt:%d: %v", r.number, err)
			}
			if strings.Contains(r.want, "23:59:60") {
				want = want.Add(time.Second)
			}
			if !ok || !got.Equal(want) {
				t.Errorf("lines.txt:%d (%s): %q has the time %s (%t), want %s", r.number, r.heading, line, got.UTC(), ok, want)
			}
			if ok && got.Location() != ref.Location() {
				t.Errorf("lines.txt:%d: the time is in %s", r.number, got.Location())
			}
		}
	}
}

func TestParse_allocatesNothing(t *testing.T) {
	ref := refBerlin(t)
	for _, r := range rows(t) {
		line := []byte(r.line)
		if n := testing.AllocsPerRun(10, func() { Parse(line, ref) }); n != 0 {
			t.Errorf("lines.txt:%d: %v allocations for %q", r.number, n, line)
		}
	}
}

// TestParse_boundsHold: what stands beyond is not looked at, what stands before is.
func TestParse_boundsHold(t *testing.T) {
	ref := refBerlin(t)
	const stamp = "2026-11-22T14:20:25Z"
	fill := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		name, line string
		want       bool
	}{
		{"object, last", `{"a":"` + fill(maxObject-6-11-len(stamp)) + `","time":"` + stamp + `"`, true},
		{"object, beyond", `{"a":"` + fill(maxObject-6-10-len(stamp)) + `","time":"` + stamp + `"`, false},
		{"object, number cut", `{"a":"` + fill(maxObject-6-9-10) + `","time":1795357225123}`, false},
		{"logfmt, last", "a=" + fill(maxText-len("a= time=")-len(stamp)-1) + " time=" + stamp + " b=" + fill(9), true},
		{"logfmt, cut", "a=" + fill(maxText-len("a= time=")-len(stamp)) + " time=" + stamp + " b=" + fill(9), false},
		{"logfmt, number cut", "a=" + fill(maxText-len("a= time=")-10) + " time=1795357225123", false},
		{"access, last", "1.1.1.1 - " + fill(maxText-len("1.1.1.1 -  [22/Nov/2026:14:20:25 +0000] ")) + " [22/Nov/2026:14:20:25 +0000] \"GET", true},
		{"access, beyond", "1.1.1.1 - " + fill(maxText) + " [22/Nov/2026:14:20:25 +0000] \"GET", false},
		{"bracket, longest", "[" + fill(maxBracket) + "] " + stamp, true},
		{"bracket, longer", "[" + fill(maxBracket+1) + "] " + stamp, false},
		{"place, last", "INFO" + strings.Repeat(" ", maxPlace-5) + stamp, true},
		{"place, beyond", "INFO" + strings.Repeat(" ", maxPlace-4) + stamp, false},
		{"long message", stamp + " " + fill(1<<20), true},
		{"long message without a blank", stamp + "|" + fill(1<<20), true},
		{"fraction", "2026-11-22T14:20:25." + strings.Repeat("0", 400) + "Z", true},
	} {
		if got, ok := Parse([]byte(c.line), ref); ok != c.want {
			t.Errorf("%s: %v, %t", c.name, got, ok)
		} else if ok && got.Unix() != 1795357225 {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestParse_yearIsTheNewestNotAfterTomorrow(t *testing.T) {
	for _, c := range []struct{ ref, line, want string }{
		{"2027-01-01T00:00:10Z", "Dec 31 23:59:59 h", "2026-12-31T23:59:59Z"},
		{"2027-01-01T00:00:10Z", "Jan  1 00:00:05 h", "2027-01-01T00:00:05Z"},
		{"2026-12-31T23:59:50Z", "Jan  1 00:00:05 h", "2027-01-01T00:00:05Z"}, // a clock a little ahead
		{"2026-12-31T00:00:00Z", "Jan  1 00:00:00 h", "2027-01-01T00:00:00Z"},
		{"2026-12-31T00:00:00Z", "Jan  1 00:00:01 h", "2026-01-01T00:00:01Z"},
		{"2026-12-31T23:59:50-05:00", "Jan  1 04:00:00 UTC h", "2027-01-01T04:00:00Z"}, // zones in two years
		{"2027-01-01T02:00:00+05:00", "Dec 31 20:00:00 UTC h", "2026-12-31T20:00:00Z"},
		{"2026-02-28T00:00:00Z", "Feb 29 12:00:00 h", "2024-02-29T12:00:00Z"},
		{"2028-02-28T12:00:00Z", "Feb 29 12:00:00 h", "2028-02-29T12:00:00Z"},
		{"2104-02-01T00:00:00Z", "Feb 29 12:00:00 h", "2096-02-29T12:00:00Z"}, // 2100 is no leap year
		{"2026-06-01T00:00:00Z", "I0601 00:00:01.5 1 x", "2026-06-01T00:00:01.5Z"},
		{"1971-06-01T00:00:00Z", "Jul  1 00:00:00 h", "none"},
		{"2200-06-01T00:00:00Z", "May  1 00:00:00 h", "2199-05-01T00:00:00Z"},
		{"0001-01-01T00:00:00Z", "Nov 22 14:20:25 h", "none"},
	} {
		ref, err := time.Parse(time.RFC3339, c.ref)
		if err != nil {
			t.Fatal(err)
		}
		got := "none"
		if at, ok := Parse([]byte(c.line), ref); ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%q with ref %s is of %s, want %s", c.line, c.ref, got, c.want)
		}
	}
}

func TestParse_localTimesThatAZoneChangeRepeatsOrSkips(t *testing.T) {
	for _, c := range []struct{ zone, wall, want string }{
		{"Europe/Berlin", "2026-10-25 01:59:59", "2026-10-25T01:59:59+02:00"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"}, // repeated: the first
		{"Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00"},
		{"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T03:30:00+02:00"}, // skipped: later
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00"},
		{"America/New_York", "2026-11-01 01:30:00", "2026-11-01T01:30:00-04:00"},
		{"America/New_York", "2026-11-01 02:00:00", "2026-11-01T02:00:00-05:00"},
		{"America/New_York", "2026-03-08 02:30:00", "2026-03-08T03:30:00-04:00"},
		{"Australia/Lord_Howe", "2026-04-05 01:45:00", "2026-04-05T01:45:00+11:00"}, // half an hour
		{"Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-04T02:45:00+11:00"},
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-31T12:00:00+14:00"}, // a whole day skipped
		{"Pacific/Apia", "2011-12-29 23:59:59", "2011-12-29T23:59:59-10:00"},
		{"Pacific/Apia", "2011-12-31 00:00:00", "2011-12-31T00:00:00+14:00"},
		{"Pacific/Kiritimati", "2026-11-22 00:00:00", "2026-11-22T00:00:00+14:00"},
	} {
		ref := time.Date(2026, 11, 22, 0, 0, 0, 0, zone(t, c.zone))
		got, ok := Parse([]byte(c.wall), ref)
		if !ok || got.Format(time.RFC3339) != c.want {
			t.Errorf("%s in %s is %s, want %s", c.wall, c.zone, got.Format(time.RFC3339), c.want)
		}
	}
}

// TestParse_theUnitOfANumberIsItsLength also with more digits than are kept.
func TestParse_theUnitOfANumberIsItsLength(t *testing.T) {
	want := time.Unix(0, 1795357225123456789)
	const digits = "1795357225123456789"
	for _, whole := range []int{10, 13, 16} {
		line := digits[:whole] + "." + digits[whole:] + "987654321"
		for _, line := range []string{
			line + " x",
			`{"ts":` + line + `}`,
			`{"ts":"` + line + `"}`,
			`{"ts":1.` + digits[1:] + "e" + strconv.Itoa(whole-1) + `}`,
		} {
			if got, ok := Parse([]byte(line), want); !ok || !got.Equal(want) {
				t.Errorf("%q: %v, %t", line, got, ok)
			}
		}
	}
}
