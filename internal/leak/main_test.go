package leak_test

import (
	"testing"

	"github.com/bubbletail/bubbletail/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
