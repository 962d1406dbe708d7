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
	about, far := m.about(r), screen.Detail{Name: "address", Value: r.client}
	blocks := [][]string{
		m.styles.Details("Stream", about, each),
		m.styles.Details("Client", append([]screen.Detail{far}, m.aboutClient(r)...), each),
	}
	if r.info.Ended != nil {
		blocks = [][]string{
			m.styles.Details("Stream", append(about, far), each),
			m.styles.Details("As it was at its end", append(aboutPosition(r), m.aboutClient(r)...), each),
		}
	}
	return screen.Page(screen.Columns(blocks, width), m.width)
}

// about lists what the server knows of a stream, for one that ended what stays true.
func (m Model) about(r *row) []screen.Detail {
	info := r.info
	sent := text.Bytes(info.Bytes) + " of the log (" + text.Grouped(info.Bytes) + ")"
	if info.Ended != nil {
		reclaim := ""
		if n, ok := columnReclaim.figure(r); ok {
			reclaim = unitTrip.show(n) + " from its end being decided to everything given back"
		}
		return []screen.Detail{
			{Name: "log", Value: r.log},
			{Name: "state", Value: r.sign(m.glyphs) + " " + r.state},
			{Name: "reason", Value: r.reason},
			{Name: "detail", Value: r.detail},
			{Name: "ended", Value: m.instant(*info.Ended) + ", " + text.Duration(r.ago) + " ago"},
			{Name: "reclaim", Value: reclaim},
			{Name: "as", Value: r.as},
			{Name: "id", Value: r.id + " (its beginning)"},
			{Name: "opened", Value: m.instant(info.Opened)},
			{Name: "lived", Value: text.Duration(r.age)},
			{Name: "sent", Value: sent},
		}
	}
	rate := ""
	if r.isRated {
		rate = unitRate.show(r.rate)
	}
	return append([]screen.Detail{
		{Name: "log", Value: r.log},
		{Name: "state", Value: r.sign(m.glyphs) + " " + r.state + r.doubt()},
		{Name: "as", Value: r.as},
		{Name: "id", Value: r.id + " (its beginning)"},
		{Name: "opened", Value: m.instant(info.Opened)},
		{Name: "age", Value: text.Duration(r.age)},
		{Name: "sent", Value: sent},
		{Name: "rate", Value: rate},
	}, aboutPosition(r)...)
}

// aboutPosition lists where a stream is in its log.
func aboutPosition(r *row) []screen.Detail {
	return []screen.Detail{
		{Name: "lag", Value: text.Bytes(r.info.Lag) + " of the log not sent"},
		{Name: "idle", Value: text.Age(milliseconds(r.info.IdleMS)) + " since the log gave it a byte"},
	}
}

// doubt says what is wrong with a live stream that has a sign for it.
func (r *row) doubt() string {
	switch {
	case r.isSilent():
		return "; its client may be gone"
	case r.isStuck():
		return "; its client takes nothing"
	}
	return ""
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
		if r.isStuck() {
			unacked += ", nothing taken for " + text.Age(milliseconds(info.StuckMS))
		}
	}
	if info.RTTUS > 0 {
		trip = unitTrip.show(int64(scaled(info.RTTUS, time.Microsecond)))
	}
	tcp := r.tcp
	if tcp == "" {
		tcp = "not known"
	}
	return []screen.Detail{
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
