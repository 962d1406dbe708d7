package linetime

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// layout is how a program writes times, in the words of [time.Format].
type layout struct {
	before    string // the time
	format    string
	precision time.Duration // of what is written
	zoned     bool
	yearless  bool
}

var layouts = []layout{
	{"", "2006-01-02T15:04:05.999999999Z07:00", time.Nanosecond, true, false},
	{"", "2006-01-02T15:04:05.000000Z0700", time.Microsecond, true, false},
	{"", "2006-01-02 15:04:05,000 -0700", time.Millisecond, true, false},
	{"", "2006-01-02T15:04Z07:00", time.Minute, true, false},
	{"", "2006-01-02 15:04:05.000", time.Millisecond, false, false},
	{"", "2006/01/02 15:04:05.000000", time.Microsecond, false, false},
	{"", "2006.01.02 15:04:05.000000", time.Microsecond, false, false},
	{"", "2006-01-02_15:04:05.00000", 10 * time.Microsecond, false, false},
	{"", "20060102T150405.999999999Z0700", time.Nanosecond, true, false},
	{"", "20060102T150405", time.Second, false, false},
	{"", "20060102 15:04:05,000", time.Millisecond, false, false},
	{"", time.Stamp, time.Second, false, true},
	{"", time.StampNano, time.Nanosecond, false, true},
	{"", "Jan _2 2006 15:04:05", time.Second, false, false},
	{"", "I0102 15:04:05.000000", time.Microsecond, false, true},
	{"", "I20060102 15:04:05.000000", time.Microsecond, false, false},
	{"", time.ANSIC, time.Second, false, false},
	{"", time.RubyDate, time.Second, true, false},
	{"", "[Mon Jan _2 15:04:05.000000 2006]", time.Microsecond, false, false},
	{"", time.RFC1123Z, time.Second, true, false},
	{"", "Mon, 2 Jan 2006 15:04:05 -0700", time.Second, true, false},
	{"", "02-Jan-2006 15:04:05.000", time.Millisecond, false, false},
	{`812:M `, "02 Jan 2006 15:04:05.000", time.Millisecond, false, false},
	{"", "[02/Jan/2006:15:04:05 -0700]", time.Second, true, false},
	{`10.0.0.1 - - `, "[02/Jan/2006:15:04:05 -0700]", time.Second, true, false},
	{`{"msg":"x","time":"`, `2006-01-02T15:04:05.999999999Z07:00"}`, time.Nanosecond, true, false},
	{`level=info ts=`, `2006-01-02T15:04:05.999999999Z07:00`, time.Nanosecond, true, false},
	{`[INFO ] [main] `, "2006-01-02T15:04:05.999999999Z07:00", time.Nanosecond, true, false},
	{`<34>1 `, "2006-01-02T15:04:05.999999999Z07:00", time.Nanosecond, true, false},
}

var zones = []string{"UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"}

// drawTime draws a time of the years that are read, seen in some zone.
func drawTime(t *rapid.T, from, to time.Time) time.Time {
	loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(rapid.Int64Range(from.Unix(), to.Unix()-1).Draw(t, "second"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns")).In(loc)
}

func TestParse_readsWhatIsWritten(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.before+l.format, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				// From 1972 on no zone's offset has seconds in it that a layout leaves out.
				want := drawTime(t, time.Date(1973, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 31, 0, 0, 0, 0, time.UTC))
				ref := want
				if l.yearless {
					// Any moment after at which a year has not passed yet.
					ref = want.Add(time.Duration(rapid.Int64Range(-24*3600+1, 363*24*3600).Draw(t, "later")) * time.Second)
				}
				line := l.before + want.Format(l.format) + rapid.SampledFrom([]string{"", " ", "\n", " message", ": 12"}).Draw(t, "behind")
				got, ok := Parse([]byte(line), ref)
				if !ok {
					t.Fatalf("no time in %q", line)
				}
				want = time.Unix(0, want.UnixNano()-want.UnixNano()%int64(l.precision))
				if l.zoned && !got.Equal(want) {
					t.Fatalf("%q: %s, want %s", line, got, want.In(ref.Location()))
				}
				if !l.zoned && !got.Equal(first(want.In(ref.Location()))) {
					t.Fatalf("%q: %s, want %s", line, got, want.In(ref.Location()))
				}
			})
		})
	}
}

// first gives the first moment at which the clocks show what they show at t: they
// are never set back by more than a day, nor by less than half an hour's steps.
func first(t time.Time) time.Time {
	for back := 24 * time.Hour; back > 0; back -= 30 * time.Minute {
		if u := t.Add(-back); u.Format("2006-01-02T15:04:05.999999999") == t.Format("2006-01-02T15:04:05.999999999") {
			return u
		}
	}
	return t
}

func TestParse_readsNumbersOfEveryUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawTime(t, time.Unix(firstEpoch/1e9, 0), time.Unix(endOfEpoch/1e9, 0))
		ns := want.UnixNano()
		unit := rapid.SampledFrom([]int64{1, 1e3, 1e6, 1e9}).Draw(t, "unit")
		number := fmt.Sprint(ns / unit)
		if unit > 1 && rapid.Bool().Draw(t, "fraction") {
			number += fmt.Sprintf(".%0*d", len(fmt.Sprint(unit))-1, ns%unit)
		} else {
			ns -= ns % unit
		}
		form := rapid.SampledFrom([]string{"%s message", `{"level":30,"time":%s}`, `{"ts":"%s"}`, "level=info ts=%s msg=x"}).Draw(t, "form")
		line := fmt.Sprintf(form, number)
		got, ok := Parse([]byte(line), want)
		if !ok || got.UnixNano() != ns {
			t.Fatalf("%q: %v (%t), want %v", line, got, ok, time.Unix(0, ns).UTC())
		}
	})
}

// TestParse_aMessageIsNotSearched: a line that begins with a message has no time, however
// much of what times and prefixes are made of comes in it.
func TestParse_aMessageIsNotSearched(t *testing.T) {
	pieces := []string{"at", "main.go:12", "2026-11-22", "14:20:25", "1795357225", "order", "[main]", "INFO", "Nov", "22", "=", "x=5",
		`"q"`, "{", "}", ":", "time", "10.0.0.1", "<34>", "|", "\t", "Sun", "I1122", "- -"}
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "words")
		line := "retry: " + strings.Join(words, " ") + " 2026-11-22T14:20:25Z [22/Nov/2026:14:20:25 +0000]"
		if strings.Contains(line, " - ") {
			return
		}
		if got, ok := Parse([]byte(line), time.Unix(1795357225, 0)); ok {
			t.Fatalf("%q: %v", line, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, r := range rows(f) {
		f.Add([]byte(r.line), int64(1795357225), []byte(" x"))
	}
	loc := berlin(f)
	f.Fuzz(func(t *testing.T, line []byte, refSeconds int64, more []byte) {
		refSeconds %= 1 << 33
		ref := time.Unix(refSeconds, 0).In(loc)
		given := bytes.Clone(line)
		got, ok := Parse(line, ref)
		if !bytes.Equal(line, given) {
			t.Fatal("the line was changed")
		}
		if !ok {
			if !got.IsZero() {
				t.Fatalf("%q: no time, and yet %v", line, got)
			}
		} else {
			// A year is read as it is written: the zone may bring it into the next.
			if got.Before(time.Date(firstYear-1, 12, 31, 0, 0, 0, 0, time.UTC)) || !got.Before(time.Date(lastYear+1, 1, 2, 0, 0, 0, 0, time.UTC)) {
				t.Fatalf("%q: %v is out of range", line, got)
			}
			if got.Location() != loc {
				t.Fatalf("%q: %v is in %v", line, got, got.Location())
			}
		}
		for _, bound := range []int{maxText + 1, maxObject} {
			padded := append(bytes.Clone(line), bytes.Repeat([]byte(" "), max(0, bound-len(line)))...)
			if len(padded) < maxObject && bytes.IndexByte(padded, '{') >= 0 {
				continue
			}
			a, okA := Parse(padded, ref)
			b, okB := Parse(append(padded, more...), ref)
			if okA != okB || !a.Equal(b) {
				t.Fatalf("%q: %v (%t), and with %q behind it %v (%t)", padded, a, okA, more, b, okB)
			}
		}
	})
}
