package screen

import (
	"strings"
	"testing"
)

func TestFit_givesBackWhatRoomIsLeft(t *testing.T) {
	segs := func() []Segment {
		return []Segment{
			{Forms: []string{"BADGE"}},
			{Forms: []string{"a-long-name", "name", ""}, Rank: Ranks{Short: 1, Gone: 20}},
			{Forms: []string{"detail of ten", ""}, Rank: Ranks{Gone: 30}},
		}
	}
	for _, tt := range []struct {
		width int
		want  string
	}{
		{40, "BADGE  a-long-name  detail of ten"},
		{30, "BADGE  name  detail of ten"},
		{22, "BADGE  detail of ten"},
		{19, "BADGE  a-long-name"},
		{12, "BADGE  name"},
		{8, "BADGE"},
		{3, "BAD"},
	} {
		s := segs()
		Fit(s, tt.width)
		if got := strings.TrimRight(LayOut(s, tt.width, false), " "); got != tt.want {
			t.Errorf("at %d: %q, want %q", tt.width, got, tt.want)
		}
	}
}
