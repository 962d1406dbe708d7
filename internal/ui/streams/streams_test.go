package streams

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"go.uber.org/goleak"

	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

var golden = flag.Bool("update", false, "write the golden frames anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time at which every frame is looked at, ours and the server's.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeServer never answers by itself, and takes note of what it is told.
type fakeServer struct {
	mu      sync.Mutex
	redials int
	ended   []string // ids
	outcome Outcome
}

func (f *fakeServer) Next(ctx context.Context) (Update, error) {
	<-ctx.Done()
	return Update{}, context.Cause(ctx)
}

func (f *fakeServer) Redial() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.redials++
}

func (f *fakeServer) End(_ context.Context, id string) Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, id)
	return f.outcome
}

// stage is a model under test, driven by hand.
type stage struct {
	t      *testing.T
	m      Model
	server *fakeServer
	at     time.Time
	quit   context.CancelFunc
}

// newStage sets up a screen at noon.
func newStage(t *testing.T, opt Options) *stage {
	t.Helper()
	s := &stage{t: t, at: noon, server: &fakeServer{}}
	opt.Server, opt.Now = s.server, func() time.Time { return s.at }
	if opt.Name == "" {
		opt.Name = "web-1:7070"
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.quit = cancel
	s.m = New(ctx, opt)
	s.size(80, 16)
	return s
}

// send gives the model a message and returns its command, not run.
func (s *stage) send(msg tea.Msg) tea.Cmd {
	m, cmd := s.m.Update(msg)
	s.m = m.(Model)
	return cmd
}

func (s *stage) size(w, h int) { s.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// give makes an update arrive.
func (s *stage) give(u Update) tea.Cmd {
	return s.send(answerMsg{update: u, snapshot: newSnapshot(s.m.snapshot, u, s.m.plain), at: s.at})
}

// answer makes a good answer with these streams arrive.
func (s *stage) answer(live, ended []wire.StreamInfo) { s.give(answerAt(s.at, live, ended)) }

func answerAt(at time.Time, live, ended []wire.StreamInfo) Update {
	return Update{Streams: wire.Streams{Live: live, Ended: ended}, At: at, Clock: at, Took: 1200 * time.Microsecond, Every: time.Second}
}

// pass lets time pass.
func (s *stage) pass(d time.Duration) {
	s.at = s.at.Add(d)
	s.send(tickMsg{generation: s.m.ticker.generation, at: s.at})
}

// press presses keys by name and returns the last one's command, not run.
func (s *stage) press(keys ...string) tea.Cmd {
	var cmd tea.Cmd
	for _, k := range keys {
		cmd = s.send(keyMsg(k))
	}
	return cmd
}

// run runs a command and those that it is made of, each to its end, and gives the
// model what came of ending a stream. What would wait does not, since the screen's
// context has ended by then.
func (s *stage) run(cmd tea.Cmd) {
	s.quit()
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			s.run(c)
		}
	case endedMsg:
		s.run(s.send(msg))
	}
}

func (s *stage) rows() []string {
	rows := strings.Split(s.m.View(), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

func (s *stage) stateLine() string { return s.rows()[0] }

// logs is the logs in the order that they are shown in.
func (s *stage) logs() string {
	t := s.m.table()
	var names []string
	for _, n := range t.order {
		names = append(names, t.rows[n].log)
	}
	return strings.Join(names, " ")
}

// chosen is the log of the chosen row.
func (s *stage) chosen() string {
	if r := s.m.table().row(); r != nil {
		return r.log
	}
	return ""
}

// keyMsg is a key press as Bubble Tea tells it, from the name it gives it.
func keyMsg(name string) tea.KeyMsg {
	for t := tea.KeyType(-200); t < 200; t++ {
		if t != tea.KeyRunes && (tea.Key{Type: t}).String() == name {
			return tea.KeyMsg{Type: t}
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

// widths are the columns that every state is looked at with.
var widths = []int{40, 80, 120, 200}

// compareFrames compares frames at all widths with testdata/name.txt. Bars show
// where the rows end.
func compareFrames(t *testing.T, name string, s *stage, height int) {
	t.Helper()
	var b strings.Builder
	for _, w := range widths {
		s.size(w, height)
		fmt.Fprintf(&b, "%d columns\n", w)
		rows := strings.Split(s.m.View(), "\n")
		if len(rows) != height {
			t.Errorf("%s at %d columns: %d rows, want %d", name, w, len(rows), height)
		}
		for _, r := range rows {
			if got := text.Width(r); got > w {
				t.Errorf("%s at %d columns: a row of %d cells: %q", name, w, got, r)
			}
			b.WriteString("|" + screen.Pad(r, w) + "|\n")
		}
		b.WriteString("\n")
	}
	compareFile(t, filepath.Join("testdata", name+".txt"), b.String())
}

func compareFile(t *testing.T, path, got string) {
	t.Helper()
	if *golden {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

func ptr[T any](v T) *T { return &v }

// someLive is live streams of every kind.
func someLive() []wire.StreamInfo {
	return []wire.StreamInfo{
		{ID: "0a1b2c3d", Log: "app.log", Client: "10.0.0.7", As: "frames", Opened: noon.Add(-26 * time.Hour), Bytes: 1 << 30, Lag: 0, IdleMS: 120,
			LastHeardMS: 1800, State: wire.StateStreaming, LeaseMS: 15000, Acked: "v1.abcdefgh", AckedMS: 1800, Behind: ptr[int64](8 << 10),
			TCP: "established", RTTUS: 12300, ContactMS: ptr[int64](40)},
		{ID: "11111111", Log: "orders/worker.log", Client: "10.0.0.8", As: "raw", Opened: noon.Add(-4*time.Minute - 12*time.Second), Bytes: 12 << 20, Lag: 3 << 20,
			IdleMS: 30, LastHeardMS: 252000, State: wire.StateStreaming, TCP: "established", RTTUS: 180, Unacked: 65536, StuckMS: 12000, ContactMS: ptr[int64](2000)},
		{ID: "22222222", Log: "very/deep/down/in/the/tree/of/services/billing/invoices-2026-11.log", Client: "2001:db8:85a3::8a2e:370:7334", As: "sse",
			Opened: noon.Add(-90 * time.Second), Bytes: 4711, IdleMS: 61000, LastHeardMS: 90000, State: wire.StateStreaming, TCP: "close-wait", RTTUS: 90, ContactMS: ptr[int64](2000)},
		{ID: "33333333", Log: "archive.log", Client: "127.0.0.1", As: "ndjson", Opened: noon.Add(-300 * time.Millisecond), State: wire.StateOpening, LastHeardMS: 300, IdleMS: 300},
		{ID: "44444444", Log: "access.log", Client: "127.0.0.1", As: "frames", Opened: noon.Add(-time.Hour), Bytes: 1 << 20, IdleMS: 500, LastHeardMS: 900,
			State: wire.StateClosing, LeaseMS: 15000, Behind: ptr[int64](0), TCP: "established", RTTUS: 20, ContactMS: ptr[int64](900)},
	}
}

// someEnded is streams that ended, for reasons of every kind.
func someEnded() []wire.StreamInfo {
	end := func(i int, ago, lived time.Duration, why wire.Reason, detail string, reclaim float64) wire.StreamInfo {
		return wire.StreamInfo{ID: fmt.Sprintf("%08x", 0xe0000000+i), Log: "app.log", Client: "10.0.0.9", As: "frames", Opened: noon.Add(-ago - lived),
			Bytes: 5000, State: wire.StateEnded, Reason: why, Detail: detail, Ended: ptr(noon.Add(-ago)), ReclaimMS: ptr(reclaim)}
	}
	return []wire.StreamInfo{
		end(1, 3*time.Second, time.Hour, wire.ReasonClientClosed, "the client asked for it", 0.4),
		end(2, time.Minute, 30*time.Second, wire.ReasonLeaseLapsed, "nobody renewed the lease for 15s", 1.25),
		end(3, 2*time.Minute, 12*time.Hour, wire.ReasonMaxAge, "it lived as long as any may", 0.02),
		end(4, time.Hour, time.Second, wire.ReasonOperator, "an operator of the server ended it", 2),
		end(5, 25*time.Hour, 3*time.Minute, wire.ReasonStalled, "a write found no room for 30s", 812),
		end(6, 26*time.Hour, 3*time.Minute, wire.ReasonClientClosed, "the client asked for it", 0.5),
	}
}

// later is the live streams a second on, of which the first two were busy.
func later(live []wire.StreamInfo) []wire.StreamInfo {
	live[0].Bytes += 340 << 10
	live[1].Bytes += 2 << 20
	return live
}

// busy makes a server that was looked at for a while.
func busy(s *stage) {
	s.at = noon.Add(-time.Second)
	s.answer(someLive(), someEnded())
	s.at = noon
	s.answer(later(someLive()), someEnded())
}

// away makes the server stop to answer.
func away(s *stage, refused bool) {
	u := answerAt(noon, later(someLive()), someEnded())
	u.Problem, u.Hint, u.Failed = "web-1:7070 refuses the connection", "is tailsrv running there, on that port?", 3
	if refused {
		u.Problem, u.Hint, u.Refused = "the server is stopping", "try again in a few seconds", true
	}
	s.at = noon.Add(9 * time.Second)
	u.RetryAt = s.at.Add(3500 * time.Millisecond)
	s.give(u)
}
