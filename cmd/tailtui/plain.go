package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/text"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// plain writes the logs' bytes to out and what happens to them to states, until
// ctx ends, all sessions have, or nobody reads out any more. The last is the
// reader's good right (| head) and no error.
func plain(ctx context.Context, logs []*watched, out, states io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer onReaderGone(out, func() { cancel(syscall.EPIPE) })()
	p := &printer{out: out, states: states, many: len(logs) > 1}
	var all sync.WaitGroup
	for _, w := range logs {
		all.Go(func() {
			if err := p.print(ctx, w); err != nil {
				cancel(err)
			}
		})
	}
	waitBriefly(ctx, &all)
	err := context.Cause(ctx)
	if errors.Is(err, context.Canceled) || errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// waitBriefly waits for all, but no longer than plainPatience once ctx has ended:
// a write to a reader that does not read cannot be interrupted, and goes with
// the process.
func waitBriefly(ctx context.Context, all *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.Wait()
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	select {
	case <-done:
	case <-time.After(plainPatience):
	}
}

// printer shares the two outputs between logs.
type printer struct {
	mu     sync.Mutex
	out    io.Writer
	states io.Writer
	many   bool   // whole lines only, under a heading, as tail does
	last   string // whose heading stands last
}

// maxUnfinished bounds what is held back of an unfinished line when several logs
// share the output; more of it goes out as it is.
const maxUnfinished = 64 << 10

// print moves one session's updates to the outputs until there are no more. Its
// error is that of writing.
func (p *printer) print(ctx context.Context, w *watched) error {
	name := w.session.Target().Label
	state := link.Idle
	var unfinished []byte
	for {
		u, err := w.session.Next(ctx)
		if err != nil {
			return p.data(name, unfinished)
		}
		for _, item := range u.Items {
			switch item.Kind {
			case client.ItemData:
				data := item.Data
				if p.many {
					data, unfinished = wholeLines(unfinished, data)
				}
				if err := p.data(name, data); err != nil {
					return err
				}
			case client.ItemEvent:
				p.say(name, eventWords(item.Event))
			case client.ItemResumed:
				p.say(name, resumedWords(item.Resumed))
			case client.ItemProblem: // run's caller reports it, with its hint
			}
		}
		if u.Status.State != state {
			state = u.Status.State
			if state != link.Closed || p.many { // for one log the farewell follows at once
				p.say(name, stateWords(u.Status))
			}
		}
	}
}

// wholeLines gives what of held and data ends with a newline, and the rest.
func wholeLines(held, data []byte) (whole, rest []byte) {
	all := append(held, data...)
	cut := bytes.LastIndexByte(all, '\n') + 1
	if len(all)-cut > maxUnfinished {
		cut = len(all)
	}
	return all[:cut:cut], all[cut:]
}

func (p *printer) data(name string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.many && p.last != name {
		separator := "\n"
		if p.last == "" {
			separator = ""
		}
		if _, err := fmt.Fprintf(p.out, "%s==> %s <==\n", separator, name); err != nil {
			return err
		}
		p.last = name
	}
	_, err := p.out.Write(data)
	return err
}

// say writes one state. That nobody reads stderr ends nothing.
func (p *printer) say(name, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.states, "tailtui: %s: %s\n", text.Plain(name), text.Plain(words))
}

func stateWords(s client.Status) string {
	switch s.State {
	case link.Dialing:
		return "connecting"
	case link.Live:
		return "live"
	case link.Stalled:
		return "no contact, the stream is kept"
	case link.Waiting:
		wait := max(time.Until(s.RetryAt), 0).Round(100 * time.Millisecond)
		what := "lost"
		switch {
		case s.Connects == 0:
			what = "not connected"
		case s.Reason == wire.ReasonMaxAge:
			what = "ended as planned"
		}
		return fmt.Sprintf("%s: %s; retry %d in %v", what, s.Detail, s.Attempt, wait)
	case link.Closing:
		return "closing"
	case link.Closed:
		return "closed" + orNothing(": ", string(s.Reason)) + orNothing(": ", s.Detail)
	}
	return s.State.String()
}

func orNothing(before, s string) string {
	if s == "" {
		return ""
	}
	return before + s
}

func eventWords(e wire.Event) string {
	words := string(e.Kind)
	if e.Lost != nil && *e.Lost > 0 {
		words += fmt.Sprintf(", %s lost", text.Bytes(*e.Lost))
	}
	return words + orNothing(": ", e.Detail)
}

func resumedWords(r client.Resumed) string {
	missing := "nothing lost"
	switch {
	case r.Lost != nil && *r.Lost > 0:
		missing = text.Bytes(*r.Lost) + " lost"
	case r.Met == wire.MetGap:
		missing = "something is missing"
	}
	attempts := "1 attempt"
	if r.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", r.Attempts)
	}
	return fmt.Sprintf("back after %s, %s, %s", text.Duration(r.Away), attempts, missing)
}
