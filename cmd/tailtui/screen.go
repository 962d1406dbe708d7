package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/termio"
	"github.com/bubbletail/bubbletail/internal/ui"
	"github.com/bubbletail/bubbletail/internal/ui/screen"
)

// show runs a screen on a terminal until the user leaves or ctx ends; then,
// before the terminal has taken its last output, it calls leave.
func show(ctx context.Context, leave func(), f *flags, model tea.Model, in, out *os.File) error {
	output := termio.NewOutput(out, termio.Options{})
	defer output.Finish(screenPatience)
	defer leave()
	program := tea.NewProgram(model,
		tea.WithInput(termio.NewInput(in)),
		tea.WithOutput(output),
		tea.WithAltScreen(),
		tea.WithoutSignalHandler(), // ours closes the streams first
		tea.WithFPS(f.fps),
	)
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	if _, err := program.Run(); err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return fmt.Errorf("run the screen: %w", err)
	}
	return nil
}

// styles are colours, unless the user wants none.
func styles() screen.Styles {
	if noColor() {
		return screen.Styles{}
	}
	return screen.Colors()
}

func noColor() bool { return os.Getenv("NO_COLOR") != "" }

func (f *flags) screenOptions(logs []*watched) ui.Options {
	opt := ui.Options{ASCII: f.ascii, FPS: f.fps, Demo: f.demo, NoColor: noColor(), Styles: styles()}
	for _, w := range logs {
		opt.Sources = append(opt.Sources, ui.NamedSource{Name: w.session.Target().Label, Source: source{w.session}})
	}
	return opt
}
