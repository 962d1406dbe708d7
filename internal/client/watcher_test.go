package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// overseen is a server whose answers about its streams a test decides.
type overseen struct {
	listener *memnet.Listener

	mu      sync.Mutex
	down    error // connecting fails with it
	list    http.HandlerFunc
	end     http.HandlerFunc
	asked   []time.Time
	deleted []string // paths
}

// oversee starts a server in the test's bubble, which has one stream, and a
// watcher of it.
func oversee(t *testing.T) (*overseen, *Watcher) {
	f := &overseen{listener: memnet.Listen(), list: oneStream}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/streams", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.asked = append(f.asked, time.Now())
		list := f.list
		f.mu.Unlock()
		if got := r.Header.Get("Accept"); got != wire.TypeJSON+", "+wire.TypeProblem {
			t.Errorf("Accept: %q", got)
		}
		list(w, r)
	})
	mux.HandleFunc("DELETE /-/streams/", func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.deleted = append(f.deleted, r.URL.Path)
		end := f.end
		f.mu.Unlock()
		end(w, r)
	})
	srv := &http.Server{Handler: mux}
	go srv.Serve(f.listener)
	target, err := ParseServer("fake:7070")
	if err != nil {
		t.Fatal(err)
	}
	w := NewWatcher(target, WatcherOptions{Dial: f.dial})
	t.Cleanup(func() {
		w.Close()
		srv.Close()
	})
	return f, w
}

func (f *overseen) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	f.mu.Lock()
	down := f.down
	f.mu.Unlock()
	if down != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: down}
	}
	return f.listener.Dial(ctx)
}

// set changes what the server does.
func (f *overseen) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func oneStream(w http.ResponseWriter, _ *http.Request) {
	streamList(wire.Streams{Live: []wire.StreamInfo{{ID: "0a1b2c3d", Log: "app.log"}}, Ended: []wire.StreamInfo{}})(w, nil)
}

func streamList(s wire.Streams) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", wire.TypeJSON)
		json.NewEncoder(w).Encode(s)
	}
}

// says answers with a body of a media type.
func says(status int, mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func refuses(status int) http.HandlerFunc {
	return says(status, wire.TypeProblem, string(wire.NewProblem(status, "a title", "a detail", "a hint").JSON()))
}

// next asks once more, and fails the test if that is over.
func next(t *testing.T, w *Watcher) Overview {
	t.Helper()
	now, err := w.Next(t.Context())
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return now
}

func TestWatcher_asksAtOnceAndThenEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		began := time.Now()
		for i := range 4 {
			now := next(t, w)
			if now.Err != nil || len(now.Streams.Live) != 1 || now.Streams.Live[0].Log != "app.log" {
				t.Fatalf("answer %d: %+v", i, now)
			}
			if got, want := now.At.Sub(began), time.Duration(i)*WatchEvery; got != want {
				t.Errorf("answer %d came after %v, want %v", i, got, want)
			}
		}
		if len(f.asked) != 4 {
			t.Errorf("asked %d times for 4 answers", len(f.asked))
		}
	})
}

// TestWatcher_asksNothingByItself: who does not pull costs the server nothing.
func TestWatcher_asksNothingByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		next(t, w)
		after(time.Hour)
		if len(f.asked) != 1 {
			t.Errorf("asked %d times, pulled once", len(f.asked))
		}
		began := time.Now()
		if now := next(t, w); now.At != began {
			t.Errorf("after an hour the next answer took %v", now.At.Sub(began))
		}
	})
}

// TestWatcher_slowServerIsAskedLess: a server is not kept busy with being looked
// after, and not left alone for long either.
func TestWatcher_slowServerIsAskedLess(t *testing.T) {
	for _, tt := range []struct{ takes, every time.Duration }{
		{0, WatchEvery},
		{100 * time.Millisecond, WatchEvery},
		{time.Second, watchShare * time.Second},
		{8 * time.Second, MaxWatchEvery},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, w := oversee(t)
			f.list = func(rw http.ResponseWriter, r *http.Request) {
				time.Sleep(tt.takes)
				oneStream(rw, r)
			}
			now := next(t, w)
			if now.Took != tt.takes || now.Every != tt.every {
				t.Errorf("an answer that takes %v: took %v, next in %v, want %v", tt.takes, now.Took, now.Every, tt.every)
			}
			next(t, w)
			if got := f.asked[1].Sub(f.asked[0]); got != max(tt.every, tt.takes) {
				t.Errorf("an answer that takes %v: asked again after %v", tt.takes, got)
			}
		})
	}
}

// TestWatcher_serverAwayAndBack: the last answer is kept and says its age, the
// questions become rare, and the first answer forgives.
func TestWatcher_serverAwayAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		good := next(t, w)
		f.set(func() { f.down = refusedErr })
		w.http.CloseIdleConnections()
		for i := 1; i <= 8; i++ {
			now := next(t, w)
			var unreachable *UnreachableError
			if !errors.As(now.Err, &unreachable) || Hint(now.Err) == "" {
				t.Fatalf("error %v, hint %q", now.Err, Hint(now.Err))
			}
			if now.At != good.At || len(now.Streams.Live) != 1 || now.Failed != i {
				t.Errorf("failure %d lost the last good answer: %+v", i, now)
			}
			wait := time.Until(now.RetryAt)
			if longest := min(250*time.Millisecond<<(i-1), 15*time.Second); wait > longest || wait < longest/2 {
				t.Errorf("failure %d is tried again in %v, want up to %v", i, wait, longest)
			}
		}
		f.set(func() { f.down = nil })
		now := next(t, w)
		if now.Err != nil || now.Failed != 0 || !now.At.After(good.At) {
			t.Errorf("after it is back: %+v", now)
		}
		f.set(func() { f.down = refusedErr })
		w.http.CloseIdleConnections()
		if now := next(t, w); now.Failed != 1 || time.Until(now.RetryAt) > 250*time.Millisecond {
			t.Errorf("what was before is not forgiven: failure %d, tried again in %v", now.Failed, time.Until(now.RetryAt))
		}
	})
}

func TestWatcher_redialAsksNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.down = refusedErr
		for range 8 {
			next(t, w)
		}
		f.set(func() { f.down = nil })
		began := time.Now()
		time.AfterFunc(time.Second, w.Redial)
		if now := next(t, w); now.Err != nil || now.At.Sub(began) != time.Second {
			t.Errorf("the wish was met after %v: %v", now.At.Sub(began), now.Err)
		}
	})
}

// TestWatcher_whatIsFinal: what will not pass ends the watching, but only where
// there never was an answer; a server that was there is waited for.
func TestWatcher_whatIsFinal(t *testing.T) {
	for _, tt := range []struct {
		name  string
		list  http.HandlerFunc
		final bool
		says  string
	}{
		{"refused", refuses(403), true, "a detail"},
		{"not there", refuses(404), true, "a detail"},
		{"not there, by a stranger", says(404, "text/html", "<html>"), true, "404"},
		{"a page", says(200, "text/html", "<!doctype html><title>x"), true, "HTML"},
		{"a log", says(200, wire.TypeFrames, "O"), true, "it is a log"},
		{"no JSON", says(200, wire.TypeJSON, "{"), true, "cannot be read"},
		{"other JSON", says(200, wire.TypeJSON, `{"status":"ok"}`), true, "no streams in it"},
		{"wrong JSON", says(200, wire.TypeJSON, `{"live":7,"ended":[]}`), true, "no streams in it"},
		{"null", says(200, wire.TypeJSON, `{"live":null,"ended":[]}`), true, "no streams in it"},
		{"too much of it", func(w http.ResponseWriter, r *http.Request) {
			says(200, wire.TypeJSON, strings.Repeat(" ", maxList+1))(w, r)
			w.(http.Flusher).Flush()
			<-r.Context().Done() // more may come, and is not waited for
		}, true, "more than 32 MiB"},
		{"too many of them", says(200, wire.TypeJSON, `{"live":[`+strings.Repeat("{},", maxListed)+`{}],"ended":[]}`), true, "more than 50000 streams"},
		{"too many questions", refuses(429), false, "a detail"},
		{"stopping", refuses(503), false, "a detail"},
		{"a proxy without a server", says(502, "text/html", "<html>"), false, "502"},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", wire.TypeJSON)
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, `{"live":`)
		}, false, "broke off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, w := oversee(t)
				f.list = tt.list
				now := next(t, w)
				if now.Err == nil || !strings.Contains(now.Err.Error(), tt.says) || Hint(now.Err) == "" || strings.Contains(Hint(now.Err), "--retry") || strings.Contains(Hint(now.Err), " again") {
					t.Fatalf("error %v, hint %q", now.Err, Hint(now.Err))
				}
				if got := now.RetryAt.IsZero(); got != tt.final {
					t.Fatalf("final: %v, want %v", got, tt.final)
				}
				if !tt.final {
					return
				}
				if _, err := w.Next(t.Context()); !errors.Is(err, io.EOF) {
					t.Errorf("after the last: %v", err)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				f, w := oversee(t)
				next(t, w)
				f.set(func() { f.list = tt.list })
				if now := next(t, w); now.Err == nil || now.RetryAt.IsZero() || len(now.Streams.Live) != 1 {
					t.Errorf("a server that was there is given up: %+v", now)
				}
			})
		})
	}
}

func TestWatcher_waitsAsLongAsTheServerWishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.list = func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Retry-After", "20")
			refuses(503)(rw, r)
		}
		if now := next(t, w); time.Until(now.RetryAt) != 20*time.Second {
			t.Errorf("tried again in %v, the server said 20 s", time.Until(now.RetryAt))
		}
	})
}

// TestWatcher_quittingNeverWaits: whatever it waits for.
func TestWatcher_quittingNeverWaits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		list  http.HandlerFunc
		after time.Duration // from the first answer on
	}{
		{"for the next question", oneStream, WatchEvery / 2},
		{"for an answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 2 * WatchEvery},
		{"for the rest of an answer", trickle, 2 * WatchEvery},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, w := oversee(t)
				next(t, w)
				f.set(func() { f.list = tt.list })
				ctx, quit := context.WithTimeout(t.Context(), tt.after)
				defer quit()
				began := time.Now()
				if _, err := w.Next(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != tt.after {
					t.Errorf("quit after %v, Next gave %v after %v", tt.after, err, time.Since(began))
				}
			})
		})
	}
}

// trickle answers without an end, ten bytes a second.
func trickle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", wire.TypeJSON)
	for r.Context().Err() == nil {
		io.WriteString(w, " ")
		w.(http.Flusher).Flush()
		select {
		case <-time.After(100 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

// TestWatcher_muteServerIsToldInTime: neither a server that takes the question and
// says nothing nor one that never ends its answer is waited for without end.
func TestWatcher_muteServerIsToldInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.list = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		began := time.Now()
		now := next(t, w)
		if now.Err == nil || !strings.Contains(now.Err.Error(), "gave no answer within 10s") || time.Since(began) != AnswerTimeout {
			t.Errorf("after %v: %v", time.Since(began), now.Err)
		}
		f.set(func() {
			f.list = trickle
		})
		w.Redial()
		began = time.Now()
		if now := next(t, w); now.Err == nil || time.Since(began) != listTimeout {
			t.Errorf("an endless answer is given up after %v: %v", time.Since(began), now.Err)
		}
	})
}

// TestWatcher_serversClock: ages are by the clock of who tells them, where that is
// another.
func TestWatcher_serversClock(t *testing.T) {
	for _, skew := range []time.Duration{0, time.Second, time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			f, w := oversee(t)
			f.list = func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
				oneStream(rw, r)
			}
			want := skew
			if skew.Abs() < 2*time.Second {
				want = 0
			}
			now := next(t, w)
			if got := now.Clock.Sub(now.At); (got - want).Abs() > time.Second {
				t.Errorf("a clock %v ahead is taken for one %v ahead", skew, got)
			}
		})
	}
}

func TestWatcher_endsAStream(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // of the error; "" for none
		status int
	}{
		{"reclaimed", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "", 0},
		{"not allowed", refuses(403), "a detail", 403},
		{"gone", refuses(404), "a detail", 404},
		{"two of them", refuses(409), "a detail", 409},
		{"still closing", refuses(504), "a detail", 504},
		{"something else", says(200, "text/html", "<html>"), "HTML", 0},
		{"a log", says(200, wire.TypeFrames, "O"), "it is a log", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, w := oversee(t)
				f.end = tt.answer
				err := w.End(t.Context(), "0a1b2c3d")
				if f.deleted[0] != "/-/streams/0a1b2c3d" {
					t.Errorf("deleted %q", f.deleted)
				}
				if tt.want == "" {
					if err != nil {
						t.Errorf("an ended stream is an error: %v", err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), tt.want) || Hint(err) == "" {
					t.Fatalf("error %v, hint %q", err, Hint(err))
				}
				var problem *ProblemError
				if errors.As(err, &problem) != (tt.status != 0) || problem != nil && problem.Status != tt.status {
					t.Errorf("%#v, want status %d", err, tt.status)
				}
			})
		})
	}
}

// TestWatcher_endsNothingElse: what a server shows as an id is sent back only where
// it can be the beginning of one. A whole id would be a close in the client's name.
func TestWatcher_endsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.end = func(http.ResponseWriter, *http.Request) {}
		for _, id := range []string{"", "0a1b2c3", "0a1b2c3dd", strings.Repeat("0", 32), "../../ab", "0a1b2c3/", "0A1B2C3D", "0a1b2c3\n", "0a1b\x1b[2J"} {
			if err := w.End(t.Context(), id); err == nil || Hint(err) == "" {
				t.Errorf("End(%q): %v", id, err)
			}
		}
		if len(f.deleted) != 0 {
			t.Errorf("sent %q", f.deleted)
		}
	})
}

func TestWatcher_endWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.end = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		began := time.Now()
		var unreachable *UnreachableError
		if err := w.End(t.Context(), "0a1b2c3d"); !errors.As(err, &unreachable) || time.Since(began) != AnswerTimeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := w.End(ctx, "0a1b2c3d"); err == nil || time.Since(began) != time.Second {
			t.Errorf("a user who leaves waits %v: %v", time.Since(began), err)
		}
	})
}
