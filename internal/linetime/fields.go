package linetime

import "time"

// maxName is the length of the longest name of a time.
const maxName = len("_SOURCE_REALTIME_TIMESTAMP")

// isTimeName reports whether a member of this name has the line's time.
func isTimeName(name []byte) bool {
	if len(name) == 0 || len(name) > maxName {
		return false
	}
	switch name[0] { // most names are told apart by their first letter
	case 't', 'T', 'd', 'D', 'a', 'A', 'e', 'E', 'l', 'L', 's', 'S', '@', '_':
	default:
		return false
	}
	var lower [maxName]byte
	for i, c := range name {
		if isUpper(c) {
			c |= 0x20
		}
		lower[i] = c
	}
	switch string(lower[:len(name)]) {
	case "time", "ts", "t", "timestamp", "date", "datetime", "asctime",
		"eventtime", "event_time", "logtime", "log_time", "timemillis", "stagetimestamp",
		"time_local", "time_iso8601", "_time", "@timestamp", "@t",
		"__realtime_timestamp", "_source_realtime_timestamp":
		return true
	}
	return false
}

// textValue gives the time that a member's text begins with, or the number that
// it is.
func textValue(s []byte, ref time.Time) (t time.Time, ok bool) {
	if t, n := stamp(s, ref); n > 0 {
		return t, true
	}
	if t, ok := epochValue(s); ok {
		return t.In(ref.Location()), true
	}
	return time.Time{}, false
}
