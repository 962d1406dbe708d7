package linetime

import "time"

// iso reads ISO 8601 and its relatives: year, month and day in figures, in
// this order.
func (c *civil) iso(s []byte) (n int) {
	if len(s) >= len("20060102T150405") && isDigit(s[4]) {
		return c.basic(s)
	}
	if len(s) < len("2006-01-02T15:04") {
		return 0
	}
	if sep := s[4]; sep != '-' && sep != '/' && sep != '.' || s[7] != sep {
		return 0
	}
	c.year, c.month, c.day = number(s, 0, 4), time.Month(two(s, 5)), two(s, 8)
	if c.year <= 0 {
		return 0
	}
	n = len("2006-01-02")
	switch s[n] {
	case ' ', 'T', 't', '_':
		n++
	default:
		return 0
	}
	if s[n] == ' ' && isDigit(s[n+1]) && s[n-1] == ' ' {
		return c.paddedHour(s, n)
	}
	return c.rest(s, n)
}

// paddedHour reads on at n with an hour before ten that is padded with a space.
func (c *civil) paddedHour(s []byte, n int) int {
	var padded [len("08:04:05")]byte
	copy(padded[:], s[n:])
	padded[0] = '0'
	if c.clock(padded[:]) != len(padded) {
		return 0
	}
	n += len(padded)
	return c.end(s, n+c.fraction(s[n:]))
}

// rest reads the time of day at n, and the zone, and gives where they end.
func (c *civil) rest(s []byte, n int) int {
	k := c.clock(s[n:])
	if k == 0 {
		return 0
	}
	return c.end(s, n+k)
}

// end reads the zone at n, and gives where the time ends.
func (c *civil) end(s []byte, n int) int {
	k, ok := c.zone(s[n:])
	if !ok {
		return 0
	}
	return n + k
}

// basic reads a date without separators, with a time of day like it
// (20061102T150405) or with one that has them (20061102 15:04:05).
func (c *civil) basic(s []byte) (n int) {
	c.year, c.month, c.day = number(s, 0, 4), time.Month(two(s, 4)), two(s, 6)
	if c.year <= 0 {
		return 0
	}
	n = len("20060102T")
	switch s[n-1] {
	case 'T', 't', ' ':
	default:
		return 0
	}
	if s[n+2] == ':' {
		if n = c.rest(s, n); c.short {
			return 0
		}
		return n
	}
	if s[n-1] == ' ' || len(s) < n+len("150405") {
		return 0
	}
	c.hour, c.min, c.sec = two(s, n), two(s, n+2), two(s, n+4)
	if !c.ofDay() || c.sec < 0 || c.sec > 60 {
		return 0
	}
	n += len("150405")
	return c.end(s, n+c.fraction(s[n:]))
}
