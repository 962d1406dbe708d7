// Package streams is the screen that looks after a server: a Bubble Tea model
// that shows its streams, live and ended, as they are, and ends one at the
// user's wish.
//
// # What it promises
//
//   - The state line tells how old what is shown is, in words, at any width: a
//     server that does not answer never looks like one where nothing happens.
//   - All figures are of one answer. Between two answers nothing in the table
//     moves but by keys.
//   - A stream that was chosen stays chosen, wherever the order puts it; and only
//     the one that was named in the question is ended.
//   - With thousands of streams a key shows at once: answers are made ready beside
//     the loop, only rows in view are drawn.
//   - Nothing that a server says reaches the terminal before it is made harmless.
//
// # How it is made
//
// As the screen of logs, its neighbour: Update routes; the actions behind the key
// table act; commands wait, each until its context ends; View only reads. Time
// comes in with messages, so that the same messages give the same frames.
package streams

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

const (
	// Ages move once a second, countdowns four times.
	slowTick = time.Second
	fastTick = 250 * time.Millisecond

	// noticeFor is how long the outcome of ending a stream stays: long enough to
	// read two sentences. Esc takes it away.
	noticeFor = 10 * time.Second
)

// Options are what the screen shows, and how.
type Options struct {
	Server Server           // required
	Name   string           // of the server, "web-1:7070"; shown after being made harmless
	ASCII  bool             // draw with ASCII characters only
	Styles screen.Styles    // zero is plain
	Now    func() time.Time // nil means time.Now
}

// Model is the whole screen.
type Model struct {
	// Static after New.
	ctx    context.Context // of every command
	now    func() time.Time
	server Server
	name   string // harmless
	keys   screen.Keys[Model]
	styles screen.Styles
	glyphs screen.Glyphs
	plain  func(string) string // makes a text of others harmless

	// Owned by Update.
	begun    time.Time
	clock    time.Time // the newest time that a message brought
	ticker   ticker
	width    int // of the terminal; 0 until it is known
	height   int
	update   Update // the newest, without its streams
	snapshot *snapshot
	tables   *[2]table // live, ended
	shown    int       // of tables
	filter   string
	isAsking bool       // await is on its way
	isPaused bool       // nothing is asked, and what comes is held
	held     *answerMsg // came while paused

	mode       screen.Mode
	overlayTop int         // first row of the overlay in view
	prefix     string      // the key of an unfinished sequence
	typed      string      // modeFilter: the filter so far
	before     string      // modeFilter: the filter before
	subject    key         // modeDetails, modeAsk: of which stream
	doomed     row         // modeAsk: which one it is
	back       screen.Mode // modeAsk: where it leads
	notice     notice
}

// Places in Model.tables.
const (
	liveTable = iota
	endedTable
)

// ticker is the running chain of ticks. A tick of another generation is of a
// chain that was replaced.
type ticker struct {
	generation int
	every      time.Duration
}

// notice is a word to the user that goes away by itself.
type notice struct {
	text       string
	isBad      bool
	generation int
}

// New makes the screen. Every command that it gives ends when ctx does.
func New(ctx context.Context, opt Options) Model {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	m := Model{
		ctx: ctx, now: opt.Now, server: opt.Server, keys: newKeys(),
		styles: opt.Styles, glyphs: screen.GlyphSet(opt.ASCII), plain: text.Plain,
		begun: opt.Now(), clock: opt.Now(), ticker: ticker{every: slowTick},
		snapshot: &snapshot{}, mode: modeTable, isAsking: true,
		tables: &[2]table{newTable(liveColumns, liveByAge), newTable(endedColumns, endedByEnded)},
	}
	if opt.ASCII {
		m.plain = text.PlainASCII
	}
	m.name = m.plain(opt.Name)
	return m
}

// Init begins to ask the server, and to tick.
func (m Model) Init() tea.Cmd {
	return tea.Batch(
		tick(m.ctx, m.ticker.generation, m.ticker.every, m.now),
		await(m.ctx, m.server, m.snapshot, m.plain, m.now),
	)
}

// Update routes a message to what handles it.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case answerMsg:
		m, cmd = m.handleAnswer(msg)
	case tickMsg:
		m, cmd = m.handleTick(msg)
	case tea.KeyMsg:
		m, cmd = m.handleKey(msg)
	case tea.WindowSizeMsg:
		m = m.handleSize(msg)
	case endedMsg:
		m, cmd = m.handleEnded(msg)
	case noticeOverMsg:
		m = m.handleNoticeOver(msg)
	}
	m.fit()
	return m, cmd
}

// handleAnswer takes what is new about the server and asks it again. While the
// view is paused both wait.
func (m Model) handleAnswer(msg answerMsg) (Model, tea.Cmd) {
	m.isAsking = false
	if m.ctx.Err() != nil {
		return m, nil
	}
	m = m.advance(msg.at)
	if m.isPaused && !isLast(msg) {
		m.held = &msg
		return m, nil
	}
	m = m.take(msg)
	m, hurry := m.hurry()
	m, next := m.ask()
	return m, tea.Batch(hurry, next)
}

// isLast reports whether nothing comes after an answer.
func isLast(msg answerMsg) bool { return msg.err != nil || msg.update.Closed }

// take shows an answer.
func (m Model) take(msg answerMsg) Model {
	if msg.err != nil {
		m.update.Closed = true
		if m.update.Problem == "" && !errors.Is(msg.err, io.EOF) {
			m.update.Problem = msg.err.Error()
		}
		return m
	}
	m.update = msg.update
	m.update.Streams.Live, m.update.Streams.Ended = nil, nil // the snapshot has them
	if msg.snapshot == m.snapshot {
		return m
	}
	m.snapshot = msg.snapshot
	m.tables[liveTable].take(m.snapshot.live, m.filter)
	m.tables[endedTable].take(m.snapshot.ended, m.filter)
	return m
}

// ask asks the server again, unless that is under way or over.
func (m Model) ask() (Model, tea.Cmd) {
	if m.isAsking || m.update.Closed {
		return m, nil
	}
	m.isAsking = true
	return m, await(m.ctx, m.server, m.snapshot, m.plain, m.now)
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

// tickEvery is how often the figures in view change by themselves.
func (m Model) tickEvery() time.Duration {
	if m.update.Problem != "" && m.update.RetryAt.After(m.clock) && !m.isPaused {
		return fastTick
	}
	return slowTick
}

// advance moves the clock, never back: an older message may come later.
func (m Model) advance(t time.Time) Model {
	if t.After(m.clock) {
		m.clock = t
	}
	return m
}

// handleEnded tells what came of ending a stream, and looks at once.
func (m Model) handleEnded(msg endedMsg) (Model, tea.Cmd) {
	words, isBad := m.outcomeWords(msg)
	m, cmd := m.notify(words, isBad)
	return m, tea.Batch(cmd, redial(m.server))
}

func (m Model) handleNoticeOver(msg noticeOverMsg) Model {
	if msg.generation == m.notice.generation {
		m.notice.text = ""
	}
	return m
}

// notify shows a notice for a while.
func (m Model) notify(what string, isBad bool) (Model, tea.Cmd) {
	m.notice = notice{text: what, isBad: isBad, generation: m.notice.generation + 1}
	return m, expire(m.ctx, m.notice.generation, noticeFor)
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
	return m
}

// table is the one that is shown.
func (m Model) table() *table { return &m.tables[m.shown] }

// fit brings the chosen rows into view, whatever happened.
func (m Model) fit() {
	for i := range m.tables {
		m.tables[i].show(m.tableHeight())
	}
}
