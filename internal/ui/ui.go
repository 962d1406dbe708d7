// Package ui is the screen: a Bubble Tea model that shows logs as they grow,
// and never leaves in doubt whether what it shows is all there is.
//
// # What it promises
//
//   - The state line tells a quiet log from a dead connection, in words, at any
//     width, also while the view is frozen or another log is shown.
//   - A frozen view does not move by a row, whatever arrives and whatever the
//     memory's bound takes away.
//   - What is missing is told where it is missing: rules between the lines.
//   - It costs one message per frame at most and none while nothing happens,
//     however many lines come, and memory up to a bound.
//   - Nothing that a log or a server says reaches the terminal before it is
//     made harmless.
//
// # How it is made
//
// Update routes; the actions behind the key table act; commands wait, each
// until its context ends; View only reads. Time comes in with messages, so that
// the same messages give the same frames. A source is pulled with Next, one
// call at a time, and never sends by itself. Whoever made the context of [New]
// ends it after the program to end the commands.
package ui

import (
	"cmp"
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	_ "github.com/bubbletail/bubbletail/internal/ui/termcolor" // before Bubble Tea
)

// Defaults of Options.
const (
	DefaultFPS    = 30
	DefaultMemory = 64 << 20
)

const (
	// slowPause is how often sources that are not shown are asked: often enough
	// that a warning about one is prompt, and that its buffer does not fill.
	slowPause = 250 * time.Millisecond

	// Ages move once a second; those with a tenth of a second, and countdowns,
	// four times.
	slowTick = time.Second
	fastTick = 250 * time.Millisecond
)

// Options are what the screen shows, and how.
type Options struct {
	Sources []NamedSource    // required, at least one; the first is shown first
	ASCII   bool             // draw with ASCII characters only
	NoColor bool             // also drop the colours that the log brings along
	FPS     int              // updates a second, at most; 0 means DefaultFPS
	Memory  int              // bytes kept of all logs together, bookkeeping included; 0 means DefaultMemory
	Styles  screen.Styles    // zero is plain
	Now     func() time.Time // nil means time.Now
	Demo    bool             // say that what is shown is made up
}

// Model is the whole screen.
type Model struct {
	// Static after New.
	ctx    context.Context // of every command
	now    func() time.Time
	pause  time.Duration // between updates of the source shown
	keys   screen.Keys[Model]
	styles screen.Styles
	scribe scribe
	clean  text.Options
	isDemo bool

	// Owned by Update.
	panes      []*pane
	shown      int
	width      int // of the terminal; 0 until it is known
	height     int
	wrap       bool
	clock      time.Time // the newest time that a message brought
	ticker     ticker
	mode       screen.Mode
	overlayTop int    // first row of the overlay in view
	prefix     string // the key of an unfinished sequence
	notice     notice
	isLeaving  bool
}

// ticker is the running chain of ticks. A tick of another generation is of a
// chain that was replaced.
type ticker struct {
	generation int
	every      time.Duration
}

// notice is a word to the user that goes away by itself.
type notice struct {
	text       string
	armed      bool // ^C quits while it stands
	generation int
}

// New makes the screen. Every command that it gives ends when ctx does.
func New(ctx context.Context, opt Options) Model {
	if opt.FPS <= 0 {
		opt.FPS = DefaultFPS
	}
	if opt.Memory <= 0 {
		opt.Memory = DefaultMemory
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	colors := text.KeepColors
	if opt.NoColor {
		colors = text.DropColors
	}
	m := Model{
		ctx: ctx, now: opt.Now, pause: time.Second / time.Duration(opt.FPS),
		styles: opt.Styles, scribe: newScribe(opt.ASCII), clean: text.Options{Colors: colors, ASCII: opt.ASCII},
		isDemo: opt.Demo, mode: modeLog, clock: opt.Now(), ticker: ticker{every: slowTick},
	}
	for _, s := range opt.Sources {
		m.panes = append(m.panes, &pane{
			name:   m.scribe.plain(s.Name),
			source: s.Source,
			store:  newStore(opt.Memory / len(opt.Sources)),
		})
	}
	m.keys = newKeys(len(m.panes))
	return m
}

// Init begins to pull the sources and to tick.
func (m Model) Init() tea.Cmd {
	cmds := []tea.Cmd{tick(m.ctx, m.ticker.generation, m.ticker.every, m.now)}
	for i, p := range m.panes {
		cmds = append(cmds, await(m.ctx, i, p.generation, p.source, 0, m.now))
	}
	return tea.Batch(cmds...)
}

// Update routes a message to what handles it.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case updateMsg:
		m, cmd = m.handleUpdate(msg)
	case tickMsg:
		m, cmd = m.handleTick(msg)
	case tea.KeyMsg:
		m, cmd = m.handleKey(msg)
	case tea.WindowSizeMsg:
		m = m.handleSize(msg)
	case markMsg:
		m = m.handleMark(msg)
	case noticeOverMsg:
		m = m.handleNoticeOver(msg)
	}
	return m, cmd
}

// handleUpdate takes what a source gave and asks it for more, after the pause.
func (m Model) handleUpdate(msg updateMsg) (Model, tea.Cmd) {
	p := m.panes[msg.pane]
	if msg.generation != p.generation || m.ctx.Err() != nil {
		return m, nil
	}
	m = m.advance(msg.at)
	p.take(msg, m.scribe)
	m, hurry := m.hurry()
	if p.isOver {
		return m, hurry
	}
	pause := m.pause
	if msg.pane != m.shown {
		pause = max(pause, slowPause)
	}
	return m, tea.Batch(hurry, await(m.ctx, msg.pane, p.generation, p.source, pause, m.now))
}

// handleTick moves the ages on.
func (m Model) handleTick(msg tickMsg) (Model, tea.Cmd) {
	if msg.generation != m.ticker.generation {
		return m, nil
	}
	m = m.advance(msg.at)
	m.ticker.every = m.tickEvery()
	return m, tick(m.ctx, m.ticker.generation, m.ticker.every, m.now)
}

// hurry replaces the chain of ticks where the next one would come too late.
func (m Model) hurry() (Model, tea.Cmd) {
	every := m.tickEvery()
	if every >= m.ticker.every {
		return m, nil
	}
	m.ticker = ticker{generation: m.ticker.generation + 1, every: every}
	return m, tick(m.ctx, m.ticker.generation, every, m.now)
}

// advance moves the clock, never back: an older message may come later.
func (m Model) advance(t time.Time) Model {
	if t.After(m.clock) {
		m.clock = t
	}
	return m
}

// The size of a terminal that does not know it, as on a serial line.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

func (m Model) handleSize(msg tea.WindowSizeMsg) Model {
	// A zero tells nothing: the size stays as it was, if it was ever told.
	m.width = cmp.Or(max(msg.Width, 0), m.width, defaultWidth)
	m.height = cmp.Or(max(msg.Height, 0), m.height, defaultHeight)
	m.refit()
	return m
}

// refit keeps the windows where they are after the layout changed.
func (m Model) refit() {
	for _, p := range m.panes {
		p.refit(m.sheet(p))
	}
}

func (m Model) handleMark(msg markMsg) Model {
	p := m.panes[msg.pane]
	if msg.generation != p.generation {
		return m
	}
	m = m.advance(msg.at)
	p.store.rule(m.scribe.mark(msg.at), true)
	return m
}

func (m Model) handleNoticeOver(msg noticeOverMsg) Model {
	if msg.generation == m.notice.generation {
		m.notice.text, m.notice.armed = "", false
	}
	return m
}

// pane is the one that is shown.
func (m Model) pane() *pane { return m.panes[m.shown] }

// tickEvery is how often the figures in view change by themselves.
func (m Model) tickEvery() time.Duration {
	st := m.pane().status
	if st.State == link.Waiting || st.State == link.Live && m.clock.Sub(st.Heard) < time.Second {
		return fastTick
	}
	return slowTick
}
