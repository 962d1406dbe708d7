package ui

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"go.uber.org/goleak"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

var update = flag.Bool("update", false, "write the golden frames anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time at which every frame is looked at.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fakeSource gives what it is fed.
type fakeSource struct {
	mu      sync.Mutex
	updates []Update
	ended   bool
	news    chan struct{} // has room for one word that something changed
	calls   int
	redials int
}

func newFakeSource() *fakeSource { return &fakeSource{news: make(chan struct{}, 1)} }

func (f *fakeSource) feed(u Update) {
	f.mu.Lock()
	f.updates = append(f.updates, u)
	f.ended = f.ended || u.Closed
	f.mu.Unlock()
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// Next gives everything that was fed since the last call, as one.
func (f *fakeSource) Next(ctx context.Context) (Update, error) {
	for {
		f.mu.Lock()
		if len(f.updates) > 0 {
			var all Update
			for _, u := range f.updates {
				all.Items = append(all.Items, u.Items...)
				all.Status, all.Closed = u.Status, u.Closed
			}
			f.updates = nil
			f.calls++
			f.mu.Unlock()
			return all, nil
		}
		ended := f.ended
		f.mu.Unlock()
		if ended {
			return Update{}, io.EOF
		}
		select {
		case <-f.news:
		case <-ctx.Done():
			return Update{}, context.Cause(ctx)
		}
	}
}

// asked is how many updates were fetched.
func (f *fakeSource) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeSource) Redial() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.redials++
}

// stage is a model under test, driven by hand.
type stage struct {
	t       *testing.T
	m       Model
	sources []*fakeSource
	at      time.Time
}

// newStage sets up a screen with a source for each name, at noon.
func newStage(t *testing.T, opt Options, names ...string) *stage {
	t.Helper()
	s := &stage{t: t, at: noon}
	for _, n := range names {
		f := newFakeSource()
		s.sources = append(s.sources, f)
		opt.Sources = append(opt.Sources, NamedSource{Name: n, Source: f})
	}
	opt.Now = func() time.Time { return s.at }
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	s.m = New(ctx, opt)
	s.size(80, 12)
	return s
}

// send gives the model a message and returns its command, not run.
func (s *stage) send(msg tea.Msg) tea.Cmd {
	m, cmd := s.m.Update(msg)
	s.m = m.(Model)
	return cmd
}

func (s *stage) size(w, h int) { s.send(tea.WindowSizeMsg{Width: w, Height: h}) }

// give makes an update of the i-th source arrive.
func (s *stage) give(i int, u Update) { s.send(updateMsg{pane: i, update: u, at: s.at}) }

// lines makes whole lines of the first source arrive.
func (s *stage) lines(lines ...string) {
	s.give(0, Update{Status: s.m.panes[0].status, Items: []Item{data(strings.Join(lines, "\n") + "\n")}})
}

// status makes the first source's status arrive.
func (s *stage) status(st Status) { s.give(0, Update{Status: st}) }

// pass lets time pass.
func (s *stage) pass(d time.Duration) {
	s.at = s.at.Add(d)
	s.send(tickMsg{generation: s.m.ticker.generation, at: s.at})
}

// press presses keys by name, and runs no command but the ones that stamp.
func (s *stage) press(keys ...string) tea.Cmd {
	var cmd tea.Cmd
	for _, k := range keys {
		cmd = s.send(keyMsg(k))
	}
	return cmd
}

// body is the rows between the state line and the footer, without the blanks
// at their ends.
func (s *stage) body() []string {
	rows := strings.Split(s.m.View(), "\n")
	if s.m.hasFooter() {
		rows = rows[:len(rows)-1]
	}
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows[1:]
}

func (s *stage) stateLine() string { return strings.SplitN(s.m.View(), "\n", 2)[0] }

// old is what the log had when the stream began.
func old(s string) Item { return Item{Kind: ItemData, Data: []byte(s), Old: true, At: noon} }

func data(s string) Item { return Item{Kind: ItemData, Data: []byte(s), At: noon} }

// live is a status that has everything, at noon.
func live() Status {
	return Status{
		State: link.Live, Since: noon.Add(-time.Hour), Heard: noon.Add(-300 * time.Millisecond), LastData: noon.Add(-time.Second),
		Connects: 1, Bytes: 1 << 20, RTT: 12 * time.Millisecond, Stream: "0123456789abcdef", Server: "tailsrv 0.1.0",
		Cursor: "v1.abc", Met: "fresh", Heartbeat: 5 * time.Second, Lease: 15 * time.Second, MaxAge: 12 * time.Hour, Size: 3 << 20, Generation: 2,
		Opened: noon.Add(-time.Hour), SizeAt: noon.Add(-3 * time.Second), Addr: "web-1:7070",
		History: []Change{
			{State: link.Dialing, Event: link.Dial, At: noon.Add(-time.Hour - time.Second)},
			{State: link.Live, Event: link.Opened, At: noon.Add(-time.Hour), Detail: "tailsrv 0.1.0"},
		},
	}
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

// golden compares frames at all widths with testdata/name.txt. Bars show where
// the rows end.
func golden(t *testing.T, name string, s *stage, height int) {
	t.Helper()
	var b strings.Builder
	for _, w := range widths {
		s.size(w, height)
		fmt.Fprintf(&b, "%d columns\n", w)
		view := s.m.View()
		rows := strings.Split(view, "\n")
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
	compare(t, filepath.Join("testdata", name+".txt"), b.String())
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
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
