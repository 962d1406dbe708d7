package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// quietAfter is how long a live log may give no line before the state line
// says so: longer than the pauses of a log that is in use.
const quietAfter = 5 * time.Second

// tone is how much a link's standing wants to be seen.
type tone int

const (
	toneCalm    tone = iota // well, nothing to tell
	toneGood                // well
	toneBusy                // on its way
	toneAbsent              // well, but there is no log to see
	toneTrouble             // the log cannot be seen now
	toneFailed              // nor will it be
)

// standing is what the state line says of a link: a sign, a word, the figure
// that belongs to the word, what explains it, and what can be done.
type standing struct {
	sign, word string
	figure     []string // from longest to shortest
	why, hint  string
	tone       tone
}

// standingOf judges a status at a time. It trusts no State beyond what the
// time of the last byte allows: nothing says live that is silent.
func (s scribe) standingOf(st Status, now time.Time) standing {
	switch st.State {
	case link.Live:
		if isSilent(st, now) {
			return s.noContact(st, now)
		}
		return s.live(st, now)
	case link.Stalled:
		return s.noContact(st, now)
	case link.Waiting:
		return s.waiting(st, now)
	case link.Closing:
		return s.leaving()
	case link.Closed:
		return s.closedFor(st)
	}
	return s.dialing(st, now)
}

func (s scribe) leaving() standing {
	return standing{sign: s.glyphs.closing, word: "CLOSING", tone: toneBusy}
}

func (s scribe) dialing(st Status, now time.Time) standing {
	words := standing{sign: s.glyphs.dialing, word: "DIALING", tone: toneBusy, why: s.plain(st.Detail)}
	attempt, age := "", ""
	if st.Attempt > 0 {
		words.why = hinted("last: ", words.why) // it tells of the attempt before
		attempt = " attempt " + text.Grouped(int64(st.Attempt+1))
	}
	if d := now.Sub(st.Since); !st.Since.IsZero() && d >= time.Second {
		age = " " + text.Age(d)
	}
	words.figure = []string{attempt + age, age}
	return words
}

// isSilent reports whether nothing was heard for two heartbeats and a second,
// the second being the link's own time to notice.
func isSilent(st Status, now time.Time) bool {
	return st.Heartbeat > 0 && !st.Heard.IsZero() && now.Sub(st.Heard) > 2*st.Heartbeat+time.Second
}

// live tells what comes over a link that is well. A log that is gone is so by
// its name only: while lines come of a file that lost it, that is what is told.
func (s scribe) live(st Status, now time.Time) standing {
	quiet := max(now.Sub(st.LastData), 0)
	isFresh := !st.LastData.IsZero() && quiet < quietAfter
	switch {
	case st.Gone != "" && !(isFresh && st.LastData.After(st.GoneSince)):
		return s.absent(st.Gone)
	case isFresh:
		return standing{sign: s.glyphs.live, word: "LIVE", tone: toneGood}
	}
	words := standing{sign: s.glyphs.quiet, word: "QUIET", tone: toneCalm}
	switch {
	case !st.LastData.IsZero():
		ago := text.Age(quiet)
		words.figure = []string{" last line " + ago + " ago", " " + ago}
	case st.Bytes > 0:
		words.figure = []string{" no new line yet", ""}
	default:
		words.figure = []string{" no line yet", ""}
	}
	return words
}

// absent tells that there is a connection and no log.
func (s scribe) absent(gone wire.Kind) standing {
	if gone == wire.KindDenied {
		return standing{sign: s.glyphs.noAccess, word: "NO ACCESS", tone: toneAbsent, figure: []string{" it is tried again", ""}}
	}
	return standing{sign: s.glyphs.noLog, word: "NO LOG", tone: toneAbsent, figure: []string{" waiting for it to appear", ""}}
}

func (s scribe) noContact(st Status, now time.Time) standing {
	since := st.Heard
	if since.IsZero() {
		since = st.Since
	}
	return standing{
		sign: s.glyphs.noContact, word: "NO CONTACT", tone: toneTrouble,
		figure: []string{" " + text.Age(now.Sub(since))},
		why:    s.plain(st.Detail),
	}
}

func (s scribe) waiting(st Status, now time.Time) standing {
	when := " now"
	if left := st.RetryAt.Sub(now); left > 0 {
		// Rounded up: "in 0s" would be a promise already broken.
		when = " in " + text.Duration((left + time.Second - 1).Truncate(time.Second))
	}
	if st.Attempt > 0 {
		when = " " + text.Grouped(int64(st.Attempt)) + when
	}
	return standing{
		sign: s.glyphs.retry, word: "RETRY", tone: toneTrouble,
		figure: []string{when + " (R now)", when},
		why:    s.why(st), hint: s.plain(st.Hint),
	}
}

func (s scribe) closedFor(st Status) standing {
	words := standing{sign: s.glyphs.closed, word: "CLOSED", tone: toneFailed, why: s.plain(st.Detail), hint: s.plain(st.Hint)}
	if isOrderly(st) {
		words.sign, words.tone = s.glyphs.done, toneCalm
	}
	if r := s.reason(st.Reason); r != "" {
		words.figure = []string{" " + r}
	}
	return words
}

// badge is the standing's word with its sign.
func (w standing) badge() string { return w.sign + " " + w.word }

// forms gives the badge with its figure, from longest to shortest.
func (w standing) forms() []string {
	if len(w.figure) == 0 {
		return []string{w.badge()}
	}
	out := make([]string, len(w.figure))
	for i, f := range w.figure {
		out[i] = w.badge() + f
	}
	return out
}

// stateLine draws the top row: first what the link and the view are, then
// what they are of, then measurements at the right edge.
func (m Model) stateLine() string {
	p := m.pane()
	words := m.scribe.standingOf(p.status, m.clock)
	if m.isLeaving {
		words = m.scribe.leaving()
	}
	segs := m.stateSegments(p, words)
	fit(segs, m.width)

	switch words.tone {
	case toneTrouble:
		return m.styles.Trouble.Render(layOut(segs, m.width, false))
	case toneFailed:
		return m.styles.Failed.Render(layOut(segs, m.width, false))
	}
	return layOut(segs, m.width, true)
}

// Ranks of the row's parts. What the link and the view are stays in any case,
// then comes why, then what it is about, then proof of life, then figures.
var (
	rankStanding = ranks{short: 72}
	rankAbsent   = ranks{short: 55} // the word says it
	rankFrozen   = ranks{short: 65}
	rankWhy      = ranks{short: 42, gone: 64}
	rankContact  = ranks{gone: 62}
	rankName     = ranks{short: 35, gone: 60}
	rankRate     = ranks{gone: 50}
	rankOthers   = ranks{short: 45}
	rankHint     = ranks{gone: 38}
	rankSpark    = ranks{short: 24, gone: 32}
	rankLines    = ranks{gone: 30}
	rankRTT      = ranks{gone: 22}
	rankDropped  = ranks{gone: 20}
	rankDemo     = ranks{gone: 10}
)

// stateSegments lists the row's parts from left to right.
func (m Model) stateSegments(p *pane, words standing) []segment {
	st := m.styles
	var segs []segment
	add := func(rank ranks, style lipgloss.Style, forms ...string) {
		segs = append(segs, segment{forms: forms, rank: rank, style: style})
	}
	if p.window.frozen {
		add(rankFrozen, st.Frozen, m.frozenForms(p)...)
	}
	style := map[tone]lipgloss.Style{toneCalm: st.Calm, toneGood: st.Good, toneBusy: st.Busy, toneAbsent: st.Absent}[words.tone]
	rank := rankStanding
	if words.tone == toneAbsent {
		rank = rankAbsent
	}
	add(rank, style, words.forms()...)
	if len(m.panes) > 1 {
		add(ranks{}, st.Number, m.position())
	}
	add(rankName, st.Name, nameForms(p.name, m.scribe.glyphs.ellipsis)...)
	add(rankWhy, st.Number, m.whyForms(words.why)...)
	add(rankHint, st.Faint, words.hint, "")
	if other := m.othersInTrouble(); len(other) > 0 {
		add(rankOthers, st.Alert, other...)
	}
	if m.isDemo {
		add(rankDemo, st.Faint, "demo", "")
	}
	return append(segs, m.measurements(p, words)...)
}

// measurements lists the parts at the right edge.
func (m Model) measurements(p *pane, words standing) []segment {
	st := m.styles
	var segs []segment
	add := func(rank ranks, style lipgloss.Style, forms ...string) {
		segs = append(segs, segment{forms: append(forms, ""), rank: rank, style: style, isRight: true})
	}
	if n := p.store.dropped; n > 0 {
		add(rankDropped, st.Faint, text.Count(int64(n))+" dropped")
	}
	if n := p.store.started; n > 0 {
		add(rankLines, st.Number, countOf(n, "line"))
	}
	if words.tone == toneGood {
		m.addRate(p, add)
	}
	if p.status.State != link.Live || words.tone == toneBusy || words.tone >= toneTrouble || p.status.Heard.IsZero() {
		return segs
	}
	if p.status.RTT > 0 {
		add(rankRTT, st.Faint, "rtt "+text.Duration(p.status.RTT))
	}
	add(rankContact, st.Number, "contact "+text.Age(max(m.clock.Sub(p.status.Heard), 0)))
	return segs
}

// addRate adds lines a second, as a number and as a picture of the last ones.
func (m Model) addRate(p *pane, add func(ranks, lipgloss.Style, ...string)) {
	if r := perSecond(p.rate.perSecond(m.clock)); r != "" {
		add(rankRate, m.styles.Number, r)
	}
	var forms []string
	for n := min(rateSpan, p.rate.age(m.clock)); n >= rateSpan/4; n /= 2 {
		if s := spark(p.rate.recent(m.clock, n), m.scribe.glyphs.bars); s != "" {
			forms = append(forms, s)
		}
	}
	if len(forms) > 0 {
		add(rankSpark, m.styles.Good, forms...)
	}
}

// whyForms shortens a reason from the left, at its colons: errors end with
// what matters.
func (m Model) whyForms(why string) []string {
	const narrow = 24
	dots := m.scribe.glyphs.ellipsis
	forms := []string{why}
	if i := strings.LastIndex(why, ": "); i >= 0 {
		why = dots + why[i+1:]
		forms = append(forms, why)
	}
	if text.Width(why) > narrow {
		forms = append(forms, text.Cut(why, 0, narrow-text.Width(dots))+dots)
	}
	return append(forms, "")
}

// perSecond tells a rate, "" for none.
func perSecond(r float64) string {
	switch {
	case r <= 0:
		return ""
	case r < 1:
		return "<1/s"
	}
	return text.Count(int64(r)) + "/s"
}

// frozenForms tells that the view stands still, and what it does not show.
func (m Model) frozenForms(p *pane) []string {
	badge := m.scribe.glyphs.frozen + " FROZEN"
	n := int64(p.fresh())
	if n == 0 {
		return []string{badge + " (G)", badge}
	}
	return []string{
		badge + " +" + text.Grouped(n) + " new (G)",
		badge + " +" + text.Count(n) + " (G)",
		badge + " +" + text.Count(n),
	}
}

// position tells which of several sources is shown.
func (m Model) position() string {
	return text.Grouped(int64(m.shown+1)) + "/" + text.Grouped(int64(len(m.panes)))
}

// othersInTrouble tells in words of the sources that are not shown and want
// to be looked at, by the number that shows them.
func (m Model) othersInTrouble() []string {
	first, long, more := "", "", 0
	for i, p := range m.panes {
		if i == m.shown {
			continue
		}
		w := m.scribe.standingOf(p.status, m.clock)
		if w.tone < toneAbsent {
			continue
		}
		if first != "" {
			more++
			continue
		}
		n := text.Grouped(int64(i + 1))
		first = "! " + n + " " + w.word
		long = "! " + n + " " + p.name + " " + w.word
	}
	switch {
	case first == "":
		return nil
	case more == 0:
		return []string{long, first}
	}
	rest := " +" + text.Grouped(int64(more)) + " more"
	return []string{long + rest, first + rest, first + " +" + text.Grouped(int64(more))}
}

// nameForms shortens a name from the left: what tells two logs apart is at
// its end.
func nameForms(name, ellipsis string) []string {
	forms := []string{name}
	for i := range name {
		if name[i] == '/' && i+1 < len(name) {
			if i > 0 {
				forms = append(forms, ellipsis+name[i:])
			}
		}
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 && i+1 < len(name) {
		forms = append(forms, name[i+1:])
	}
	last := forms[len(forms)-1]
	if w := text.Width(last); w > 16 {
		forms = append(forms, ellipsis+text.Cut(last, w-12, 12))
	}
	return append(forms, "")
}
