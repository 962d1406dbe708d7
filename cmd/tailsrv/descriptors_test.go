package main

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/bubbletail/bubbletail/internal/cli"
	"github.com/bubbletail/bubbletail/internal/server"
)

func TestDescriptors_divided(t *testing.T) {
	for _, tt := range []struct {
		descriptors, maxConnections, maxStreams int
		want                                    budget
		warns                                   string // a part of the one warning; "" is none
	}{
		{0, 0, 1024, budget{0, 2340, 1024, 0}, ""},
		{0, 100, 50, budget{0, 100, 50, 0}, ""},
		{1 << 20, 0, 1024, budget{1 << 20, 2340, 1024, 1<<20 - 2340 - 35}, ""},
		{4096, 0, 1024, budget{4096, 2340, 1024, 1721}, ""},
		{2048, 0, 1024, budget{2048, 1509, 1024, 504}, ""},
		{1024, 0, 1024, budget{1024, 741, 649, 248}, `streams=649 max_streams=1024 connections=741 descriptors=1024 files=248 logs=219 hint="ulimit -n 1595 before tailsrv starts, or LimitNOFILE= in a systemd unit"`},
		{1024, 900, 100, budget{1024, 900, 100, 89}, ""},
		{1024, 2000, 100, budget{1024, 981, 100, 8}, `hint="ulimit -n 2702 `},
		{1024, 100, 1024, budget{1024, 100, 88, 889}, `streams=88 max_streams=1024 connections=100 descriptors=1024 files=889 logs=819 hint="--max-connections 1170, or --max-streams 88 to mean it"`},
		{64, 0, 1024, budget{64, 21, 13, 8}, "streams=13 "},
	} {
		f := &flags{maxConnections: tt.maxConnections, maxStreams: tt.maxStreams}
		const fixed = 3
		got, err := f.divide(tt.descriptors, fixed)
		if err != nil || got != tt.want {
			t.Errorf("%d descriptors, --max-connections %d, --max-streams %d: %+v, %v; want %+v", tt.descriptors, tt.maxConnections, tt.maxStreams, got, err, tt.want)
		}
		if got.descriptors > 0 && got.connections+got.files+ownDescriptors+fixed > got.descriptors {
			t.Errorf("%d descriptors: %+v is more than there are", tt.descriptors, got)
		}
		var logged strings.Builder
		got.warn(f, fixed, slog.New(slog.NewTextHandler(&logged, nil)))
		if n := strings.Count(logged.String(), "level=WARN"); !strings.Contains(logged.String(), tt.warns) || (n == 1) != (tt.warns != "") || n > 1 {
			t.Errorf("%d descriptors, --max-connections %d, --max-streams %d: said\n%swant %q", tt.descriptors, tt.maxConnections, tt.maxStreams, &logged, tt.warns)
		}
	}
}

// The way out that a warning or a refusal names is one.
func TestDescriptors_theHintHelps(t *testing.T) {
	for _, f := range []*flags{{maxStreams: 1}, {maxStreams: 100}, {maxStreams: 1024}, {maxStreams: 1024, maxConnections: 5000}, {maxStreams: 100_000}} {
		for fixed := 3; fixed < 30; fixed += 9 {
			b, err := f.divide(f.descriptorsFor(fixed), fixed)
			if err != nil || b.streams != f.maxStreams || b.connections < f.maxConnections {
				t.Errorf("%+v: %d descriptors give %+v, %v", f, f.descriptorsFor(fixed), b, err)
			}
		}
	}
}

func TestDescriptors_tooFew(t *testing.T) {
	for descriptors, fixed := range map[int]int{10: 3, minDescriptors - 1: 3, minDescriptors: 20} {
		_, err := (&flags{maxStreams: 1024}).divide(descriptors, fixed)
		var told *cli.Error
		if !errors.As(err, &told) || !strings.Contains(told.Msg, "too few") || !strings.Contains(told.Hint, "ulimit -n ") {
			t.Errorf("%d descriptors: %v", descriptors, err)
		}
	}
	if b, err := (&flags{maxStreams: 1024}).divide(minDescriptors, 3); err != nil || b.connections < server.MinConnections {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestFlags_maxConnections(t *testing.T) {
	for n, fine := range map[int]bool{0: true, server.MinConnections: true, 100: true, 1: false, server.MinConnections - 1: false, -1: false} {
		var f flags
		cmd := command(&f, nil)
		if err := cmd.Flags().Parse([]string{"--max-connections", strconv.Itoa(n)}); err != nil {
			t.Fatal(err)
		}
		if err := f.check(); (err == nil) != fine {
			t.Errorf("--max-connections %d: %v", n, err)
		}
	}
}
