package linetime

import "time"

// The years that are taken for a line's, as written.
const (
	firstYear = 1971
	lastYear  = 2199
)

// civil is a time as it is written. Clock and zone are within their ranges
// once they are read; whether there is such a day is for instant to say.
type civil struct {
	year                 int // 0: not written
	month                time.Month
	day                  int
	hour, min, sec, nsec int // sec up to 60

	short      bool // written without seconds
	fractional bool // written with a fraction
	zoned      bool // written with a zone
	east       int  // how far that is ahead of UTC, in seconds
}

// stamp reads a time of any layout but those that only begin a line.
func stamp(s []byte, ref time.Time) (t time.Time, n int) {
	if len(s) < len("Nov 2 14:20:25") {
		return time.Time{}, 0
	}
	var c civil
	switch {
	case isDigit(s[0]):
		if n = c.iso(s); n == 0 {
			c = civil{}
			n = c.dayFirst(s)
		}
	case isUpper(s[0]):
		if n = c.monthFirst(s); n == 0 {
			c = civil{}
			n = c.weekday(s)
		}
	}
	if n == 0 {
		return time.Time{}, 0
	}
	t, ok := c.instant(ref)
	if !ok {
		return time.Time{}, 0
	}
	return t, n
}

// clock reads hh:mm, or hh:mm:ss with or without a fraction.
func (c *civil) clock(s []byte) (n int) {
	if len(s) < len("hh:mm") || s[2] != ':' {
		return 0
	}
	if c.hour, c.min = two(s, 0), two(s, 3); !c.ofDay() {
		return 0
	}
	if at(s, 5) != ':' || !isDigit(at(s, 6)) {
		c.short = true
		return 5
	}
	if c.sec = two(s, 6); c.sec < 0 || c.sec > 60 {
		return 0
	}
	return 8 + c.fraction(s[8:])
}

func (c *civil) ofDay() bool {
	return 0 <= c.hour && c.hour < 24 && 0 <= c.min && c.min < 60
}

// fraction reads a fraction of a second, of any length.
func (c *civil) fraction(s []byte) (n int) {
	if len(s) < 2 || s[0] != '.' && s[0] != ',' || !isDigit(s[1]) {
		return 0
	}
	c.fractional = true
	const digits = 9 // of nanoseconds
	for n = 1; n < len(s) && isDigit(s[n]); n++ {
		if n <= digits {
			c.nsec = 10*c.nsec + int(s[n]-'0')
		}
	}
	for k := n; k <= digits; k++ {
		c.nsec *= 10
	}
	return n
}

// zone reads the zone behind a time, if there is one, and reports whether what
// stands there lets the time end there: a sign and a digit that are no
// zone make it something else.
func (c *civil) zone(s []byte) (n int, ok bool) {
	switch at(s, 0) {
	case 'Z', 'z':
		c.zoned = true
		return 1, ends(s, 1)
	case '+', '-':
		if !isDigit(at(s, 1)) {
			return 0, true
		}
		n := c.offset(s)
		return n, n > 0
	case ' ':
		if n := c.offset(s[1:]); n > len("+hh") {
			return 1 + n, true
		}
		c.east = 0
		if len(s) >= 4 && ends(s, 4) && (string(s[1:4]) == "UTC" || string(s[1:4]) == "GMT") {
			c.zoned = true
			return 4, true
		}
		c.zoned = false
		return 0, true
	}
	return 0, ends(s, 0)
}

// maxOffset bounds what is believed to be an offset from UTC; clocks on
// Earth are at most 14 hours off.
const maxOffset = 15 // hours

// offset reads ±hh:mm, ±hhmm or ±hh.
func (c *civil) offset(s []byte) (n int) {
	if len(s) < len("+hh") || s[0] != '+' && s[0] != '-' {
		return 0
	}
	h, m := two(s, 1), 0
	n = 3
	if i := 3; isDigit(at(s, i)) || at(s, i) == ':' && isDigit(at(s, i+1)) {
		if s[i] == ':' {
			i++
		}
		m = two(s, i)
		n = i + 2
	}
	if h < 0 || h > maxOffset || m < 0 || m > 59 || !ends(s, n) {
		return 0
	}
	c.zoned = true
	c.east = 3600*h + 60*m
	if s[0] == '-' {
		c.east = -c.east
	}
	return n
}

// instant gives the moment that is meant, in ref's Location, and reports
// whether there is one.
func (c *civil) instant(ref time.Time) (t time.Time, ok bool) {
	if c.year != 0 {
		return c.in(c.year, ref.Location())
	}
	// Two days: the year of a zone that is written may have begun already. Eight
	// years: a February 29 may be that long ago, around 2100.
	limit := ref.Add(24 * time.Hour)
	newest := ref.Add(48 * time.Hour).Year()
	for year := newest; year >= newest-9; year-- {
		if t, ok := c.in(year, ref.Location()); ok && !t.After(limit) {
			return t, true
		}
	}
	return time.Time{}, false
}

// in gives the moment that is meant if the year is this one.
func (c *civil) in(year int, loc *time.Location) (t time.Time, ok bool) {
	if year < firstYear || year > lastYear || c.month < 1 || c.month > 12 || c.day < 1 || c.day > days(c.month, year) {
		return time.Time{}, false
	}
	wall := time.Date(year, c.month, c.day, c.hour, c.min, c.sec, c.nsec, time.UTC)
	if c.zoned {
		return wall.Add(-time.Duration(c.east) * time.Second).In(loc), true
	}
	return local(wall, loc), true
}

// days is how many days a month has.
func days(m time.Month, year int) int {
	switch m {
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

// local gives the moment at which clocks in loc show what wall shows in UTC:
// the first such moment, and where there is none, the one that has passed
// since the last clock before the change as long as wall says. [time.Date] does
// not promise which it takes.
func local(wall time.Time, loc *time.Location) time.Time {
	if loc == time.UTC {
		return wall
	}
	// Whatever the zone, at this moment its clocks do not show wall yet; and no
	// zone changes twice within a day.
	before := eastOf(wall.Add(-maxOffset*time.Hour), loc)
	t := wall.Add(-before)
	now := eastOf(t, loc)
	if now == before {
		return t.In(loc)
	}
	if after := wall.Add(-now); eastOf(after, loc) == now {
		return after.In(loc)
	}
	return t.In(loc)
}

// eastOf gives how far the clocks of loc are ahead of UTC's at t.
func eastOf(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}
