package text

import (
	"strconv"
	"time"
)

// Bytes returns a size for people: "0 B", "999 B", "1.2 KiB", "340 MiB". It
// rounds down, so that nothing is announced that is not there.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-max(n, -1<<63+1))
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	unit := int64(1024)
	i := 0
	for n/unit >= 1024 {
		unit *= 1024
		i++
	}
	return scaled(n, unit) + " " + "KMGTPE"[i:i+1] + "iB"
}

// Count returns a number for people: "999", "1.2k", "12.4k", "340k", "1.2M".
// It rounds down.
func Count(n int64) string {
	if n < 0 {
		return "-" + Count(-max(n, -1<<63+1))
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	unit := int64(1000)
	i := 0
	for n/unit >= 1000 {
		unit *= 1000
		i++
	}
	return scaled(n, unit) + "kMGTPE"[i:i+1]
}

// scaled returns n in units, with a decimal below a hundred of them.
func scaled(n, unit int64) string {
	whole := n / unit
	if whole >= 100 {
		return strconv.FormatInt(whole, 10)
	}
	return strconv.FormatInt(whole, 10) + "." + strconv.FormatInt(n%unit/(unit/10+min(unit%10, 1)), 10)
}

// Grouped returns a number with its thousands apart: "1,234".
func Grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 1
	if n < 0 {
		first = 2
	}
	for i := len(s) - 3; i >= first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Duration returns a duration for people, in at most two units and rounded
// down: "0.4ms", "12ms", "2s", "4m12s", "1h03m", "2d04h".
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-max(d, -1<<63+1))
	case d == 0:
		return "0s"
	case d < 10*time.Millisecond:
		tenths := int64(d / (100 * time.Microsecond))
		return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + "ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	case d < time.Hour:
		return pair(int64(d/time.Second), 60, "m", "s")
	case d < 24*time.Hour:
		return pair(int64(d/time.Minute), 60, "h", "m")
	default:
		return pair(int64(d/time.Hour), 24, "d", "h")
	}
}

// Age returns how long ago something was, for a display that counts up:
// "0.3s" below a second, and as Duration above.
func Age(d time.Duration) string {
	if d >= time.Second {
		return Duration(d)
	}
	return "0." + strconv.FormatInt(max(int64(d), 0)/int64(100*time.Millisecond), 10) + "s"
}

func pair(n, per int64, big, small string) string {
	low := strconv.FormatInt(n%per, 10)
	if len(low) < 2 {
		low = "0" + low
	}
	return strconv.FormatInt(n/per, 10) + big + low + small
}
