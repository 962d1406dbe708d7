package screen

import "github.com/charmbracelet/lipgloss"

// Styles is how things look. Its zero value is plain: the screen then says the
// same with words and signs alone, since colour is never the only bearer of a
// meaning.
type Styles struct {
	Good    lipgloss.Style // the badge of a link that is well
	Calm    lipgloss.Style // the badge of a link that is well, with nothing to tell
	Busy    lipgloss.Style // the badge of a link on its way up or down
	Absent  lipgloss.Style // the badge of a link that is well, to a log that is not there or may not be read
	Trouble lipgloss.Style // the whole state line while the log cannot be seen
	Failed  lipgloss.Style // the whole state line once it will not be seen again
	Frozen  lipgloss.Style // the badge of a view that stands still

	Name   lipgloss.Style // names of logs
	Number lipgloss.Style // measurements
	Faint  lipgloss.Style // what may be overlooked
	Alert  lipgloss.Style // what may not: warnings beside the state, rules that tell a loss
	Rule   lipgloss.Style // rules between lines
	Mark   lipgloss.Style // the user's own rules
	Head   lipgloss.Style // headings of overlays and empty screens
	Key    lipgloss.Style // keys in help and hints
	Chosen lipgloss.Style // the row of a table that keys act on
}

// Colors is the styles for a terminal with colours. They are named, never
// mixed: the 16 ANSI names are the user's own palette and fit dark and light.
func Colors() Styles {
	base := lipgloss.NewStyle()
	color := func(c string) lipgloss.Style { return base.Foreground(lipgloss.Color(c)) }
	const red, green, yellow, blue, magenta, cyan, gray = "1", "2", "3", "4", "5", "6", "8"
	return Styles{
		Good:    color(green).Bold(true),
		Calm:    color(cyan).Bold(true),
		Busy:    color(yellow).Bold(true),
		Absent:  color(red).Bold(true),
		Trouble: color(yellow).Bold(true).Reverse(true),
		Failed:  color(red).Bold(true).Reverse(true),
		Frozen:  color(magenta).Bold(true).Reverse(true),
		Name:    base.Bold(true),
		Number:  base,
		Faint:   color(gray),
		Alert:   color(red).Bold(true).Reverse(true),
		Rule:    color(blue),
		Mark:    color(magenta).Bold(true),
		Head:    base.Bold(true),
		Key:     color(cyan),
		Chosen:  base.Reverse(true),
	}
}

// Glyphs is the signs that a screen is drawn with.
type Glyphs struct {
	Live, Quiet, NoContact, Dialing, Retry, Frozen, Closing, Closed, Done string
	NoLog, NoAccess                                                       string

	Rule, AlertRule string // one cell each, repeated
	More, Less      string // a line goes on beyond the right or left edge
	Wrapped         string // a row goes on with the one above; two cells
	Dot             string // between facts
	UpTo            string // between two keys of a range
	Ellipsis        string
	Chosen          string // before the row that keys act on; one cell
	Up, Down        string // sorted so; one cell each
	Bars            []rune // of the sparkline, from nothing to most
}

// GlyphSet gives the signs, of ASCII alone or not. Neither set has braille or
// emoji: screen readers read both at length.
func GlyphSet(ascii bool) Glyphs {
	if ascii {
		return asciiGlyphs
	}
	return unicodeGlyphs
}

var (
	unicodeGlyphs = Glyphs{
		Live: "●", Quiet: "◌", NoContact: "!", Dialing: "○", Retry: "↻", Frozen: "‖", Closing: "◦", Closed: "✕", Done: "■",
		NoLog: "∅", NoAccess: "⊘",
		Rule: "─", AlertRule: "━", More: "›", Less: "‹", Wrapped: "↳ ", Dot: "·", UpTo: "–", Ellipsis: "…", Chosen: "▸", Up: "▲", Down: "▼",
		Bars: []rune("▁▂▃▄▅▆▇█"),
	}
	asciiGlyphs = Glyphs{
		Live: "*", Quiet: "~", NoContact: "!", Dialing: "o", Retry: ">", Frozen: "#", Closing: "-", Closed: "x", Done: "=",
		NoLog: "?", NoAccess: "%",
		Rule: "-", AlertRule: "=", More: ">", Less: "<", Wrapped: "\\ ", Dot: "-", UpTo: "-", Ellipsis: "..", Chosen: ">", Up: "^", Down: "v",
		Bars: []rune("_.:-=+*#"),
	}
)
