package text

import (
	"math"
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1280: "1.2 KiB", 1<<20 - 1: "1023 KiB",
		1 << 20: "1.0 MiB", 1<<20 + 1<<18: "1.2 MiB", 340 << 20: "340 MiB", 99<<30 + 1023<<20: "99.9 GiB",
		math.MaxInt64: "7.9 EiB", -5: "-5 B", math.MinInt64: "-7.9 EiB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1.0k", 1234: "1.2k", 12_449: "12.4k", 99_999: "99.9k", 340_100: "340k",
		999_999: "999k", 1_000_000: "1.0M", math.MaxInt64: "9.2E", -1234: "-1.2k", math.MinInt64: "-9.2E",
	} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000",
	} {
		if got := Grouped(n); got != want {
			t.Errorf("Grouped(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 40 * time.Microsecond: "0.0ms", 420 * time.Microsecond: "0.4ms", 9999 * time.Microsecond: "9.9ms",
		12 * time.Millisecond: "12ms", 999 * time.Millisecond: "999ms", time.Second: "1s", 59900 * time.Millisecond: "59s",
		time.Minute: "1m00s", 4*time.Minute + 12*time.Second: "4m12s", time.Hour + 3*time.Minute + 59*time.Second: "1h03m",
		52 * time.Hour: "2d04h", -2 * time.Second: "-2s", math.MinInt64: "-106751d23h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0.0s", 0: "0.0s", 340 * time.Millisecond: "0.3s", 999 * time.Millisecond: "0.9s",
		time.Second: "1s", 252 * time.Second: "4m12s",
	} {
		if got := Age(d); got != want {
			t.Errorf("Age(%d) = %q, want %q", d, got, want)
		}
	}
}
