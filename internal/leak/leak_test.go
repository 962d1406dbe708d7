package leak_test

import (
	"testing"

	"github.com/bubbletail/bubbletail/internal/leak"
)

func TestGoroutines_inMetrics(t *testing.T) {
	n, err := leak.Goroutines("go_gomaxprocs 2\ngo_goroutines 17\ngo_goroutines_x 3\n")
	if n != 17 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := leak.Goroutines("nothing 1\n"); err == nil {
		t.Error("no error where there is no such line")
	}
}
