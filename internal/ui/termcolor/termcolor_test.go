package termcolor

import (
	"reflect"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

type here struct{}

// TestInit_comesBeforeBubbleTea: Go initialises packages in the order of their
// paths.
func TestInit_comesBeforeBubbleTea(t *testing.T) {
	ours, theirs := reflect.TypeFor[here]().PkgPath(), reflect.TypeFor[tea.KeyMsg]().PkgPath()
	if ours >= theirs {
		t.Errorf("%s does not sort before %s: it would question the terminal first", ours, theirs)
	}
}
