// Package linetime finds the time that a log line carries. It knows the
// layouts that programs write by default; it has no settings, keeps no state,
// and allocates nothing.
//
// It would rather find no time than a wrong one: a date or a number within a
// message is not the line's time, however much it looks like one.
//
// # Where a time stands
//
// A line that begins with a space or a tab continues another one and has no
// time. Every other line is one of these, tried in this order; a byte order mark
// before all, and colours (ESC [ … m) before a time, are passed over:
//
//   - An object: the line begins with "{". Its time is the value of the first
//     member that has a time's name (below) and a time's value, among the
//     object's own members only, in the first 4 KiB of the line.
//   - A number since 1970 or a time of klog, at the very beginning.
//   - Any other time, beginning in the first 128 bytes, behind at most four prefixes. A
//     prefix is a level (INFO, warn:, [E], I,), a text of at most 64 bytes in
//     square brackets ([main], [pod/web/app]), or Redis' process (812:M), each
//     followed by any spaces, tabs and : , | -. Before them may stand the
//     priority of syslog (<13>, or <13>1 as in RFC 5424). The time itself may
//     follow an opening bracket or quote, and within a bracket a level ([I 2026-…).
//   - Members name=value from the line's beginning on (logfmt), until something
//     comes that is none; the same names and values as in an object. A line of
//     the Linux audit daemon (type=… msg=audit(…)) has its time there.
//   - A time in square brackets, day first, as in the access logs of Apache,
//     nginx and HAProxy; before it stand the client's address and a field that
//     is "-" (or for HAProxy nothing but the client's address and port), and no
//     quote.
//   - The name of a container and "|" as Docker Compose puts them, in the first 128
//     bytes, and then any of the above.
//
// Of all but an object the first 512 bytes are looked at, and nothing that
// stands beyond changes the result.
//
// # Times
//
//	2026-11-22T14:20:25.123456789Z        RFC 3339; ISO 8601; Docker, CRI, MySQL, RFC 5424 syslog, journalctl's short-iso
//	2026-11-22 14:20:25,123               log4j, logback, Python logging, PostgreSQL
//	2026/11/22 14:20:25.123456            Go's log, nginx' error log
//	2026.11.22 14:20:25.123456            ClickHouse
//	2026-11-22_14:20:25.12345             svlogd of runit
//	2026-11-22  8:05:25                   MariaDB, which pads the hour with a space
//	2026-11-22T14:20                      ISO 8601 without seconds; old logs of pacman
//	20261122T142025Z                      ISO 8601 basic
//	20261122 14:20:25,123                 the same date with an extended time, as lnav knows it
//	Nov 22 14:20:25                       RFC 3164 syslog; with a fraction, journalctl's short-precise
//	Nov 22 2026 14:20:25                  Cisco's syslog
//	Sun Nov 22 14:20:25 2026              ctime(3), dmesg -T; with a fraction, Apache's error log
//	Sun Nov 22 14:20:25 UTC 2026          date(1)
//	Sun, 22 Nov 2026 14:20:25 +0000       RFC 5322, HTTP; also without the weekday: Redis
//	Sun 2026-11-22 14:20:25 UTC           journalctl's short-full
//	22-Nov-2026 14:20:25.123              Tomcat, BIND, PHP
//	22/Nov/2026:14:20:25 +0000            the common log format of Apache, nginx' $time_local
//	I1122 14:20:25.123456                 klog, glog (there also I20261122); only at the beginning
//	1795357225.123                        seconds since 1970; 13, 16 and 19 digits are ms, µs and ns
//
// Any of them may have a fraction of a second, after a point or a comma, of any
// length; what is below a nanosecond is cut off. A zone is Z, ±hh:mm, ±hhmm, ±hh, or after
// a space ±hh:mm, ±hhmm, UTC or GMT. Other names of zones mean different
// things in different countries, and are passed over. After a time comes no
// letter, no digit and no "_".
//
// A number since 1970 counts from 2001-09-09 (from which on seconds have ten digits)
// until 2100, at the beginning of a line, alone in its bracket there ([1795357225],
// as Nagios writes), or as a member's value. A number that is all of a line is none.
//
// Not a time: seconds since boot (the kernel's "[ 1234.567]"), a date
// alone, a time of day alone, dates in the orders of one country
// (11/22/2026, 22.11.2026), years of two digits, clocks of twelve hours.
//
// The names of members, in any case: time, ts, t, timestamp, date, datetime,
// asctime, eventTime, event_time, logTime, log_time, timeMillis, stageTimestamp
// (the audit log of Kubernetes), time_local and time_iso8601 (nginx), _time,
// @timestamp (Elastic), @t (Serilog), and the __REALTIME_TIMESTAMP of
// journalctl. Their values: any time above, as text, or a number, also
// with an exponent or as text, or MongoDB's {"$date": time}.
package linetime

import (
	"bytes"
	"time"
)

const (
	// maxObject is how far into a line an object's members are looked at. A
	// record of Docker's json-file log has its time last, behind the message.
	maxObject = 4 << 10
	// maxText is how far into any other line is looked.
	maxText = 512
)

// Parse finds the time that a log line carries, and reports whether it has one.
// The line may or may not have its newline. What stands behind the first 4 KiB
// of an object, or behind the first 512 bytes of another line, has no influence.
//
// The zone of a time that names none is ref's Location, and every result is in
// it. Of a local time that a zone change repeats, the first is taken; one
// that a zone change skips is read as if the change had not come yet, so that
// it comes out as much later on the clock as was skipped.
//
// A time without a year is the newest such time that is not more than 24 hours
// after ref: a line of December read in January is last year's.
//
// What is no date (February 30) or no time of day (25:00) is refused, and so is
// a year before 1971 or after 2199. A leap second is the second after it.
func Parse(line []byte, ref time.Time) (t time.Time, ok bool) {
	line = line[:min(len(line), maxObject)]
	from := 0
	if bytes.HasPrefix(line, []byte("\ufeff")) {
		from = len("\ufeff")
	}
	from += colors(line[from:])
	if t, ok := begins(line, from, ref); ok {
		return t, true
	}
	if n := container(line[from:]); n > 0 {
		return begins(line, from+n, ref)
	}
	return time.Time{}, false
}

// begins gives the time of a line that begins at from.
func begins(line []byte, from int, ref time.Time) (t time.Time, ok bool) {
	if from < len(line) && line[from] == '{' {
		return object(line[from:], ref)
	}
	s := text(line)
	if from >= len(s) || isBlank(s[from]) {
		return time.Time{}, false
	}
	s = s[from:]
	if t, ok := epochAtStart(s); ok {
		return t.In(ref.Location()), true
	}
	if t, ok := klog(s, ref); ok {
		return t, true
	}
	if t, ok := prefixed(s, ref); ok {
		return t, true
	}
	if t, ok := logfmt(s, ref); ok {
		return t, true
	}
	return access(s, ref)
}

// text gives as much of a line as is looked at, without the word that this cuts
// in two: half a time could be another one.
func text(line []byte) []byte {
	if len(line) <= maxText {
		return line
	}
	for n := maxText; n > 0; n-- {
		if isBlank(line[n-1]) {
			return line[:n]
		}
	}
	return line[:maxText]
}
