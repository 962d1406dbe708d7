package streams

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestEnd_onlyAfterYes: x names the stream and asks; y ends that one, whatever is
// chosen by then, and every other key ends nothing.
func TestEnd_onlyAfterYes(t *testing.T) {
	for _, k := range []string{"n", "Y", "x", "enter", "esc", "q", "ctrl+c", "j", " ", "ctrl+z", "tab", "f1"} {
		s := newStage(t, Options{})
		busy(s)
		s.press("x")
		s.run(s.press(k))
		if len(s.server.ended) != 0 || s.m.mode != modeTable {
			t.Errorf("%q ended %q, mode %d", k, s.server.ended, s.m.mode)
		}
		if s.run(s.press("y")); len(s.server.ended) != 0 {
			t.Errorf("y after %q ended %q", k, s.server.ended)
		}
	}
	s := newStage(t, Options{})
	busy(s)
	s.press("j", "j", "x")
	if said := strings.Join(s.m.said(), " "); !strings.Contains(said, "orders/worker.log to 10.0.0.8 (11111111, raw)") {
		t.Errorf("asks %q", said)
	}
	s.at = s.at.Add(time.Second)
	s.answer(someLive()[2:], nil) // it is gone from the table meanwhile
	s.run(s.press("y"))
	if got := s.server.ended; len(got) != 1 || got[0] != "11111111" {
		t.Errorf("ended %q", got)
	}
	if s.server.redials == 0 {
		t.Error("what came of it is not looked at at once")
	}
}

func TestEnd_fromTheDetails(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.press("j", "enter", "x")
	s.run(s.press("y"))
	if len(s.server.ended) != 1 || s.server.ended[0] != "44444444" || s.m.mode != modeDetails {
		t.Errorf("ended %q, mode %d", s.server.ended, s.m.mode)
	}
}

// TestEnd_notTwice: what has ended is not ended again.
func TestEnd_notTwice(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.press("e", "x")
	if s.m.mode != modeTable || !strings.Contains(s.m.notice.text, "has ended already") {
		t.Errorf("mode %d, %q", s.m.mode, s.m.notice.text)
	}
}

func TestEnd_tellsTheOutcome(t *testing.T) {
	for _, tt := range []struct {
		outcome Outcome
		says    []string
	}{
		{Outcome{Result: Ended}, []string{"· ended: the stream of app.log to 10.0.0.7"}},
		{Outcome{Result: Gone, Detail: "no such"}, []string{"· gone already: the stream of app.log"}},
		{Outcome{Result: Refused, Detail: "only from here", Hint: "go there"}, []string{"! refused to end", "only from here", "hint: go there"}},
		{Outcome{Result: Unasked, Detail: "refuses the connection", Hint: "was it stopped?"}, []string{"! not ended: the stream of app.log", "refuses the connection", "hint: was it"}},
		{Outcome{Result: Unknown, Detail: "no answer within 10s"}, []string{"! no answer whether", "within 10s"}},
	} {
		s := newStage(t, Options{})
		busy(s)
		s.server.outcome = tt.outcome
		s.press("x")
		s.run(s.press("y"))
		shown := strings.Join(s.rows(), " ")
		for _, says := range tt.says {
			if !strings.Contains(shown, says) {
				t.Errorf("%+v: %q is not on the screen:\n%s", tt.outcome, says, strings.Join(s.rows(), "\n"))
			}
		}
		s.send(noticeOverMsg{generation: s.m.notice.generation - 1})
		if s.m.notice.text == "" {
			t.Error("an older notice's end takes it away")
		}
		s.send(noticeOverMsg{generation: s.m.notice.generation})
		if s.m.notice.text != "" {
			t.Error("it stays for ever")
		}
	}
}

// TestState_serverAwayAndBack: never LIVE over what is old.
func TestState_serverAwayAndBack(t *testing.T) {
	s := newStage(t, Options{})
	says := func(want string) {
		t.Helper()
		if got := s.stateLine(); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	says("○ DIALING")
	s.give(Update{Problem: "refuses", Failed: 1, RetryAt: s.at.Add(time.Second), Every: time.Second})
	says("↻ RETRY 1 in 1s (R now)")
	s.answer(someLive(), nil)
	says("● LIVE  web-1:7070")
	s.pass(3 * time.Second) // two answers missing, and a second
	says("● LIVE")
	if !strings.Contains(s.stateLine(), "answer 3s old") {
		t.Errorf("how old: %q", s.stateLine())
	}
	s.pass(time.Second)
	says("! NO CONTACT 4s")
	u := answerAt(noon, someLive(), nil)
	u.Problem, u.Failed, u.RetryAt = "refuses", 2, s.at.Add(2*time.Second)
	s.give(u)
	says("! NO CONTACT 4s")
	if !strings.Contains(s.stateLine(), "retry 2 in 2s") || len(s.m.table().order) != 5 {
		t.Errorf("%q with %d streams", s.stateLine(), len(s.m.table().order))
	}
	s.pass(2500 * time.Millisecond)
	if !strings.Contains(s.stateLine(), "retry 2, asking again") {
		t.Errorf("%q", s.stateLine())
	}
	s.answer(someLive()[:2], nil)
	says("● LIVE")
	u = answerAt(s.at, someLive(), nil)
	u.Problem, u.Failed, u.RetryAt = "refuses", 1, s.at.Add(time.Second)
	s.give(u) // however fresh: it is known by now
	says("! NO CONTACT 0s")
	u = answerAt(s.at, someLive(), nil)
	u.Problem, u.Refused, u.RetryAt = "stopping", true, s.at.Add(time.Second)
	s.pass(time.Second)
	s.give(u)
	says("! REFUSED 1s")
	u.Closed = true
	s.give(u)
	says("✕ CLOSED")
	if cmd := s.press("R"); cmd == nil || !strings.Contains(s.m.notice.text, "closed for good") {
		t.Errorf("R says %q", s.m.notice.text)
	}
}

// TestState_sourceFails: an end that comes as an error alone is told as well.
func TestState_sourceFails(t *testing.T) {
	s := newStage(t, Options{})
	s.send(answerMsg{snapshot: s.m.snapshot, err: errors.New("broken\x1b[2J"), at: noon})
	if got := s.stateLine(); !strings.HasPrefix(got, "✕ CLOSED") || !strings.Contains(got, "broken␛[2J") {
		t.Errorf("%q", got)
	}
}

// TestPause_nothingMoves: while paused neither figures nor rows change and nothing
// is asked, and going on looks at once.
func TestPause_nothingMoves(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.press("p")
	before := s.rows()
	s.at = s.at.Add(time.Second)
	u := answerAt(s.at, someLive()[:1], nil) // was asked for before the pause
	if cmd := s.give(u); cmd != nil {
		t.Error("the server is asked while paused")
	}
	if after := s.rows(); !reflect.DeepEqual(before[1:], after[1:]) {
		t.Errorf("paused, and it moved:\n%s", strings.Join(after, "\n"))
	}
	s.pass(time.Minute)
	if got := s.stateLine(); !strings.HasPrefix(got, "‖ PAUSED 1m01s old (p goes on)") {
		t.Errorf("%q", got)
	}
	s.press("j", "s")
	s.run(s.press("p"))
	if s.m.isPaused || !s.m.isAsking || s.server.redials != 1 || len(s.m.table().order) != 1 {
		t.Errorf("going on: asking %v, redials %d, %d streams", s.m.isAsking, s.server.redials, len(s.m.table().order))
	}
}

// TestPause_keepsTheEnd: that nothing more comes is told also while paused.
func TestPause_keepsTheEnd(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	s.press("p")
	u := answerAt(s.at, nil, nil)
	u.Problem, u.Closed = "gone", true
	s.give(u)
	if got := s.stateLine(); !strings.HasPrefix(got, "✕ CLOSED") {
		t.Errorf("%q", got)
	}
}

// TestAsk_oneAtATime: however often the user pauses, goes on and wishes an answer
// now, one question at most is on its way.
func TestAsk_oneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := &countingServer{}
		m := tea.Model(New(ctx, Options{Server: server, Name: "x"}))
		msgs, done := make(chan tea.Msg), sync.WaitGroup{}
		start := func(cmd tea.Cmd) {
			if cmd == nil {
				return
			}
			done.Go(func() {
				select {
				case msgs <- cmd():
				case <-ctx.Done():
				}
			})
		}
		take := func(msg tea.Msg) {
			if batch, ok := msg.(tea.BatchMsg); ok {
				for _, c := range batch {
					start(c)
				}
				return
			}
			next, cmd := m.Update(msg)
			m = next
			start(cmd)
		}
		start(m.Init())
		over, key := time.After(time.Minute), time.NewTicker(30*time.Millisecond)
		defer key.Stop()
		for i := 0; ; i++ {
			select {
			case msg := <-msgs:
				take(msg)
				continue
			case <-key.C:
				take(keyMsg([]string{"p", "p", "R", "p", "R"}[i%5]))
				continue
			case <-over:
			}
			break
		}
		cancel()
		done.Wait()
		if server.most != 1 || server.asked < 50 {
			t.Errorf("asked %d times, %d at once", server.asked, server.most)
		}
	})
}

// countingServer answers after a while, and counts who asks at once.
type countingServer struct {
	mu               sync.Mutex
	now, most, asked int
}

func (c *countingServer) Next(ctx context.Context) (Update, error) {
	c.mu.Lock()
	c.now++
	c.asked++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	screen.Sleep(ctx, 100*time.Millisecond)
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	return answerAt(time.Now(), []wire.StreamInfo{{ID: "1"}}, nil), ctx.Err()
}

func (c *countingServer) Redial()                             {}
func (c *countingServer) End(context.Context, string) Outcome { return Outcome{} }

// TestTick_countdown: four times a second while a question is waited for, else
// once.
func TestTick_countdown(t *testing.T) {
	s := newStage(t, Options{})
	busy(s)
	if got := s.m.tickEvery(); got != slowTick {
		t.Errorf("live: every %v", got)
	}
	away(s, false)
	if got := s.m.ticker; got.every != fastTick || got.generation != 1 {
		t.Errorf("counting down: %+v", got)
	}
	if cmd := s.send(tickMsg{generation: 0, at: s.at.Add(time.Hour)}); cmd != nil || s.m.clock != s.at {
		t.Error("a tick of the chain before goes on")
	}
	s.pass(4 * time.Second)
	if got := s.m.ticker.every; got != slowTick {
		t.Errorf("after the countdown: every %v", got)
	}
}

// TestCommands_endWithTheirContext: none outlives the program by what it waits for.
func TestCommands_endWithTheirContext(t *testing.T) {
	for name, command := range map[string]func(context.Context) tea.Cmd{
		"tick":   func(ctx context.Context) tea.Cmd { return tick(ctx, 0, time.Hour, time.Now) },
		"expire": func(ctx context.Context) tea.Cmd { return expire(ctx, 0, time.Hour) },
		"await": func(ctx context.Context) tea.Cmd {
			return await(ctx, &fakeServer{}, &snapshot{}, func(s string) string { return s }, time.Now)
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

// TestEnd_questionIsAllThere: however long the words of a server are, what the keys
// do is in view.
func TestEnd_questionIsAllThere(t *testing.T) {
	s := newStage(t, Options{})
	s.size(80, 24)
	s.answer(hostile(), nil)
	for range len(hostile()) {
		s.press("j", "x")
		if s.m.mode != modeAsk { // it has ended
			continue
		}
		if said := strings.Join(s.m.said(), " "); !strings.Contains(said, "y ends it, any other key does not") {
			t.Errorf("asks %q", said)
		}
		s.press("n")
	}
}
