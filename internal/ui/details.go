package ui

import (
	"slices"
	"strconv"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// detail is one row of the details: what it is called, and what it is.
type detail struct{ name, value string }

// detailRows draws everything that is known of the connection, and how it came
// to be so.
func (m Model) detailRows() []string {
	const beside = 46 // cells that a table needs to stand beside another
	p := m.pane()
	width := max(m.width-2*pageIndent, 1)
	each := width
	if half := (width - columnGap) / 2; half >= beside {
		each = half
	}
	rows := columns([][]string{
		m.table("Connection", m.connection(p), each),
		m.table("Log", m.log(p), each),
	}, width)
	rows = append(rows, "")
	return m.page(append(rows, m.history(p, width)...))
}

// connection lists what is known of the link.
func (m Model) connection(p *pane) []detail {
	st, s := p.status, m.scribe
	w := s.standingOf(st, m.clock)
	return []detail{
		{"state", w.forms()[0]},
		{"link", s.join(st.State.String(), m.ago("since", st.Since))},
		{"why", s.why(st)},
		{"hint", s.plain(st.Hint)},
		{"server", s.plain(st.Server)},
		{"stream", s.plain(st.Stream)},
		{"heard", m.ago("", st.Heard)},
		{"round trip", nonzero(st.RTT)},
		{"heartbeat", nonzero(st.Heartbeat)},
		{"lease", orNone(st.Lease, "none")},
		{"max age", m.ending(st)},
		{"connects", text.Grouped(int64(st.Connects))},
	}
}

// log lists what is known of the log, and what is kept of it.
func (m Model) log(p *pane) []detail {
	st, s := p.status, m.scribe
	generation := ""
	if st.Generation > 0 {
		generation = strconv.FormatUint(st.Generation, 10)
	}
	return []detail{
		{"name", p.name},
		{"size", m.size(st)},
		{"generation", generation},
		{"met", s.plain(string(st.Met))},
		{"cursor", s.plain(st.Cursor)},
		{"last data", m.ago("", st.LastData)},
		{"received", s.join(text.Bytes(st.Bytes), plural(p.store.started, "line"))},
		{"kept", s.join(plural(p.store.started-p.store.dropped, "line"), text.Bytes(int64(p.store.cost()))+" of "+text.Bytes(int64(p.store.budget)))},
		{"dropped", plural(p.store.dropped, "line")},
	}
}

// ending tells when the stream comes to its end by age. Servers spread the ages
// of their streams, so that a duration would look like a countdown gone wrong.
func (m Model) ending(st Status) string {
	switch {
	case st.Opened.IsZero():
		return ""
	case st.MaxAge == 0:
		return "none"
	}
	at, layout := st.Opened.Add(st.MaxAge), "15:04"
	if at.Sub(m.clock) >= day {
		layout = "2006-01-02 15:04"
	}
	return "ends at " + at.Format(layout) + " at the latest, then comes back by itself"
}

// size tells the log's size, and how that is known: a server tells it as a
// stream begins and while it has nothing else to say.
func (m Model) size(st Status) string {
	switch {
	case st.Gone == wire.KindRemoved:
		return "there is no such log now"
	case st.Size < 0:
		return ""
	case st.SizeAt.IsZero():
		return "at least " + text.Bytes(st.Size)
	case st.LastData.After(st.SizeAt):
		return m.scribe.join("at least "+text.Bytes(st.Size), "told and counted on since "+st.SizeAt.Format(clockLayout))
	}
	return m.scribe.join(text.Bytes(st.Size), "told "+text.Age(max(m.clock.Sub(st.SizeAt), 0))+" ago")
}

// table draws details under a heading, leaving out those that have no value.
// A long value goes on below itself.
func (m Model) table(head string, list []detail, width int) []string {
	const nameWidth = 12
	rows := []string{m.styles.Head.Render(head)}
	for _, d := range list {
		if d.value == "" {
			continue
		}
		name := d.name
		for _, part := range reflow(d.value, max(width-nameWidth, 8)) {
			rows = append(rows, m.styles.Faint.Render(pad(name, nameWidth))+part)
			name = ""
		}
	}
	rows[0] = pad(rows[0], width)
	return rows
}

// history draws the link's changes of state, the newest first.
func (m Model) history(p *pane, width int) []string {
	rows := []string{m.styles.Head.Render("History")}
	if len(p.status.History) == 0 {
		return append(rows, m.styles.Faint.Render("nothing has happened yet"))
	}
	const least = 24 // cells for an explanation beside what it explains
	for i, c := range slices.Backward(p.status.History) {
		event := c.Event.String()
		if c.Event == link.Lost && i > 0 && p.status.History[i-1].State == link.Dialing {
			event = "failed" // what never was is not lost
		}
		head := c.At.Format(clockLayout) + "  " + pad(c.State.String(), 9) + pad(event, 9)
		detail, indent := m.scribe.plain(c.Detail), text.Width(head)
		if width-indent < least && detail != "" {
			rows = append(rows, head)
			indent = len("12:00:00  ")
			head = pad("", indent)
		}
		for _, part := range reflow(detail, width-indent) {
			rows = append(rows, head+part)
			head = pad("", indent)
		}
	}
	return rows
}

// ago tells a time of day and how long ago that was, "" for never.
func (m Model) ago(lead string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if lead != "" {
		lead += " "
	}
	layout, age := clockLayout, max(m.clock.Sub(t), 0)
	if age >= day {
		layout = "2006-01-02 " + clockLayout
	}
	return lead + t.Format(layout) + ", " + text.Age(age) + " ago"
}

// day is from which distance on a time of day needs its date.
const day = 24 * time.Hour

func nonzero(d time.Duration) string { return orNone(d, "") }

func orNone(d time.Duration, none string) string {
	if d == 0 {
		return none
	}
	return text.Duration(d)
}
