package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// TestAdvice_ofAServerThatWasThere: once there was a good answer the address is
// right, and no hint doubts it, of a question or of an ending.
func TestAdvice_ofAServerThatWasThere(t *testing.T) {
	hangs := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, tt := range []struct {
		name          string
		down          error
		answer        http.HandlerFunc
		before, after string // pieces of the hint without a good answer, and with one
	}{
		{"away", refusedErr, nil, "is tailsrv running", "was it stopped"},
		{"hanging", nil, hangs, "7070", "it hangs"},
		{"closing", nil, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "7070", "was it stopped"},
		{"a page", nil, says(200, "text/html", "<!doctype html><title>x"), "7070", "something else"},
		{"a log", nil, says(200, wire.TypeFrames, "O"), "7070", "something else"},
		{"not there, by a stranger", nil, says(404, "text/html", "<html>"), "7070", "something else"},
		{"refused, with a hint", nil, refuses(403), "a hint", "a hint"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, w := oversee(t)
				change := func() { f.down, f.list, f.end = tt.down, tt.answer, tt.answer }
				hints := func(when, want string) {
					t.Helper()
					err := w.End(t.Context(), "0a1b2c3d")
					if err == nil || !strings.Contains(Hint(err), want) {
						t.Errorf("ending, %s: %v, hint %q, want %q", when, err, Hint(err), want)
					}
					if now := next(t, w); now.Err == nil || !strings.Contains(Hint(now.Err), want) {
						t.Errorf("asking, %s: %v, hint %q, want %q", when, now.Err, Hint(now.Err), want)
					}
				}
				f.set(change)
				hints("before", tt.before)
				w.Close()

				f, w = oversee(t)
				next(t, w)
				f.set(change)
				w.http.CloseIdleConnections()
				hints("after", tt.after)
			})
		})
	}
}

// TestAdvice_brokenOffAfterAGoodAnswer: also of an answer that has begun.
func TestAdvice_brokenOffAfterAGoodAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		next(t, w)
		f.set(func() { f.list = trickle })
		if now := next(t, w); now.Err == nil || !strings.Contains(Hint(now.Err), "it hangs") {
			t.Errorf("%v, hint %q", now.Err, Hint(now.Err))
		}
	})
}

// TestEnd_knowsWhetherItWasAsked: without a connection a stream was certainly not
// ended; with one nobody can tell.
func TestEnd_knowsWhetherItWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, w := oversee(t)
		f.end = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		unsent := func() bool {
			t.Helper()
			err := w.End(t.Context(), "0a1b2c3d")
			var unreachable *UnreachableError
			if !errors.As(err, &unreachable) {
				t.Fatalf("%v", err)
			}
			return unreachable.Unsent
		}
		if unsent() {
			t.Error("a server that took the question was not asked")
		}
		f.set(func() { f.end = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) } })
		if unsent() {
			t.Error("a server that cut the connection was not asked")
		}
		f.set(func() { f.down = refusedErr })
		if !unsent() {
			t.Error("a server that is away was asked")
		}
	})
}

// TestWatcher_pointedElsewhere: the next step is a command that can be typed.
func TestWatcher_pointedElsewhere(t *testing.T) {
	for to, want := range map[string]string{
		"https://other:9/-/streams":      "--streams https://other:9",
		"http://other/-/streams?x=1":     "--streams http://other",
		"https://other:9/login?next=%2F": "is that tailsrv",
	} {
		synctest.Test(t, func(t *testing.T) {
			f, w := oversee(t)
			f.list = func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, to, http.StatusMovedPermanently) }
			now := next(t, w)
			if now.Err == nil || !strings.Contains(now.Err.Error(), "redirects to another server") || !strings.Contains(Hint(now.Err), want) || !now.RetryAt.IsZero() {
				t.Fatalf("%s: %v, hint %q", to, now.Err, Hint(now.Err))
			}
			if _, server, ok := strings.Cut(Hint(now.Err), "--streams "); ok {
				if _, err := ParseServer(server); err != nil {
					t.Errorf("the hint %q cannot be typed: %v", Hint(now.Err), err)
				}
			}
		})
	}
}
