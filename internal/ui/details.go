package ui

import (
	"slices"
	"strconv"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// detailRows draws everything that is known of the connection, and how it came
// to be so.
func (m Model) detailRows() []string {
	const beside = 46 // cells that a table needs to stand beside another
	p := m.pane()
	width := max(m.width-2*screen.Indent, 1)
	each := width
	if half := (width - screen.ColumnGap) / 2; half >= beside {
		each = half
	}
	rows := screen.Columns([][]string{
		m.styles.Details("Connection", m.connection(p), each),
		m.styles.Details("Log", m.log(p), each),
	}, width)
	rows = append(rows, "")
	return screen.Page(append(rows, m.history(p, width)...), m.width)
}

// connection lists what is known of the link.
func (m Model) connection(p *pane) []screen.Detail {
	st, s := p.status, m.scribe
	w := s.standingOf(st, m.clock)
	return []screen.Detail{
		{Name: "state", Value: w.forms()[0]},
		{Name: "link", Value: s.join(st.State.String(), m.ago("since", st.Since))},
		{Name: "why", Value: s.why(st)},
		{Name: "hint", Value: s.plain(st.Hint)},
		{Name: "server", Value: s.plain(st.Server)},
		{Name: "stream", Value: s.plain(st.Stream)},
		{Name: "heard", Value: m.ago("", st.Heard)},
		{Name: "round trip", Value: nonzero(st.RTT)},
		{Name: "heartbeat", Value: nonzero(st.Heartbeat)},
		{Name: "lease", Value: orNone(st.Lease, "none")},
		{Name: "max age", Value: m.ending(st)},
		{Name: "connects", Value: text.Grouped(int64(st.Connects))},
	}
}

// log lists what is known of the log, and what is kept of it.
func (m Model) log(p *pane) []screen.Detail {
	st, s := p.status, m.scribe
	generation := ""
	if st.Generation > 0 {
		generation = strconv.FormatUint(st.Generation, 10)
	}
	return []screen.Detail{
		{Name: "name", Value: p.name},
		{Name: "size", Value: m.size(st)},
		{Name: "generation", Value: generation},
		{Name: "met", Value: s.plain(string(st.Met))},
		{Name: "cursor", Value: s.plain(st.Cursor)},
		{Name: "last data", Value: m.ago("", st.LastData)},
		{Name: "received", Value: s.join(text.Bytes(st.Bytes), plural(p.store.started, "line"))},
		{Name: "kept", Value: s.join(plural(p.store.started-p.store.dropped, "line"), text.Bytes(int64(p.store.cost()))+" of "+text.Bytes(int64(p.store.budget)))},
		{Name: "dropped", Value: plural(p.store.dropped, "line")},
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
		head := c.At.Format(clockLayout) + "  " + screen.Pad(c.State.String(), 9) + screen.Pad(event, 9)
		detail, indent := m.scribe.plain(c.Detail), text.Width(head)
		if width-indent < least && detail != "" {
			rows = append(rows, head)
			indent = len("12:00:00  ")
			head = screen.Pad("", indent)
		}
		for _, part := range screen.Reflow(detail, width-indent) {
			rows = append(rows, head+part)
			head = screen.Pad("", indent)
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
