// Package screen is what the screens of the ui have in common: how things look,
// rows that are made of facts and give way to one another, and key tables that
// are dispatcher and help at once. It knows nothing of what is shown.
package screen

import _ "github.com/bubbletail/bubbletail/internal/ui/termcolor" // before Bubble Tea
