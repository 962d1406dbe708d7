package streams

import (
	"time"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// detailRows draws all that is known of one stream, as of the answer.
func (m Model) detailRows() []string {
	const beside = 46 // cells that a table needs to stand beside another
	width := max(m.width-2*screen.Indent, 1)
	r := m.snapshot.find(m.subject)
	if r == nil {
		rows := []string{m.styles.Head.Render("the server remembers this stream no more"), ""}
		return screen.Page(append(rows, screen.Reflow("it has ended, and others have after it, or the server began anew", width)...), m.width)
	}
	each := width
	if half := (width - screen.ColumnGap) / 2; half >= beside {
		each = half
	}
	return screen.Page(screen.Columns([][]string{
		m.styles.Details("Stream", m.about(r), each),
		m.styles.Details("Client", m.aboutClient(r), each),
	}, width), m.width)
}

// about lists what the server knows of its side.
func (m Model) about(r *row) []screen.Detail {
	info := r.info
	rate := ""
	if r.isRated {
		rate = unitRate.show(r.rate)
	}
	doubt := ""
	if info.Ended == nil && r.isSilent() {
		doubt = "; its client may be gone"
	}
	list := []screen.Detail{
		{Name: "log", Value: r.log},
		{Name: "state", Value: r.sign(m.glyphs) + " " + r.state + doubt},
		{Name: "as", Value: r.as},
		{Name: "id", Value: r.id + " (its beginning)"},
		{Name: "opened", Value: m.instant(info.Opened)},
		{Name: "age", Value: text.Duration(r.age)},
		{Name: "sent", Value: text.Bytes(info.Bytes) + " of the log (" + text.Grouped(info.Bytes) + ")"},
		{Name: "rate", Value: rate},
		{Name: "lag", Value: text.Bytes(info.Lag) + " of the log not sent yet"},
		{Name: "idle", Value: text.Age(milliseconds(info.IdleMS)) + " since the log gave it a byte"},
	}
	if info.Ended == nil {
		return list
	}
	reclaim := ""
	if n, ok := columnReclaim.figure(r); ok {
		reclaim = unitTrip.show(n) + " from the loss being noticed to everything given back"
	}
	ended := []screen.Detail{
		{Name: "reason", Value: r.reason},
		{Name: "detail", Value: r.detail},
		{Name: "ended", Value: m.instant(*info.Ended) + ", " + text.Duration(r.ago) + " ago"},
		{Name: "reclaim", Value: reclaim},
	}
	return append(append(append(list[:2:2], ended...), list[2:7]...), list[8:]...)
}

// aboutClient lists what is known of the far side.
func (m Model) aboutClient(r *row) []screen.Detail {
	info := r.info
	lease, acked, behind, contact, unacked, trip := "none", "", "", "", "", ""
	if info.LeaseMS > 0 {
		lease = text.Duration(milliseconds(info.LeaseMS))
	}
	if info.Acked != "" {
		acked = m.plain(info.Acked)
		if info.AckedMS > 0 {
			acked += ", " + text.Age(milliseconds(info.AckedMS)) + " ago"
		}
	}
	if info.Behind != nil {
		behind = text.Bytes(*info.Behind) + " of the log not confirmed by it"
	}
	if info.ContactMS != nil {
		contact = text.Age(milliseconds(*info.ContactMS)) + " since its machine answered anything"
	}
	if r.tcp != "" {
		unacked = text.Bytes(info.Unacked) + " written, arrival not confirmed"
	}
	if info.RTTUS > 0 {
		trip = text.Duration(scaled(info.RTTUS, time.Microsecond))
	}
	tcp := r.tcp
	if tcp == "" {
		tcp = "not known"
	}
	return []screen.Detail{
		{Name: "address", Value: r.client},
		{Name: "heard", Value: text.Age(milliseconds(info.LastHeardMS)) + " since its last request or renewal"},
		{Name: "lease", Value: lease},
		{Name: "confirmed", Value: acked},
		{Name: "behind", Value: behind},
		{Name: "tcp", Value: tcp},
		{Name: "contact", Value: contact},
		{Name: "unacked", Value: unacked},
		{Name: "round trip", Value: trip},
	}
}

// instant is a time of the server's clock.
func (m Model) instant(t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}
