// Package termcolor keeps Bubble Tea from questioning the terminal when the
// program starts. It is imported for that side effect alone.
package termcolor

import "github.com/charmbracelet/lipgloss"

// Bubble Tea v1 asks for the terminal's background colour when its package is
// initialised, and waits up to 5 s where nothing answers (expect, script, bare
// CI terminals), also for --version. Whoever has told lipgloss the answer is
// not asked. Our styles use the 16 ANSI names, which are the user's own palette,
// so the answer is never used.
//
// It works because Go initialises packages in the order of their import paths
// as soon as what they import is ready: this path sorts before Bubble Tea's,
// and must import nothing that imports Bubble Tea.
func init() { lipgloss.SetHasDarkBackground(true) }
