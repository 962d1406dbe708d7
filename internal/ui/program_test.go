package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/link"
)

// runner is Bubble Tea in fake time: it runs commands in goroutines of its own
// and hands their messages to the model, counting them by type.
type runner struct {
	m     Model
	msgs  chan tea.Msg
	done  sync.WaitGroup
	count map[string]int
}

func newRunner(m Model) *runner {
	return &runner{m: m, msgs: make(chan tea.Msg), count: map[string]int{}}
}

func (r *runner) start(ctx context.Context, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	r.done.Go(func() {
		select {
		case r.msgs <- cmd():
		case <-ctx.Done():
		}
	})
}

// run hands out messages until d has passed.
func (r *runner) run(ctx context.Context, d time.Duration) {
	over := time.After(d)
	for {
		select {
		case msg := <-r.msgs:
			r.take(ctx, msg)
		case <-over:
			return
		}
	}
}

func (r *runner) take(ctx context.Context, msg tea.Msg) {
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, cmd := range batch {
			r.start(ctx, cmd)
		}
		return
	}
	r.count[reflect.TypeOf(msg).Name()]++
	m, cmd := r.m.Update(msg)
	r.m = m.(Model)
	r.start(ctx, cmd)
}

// inTime runs a screen over sources in fake time.
func inTime(t *testing.T, sources int, f func(ctx context.Context, r *runner, srcs []*fakeSource)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var srcs []*fakeSource
		var named []NamedSource
		for range sources {
			srcs = append(srcs, newFakeSource())
			named = append(named, NamedSource{Name: "a.log", Source: srcs[len(srcs)-1]})
		}
		r := newRunner(New(ctx, Options{Sources: named, FPS: 30}))
		r.start(ctx, r.m.Init())
		f(ctx, r, srcs)
		cancel()
		r.done.Wait()
	})
}

func liveNow() Status {
	return Status{State: link.Live, Since: time.Now(), Heard: time.Now(), LastData: time.Now()}
}

// flood feeds a source every 100 µs for d.
func flood(src *fakeSource, d time.Duration) {
	for range d / (100 * time.Microsecond) {
		src.feed(Update{Status: liveNow(), Items: []Item{data("ten lines\n")}})
		time.Sleep(100 * time.Microsecond) // fake time
	}
}

func TestAwait_atMostFPSUpdatesASecond(t *testing.T) {
	inTime(t, 2, func(ctx context.Context, r *runner, srcs []*fakeSource) {
		var floods sync.WaitGroup
		for _, src := range srcs {
			floods.Go(func() { flood(src, 3*time.Second) })
		}
		r.run(ctx, 3*time.Second)
		floods.Wait()
		if got := srcs[0].asked(); got > 3*30+1 || got < 3*30-3 {
			t.Errorf("the log shown gave %d updates in 3 s, want 30 a second", got)
		}
		if got := srcs[1].asked(); got > 3*4+1 || got < 3*4-1 {
			t.Errorf("the other log gave %d updates in 3 s, want 4 a second", got)
		}
		r.run(ctx, time.Second)
		if got := r.m.panes[0].store.started; got != 30_000 {
			t.Errorf("%d lines came through, want 30000", got)
		}
	})
}

func TestAwait_nothingWhileNothingChanges(t *testing.T) {
	inTime(t, 1, func(ctx context.Context, r *runner, srcs []*fakeSource) {
		srcs[0].feed(Update{Status: liveNow()})
		r.run(ctx, 10*time.Second)
		clear(r.count)
		r.run(ctx, time.Minute)
		if got := r.count["updateMsg"]; got != 0 {
			t.Errorf("%d updates in a minute of silence", got)
		}
		if got := r.count["tickMsg"]; got < 59 || got > 61 {
			t.Errorf("%d ticks in a minute, want one a second", got)
		}
	})
}

func TestAwait_promptAfterSilence(t *testing.T) {
	inTime(t, 1, func(ctx context.Context, r *runner, srcs []*fakeSource) {
		srcs[0].feed(Update{Status: liveNow()})
		r.run(ctx, 10*time.Second)
		srcs[0].feed(Update{Status: liveNow(), Items: []Item{data("at once\n")}})
		r.run(ctx, time.Nanosecond)
		if r.m.panes[0].store.started != 1 {
			t.Error("a line after a silence waits for the next frame")
		}
	})
}

// TestTick_countdown: a countdown is looked at four times a second from when
// it begins, and no longer than it lasts.
func TestTick_countdown(t *testing.T) {
	inTime(t, 1, func(ctx context.Context, r *runner, srcs []*fakeSource) {
		srcs[0].feed(Update{Status: Status{State: link.Stalled, Heard: time.Now()}})
		r.run(ctx, 10*time.Second+50*time.Millisecond)
		srcs[0].feed(Update{Status: Status{State: link.Waiting, RetryAt: time.Now().Add(10 * time.Second)}})
		clear(r.count)
		r.run(ctx, 900*time.Millisecond)
		if got := r.count["tickMsg"]; got != 3 {
			t.Errorf("%d ticks in the first 0.9 s of a countdown, want 3", got)
		}
		r.run(ctx, 9100*time.Millisecond)
		if got := r.count["tickMsg"]; got < 39 || got > 41 {
			t.Errorf("%d ticks in 10 s of countdown, want 40", got)
		}
		srcs[0].feed(Update{Status: Status{State: link.Dialing, Since: time.Now()}})
		r.run(ctx, time.Second)
		clear(r.count)
		r.run(ctx, 10*time.Second)
		if got := r.count["tickMsg"]; got < 9 || got > 11 {
			t.Errorf("%d ticks in 10 s after it, want 10", got)
		}
	})
}

func TestAwait_endsWithTheSource(t *testing.T) {
	inTime(t, 1, func(ctx context.Context, r *runner, srcs []*fakeSource) {
		srcs[0].feed(Update{Closed: true, Status: Status{State: link.Closed, Detail: "no such log"}})
		r.run(ctx, time.Second)
		if got := r.count["updateMsg"]; got != 1 {
			t.Errorf("%d updates of a source that ended with its first", got)
		}
		if !r.m.panes[0].isOver {
			t.Error("the end is not noticed")
		}
	})
}

func TestUpdate_dropsOtherGenerations(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.lines("first")
	before := s.m.View()
	for _, msg := range []tea.Msg{
		updateMsg{generation: 7, at: noon, update: Update{Items: []Item{data("stale\n")}, Status: live()}},
		markMsg{generation: 7, at: noon},
		tickMsg{generation: 7, at: noon.Add(time.Hour)},
		noticeOverMsg{generation: 7},
	} {
		if cmd := s.send(msg); cmd != nil {
			t.Errorf("%T of another generation is answered", msg)
		}
		if got := s.m.View(); got != before {
			t.Errorf("%T of another generation changes the screen:\n%s", msg, got)
		}
	}
}

func TestUpdate_clockNeverGoesBack(t *testing.T) {
	s := newStage(t, Options{}, "a.log", "b.log")
	s.status(Status{State: link.Stalled, Heard: noon})
	s.pass(10 * time.Second)
	s.send(updateMsg{pane: 1, at: noon.Add(time.Second), update: Update{Status: live()}})
	if got := s.stateLine(); !strings.HasPrefix(got, "! NO CONTACT 10s") {
		t.Errorf("late news sets the clock back: %q", got)
	}
}

// TestCommands_endWithTheirContext: none outlives the program by what it waits
// for.
func TestCommands_endWithTheirContext(t *testing.T) {
	for name, command := range map[string]func(context.Context) tea.Cmd{
		"tick":   func(ctx context.Context) tea.Cmd { return tick(ctx, 0, time.Hour, time.Now) },
		"expire": func(ctx context.Context) tea.Cmd { return expire(ctx, 0, time.Hour) },
		"await": func(ctx context.Context) tea.Cmd {
			return await(ctx, 0, 0, newFakeSource(), time.Hour, time.Now)
		},
		"await within Next": func(ctx context.Context) tea.Cmd {
			return await(ctx, 0, 0, newFakeSource(), 0, time.Now)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				cmd := command(ctx)
				begun := time.Now()
				time.AfterFunc(time.Second, cancel)
				cmd()
				if took := time.Since(begun); took != time.Second {
					t.Errorf("ended after %s, its context after 1 s", took)
				}
			})
		})
	}
}

func TestUpdate_sourceFails(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	s.status(live())
	s.lines("first")
	s.send(updateMsg{err: errors.New("frame of 2 MiB\x1b[2J"), at: noon})
	if got := s.stateLine(); !strings.HasPrefix(got, "✕ CLOSED") || !strings.Contains(got, "frame of 2 MiB␛[2J") {
		t.Errorf("state line %q", got)
	}
	if got := s.body()[1]; !strings.Contains(got, "! closed 12:00:00 · frame of 2 MiB") {
		t.Errorf("rule %q", got)
	}
}

// TestUpdate_toldOnce: an end that comes as an item, a status and an error
// makes one rule.
func TestUpdate_toldOnce(t *testing.T) {
	s := newStage(t, Options{}, "a.log")
	closed := Status{State: link.Closed, Detail: "no such log"}
	s.give(0, Update{Closed: true, Status: closed, Items: []Item{data("x\n"), {Kind: ItemProblem, Err: errors.New("GET a.log: no such log"), At: noon}}})
	s.send(updateMsg{err: io.EOF, at: noon})
	if got := strings.Count(s.m.View(), "closed 12:00:00"); got != 1 {
		t.Errorf("told %d times:\n%s", got, s.m.View())
	}
}

// TestProgram_whole runs the screen under Bubble Tea, from the first update to
// the user leaving.
func TestProgram_whole(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	src := newFakeSource()
	src.feed(Update{Status: liveNow(), Items: []Item{data("the first line\n")}})
	m := New(ctx, Options{Sources: []NamedSource{{Name: "a.log", Source: src}}})
	var out bytes.Buffer
	p := tea.NewProgram(quitter{Model: m}, tea.WithContext(ctx), tea.WithInput(nil), tea.WithOutput(&out), tea.WithoutSignalHandler())
	go p.Send(tea.WindowSizeMsg{Width: 80, Height: 10})
	final, err := p.Run()
	if err != nil {
		t.Fatal(err)
	}
	if !final.(quitter).isLeaving {
		t.Error("ended without leaving")
	}
	for _, want := range []string{"the first line", "a.log", "CLOSING"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q was never on the screen", want)
		}
	}
}

// quitter presses q once both the size and the first line have come.
type quitter struct {
	Model
	pressed bool
}

func (q quitter) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := q.Model.Update(msg)
	q.Model = m.(Model)
	if !q.pressed && q.width > 0 && q.panes[0].store.started > 0 {
		q.pressed = true
		cmd = tea.Batch(cmd, func() tea.Msg { return keyMsg("q") })
	}
	return q, cmd
}
