package streams

import (
	"strconv"
	"time"

	"github.com/bubbletail/bubbletail/internal/text"
)

// column is one of a table. Its cells are words, or figures of a unit that not
// every row has.
type column struct {
	title  string
	tells  string            // in the help, at most 26 cells; "" where the title does
	word   func(*row) string // harmless; nil for figures
	figure func(*row) (n int64, ok bool)
	unit   unit
	least  int  // cells it needs
	most   int  // cells it takes at most, of what is left and where its words need them; 0 is least
	share  int  // with most: a part of the width, one in so many, that it takes before others are shown
	rank   int  // the lowest gives way first
	isName bool // a path: its end tells it from others
	risen  bool // sorted from the smallest first, where that is not the other way
}

// unit is what a figure counts.
type unit int

const (
	unitBytes unit = iota
	unitRate       // bytes a second
	unitAge        // nanoseconds
	unitTrip       // nanoseconds, short ones
)

// show writes a figure for people.
func (u unit) show(n int64) string {
	switch u {
	case unitRate:
		return text.Bytes(n) + "/s"
	case unitAge:
		return text.Age(time.Duration(n))
	case unitTrip:
		if d := time.Duration(n); d > 0 && d < 100*time.Microsecond {
			return "<0.1ms"
		}
		return text.Duration(time.Duration(n))
	}
	return text.Bytes(n)
}

// exact writes a figure for programs too: bytes are not rounded.
func (u unit) exact(n int64) string {
	if u == unitBytes || u == unitRate {
		return strconv.FormatInt(n, 10)
	}
	return u.show(n)
}

// none stands for a figure that nobody knows.
const none = "-"

// cell is a row's text in a column.
func (c column) cell(r *row) string {
	if c.word != nil {
		return c.word(r)
	}
	if n, ok := c.figure(r); ok {
		return c.unit.show(n)
	}
	return none
}

// isNothing reports whether a cell may be overlooked: it is not known, or zero.
func (c column) isNothing(r *row) bool {
	if c.word != nil {
		return c.word(r) == none
	}
	n, ok := c.figure(r)
	return !ok || n == 0 && c.unit != unitAge
}

// isFigure reports whether cells stand at the right of the column.
func (c column) isFigure() bool { return c.word == nil }

// Ranks of columns: what tells streams apart, then what they do, then whether
// they live, then the rest.
const (
	rankID = iota
	rankTCP
	rankState
	rankLag
	rankTrip
	rankDetail
	rankReclaim
	rankContact
	rankStuck
	rankUnacked
	rankIdle
	rankAs
	rankBehind
	rankHeard
	rankRate
	rankBytes
	rankAge
	rankClient
	rankReason
	rankLog
)

// Columns of both tables.
var (
	columnLog    = column{title: "LOG", word: func(r *row) string { return r.log }, least: 12, most: 400, share: 5, rank: rankLog, isName: true}
	columnClient = column{title: "CLIENT", word: func(r *row) string { return r.client }, least: 15, most: 39, share: 8, rank: rankClient}
	columnAs     = column{title: "AS", word: func(r *row) string { return r.as }, least: 6, rank: rankAs}
	columnID     = column{title: "ID", word: func(r *row) string { return r.id }, least: 8, rank: rankID}
	columnBytes  = column{title: "BYTES", tells: "of the log, sent", figure: func(r *row) (int64, bool) { return r.info.Bytes, true }, unit: unitBytes, least: 8, rank: rankBytes}
)

var columnReclaim = column{title: "RECLAIM", tells: "from end to all given back", figure: func(r *row) (int64, bool) {
	if r.info.ReclaimMS == nil {
		return 0, false
	}
	return int64(min(max(*r.info.ReclaimMS, 0), 1e12) * float64(time.Millisecond)), true
}, unit: unitTrip, least: 8, rank: rankReclaim}

// Places in liveColumns and endedColumns that the tables are sorted by at first.
const (
	liveByAge    = 3
	endedByEnded = 3
)

// liveColumns are those of streams that are there, from left to right.
var liveColumns = []column{
	columnLog, columnClient, columnAs,
	{title: "AGE", figure: func(r *row) (int64, bool) { return int64(r.age), true }, unit: unitTrip, least: 6, rank: rankAge},
	columnBytes,
	{title: "RATE", tells: "of late, of the log", figure: func(r *row) (int64, bool) { return r.rate, r.isRated }, unit: unitRate, least: 10, rank: rankRate},
	{title: "LAG", tells: "of the log, not sent yet", figure: func(r *row) (int64, bool) { return r.info.Lag, true }, unit: unitBytes, least: 8, rank: rankLag},
	{title: "BEHIND", tells: "not confirmed by its lease", figure: func(r *row) (int64, bool) {
		if r.info.Behind == nil {
			return 0, false
		}
		return *r.info.Behind, true
	}, unit: unitBytes, least: 8, rank: rankBehind},
	{title: "UNACKED", tells: "sent, and not taken yet", figure: func(r *row) (int64, bool) { return r.info.Unacked, r.info.TCP != "" }, unit: unitBytes, least: 8, rank: rankUnacked},
	{title: "STUCK", tells: "how long it takes nothing", figure: func(r *row) (int64, bool) {
		return int64(milliseconds(r.info.StuckMS)), r.isStuck()
	}, unit: unitAge, least: 6, rank: rankStuck},
	{title: "IDLE", tells: "since the log gave a byte", figure: func(r *row) (int64, bool) { return int64(milliseconds(r.info.IdleMS)), true }, unit: unitAge, least: 6, rank: rankIdle},
	{title: "HEARD", tells: "since it asked or renewed", figure: func(r *row) (int64, bool) { return int64(milliseconds(r.info.LastHeardMS)), true }, unit: unitAge, least: 6, rank: rankHeard},
	{title: "CONTACT", tells: "since its machine answered", figure: func(r *row) (int64, bool) {
		if r.info.ContactMS == nil {
			return 0, false
		}
		return int64(milliseconds(*r.info.ContactMS)), true
	}, unit: unitAge, least: 8, rank: rankContact},
	{title: "RTT", tells: "round trip", figure: func(r *row) (int64, bool) {
		return int64(scaled(r.info.RTTUS, time.Microsecond)), r.info.RTTUS > 0
	}, unit: unitTrip, least: 6, rank: rankTrip},
	{title: "TCP", tells: "the connection's state", word: func(r *row) string { return orNone(r.tcp) }, least: 11, rank: rankTCP},
	{title: "STATE", word: func(r *row) string { return r.state }, least: 9, rank: rankState},
	columnID,
}

// endedColumns are those of streams that were, from left to right.
var endedColumns = []column{
	columnLog, columnClient, columnAs,
	{title: "ENDED", tells: "how long ago", figure: func(r *row) (int64, bool) { return int64(r.ago), true }, unit: unitTrip, least: 7, rank: rankAge, risen: true},
	{title: "REASON", word: func(r *row) string { return r.reason }, least: 13, rank: rankReason},
	{title: "LIVED", tells: "how long it was there", figure: func(r *row) (int64, bool) { return int64(r.age), true }, unit: unitTrip, least: 6, rank: rankHeard},
	columnBytes,
	columnReclaim,
	columnID,
	{title: "DETAIL", word: func(r *row) string { return r.detail }, least: 12, most: 400, share: 12, rank: rankDetail},
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}
