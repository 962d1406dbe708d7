package ui

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestKeys_areInTheReadme: the README's key table is the key map, row by row.
func TestKeys_areInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| key | does |\n|---|---|\n")
	for _, g := range groups {
		for _, b := range newKeys(2) {
			if h := b.Help(); b.Group == g && h.Key != "" {
				fmt.Fprintf(&want, "| `%s` | %s |\n", h.Key, h.Desc)
			}
		}
	}
	if !strings.Contains(string(readme), want.String()) {
		t.Errorf("README.md lacks the key table as it is now:\n%s", want.String())
	}
}
