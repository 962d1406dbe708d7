package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// clockLayout is how rules and histories tell a time of day.
const clockLayout = "15:04:05"

// scribe writes our own lines into the view: what happened between those of
// the log, in words that claim no more than is known.
type scribe struct {
	glyphs screen.Glyphs
	plain  func(string) string // makes a text of others harmless
}

func newScribe(ascii bool) scribe {
	s := scribe{screen.GlyphSet(ascii), text.Plain}
	if ascii {
		s.plain = text.PlainASCII
	}
	return s
}

// join puts facts beside one another, leaving out the empty ones.
func (s scribe) join(facts ...string) string {
	var b strings.Builder
	for _, f := range facts {
		if f == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(" " + s.glyphs.Dot + " ")
		}
		b.WriteString(f)
	}
	return b.String()
}

// event is the rule for what happened to the log, and whether an unfinished
// line goes on after it.
func (s scribe) event(e wire.Event, at time.Time) (r rule, goesOn bool) {
	words := map[wire.Kind]string{
		wire.KindRotated:   "next generation",
		wire.KindTruncated: "begun anew",
		wire.KindRemoved:   "nothing has the log's name now",
		wire.KindAppeared:  "the log is there",
		wire.KindDenied:    "the log may not be read; it is tried again",
		wire.KindHole:      "a hole in the file",
		wire.KindGap:       "something is missing here",
		wire.KindLate:      "what follows came late, to an older generation",
	}
	detail := s.plain(e.Detail)
	if detail == "" {
		detail = words[e.Kind]
	}
	kind := ruleNote
	switch e.Kind {
	case wire.KindGap, wire.KindDenied, wire.KindRemoved:
		kind = ruleTrouble
	}
	lost := ""
	switch {
	case e.Kind == wire.KindHole && e.Lost != nil:
		lost = text.Bytes(*e.Lost) + " skipped"
	case e.Lost != nil && *e.Lost > 0:
		lost, kind = text.Bytes(*e.Lost)+" lost", ruleTrouble
	case e.Kind == wire.KindGap && e.Lost == nil:
		lost = "lost: nobody knows how much"
	}
	head := s.plain(string(e.Kind)) + " " + at.Format(clockLayout)
	return rule{kind: kind, text: s.join(head, lost, detail)}, e.Kind == wire.KindHole
}

// resumed is the rule for a connection that is back, and whether an unfinished
// line goes on after it.
func (s scribe) resumed(r Resumed) (_ rule, goesOn bool) {
	attempts := ""
	if r.Attempts > 0 {
		attempts = plural(r.Attempts, "attempt")
	}
	caughtUp := ""
	if r.CaughtUp > 0 {
		caughtUp = text.Bytes(r.CaughtUp) + " caught up"
	}
	kind, lost := ruleNote, ""
	switch {
	case r.Lost != nil && *r.Lost > 0:
		kind, lost = ruleTrouble, text.Bytes(*r.Lost)+" lost"
	case r.Met == wire.MetGap:
		kind, lost = ruleTrouble, "something is missing"
	case r.Met == wire.MetContinued, r.Met == wire.MetRotated, r.Met == wire.MetTruncated:
		lost = "nothing lost"
	case r.Met == wire.MetFresh:
		lost = "begun afresh"
	}
	head := "back after " + tenths(r.Away)
	server := ""
	if r.Server != "" {
		server = "now " + s.plain(r.Server)
	}
	return rule{kind: kind, text: s.join(head, attempts, caughtUp, lost, server)},
		r.Met == wire.MetContinued || r.Met == wire.MetRotated
}

// closed is the rule at the end of a log that nothing more comes from.
func (s scribe) closed(st Status, at time.Time) rule {
	kind := ruleTrouble
	if isOrderly(st) {
		kind = ruleNote
	}
	return rule{kind: kind, text: s.join("closed "+at.Format(clockLayout), s.why(st), s.plain(st.Hint))}
}

func (s scribe) mark(at time.Time) rule {
	return rule{kind: ruleMark, text: "mark " + at.Format("2006-01-02 "+clockLayout)}
}

// missing is the rule that stands for lines the store gave up.
func (s scribe) missing(lines int) rule {
	return rule{text: plural(lines, "older line") + " dropped: memory is full"}
}

// why tells in a phrase why a link waits or is closed.
func (s scribe) why(st Status) string { return s.join(s.reason(st.Reason), s.plain(st.Detail)) }

// reason tells who ended a stream, and as what; "" where nobody did.
func (s scribe) reason(r wire.Reason) string {
	switch r {
	case "":
		return ""
	case wire.ReasonClientClosed:
		return "by us"
	case wire.ReasonComplete:
		return "complete"
	}
	return "by server: " + s.plain(string(r))
}

// isOrderly reports whether a link ended as it was asked to.
func isOrderly(st Status) bool {
	return st.Reason == wire.ReasonComplete || st.Reason == wire.ReasonClientClosed
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return text.Grouped(int64(n)) + " " + what + "s"
}

// countOf is plural with the number cut short: "12.4k lines".
func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return text.Count(int64(n)) + " " + what + "s"
}

// hinted puts a word before what is told, if anything is.
func hinted(lead, what string) string {
	if what == "" {
		return ""
	}
	return lead + what
}

// tenths tells a duration to a tenth of a second where that is worth it.
func tenths(d time.Duration) string {
	if d < time.Second || d >= 10*time.Second {
		return text.Age(d)
	}
	return strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64) + "s"
}
