package server

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSweeper_restsWithoutStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		for range 2 {
			tl := s.tail("/app.log", wire.HeaderLease, "1")
			tl.end()
			s.buried(1, time.Second)
			time.Sleep(time.Second)
			before := s.server.metrics.sweeps.Get()
			time.Sleep(time.Hour)
			if after := s.server.metrics.sweeps.Get(); before == 0 || after != before {
				t.Errorf("%d sweeps, and an hour without streams later %d", before, after)
			}
		}
	})
}

func TestStream_leaseLapses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		start := time.Now()
		end := s.tail("/app.log?heartbeat=4s").end()
		if end.Reason != wire.ReasonLeaseLapsed {
			t.Errorf("end %+v", end)
		}
		if d := time.Since(start); d < 12*time.Second || d > 13*time.Second {
			t.Errorf("a lease of three heartbeats of 4s lapsed after %v", d)
		}
		s.buried(1, time.Second)
		if _, metrics := s.ask(http.MethodGet, "/-/metrics", ""); !strings.Contains(metrics, "tailsrv_leases_lapsed_total 1\n") {
			t.Errorf("metrics:\n%s", metrics)
		}
	})
}

func TestStream_renewalKeepsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		tl := s.tail("/app.log", wire.HeaderLease, "3")
		go io.Copy(io.Discard, tl.res.Body)
		for range 10 {
			time.Sleep(2 * time.Second)
			if res, body := s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", "app.log~0"); res.StatusCode != http.StatusNoContent {
				t.Fatalf("%s %s", res.Status, body)
			}
		}
		live := s.streams().Live
		if len(live) != 1 || live[0].Acked != "app.log~0" || live[0].AckedMS != 0 || live[0].LastHeardMS != 0 || live[0].State != "streaming" {
			t.Fatalf("live %+v", live)
		}
		time.Sleep(4 * time.Second)
		if last := s.buried(1, time.Second); last.Reason != wire.ReasonLeaseLapsed {
			t.Errorf("ended %+v", last)
		}
		if res, body := s.ask(http.MethodPost, "/-/streams/"+tl.open.Stream+"/lease", ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("renewal of an ended stream: %s %s", res.Status, body)
		}
	})
}

func TestStream_leaseLapsesInsideAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{StallTimeout: time.Hour})
		s.tail("/app.log", wire.HeaderLease, "5")
		time.Sleep(time.Second)
		logs.log("app.log").append(strings.Repeat("x", 1<<20))
		start := time.Now()
		last := s.buried(1, 5*time.Second)
		if last.Reason != wire.ReasonLeaseLapsed || time.Since(start) > 5*time.Second {
			t.Errorf("after %v: %+v", time.Since(start), last)
		}
	})
}

func TestStream_maxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{MaxAge: 100 * time.Second})
		ages := map[time.Duration]bool{}
		for range 8 {
			start := time.Now()
			tl := s.tail("/app.log", wire.HeaderLease, "3600")
			if tl.open.MaxAgeMS < 80_000 || tl.open.MaxAgeMS > 100_000 {
				t.Errorf("open says max_age_ms %d", tl.open.MaxAgeMS)
			}
			end := tl.end()
			age := time.Since(start)
			ages[age] = true
			if end.Reason != wire.ReasonMaxAge || end.Cursor != "app.log~0" || age < 80*time.Second || age > 101*time.Second {
				t.Errorf("after %v: %+v", age, end)
			}
		}
		if len(ages) == 1 {
			t.Errorf("all streams lived for the same time: %v", ages)
		}
	})
}

func TestStream_idle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{IdleTimeout: 30 * time.Second})
		tl := s.tail("/app.log", wire.HeaderLease, "3600")
		time.Sleep(20 * time.Second)
		logs.log("app.log").append("x\n")
		start := time.Now()
		if end := tl.end(); end.Reason != wire.ReasonIdle {
			t.Errorf("end %+v", end)
		}
		if d := time.Since(start); d < 30*time.Second || d > 31*time.Second {
			t.Errorf("ended %v after the last byte", d)
		}
	})
}

func TestStream_stalledReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{StallTimeout: 10 * time.Second})
		res := s.do(http.MethodGet, "/app.log", "")
		time.Sleep(time.Second)
		logs.log("app.log").append(strings.Repeat("x", 1<<20))
		last := s.buried(1, 11*time.Second)
		if last.Reason != wire.ReasonStalled {
			t.Errorf("ended %+v", last)
		}
		if _, err := io.Copy(io.Discard, res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a cut stream must not look ended: %v", err)
		}
	})
}

func TestStream_slowReaderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1 << 20
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{StallTimeout: 10 * time.Second})
		res := s.do(http.MethodGet, "/app.log", "")
		logs.log("app.log").append(strings.Repeat("x", size))
		buf := make([]byte, 32<<10)
		for range size / len(buf) {
			time.Sleep(4 * time.Second)
			if _, err := io.ReadFull(res.Body, buf); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStream_closedByDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		ended := make(chan *wire.End)
		go func() { ended <- tl.end() }()
		if res, body := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, ""); res.StatusCode != http.StatusNoContent {
			t.Fatalf("%s %s", res.Status, body)
		}
		if n := logs.opened(); n != 0 {
			t.Errorf("204 while %d followers were open", n)
		}
		streams := s.streams()
		if len(streams.Live) != 0 || len(streams.Ended) != 1 || streams.Ended[0].Reason != wire.ReasonClientClosed {
			t.Errorf("streams %+v", streams)
		}
		if end := <-ended; end.Reason != wire.ReasonClientClosed {
			t.Errorf("end %+v", end)
		}
		if res, _ := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("second DELETE: %s", res.Status)
		}
		s.stop()
		if got := s.log.String(); strings.Count(got, "stream ended") != 1 || !strings.Contains(got, "reason=client-closed") {
			t.Errorf("logged %s", got)
		}
	})
}

func TestStream_closedByDeleteInsideAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		logs.log("app.log").append(strings.Repeat("x", 1<<20))
		synctest.Wait()
		start := time.Now()
		res, _ := s.ask(http.MethodDelete, "/-/streams/"+tl.open.Stream, "")
		if d := time.Since(start); res.StatusCode != http.StatusNoContent || d > 100*time.Millisecond {
			t.Errorf("%s after %v", res.Status, d)
		}
		if n := logs.opened(); n != 0 {
			t.Errorf("204 while %d followers were open", n)
		}
	})
}

func TestStream_failedLogIsNoCleanEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		raw := s.do(http.MethodGet, "/app.log", "")
		tl := s.tail("/app.log")
		logs.log("app.log").break_(errors.New("input/output error"))
		if f := tl.next(wire.FrameEnd); f.End.Reason != wire.ReasonError || f.End.Detail != "input/output error" || f.End.RetryMS < minReturn.Milliseconds() {
			t.Errorf("end %+v", f.End)
		}
		for _, body := range []io.Reader{raw.Body, tl.res.Body} {
			if _, err := io.ReadAll(body); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the body ended with %v", err)
			}
		}
	})
}

func TestServe_drains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{Drain: 5 * time.Second, StallTimeout: time.Hour})
		var tails []*tail
		for range 20 {
			tails = append(tails, s.tail("/app.log"))
		}
		stuck := s.do(http.MethodGet, "/stuck.log?retry=1", "")
		logs.log("stuck.log").append(strings.Repeat("x", 1<<20))
		synctest.Wait()

		ends := make(chan *wire.End)
		for _, tl := range tails {
			go func() { ends <- tl.end() }()
		}
		start := time.Now()
		s.stop()
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("Serve took %v to end", d)
		}
		retries := map[int64]bool{}
		for range tails {
			end := <-ends
			retries[end.RetryMS] = true
			if end.Reason != wire.ReasonShutdown || end.RetryMS < minReturn.Milliseconds() || end.RetryMS > maxReturn.Milliseconds() {
				t.Errorf("end %+v", end)
			}
		}
		if len(retries) < len(tails)/2 {
			t.Errorf("all come back at once: %v", retries)
		}
		if _, err := io.ReadAll(stuck.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the stuck stream ended with %v", err)
		}
		if left := s.server.Streams(); len(left.Live) != 0 || len(left.Ended) != 21 {
			t.Errorf("%d live, %d ended", len(left.Live), len(left.Ended))
		}
	})
}

func TestServe_refusesStreamsWhileDraining(t *testing.T) {
	r := newRegistry(1, 1, "", newMetrics())
	r.close(&ending{reason: wire.ReasonShutdown})
	if _, p := r.admit("c"); p == nil || p.Status != http.StatusServiceUnavailable {
		t.Errorf("got %+v", p)
	}
}

func TestServe_slowHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		c := s.dial()
		start := time.Now()
		if _, err := io.WriteString(c, "GET /app.log HTTP/1.1\r\nHost: local"); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, c)
		if d := time.Since(start); d != readHeaderTimeout {
			t.Errorf("a header that does not end was waited for %v", d)
		}
	})
}

// A client that reads slowly has the drain time to take what is under way, and then its
// end frame.
func TestServe_drainWaitsForSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{Drain: 20 * time.Second})
		tl := s.tail("/app.log")
		logs.log("app.log").append(strings.Repeat("x", 64<<10))
		synctest.Wait()
		ended := make(chan *wire.End, 1)
		go func() {
			time.Sleep(10 * time.Second)
			ended <- tl.end()
		}()
		start := time.Now()
		s.stop()
		if end := <-ended; end.Reason != wire.ReasonShutdown {
			t.Errorf("end %+v", end)
		}
		if d := time.Since(start); d < 10*time.Second || d > 11*time.Second {
			t.Errorf("Serve took %v to end", d)
		}
	})
}

// One that takes nothing is no older than any other when it ends.
func TestStream_maxAgeInsideAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{MaxAge: 100 * time.Second, StallTimeout: time.Hour})
		s.do(http.MethodGet, "/app.log", "")
		logs.log("app.log").append(strings.Repeat("x", 1<<20))
		if last := s.buried(1, 101*time.Second); last.Reason != wire.ReasonMaxAge {
			t.Errorf("ended %+v", last)
		}
	})
}
