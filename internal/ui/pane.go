package ui

import (
	"errors"
	"io"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
)

// pane is one source: its lines, what is known of its link, and the window
// through which they are looked at. Only Update changes it.
type pane struct {
	name       string // harmless
	source     Source
	generation int // of the source; a message of another is dropped
	store      *store
	window     window
	rate       rate
	status     Status
	isOver     bool // its last update came
}

// window is what of a store is looked at. Following, it is the newest rows;
// frozen, it is the rows that it was, whatever arrives and whatever the store
// has to give up.
type window struct {
	frozen bool
	top    place  // frozen: the first row
	limit  uint64 // frozen: entries from here on came later and are not shown
	tail   int    // frozen: bytes shown of the entry before limit, if unfinished; else -1
	lines  int    // frozen: lines begun when it froze
	column int    // cells scrolled sideways
}

// take takes what is new about the source.
func (p *pane) take(msg updateMsg, s scribe) {
	if msg.err == nil {
		p.status = msg.update.Status
	}
	for _, it := range msg.update.Items {
		begun := p.store.started
		p.takeItem(it, s)
		if !it.Old {
			p.rate.add(msg.at, p.store.started-begun)
		}
	}
	if msg.err != nil {
		p.end(msg.err, msg.at)
	}
	if (msg.update.Closed || msg.err != nil) && !p.isOver {
		p.isOver = true
		p.store.rule(s.closed(p.status, msg.at), false)
	}
}

func (p *pane) takeItem(it Item, s scribe) {
	switch it.Kind {
	case ItemData:
		p.store.write(it.Data)
	case ItemEvent:
		p.store.rule(s.event(it.Event, it.At))
	case ItemResumed:
		p.store.rule(s.resumed(it.Resumed))
	case ItemProblem:
		// The rule at the end tells it, once.
		p.end(it.Err, it.At)
	}
}

// end makes the end of the updates the end of the link, where the status does
// not tell it as such.
func (p *pane) end(err error, at time.Time) {
	if p.status.State != link.Closed {
		p.status.State, p.status.Since = link.Closed, at
	}
	if p.status.Reason == "" && p.status.Detail == "" && err != nil && !errors.Is(err, io.EOF) {
		p.status.Detail = err.Error()
	}
}

// fresh is how many lines came since the view froze.
func (p *pane) fresh() int { return p.store.started - p.window.lines }

// freeze makes the view stand still with top as its first row, and everything
// that is there by now below it.
func (p *pane) freeze(top place, s sheet) {
	if !p.window.frozen {
		p.window.frozen = true
		p.window.lines = p.store.started
	}
	p.window.top = top
	p.window.limit, p.window.tail = p.store.end(), -1
	if n, ok := p.store.prev(p.window.limit); ok {
		if r := p.store.at(n); r.open {
			p.window.tail = len(r.data)
		}
	}
	s.limit, s.tail = p.window.limit, p.window.tail
	last := s.forward(top, s.height-1).entry
	// One more: a row may stand for the entries missing before the next.
	p.store.hold(top.entry, last+2)
}

// follow makes the view show the newest rows again.
func (p *pane) follow() {
	p.window = window{column: p.window.column}
	p.store.hold(0, 0)
}

// scroll moves the view by rows. Up freezes it; down to the end of everything
// follows again.
func (p *pane) scroll(rows int, s sheet) {
	s.limit, s.tail = p.store.end(), -1
	tailTop := s.tailTop()
	switch {
	case !p.window.frozen && rows >= 0:
	case !p.window.frozen:
		p.freeze(s.back(tailTop, -rows), s)
	case rows < 0:
		p.freeze(s.back(p.window.top, -rows), s)
	default:
		top := s.forward(p.window.top, rows)
		if !top.before(tailTop) {
			p.follow()
			return
		}
		p.freeze(top, s)
	}
}

// refit keeps the first row in place after the size or the wrapping changed.
// What newly fits below it is shown, as after scrolling.
func (p *pane) refit(s sheet) {
	if !p.window.frozen {
		return
	}
	s.limit, s.tail = p.store.end(), -1
	top := s.settle(p.window.top)
	if t := s.tailTop(); t.before(top) {
		top = t
	}
	p.freeze(top, s)
}
