package wire

import (
	"testing"
	"time"
)

func TestParseSince_takesWhatPeopleWrite(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, zone)
	at := func(s string) time.Time {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for s, want := range map[string]time.Time{
		"10m":                          now.Add(-10 * time.Minute),
		"2h30m":                        now.Add(-150 * time.Minute),
		"1.5h":                         now.Add(-90 * time.Minute),
		"0s":                           now,
		"0":                            now,
		"1d":                           now.Add(-24 * time.Hour),
		"2d12h":                        now.Add(-60 * time.Hour),
		"0d1ms":                        now.Add(-time.Millisecond),
		"36500d":                       now.Add(-maxAgo),
		"2026-11-22T11:00:00Z":         at("2026-11-22T11:00:00Z"),
		"2026-11-22T11:00:00.25Z":      at("2026-11-22T11:00:00.25Z"),
		"2026-11-22t11:00:00z":         at("2026-11-22T11:00:00Z"),
		"2026-11-22T11:00:00+02:00":    at("2026-11-22T09:00:00Z"),
		"2026-11-22T11:00:00 02:00":    at("2026-11-22T09:00:00Z"), // what a URL makes of a plus sign
		"2026-11-22 11:00:00 02:00":    at("2026-11-22T09:00:00Z"),
		"2026-11-22T11:00:00-02:00":    at("2026-11-22T13:00:00Z"),
		"2026-11-22T11:00+02:00":       at("2026-11-22T09:00:00Z"),
		"2026-11-22T11:00:00":          at("2026-11-22T11:00:00+01:00"),
		"2026-11-22 11:00:00":          at("2026-11-22T11:00:00+01:00"),
		"2026-11-22 11:00":             at("2026-11-22T11:00:00+01:00"),
		"2026-11-22":                   at("2026-11-22T00:00:00+01:00"),
		"2126-11-22T11:00:00Z":         at("2126-11-22T11:00:00Z"), // the caller's to judge
		now.Format(time.RFC3339Nano):   now,
		now.UTC().Format(time.RFC3339): now,
		now.Add(-time.Hour).Format(time.DateTime): now.Add(-time.Hour),
	} {
		if got, ok := ParseSince(s, now); !ok || !got.Equal(want) {
			t.Errorf("%q: %v, %v; want %v", s, got, ok, want)
		}
	}
}

// Of a wall clock's time that comes twice the first is taken: nothing is left out then.
func TestParseSince_takesTheFirstOfTwo(t *testing.T) {
	for zone, times := range map[string]map[string]string{
		"Europe/Berlin":       {"2026-10-25 02:30": "2026-10-25T00:30:00Z", "2026-10-25 01:59": "2026-10-24T23:59:00Z", "2026-10-25 03:00": "2026-10-25T02:00:00Z", "2026-10-25T02:30:00+01:00": "2026-10-25T01:30:00Z"},
		"America/New_York":    {"2026-11-01 01:30": "2026-11-01T05:30:00Z", "2026-11-01 02:00": "2026-11-01T07:00:00Z", "2026-11-01T01:30:00-05:00": "2026-11-01T06:30:00Z"},
		"Australia/Lord_Howe": {"2026-04-05 01:45": "2026-04-04T14:45:00Z", "2026-04-05 01:29": "2026-04-04T14:29:00Z", "2026-04-05 02:00": "2026-04-04T15:30:00Z"},
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Skip(err)
		}
		for s, want := range times {
			got, ok := ParseSince(s, time.Now().In(loc))
			if !ok || got.UTC().Format(time.RFC3339) != want {
				t.Errorf("%s: %s is %v; want %s", zone, s, got.UTC(), want)
			}
		}
	}
}

func TestParseSince_refusesWhatCanBeMisread(t *testing.T) {
	for _, s := range []string{
		"", " ", "10", "-10m", "+10m", "10m-5m", "1d-1h", "-1d", "+1d", "1.5d", "d", "1d2d", "1w", "ten minutes", "10 m",
		"36501d", "36500d1ns", "18446744073709551616d", "999999999h", "now", "yesterday", "12:00", "1763812800",
		"2026-11-22T", "2026-11-32", "2026-13-01", "22.11.2026", "11/22/2026", "2026-11-22T25:00:00Z",
		"2026-11-22 02:00:00 02:00 02:00", "2026-11-22T11:00:00 0200", "2026-11-22\n",
	} {
		if got, ok := ParseSince(s, time.Now()); ok {
			t.Errorf("%q is taken for %v", s, got)
		}
	}
}

func FuzzParseSince(f *testing.F) {
	for _, s := range []string{"10m", "1d12h", "2026-11-22T11:00:00 02:00", "2026-11-22", "106751d23h47m"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		ago, isAgo := ParseAgo(s)
		at, ok := ParseSince(s, now)
		if isAgo && (ago < 0 || ago > maxAgo || !ok || !at.Equal(now.Add(-ago))) {
			t.Errorf("%q: %v ago is %v, %v", s, ago, at, ok)
		}
	})
}
