package ui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// Every command of ours. Bubble Tea leaks a command that does not end, so each
// one that waits ends with ctx.

// await gives what is new about a source, no sooner than after pause: however
// much arrives, the screen is bothered once per pause, and while nothing
// arrives not at all.
func await(ctx context.Context, pane, generation int, s Source, pause time.Duration, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		if !screen.Sleep(ctx, pause) {
			return nil
		}
		u, err := s.Next(ctx)
		return updateMsg{pane: pane, generation: generation, update: u, err: err, at: now()}
	}
}

// tick gives the time, after d.
func tick(ctx context.Context, generation int, d time.Duration, now func() time.Time) tea.Cmd {
	return func() tea.Msg {
		if !screen.Sleep(ctx, d) {
			return nil
		}
		return tickMsg{generation: generation, at: now()}
	}
}

// stamp gives the time of a mark.
func stamp(pane, generation int, now func() time.Time) tea.Cmd {
	return func() tea.Msg { return markMsg{pane: pane, generation: generation, at: now()} }
}

// expire ends a notice, after d.
func expire(ctx context.Context, generation int, d time.Duration) tea.Cmd {
	return func() tea.Msg {
		if !screen.Sleep(ctx, d) {
			return nil
		}
		return noticeOverMsg{generation: generation}
	}
}

// redial wants an attempt to connect now.
func redial(s Source) tea.Cmd {
	return func() tea.Msg {
		s.Redial()
		return nil
	}
}
