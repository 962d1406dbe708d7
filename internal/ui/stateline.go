package ui

import (
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
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
	return standing{sign: s.glyphs.Closing, word: "CLOSING", tone: toneBusy}
}

func (s scribe) dialing(st Status, now time.Time) standing {
	words := standing{sign: s.glyphs.Dialing, word: "DIALING", tone: toneBusy, why: s.plain(st.Detail)}
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
		return standing{sign: s.glyphs.Live, word: "LIVE", tone: toneGood}
	}
	words := standing{sign: s.glyphs.Quiet, word: "QUIET", tone: toneCalm}
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
		return standing{sign: s.glyphs.NoAccess, word: "NO ACCESS", tone: toneAbsent, figure: []string{" it is tried again", ""}}
	}
	return standing{sign: s.glyphs.NoLog, word: "NO LOG", tone: toneAbsent, figure: []string{" waiting for it to appear", ""}}
}

func (s scribe) noContact(st Status, now time.Time) standing {
	since := st.Heard
	if since.IsZero() {
		since = st.Since
	}
	return standing{
		sign: s.glyphs.NoContact, word: "NO CONTACT", tone: toneTrouble,
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
		sign: s.glyphs.Retry, word: "RETRY", tone: toneTrouble,
		figure: []string{when + " (R now)", when},
		why:    s.why(st), hint: s.plain(st.Hint),
	}
}

func (s scribe) closedFor(st Status) standing {
	words := standing{sign: s.glyphs.Closed, word: "CLOSED", tone: toneFailed, why: s.plain(st.Detail), hint: s.plain(st.Hint)}
	if isOrderly(st) {
		words.sign, words.tone = s.glyphs.Done, toneCalm
	}
	if r := s.reason(st.Reason); r != "" {
		words.figure = []string{" " + r}
	}
	return words
}

// badge is the standing's word with its sign.
func (w standing) badge() string { return w.sign + " " + w.word }

// forms gives the badge with its figure, from longest to shortest.
func (w standing) forms() []string { return screen.Forms(w.badge(), w.figure) }

// stateLine draws the top row: first what the link and the view are, then
// what they are of, then measurements at the right edge.
func (m Model) stateLine() string {
	p := m.pane()
	words := m.scribe.standingOf(p.status, m.clock)
	if m.isLeaving {
		words = m.scribe.leaving()
	}
	segs := m.stateSegments(p, words)
	screen.Fit(segs, m.width)

	switch words.tone {
	case toneTrouble:
		return m.styles.Trouble.Render(screen.LayOut(segs, m.width, false))
	case toneFailed:
		return m.styles.Failed.Render(screen.LayOut(segs, m.width, false))
	}
	return screen.LayOut(segs, m.width, true)
}

// Ranks of the row's parts. What the link and the view are stays in any case,
// then comes why, then what it is about, then proof of life, then figures.
var (
	rankStanding = screen.Ranks{Short: 72}
	rankAbsent   = screen.Ranks{Short: 55} // the word says it
	rankFrozen   = screen.Ranks{Short: 65}
	rankWhy      = screen.Ranks{Short: 42, Gone: 64}
	rankContact  = screen.Ranks{Gone: 62}
	rankName     = screen.Ranks{Short: 35, Gone: 60}
	rankRate     = screen.Ranks{Gone: 50}
	rankOthers   = screen.Ranks{Short: 45}
	rankHint     = screen.Ranks{Gone: 38}
	rankSpark    = screen.Ranks{Short: 24, Gone: 32}
	rankLines    = screen.Ranks{Gone: 30}
	rankRTT      = screen.Ranks{Gone: 22}
	rankDropped  = screen.Ranks{Gone: 20}
	rankDemo     = screen.Ranks{Gone: 10}
)

// stateSegments lists the row's parts from left to right.
func (m Model) stateSegments(p *pane, words standing) []screen.Segment {
	st := m.styles
	var segs []screen.Segment
	add := func(rank screen.Ranks, style lipgloss.Style, forms ...string) {
		segs = append(segs, screen.Segment{Forms: forms, Rank: rank, Style: style})
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
		add(screen.Ranks{}, st.Number, m.position())
	}
	add(rankName, st.Name, nameForms(p.name, m.scribe.glyphs.Ellipsis)...)
	add(rankWhy, st.Number, screen.Reasons(words.why, m.scribe.glyphs.Ellipsis)...)
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
func (m Model) measurements(p *pane, words standing) []screen.Segment {
	st := m.styles
	var segs []screen.Segment
	add := func(rank screen.Ranks, style lipgloss.Style, forms ...string) {
		segs = append(segs, screen.Segment{Forms: append(forms, ""), Rank: rank, Style: style, IsRight: true})
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
func (m Model) addRate(p *pane, add func(screen.Ranks, lipgloss.Style, ...string)) {
	if r := perSecond(p.rate.perSecond(m.clock)); r != "" {
		add(rankRate, m.styles.Number, r)
	}
	var forms []string
	for n := min(rateSpan, p.rate.age(m.clock)); n >= rateSpan/4; n /= 2 {
		if s := spark(p.rate.recent(m.clock, n), m.scribe.glyphs.Bars); s != "" {
			forms = append(forms, s)
		}
	}
	if len(forms) > 0 {
		add(rankSpark, m.styles.Good, forms...)
	}
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
	badge := m.scribe.glyphs.Frozen + " FROZEN"
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
