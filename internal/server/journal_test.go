package server

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// stuck is a logger whose writer blocks until it is freed.
type stuck struct {
	slog.Handler
	free chan struct{}
}

func (h *stuck) Handle(ctx context.Context, r slog.Record) error {
	<-h.free
	return h.Handler.Handle(ctx, r)
}

// A pipe that nobody reads behind stderr, or Ctrl-S: streams end all the same,
// and so does the server.
func TestJournal_loggerThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		defer close(free)
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{Drain: 5 * time.Second, Logger: slog.New(&stuck{slog.NewTextHandler(io.Discard, nil), free})})
		s.server.cfg.Logger.Error("the first line is in the handler from here on")
		for range 3 {
			tl := s.tail("/app.log")
			ended := make(chan *wire.End)
			go func() { ended <- tl.end() }()
			start := time.Now()
			res, body := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, "")
			if d := time.Since(start); res.StatusCode != http.StatusNoContent || d > 100*time.Millisecond {
				t.Errorf("after %v: %s\n%s", d, res.Status, body)
			}
			if live := s.server.Streams().Live; len(live) != 0 {
				t.Errorf("live %+v", live)
			}
			<-ended // also the last chunk: the handler has returned
		}
		if _, body := s.ask(http.MethodGet, "/-/metrics", ""); !strings.Contains(body, `tailsrv_streams_ended_total{reason="client-closed"} 3`+"\n") {
			t.Errorf("after a 204 the counters are there: %s", body)
		}
		tl := s.tail("/app.log")
		go io.Copy(io.Discard, tl.res.Body)
		start := time.Now()
		s.stop()
		if d := time.Since(start); d > 5*time.Second+lastWords {
			t.Errorf("Serve took %v to end", d)
		}
		if n := logs.opened(); n != 0 {
			t.Errorf("%d followers are open", n)
		}
	})
}

// A logger that is slow loses lines only when a thousand wait, and is told how many.
func TestJournal_tellsOfLostLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := vm.NewSet().NewCounter("lost")
		logged := &lines{}
		free := make(chan struct{})
		j := newJournal(&stuck{slog.NewTextHandler(logged, nil), free}, lost)
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() {
			defer close(ran)
			j.run(ctx)
		}()
		logger := slog.New(j)
		logger.Info("the first line is in the handler from here on")
		synctest.Wait()
		for i := range journalRoom + 7 {
			logger.Info("line", "i", i)
		}
		if got := lost.Get(); got != 7 {
			t.Errorf("%d lines were lost", got)
		}
		cancel()
		close(free)
		<-ran
		got := logged.String()
		if strings.Count(got, "msg=line i=") != journalRoom || strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "lines=7\n") {
			t.Errorf("logged %d lines, of which %d in place of the lost", strings.Count(got, "\n"), strings.Count(got, "level=WARN"))
		}
	})
}

func TestJournal_keepsAttributes(t *testing.T) {
	logged := &lines{}
	j := newJournal(slog.NewTextHandler(logged, nil), vm.NewSet().NewCounter("lost"))
	slog.New(j).With("a", 1).WithGroup("g").Info("line", "i", 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j.run(ctx)
	if got := logged.String(); !strings.Contains(got, "msg=line a=1 g.i=2\n") {
		t.Errorf("logged %s", got)
	}
}
