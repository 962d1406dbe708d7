package linetime

import "time"

// month reads the short English name of a month.
func month(s []byte) time.Month {
	if len(s) < 3 {
		return 0
	}
	switch string(s[:3]) {
	case "Jan":
		return time.January
	case "Feb":
		return time.February
	case "Mar":
		return time.March
	case "Apr":
		return time.April
	case "May":
		return time.May
	case "Jun":
		return time.June
	case "Jul":
		return time.July
	case "Aug":
		return time.August
	case "Sep":
		return time.September
	case "Oct":
		return time.October
	case "Nov":
		return time.November
	case "Dec":
		return time.December
	}
	return 0
}

// monthFirst reads "Nov 22 14:20:25", "Nov  2 14:20:25" and "Nov 22 2026
// 14:20:25". Whoever forgets RFC 3164's padding is understood as well.
func (c *civil) monthFirst(s []byte) (n int) {
	if n = c.monthAndDay(s); n == 0 {
		return 0
	}
	if year := number(s, n, 4); year > 0 && at(s, n+4) == ' ' {
		c.year = year
		n += len("2006 ")
	}
	if n = c.rest(s, n); c.short {
		return 0
	}
	return n
}

// monthAndDay reads "Nov 22 " and the like, up to what follows the space.
func (c *civil) monthAndDay(s []byte) (n int) {
	c.month = month(s)
	if c.month == 0 || at(s, 3) != ' ' {
		return 0
	}
	n = len("Jan ")
	if at(s, n) == ' ' {
		n++
	}
	k := c.dayOfMonth(s[n:])
	if k == 0 || at(s, n+k) != ' ' {
		return 0
	}
	return n + k + 1
}

// dayOfMonth reads one or two digits.
func (c *civil) dayOfMonth(s []byte) (n int) {
	for n < 2 && isDigit(at(s, n)) {
		c.day = 10*c.day + int(s[n]-'0')
		n++
	}
	return n
}

// weekday reads times that begin with the short English name of a day. Whether
// it is the right one is not asked.
func (c *civil) weekday(s []byte) (n int) {
	if len(s) < len("Sun Nov 2 ") {
		return 0
	}
	switch string(s[:3]) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
	default:
		return 0
	}
	n = 3
	if s[n] == ',' {
		n++
	}
	if s[n] != ' ' {
		return 0
	}
	n++
	var k int
	switch s := s[n:]; {
	case !isDigit(s[0]):
		k = c.yearLast(s)
	case at(s, 4) == '-':
		k = c.iso(s)
	default:
		k = c.dayFirst(s)
	}
	if k == 0 {
		return 0
	}
	return n + k
}

// yearLast reads "Nov 22 14:20:25 2026" as ctime writes it, and the same with a
// zone before the year as date does. A zone's name other than UTC and GMT is passed
// over.
func (c *civil) yearLast(s []byte) (n int) {
	if n = c.monthAndDay(s); n == 0 {
		return 0
	}
	if n = c.rest(s, n); n == 0 || c.short || at(s, n) != ' ' {
		return 0
	}
	n++
	if !c.zoned {
		k := n
		for isUpper(at(s, k)) && k < n+5 {
			k++
		}
		if k > n && at(s, k) == ' ' {
			n = k + 1
		}
	}
	c.year = number(s, n, 4)
	if n += 4; c.year <= 0 || !ends(s, n) {
		return 0
	}
	return n
}

// dayFirst reads "22/Nov/2026:14:20:25 +0000", "22-Nov-2026 14:20:25" and
// "22 Nov 2026 14:20:25".
func (c *civil) dayFirst(s []byte) (n int) {
	if n = c.dayOfMonth(s); n == 0 {
		return 0
	}
	if len(s) < n+len("/Jan/2006:15:04:05") {
		return 0
	}
	date, clock := s[n], byte(' ')
	switch date {
	case '/':
		clock = ':'
	case '-', ' ':
	default:
		return 0
	}
	c.month = month(s[n+1:])
	c.year = number(s, n+5, 4)
	if c.month == 0 || s[n+4] != date || c.year <= 0 || s[n+9] != clock {
		return 0
	}
	if n = c.rest(s, n+10); c.short {
		return 0
	}
	return n
}

// klog reads "I1122 14:20:25.123456" (klog, and glog of old) and "I20261122
// 14:20:25.123456" (glog of today). Both always write the fraction.
func klog(s []byte, ref time.Time) (t time.Time, ok bool) {
	var c civil
	switch at(s, 0) {
	case 'I', 'W', 'E', 'F':
	default:
		return time.Time{}, false
	}
	n := 1
	if at(s, len("I20060102")) == ' ' {
		if c.year = number(s, n, 4); c.year <= 0 {
			return time.Time{}, false
		}
		n += 4
	}
	c.month, c.day = time.Month(two(s, n)), two(s, n+2)
	if n += 4; at(s, n) != ' ' {
		return time.Time{}, false
	}
	k := c.clock(s[n+1:])
	if n += 1 + k; k == 0 || !c.fractional || !ends(s, n) {
		return time.Time{}, false
	}
	return c.instant(ref)
}
