package wire

import (
	"strconv"
	"strings"
	"time"
)

// maxAgo keeps sums of durations within what a time.Duration holds.
const maxAgo = 100 * 365 * day

const day = 24 * time.Hour

// ParseSince reads where in time a stream is to begin: a duration before now, as
// [ParseAgo] has it, or an instant. An instant is RFC 3339, also with a blank for
// its T, without seconds, and without the time of day, which is midnight then. One
// without an offset is in the zone of now; where that goes through an hour twice, it
// is the first time. It may be after now: judging that is for whose clock it is.
func ParseSince(s string, now time.Time) (at time.Time, ok bool) {
	if ago, ok := ParseAgo(s); ok {
		return now.Round(0).Add(-ago), true
	}
	s = mendInstant(s)
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return earliest(at), true
		}
	}
	return time.Time{}, false
}

// earliest is the earlier reading of a wall clock's time that comes twice, else t: of
// the two, time.Date gives any.
func earliest(t time.Time) time.Time {
	_, now := t.Zone()
	_, then := t.Add(-time.Hour).Zone()
	again := t.Add(-time.Duration(then-now) * time.Second)
	if _, offset := again.Zone(); then > now && offset == then {
		return again
	}
	return t
}

// mendInstant gives a date and a time their T, and an offset the plus sign that is
// a blank once a URL had it.
func mendInstant(s string) string {
	const offset = len("+01:00")
	b := []byte(strings.ToUpper(s))
	if len(b) > len(time.DateOnly) && b[len(time.DateOnly)] == ' ' {
		b[len(time.DateOnly)] = 'T'
	}
	if at := len(b) - offset; at > len(time.DateOnly) && b[at] == ' ' {
		b[at] = '+'
	}
	return string(b)
}

// ParseAgo reads how long ago something was: a duration as Go has them, "10m",
// "2h30m" or "1.5h", before which there may be whole days of 24 hours, "1d" or
// "1d12h". It is at most 100 years and has no sign.
func ParseAgo(s string) (ago time.Duration, ok bool) {
	if n, rest, found := strings.Cut(s, "d"); found {
		days, err := strconv.ParseUint(n, 10, 32)
		if err != nil || days > uint64(maxAgo/day) {
			return 0, false
		}
		ago, s = time.Duration(days)*day, rest
		if s == "" {
			return ago, true
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || strings.ContainsAny(s, "+-") || d > maxAgo-ago {
		return 0, false
	}
	return ago + d, true
}
