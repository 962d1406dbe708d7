package streams

import (
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// tone is how much the standing wants to be seen.
type tone int

const (
	toneGood    tone = iota // what is shown is fresh
	toneBusy                // the first answer is on its way
	tonePaused              // it is old, as the user wished
	toneTrouble             // it is old, or there is none yet
	toneFailed              // and there will not be any more
)

// standing is what the state line says of what is shown: a sign, a word, the
// figure that belongs to the word, what explains it, and what can be done.
type standing struct {
	sign, word string
	figure     []string // from longest to shortest
	why, hint  string
	tone       tone
}

// standing judges what is known of the server. It trusts no answer beyond its
// age: nothing is called live that is not fresh.
func (m Model) standing() standing {
	u, g := m.update, m.glyphs
	why, hint := m.plain(u.Problem), m.plain(u.Hint)
	switch {
	case u.Closed:
		return standing{sign: g.Closed, word: "CLOSED", tone: toneFailed, why: why, hint: hint}
	case m.isPaused:
		words := standing{sign: g.Frozen, word: "PAUSED", tone: tonePaused}
		if !u.At.IsZero() {
			words.figure = []string{" " + m.age() + " old (p goes on)", " " + m.age() + " old"}
		}
		return words
	case u.At.IsZero() && u.Problem == "":
		words := standing{sign: g.Dialing, word: "DIALING", tone: toneBusy}
		if d := m.clock.Sub(m.begun); d >= time.Second {
			words.figure = []string{" " + text.Age(d)}
		}
		return words
	case u.At.IsZero():
		words := standing{sign: g.Retry, word: "RETRY", tone: toneTrouble, why: why, hint: hint}
		for _, form := range m.retry() {
			words.figure = append(words.figure, " "+form)
		}
		return words
	case u.Problem != "" && u.Refused:
		return standing{sign: g.NoContact, word: "REFUSED", tone: toneTrouble, why: why, hint: hint, figure: []string{" " + m.age()}}
	case u.Problem != "" || m.isStale():
		return standing{sign: g.NoContact, word: "NO CONTACT", tone: toneTrouble, why: why, hint: hint, figure: []string{" " + m.age()}}
	}
	return standing{sign: g.Live, word: "LIVE", tone: toneGood}
}

// isStale reports whether two answers are missing, and a second more.
func (m Model) isStale() bool { return m.clock.Sub(m.update.At) > 2*m.update.Every+time.Second }

// isFresh reports whether the table is what the server has now, as far as can be.
func (m Model) isFresh() bool { return m.standing().tone == toneGood }

// age is how old what is shown is.
func (m Model) age() string {
	return text.Duration(max(m.clock.Sub(m.update.At), 0).Truncate(time.Second))
}

// retry tells how many questions failed, and when the next one is asked, from longest
// to shortest.
func (m Model) retry() []string {
	failed := text.Grouped(int64(m.update.Failed))
	left := m.update.RetryAt.Sub(m.clock)
	if left <= 0 {
		return []string{failed + ", asking again", failed}
	}
	// Rounded up: "in 0s" would be a promise already broken.
	when := failed + " in " + text.Duration((left + time.Second - 1).Truncate(time.Second))
	return []string{when + " (R now)", when}
}

// badge is the standing's word with its sign.
func (w standing) badge() string { return w.sign + " " + w.word }

// forms gives the badge with its figure, from longest to shortest.
func (w standing) forms() []string { return screen.Forms(w.badge(), w.figure) }

// Ranks of the row's parts. What it stands for stays in any case, then comes why,
// then of what server, then how old it is, then figures.
var (
	rankStanding = screen.Ranks{Short: 72}
	rankWhy      = screen.Ranks{Short: 42, Gone: 64}
	rankAgeOf    = screen.Ranks{Gone: 62}
	rankName     = screen.Ranks{Short: 35, Gone: 60}
	rankCounts   = screen.Ranks{Gone: 55}
	rankRetry    = screen.Ranks{Short: 44, Gone: 50}
	rankHint     = screen.Ranks{Gone: 38}
	rankSpeed    = screen.Ranks{Gone: 30}
	rankTook     = screen.Ranks{Gone: 22}
)

// stateLine draws the top row: first whether what is shown is fresh, then of which
// server it is, then figures at the right edge.
func (m Model) stateLine() string {
	words := m.standing()
	segs := m.stateSegments(words)
	screen.Fit(segs, m.width)
	switch words.tone {
	case toneTrouble:
		return m.styles.Trouble.Render(screen.LayOut(segs, m.width, false))
	case toneFailed:
		return m.styles.Failed.Render(screen.LayOut(segs, m.width, false))
	}
	return screen.LayOut(segs, m.width, true)
}

// stateSegments lists the row's parts from left to right.
func (m Model) stateSegments(words standing) []screen.Segment {
	st, u := m.styles, m.update
	var segs []screen.Segment
	add := func(isRight bool, rank screen.Ranks, style lipgloss.Style, forms ...string) {
		segs = append(segs, screen.Segment{Forms: forms, Rank: rank, Style: style, IsRight: isRight})
	}
	style := map[tone]lipgloss.Style{toneGood: st.Good, toneBusy: st.Busy, tonePaused: st.Frozen}[words.tone]
	add(false, rankStanding, style, words.forms()...)
	add(false, rankName, st.Name, m.name, "")
	add(false, rankWhy, st.Number, screen.Reasons(words.why, m.glyphs.Ellipsis)...)
	add(false, rankHint, st.Faint, words.hint, "")
	if u.At.IsZero() {
		return segs
	}
	if words.tone == toneTrouble && u.Problem != "" {
		retry := m.retry()
		add(true, rankRetry, st.Number, "retry "+retry[0], "retry "+retry[1], "")
	}
	if words.tone == toneGood && m.snapshot.isRated {
		add(true, rankSpeed, st.Number, unitRate.show(m.snapshot.rate), "")
	}
	add(true, rankCounts, st.Number, text.Grouped(int64(len(m.snapshot.live)))+" live", "")
	if words.tone == toneGood {
		add(true, rankTook, st.Faint, "took "+text.Duration(u.Took), "")
		add(true, rankAgeOf, st.Number, "answer "+m.age()+" old", "")
	}
	return segs
}
