package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/link"
	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestSession_closesCooperatively(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			st.data("x", "c1")
			st.silent()
			st.data("too late", "c2") // the user has left: not taken
			st.end(wire.End{Reason: wire.ReasonClientClosed, Cursor: "c2"})
		})
		f.onDelete = func(st *fakeStream) {
			time.Sleep(time.Millisecond) // a cut would be noticed by now
			if st.ctx.Err() != nil {
				t.Error("the stream was cut before the DELETE was answered")
			}
		}
		v := view(t, f, Options{}, true)
		v.state(link.Live)
		v.leave()
		<-v.done
		if v.err != nil {
			t.Errorf("Run: %v", v.err)
		}
		if len(f.deleted()) != 1 {
			t.Errorf("%d DELETEs, want 1", len(f.deleted()))
		}
		<-v.pulled
		st := v.s.Status()
		if got := path(st); got != "dialing live closing closed" {
			t.Errorf("states: %s", got)
		}
		if st.Reason != wire.ReasonClientClosed || st.Cursor != "c1" || v.got() != "x" {
			t.Errorf("reason %q, cursor %q, log %q", st.Reason, st.Cursor, v.got())
		}
		want := Summary{Log: "fake:7070/app.log", Bytes: 1, Connects: 1, State: link.Closed, Reason: wire.ReasonClientClosed}
		got := v.s.Summary()
		got.For = 0 // the few milliseconds that the answers of the fake took
		if got != want {
			t.Errorf("summary: %+v, want %+v", got, want)
		}
	})
}

func TestSession_closesWhenTheConsumerHasStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) {
			st.open()
			for i := 0; st.ctx.Err() == nil; i++ {
				st.data(strings.Repeat("x", 1000), strconv.Itoa(i))
			}
		})
		v := view(t, f, Options{Buffer: 10_000}, false)
		v.state(link.Live)
		if st := v.s.Status(); st.Bytes != 10_000 || st.Cursor != "9" {
			t.Errorf("%d bytes up to cursor %q were taken, want the buffer's 10000", st.Bytes, st.Cursor)
		}
		// Our own not reading is not the server's silence.
		after(100 * beat)
		v.state(link.Live)

		before := time.Now()
		v.leave()
		if err := v.over(); err != nil {
			t.Errorf("Run: %v", err)
		}
		// The server could end its stream only because the reader read on.
		if len(f.deleted()) != 1 || time.Since(before) != 0 || v.s.Status().Reason != wire.ReasonClientClosed {
			t.Errorf("%d DELETEs, closed after %v as %q", len(f.deleted()), time.Since(before), v.s.Status().Reason)
		}
		u, err := v.s.Next(t.Context())
		if err != nil || !u.Closed || u.Status.State != link.Closed || u.Status.Cursor != "9" || len(u.Items) != 1 || len(u.Items[0].Data) != 10_000 {
			t.Errorf("the last update is %v %v %+v", u.Closed, err, u.Status)
		}
		if _, err := v.s.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("after the last update: %v, want io.EOF", err)
		}
	})
}

func TestSession_closeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		f := serve(t, live)
		f.onDelete = func(*fakeStream) { <-release }
		v := view(t, f, Options{}, true)
		v.state(link.Live)
		before := time.Now()
		v.leave()
		<-v.done
		if d := time.Since(before); d != CloseTimeout {
			t.Errorf("closing took %v, want %v", d, CloseTimeout)
		}
		if st := v.s.Status(); st.State != link.Closed || st.Reason != wire.ReasonClientGone || st.Detail == "" {
			t.Errorf("status is %+v", st)
		}
		close(release)
	})
}

func TestSession_leavesWhileDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.silent() })
		v := view(t, f, Options{}, true)
		v.state(link.Dialing)
		before := time.Now()
		v.leave()
		if err := v.over(); err != nil || time.Since(before) != 0 {
			t.Errorf("Run: %v after %v", err, time.Since(before))
		}
	})
}

func TestSession_leavesBetweenHeaderAndFirstFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, func(st *fakeStream) { st.header(); st.send(nil); st.silent() })
		v := view(t, f, Options{}, true)
		v.state(link.Dialing)
		v.leave()
		if err := v.over(); err != nil || len(f.deleted()) != 1 {
			t.Errorf("Run: %v, %d DELETEs, want 1", err, len(f.deleted()))
		}
	})
}

func TestSession_leavesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, live)
		f.setDown(refusedErr)
		v := view(t, f, Options{}, true)
		v.state(link.Waiting)
		v.leave()
		if err := v.over(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := path(v.state(link.Closed)); got != "dialing waiting closed" {
			t.Errorf("states: %s", got)
		}
	})
}

func TestSession_overTLS(t *testing.T) {
	left := make(chan struct{})
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			close(left)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		enc := wire.NewEncoder(wire.Frames, wire.EncoderOptions{})
		w.Header().Set("Content-Type", wire.TypeFrames)
		w.Write(enc.Open(nil, wire.Open{Stream: "id", HeartbeatMS: beat.Milliseconds()}))
		w.Write(enc.Data(nil, []byte("one\n"), func(int) string { return "c1" }))
		w.(http.Flusher).Flush()
		<-left
	}))
	defer srv.Close()
	target, err := ParseTarget(srv.URL + "/app.log")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSession(target, Options{})
	for _, c := range []*http.Client{s.streams, s.controls} {
		c.Transport.(*http.Transport).TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	for s.Status().Cursor != "c1" {
		if u, err := s.Next(t.Context()); err != nil || u.Closed {
			t.Fatalf("Next: %v; %+v", err, u.Status)
		}
	}
	cancel()
	if err := <-ran; err != nil || s.Status().Reason != wire.ReasonClientClosed {
		t.Errorf("Run: %v; %+v", err, s.Status())
	}
}
