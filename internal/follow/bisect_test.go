package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/linetime"
)

var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// ledger is a file of lines of 64 bytes, one a millisecond from epoch on, that is made
// up as it is read. It counts the bytes read.
type ledger struct {
	size int64
	line func(i int64) string // without its newline; padded
	read int64
}

func (l *ledger) ReadAt(p []byte, off int64) (n int, err error) {
	l.read += int64(len(p))
	for n < len(p) && off < l.size {
		line := fmt.Sprintf("%-63s\n", l.line(off/64))
		k := copy(p[n:], line[off%64:])
		n, off = n+k, off+int64(k)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func stampOf(i int64) string {
	return epoch.Add(time.Duration(i) * time.Millisecond).Format("2006-01-02T15:04:05.000Z07:00")
}

// In 50 GB the place is found exactly, by reading a few MB.
func TestSince_inAHugeFile(t *testing.T) {
	const lines = 50 << 30 / 64
	random := rand.New(rand.NewPCG(1, 0))
	for range 20 {
		l := &ledger{size: lines * 64, line: func(i int64) string { return stampOf(i) + " line" }}
		i := random.Int64N(lines)
		off, age, err := firstSince(patient(t), l, l.size, epoch.Add(time.Duration(i)*time.Millisecond), epoch)
		if off != i*64 || err != nil || age != divided && i > 0 {
			t.Errorf("line %d: at %d, %v, %v", i, off, age, err)
		}
		if l.read > 4<<20 {
			t.Errorf("line %d: %d bytes read", i, l.read)
		}
	}
}

// A huge file without any time is not read through to find that out.
func TestSince_inAHugeFileWithoutTimes(t *testing.T) {
	l := &ledger{size: 50 << 30, line: func(int64) string { return "no time here" }}
	off, age, err := firstSince(patient(t), l, l.size, epoch, epoch)
	if off != 0 || age != timeless || err != nil {
		t.Errorf("at %d, %v, %v", off, age, err)
	}
	if l.read > 32<<20 {
		t.Errorf("%d bytes read", l.read)
	}
}

// As reading every line would find it, whatever stands between the lines with times.
func TestSince_asReadingEveryLine(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		var text bytes.Buffer
		var starts []int
		var times []time.Time
		at := epoch
		for range random.IntN(400) {
			for range random.IntN(5) { // of a stack trace, before the first time too
				text.WriteString("\tat " + strings.Repeat("x", random.IntN(3000)) + "\n")
			}
			at = at.Add(time.Duration(random.IntN(3)) * time.Second)
			starts, times = append(starts, text.Len()), append(times, at)
			text.WriteString(at.Format(time.RFC3339) + strings.Repeat(" y", random.IntN(300)) + "\n")
		}
		since := epoch.Add(time.Duration(random.IntN(420)-10) * time.Second)
		want, wantAge := int64(0), timeless
		if len(times) > 0 {
			want, wantAge = int64(text.Len()), older
			for i, at := range times {
				if !at.Before(since) {
					want, wantAge = int64(starts[i]), divided
					if i == 0 {
						want, wantAge = 0, younger
					}
					break
				}
			}
		}
		off, age, err := firstSince(patient(t), bytes.NewReader(text.Bytes()), int64(text.Len()), since, epoch)
		if off != want || age != wantAge || err != nil {
			t.Errorf("seed %d, %d bytes: at %d, %v, %v; want %d, %v", seed, text.Len(), off, age, err, want, wantAge)
		}
	}
}

// Neither a line that is longer than any stride nor megabytes without a time hide the place.
func TestSince_howeverFarTheNextTimeIs(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	for name, write := range map[string]func(b *bytes.Buffer, i int64){
		"long lines": func(b *bytes.Buffer, i int64) { fmt.Fprintln(b, stampOf(i), long) },
		"a stretch without times": func(b *bytes.Buffer, i int64) {
			fmt.Fprintln(b, stampOf(i))
			if i%8 == 3 {
				b.WriteString(strings.Repeat("no time\n", 1<<19))
			}
		},
	} {
		var text bytes.Buffer
		var starts []int64
		for i := range int64(16) {
			starts = append(starts, int64(text.Len()))
			write(&text, i)
		}
		size := int64(text.Len())
		for i, want := range starts {
			since := epoch.Add(time.Duration(i) * time.Millisecond)
			s := patient(t)
			off, age, err := firstSince(s, bytes.NewReader(text.Bytes()), size, since, epoch)
			if off != want || err != nil || (age == divided) != (i > 0) {
				t.Errorf("%s: line %d: at %d, %v, %v; want %d", name, i, off, age, err, want)
			}
			// Cut anywhere, it is an earlier line.
			for left := int64(0); left < searchBytes-s.left; left += 40 << 20 {
				cut := patient(t)
				cut.left = left
				off, _, err := firstSince(cut, bytes.NewReader(text.Bytes()), size, since, epoch)
				if err == nil && off == want || errors.Is(err, errCut) && off <= want && (off == 0 || text.Bytes()[off-1] == '\n') {
					continue
				}
				t.Errorf("%s: line %d, cut after %d bytes: at %d, %v; want %d", name, i, left, off, err, want)
			}
		}
	}
}

// In the hour that clocks go through twice, a line may be of the second time.
func TestSince_inTheHourThatComesTwice(t *testing.T) {
	for zone, change := range map[string]struct{ wall, back string }{
		"Europe/Berlin":       {"2026-10-25 02:30:00", "1h"},
		"America/New_York":    {"2026-11-01 01:30:00", "1h"},
		"Australia/Lord_Howe": {"2026-04-05 01:45:00", "30m"},
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Skip(err)
		}
		back, _ := time.ParseDuration(change.back)
		text := change.wall + " before the change, or after it\n"
		first, ok := linetime.Parse([]byte(text), time.Now().In(loc))
		if !ok {
			t.Fatal("no time")
		}
		for _, test := range []struct {
			since time.Time
			want  age
		}{
			{first, younger},
			{first.Add(time.Minute), younger},
			{first.Add(back), younger},
			{first.Add(back + time.Minute), older},
		} {
			_, got, err := firstSince(patient(t), strings.NewReader(text), int64(len(text)), test.since, first)
			if got != test.want || err != nil {
				t.Errorf("%s: since %v: %v, %v; want %v", zone, test.since, got, err, test.want)
			}
		}
		for _, d := range []time.Duration{-2 * time.Hour, -61 * time.Minute, back, back + time.Hour} {
			if at := first.Add(d); !later(at).Equal(at) {
				t.Errorf("%s: %v comes once, and is taken for %v", zone, at, later(at))
			}
		}
	}
}

func TestSince_isBounded(t *testing.T) {
	line := func(i int64) string { return stampOf(i) }
	gone, leave := context.WithCancelCause(t.Context())
	leave(io.ErrClosedPipe)
	l := &ledger{size: 50 << 30, line: line}
	if _, _, err := firstSince(newSearch(gone), l, l.size, epoch.Add(time.Hour), epoch); !errors.Is(err, io.ErrClosedPipe) || l.read > 0 {
		t.Errorf("who asked has gone: %v, %d bytes read", err, l.read)
	}
	s := newSearch(t.Context())
	s.left = 5 * bisectBlock
	off, age, err := firstSince(s, l, l.size, epoch.Add(100*time.Hour), epoch)
	if !errors.Is(err, errCut) || off%64 != 0 || off/64 > 100*3600*1000 || age == timeless {
		t.Errorf("cut: at %d, %v, %v", off, age, err)
	}
}

// What was searched for too long begins early, and says so.
func TestFollower_tellsThatASearchWasCut(t *testing.T) {
	dir, l := openDir(t, Options{NoWatch: true})
	write(t, join(dir, "app.log"), stampOf(0)+" one\n"+stampOf(1000)+" two\n")
	f := follow(t, l, "app.log", Start{From: FromEnd})
	s := newSearch(t.Context())
	s.left = 0
	f.hub.looking.Lock()
	b, err := f.hub.since(s, Start{Since: epoch.Add(time.Second)})
	f.hub.looking.Unlock()
	if err != nil || b.at.off != 0 || !strings.Contains(b.gap, "search") {
		t.Errorf("at %d, %q, %v", b.at.off, b.gap, err)
	}
}

// patient is a search that a slow machine does not cut.
func patient(t testing.TB) *search {
	s := newSearch(t.Context())
	s.until = s.until.Add(time.Hour)
	return s
}
