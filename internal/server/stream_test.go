package server

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

func TestStream_representations(t *testing.T) {
	for _, tt := range []struct{ accept, contentType, want string }{
		{"*/*", wire.TypeText, "one\n\xff\nhalf"},
		{wire.TypeNDJSON, wire.TypeNDJSON, `{"type":"open","stream":"ID","log":"app.log","cursor":"app.log~0","met":"fresh","size":10,"behind":10,"modified":"2026-11-22T12:00:00Z","heartbeat_ms":15000,"lease_ms":0,"max_age_ms":0,"server":"tailsrv 1.2.3"}
{"type":"line","cursor":"app.log~4","text":"one"}
{"type":"line","cursor":"app.log~6","b64":"/w=="}
{"type":"line","cursor":"app.log~10","text":"half","partial":true}
{"type":"end","reason":"complete","cursor":"app.log~10","retry_ms":0,"detail":"the end that the log had when the stream began"}
`},
		{wire.TypeSSE, wire.TypeSSE, `id: app.log~0
data: {"type":"open","stream":"ID","log":"app.log","cursor":"app.log~0","met":"fresh","size":10,"behind":10,"modified":"2026-11-22T12:00:00Z","heartbeat_ms":15000,"lease_ms":0,"max_age_ms":0,"server":"tailsrv 1.2.3"}

id: app.log~4
data: {"type":"line","cursor":"app.log~4","text":"one"}

id: app.log~6
data: {"type":"line","cursor":"app.log~6","b64":"/w=="}

id: app.log~10
data: {"type":"line","cursor":"app.log~10","text":"half","partial":true}

retry: 86400000
id: app.log~10
data: {"type":"end","reason":"complete","cursor":"app.log~10","retry_ms":0,"detail":"the end that the log had when the stream began"}

`},
		{wire.TypeFrames, wire.TypeFrames, "O\x00\x00\x00\xe1" +
			`{"type":"open","stream":"ID","log":"app.log","cursor":"app.log~0","met":"fresh","size":10,"behind":10,"modified":"2026-11-22T12:00:00Z","heartbeat_ms":15000,"lease_ms":45000,"max_age_ms":0,"server":"tailsrv 1.2.3"}` +
			"D\x00\x00\x00\x15\x0aapp.log~10one\n\xff\nhalfZ\x00\x00\x00\x88" +
			`{"type":"end","reason":"complete","cursor":"app.log~10","retry_ms":0,"detail":"the end that the log had when the stream began"}`},
	} {
		t.Run(tt.accept, func(t *testing.T) {
			logs := newFakeLogs("app.log")
			logs.log("app.log").append("one\n\xff\nhalf")
			s := inMemory(t, logs, Config{Version: "1.2.3"})
			res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", "Accept", tt.accept)
			if got := res.Header.Get("Content-Type"); got != tt.contentType {
				t.Errorf("Content-Type %q, want %q", got, tt.contentType)
			}
			got := regexp.MustCompile(`[0-9a-f]{32}`).ReplaceAllString(body, "ID")
			got = lengths.ReplaceAllString(got, "$1")
			if want := lengths.ReplaceAllString(tt.want, "$1"); got != want {
				t.Errorf("got\n%q\nwant\n%q", got, want)
			}
			if got := res.Trailer.Get(wire.TrailerEnd); got != "complete" {
				t.Errorf("trailer %q", got)
			}
		})
	}
}

// What the log has already is no news, and a log that is not there was never written.
func TestStream_openTellsHowFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append("one\ntwo\nthree\n")
		s := inMemory(t, logs, Config{})
		for target, want := range map[string]int64{"/app.log?lines=2": 10, "/app.log?from=end": 0, "/app.log?cursor=app.log~4": 10} {
			if open := s.tail(target).open; open.Behind != want || !open.Modified.Equal(fakeMTime) {
				t.Errorf("%s: %+v", target, open)
			}
		}
		if open := s.tail("/new.log?retry=1").open; open.Behind != 0 || !open.Modified.IsZero() {
			t.Errorf("%+v", open)
		}
	})
}

// lengths are those of native control frames, which depend on the id's length.
var lengths = regexp.MustCompile(`(?s)([OZ])\x00\x00\x00.(?-s)`)

func TestStream_headers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs("app.log"), Config{})
		for _, tt := range []struct {
			accept, query string
			lease         string
			want          map[string]string
		}{
			{accept: wire.TypeFrames, query: "?heartbeat=2s", want: map[string]string{wire.HeaderHeartbeat: "2", wire.HeaderLease: "6"}},
			{accept: wire.TypeFrames, query: "?heartbeat=1s", want: map[string]string{wire.HeaderLease: "3"}},
			{accept: wire.TypeFrames, lease: "7.5", want: map[string]string{wire.HeaderHeartbeat: "15", wire.HeaderLease: "7.5"}},
			{accept: wire.TypeNDJSON, want: map[string]string{wire.HeaderHeartbeat: "15", wire.HeaderLease: ""}},
			{accept: wire.TypeSSE, lease: "45", want: map[string]string{wire.HeaderLease: "45"}},
			{want: map[string]string{wire.HeaderHeartbeat: "", wire.HeaderLease: ""}},
			{query: "?heartbeat=newline:20s", want: map[string]string{wire.HeaderHeartbeat: "20"}},
		} {
			header := []string{"Accept", tt.accept}
			if tt.lease != "" {
				header = append(header, wire.HeaderLease, tt.lease)
			}
			res := s.do(http.MethodGet, "/app.log"+tt.query, "", header...)
			tt.want["Cache-Control"] = "no-store, no-transform"
			tt.want["X-Accel-Buffering"] = "no"
			tt.want["X-Content-Type-Options"] = "nosniff"
			tt.want[wire.HeaderCursor] = "app.log~0"
			for name, want := range tt.want {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s %s: %s is %q, want %q", tt.accept, tt.query, name, got, want)
				}
			}
			if _, announced := res.Trailer[wire.TrailerEnd]; !announced {
				t.Errorf("%s %s: no trailer announced", tt.accept, tt.query)
			}
			if met := res.Header.Get(wire.HeaderMet); met != string(wire.MetFresh) {
				t.Errorf("met %q", met)
			}
			if id := res.Header.Get(wire.HeaderStream); len(id) != 32 {
				t.Errorf("%s %s: id %q", tt.accept, tt.query, id)
			}
			res.Body.Close()
		}
	})
}

func TestStream_speaksEveryHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		for _, promise := range []time.Duration{time.Second, 15 * time.Second} {
			tl := s.tail("/app.log?from=end&heartbeat="+promise.String(), wire.HeaderLease, "3600")
			time.Sleep(tick / 3) // from here on out of step with the sweeper
			logs.log("app.log").append("x")
			cursor := tl.next(wire.FrameData).Cursor
			last := time.Now()
			for range 20 {
				beat := tl.next(wire.FrameHeartbeat)
				gap := time.Since(last)
				last = time.Now()
				if gap > promise || gap < promise-2*tick {
					t.Fatalf("%v between two heartbeats, promised at most %v and not much less", gap, promise)
				}
				if beat.Cursor != cursor || fakeCursor("app.log", int(beat.Heartbeat.Size)) != cursor {
					t.Fatalf("heartbeat %+v", beat.Heartbeat)
				}
			}
			tl.res.Body.Close()
		}
	})
}

// Nothing ticks on a server that nobody watches.
func TestStream_dataIsSpeakingToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log?heartbeat=2s", wire.HeaderLease, "3600")
		for range 10 {
			time.Sleep(time.Second)
			logs.log("app.log").append("x\n")
			tl.next(wire.FrameData)
		}
	})
}

func TestStream_newlineHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		body := bufio.NewReader(s.do(http.MethodGet, "/app.log?heartbeat=newline:5s", "").Body)
		start := time.Now()
		for range 3 {
			if got := readLine(t, body); got != "\n" {
				t.Fatalf("got %q", got)
			}
		}
		if d := time.Since(start); d > 15*time.Second || d < 13*time.Second {
			t.Errorf("three heartbeats of 5s took %v", d)
		}
	})
}

func TestStream_rawSaysNothingOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		res := s.do(http.MethodGet, "/app.log", "")
		time.Sleep(time.Hour)
		logs.log("app.log").happen(wire.KindRotated, "")
		logs.log("app.log").append("the first byte")
		got := make([]byte, len("the first byte"))
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != "the first byte" {
			t.Fatalf("got %q, %v", got, err)
		}
		time.Sleep(time.Hour)
		go s.stop()
		if rest, err := io.ReadAll(res.Body); len(rest) != 0 || err != nil {
			t.Errorf("got %q, %v", rest, err)
		}
	})
}

// A stopped client reads nothing: its stream sits in a write when its lease lapses.
// A slow reader is not a stalled one: the deadline starts anew with every piece.
func TestStream_partialLines(t *testing.T) {
	for _, tt := range []struct {
		query string
		hold  time.Duration
	}{{"", time.Second}, {"?partial=5s", 5 * time.Second}, {"?partial=0s", 0}} {
		t.Run(tt.query, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				logs := newFakeLogs("app.log")
				s := inMemory(t, logs, Config{})
				body := bufio.NewReader(s.do(http.MethodGet, "/app.log"+tt.query, "", "Accept", wire.TypeNDJSON).Body)
				readLine(t, body) // open
				start := time.Now()
				logs.log("app.log").append("whole\nhal")
				if got, want := readLine(t, body), `{"type":"line","cursor":"app.log~6","text":"whole"}`+"\n"; got != want {
					t.Errorf("got %s", got)
				}
				if d := time.Since(start); d > 10*time.Millisecond {
					t.Errorf("a whole line took %v", d)
				}
				if got, want := readLine(t, body), `{"type":"line","cursor":"app.log~9","text":"hal","partial":true}`+"\n"; got != want {
					t.Errorf("got %s", got)
				}
				if d := time.Since(start); d < tt.hold || d > tt.hold+tick {
					t.Errorf("an unfinished line was held for %v, wanted %v", d, tt.hold)
				}
				logs.log("app.log").append("f\n")
				if got, want := readLine(t, body), `{"type":"line","cursor":"app.log~11","text":"f","cont":true}`+"\n"; got != want {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

// Each unfinished line has the whole time to itself.
func TestStream_partialLinesAreHeldEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		body := bufio.NewReader(s.do(http.MethodGet, "/app.log", "", "Accept", wire.TypeNDJSON).Body)
		readLine(t, body) // open
		start := time.Now()
		for range 5 {
			logs.log("app.log").append("begun, ")
			time.Sleep(800 * time.Millisecond)
			logs.log("app.log").append("ended\n")
		}
		logs.log("app.log").append("begun, ")
		for range 5 {
			if got := readLine(t, body); !strings.Contains(got, `"text":"begun, ended"}`) {
				t.Fatalf("got %s", got)
			}
		}
		readLine(t, body)
		if d := time.Since(start); d < 5*time.Second {
			t.Errorf("the last line was given out in pieces after %v", d)
		}
	})
}

// What a line begins in the same piece that ends another is held from then on.
func TestStream_partialLinesBegunWithTheEndOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		body := bufio.NewReader(s.do(http.MethodGet, "/app.log", "", "Accept", wire.TypeNDJSON).Body)
		readLine(t, body) // open
		logs.log("app.log").append("a")
		time.Sleep(900 * time.Millisecond)
		logs.log("app.log").append("b\nc")
		start := time.Now()
		readLine(t, body)
		if got := readLine(t, body); !strings.Contains(got, `"text":"c","partial":true`) || time.Since(start) < time.Second {
			t.Errorf("after %v: %s", time.Since(start), got)
		}
	})
}

func TestStream_events(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		logs.log("app.log").append("a\n")
		logs.log("app.log").happen(wire.KindRotated, "the next file")
		logs.log("app.log").append("b\n")
		if f := tl.next(wire.FrameData); string(f.Data) != "a\n" || f.Cursor != "app.log~2" {
			t.Errorf("got %q %q", f.Data, f.Cursor)
		}
		if f := tl.next(wire.FrameEvent); f.Event.Kind != wire.KindRotated || f.Event.Detail != "the next file" {
			t.Errorf("got %+v", f.Event)
		}
		if f := tl.next(wire.FrameData); string(f.Data) != "b\n" {
			t.Errorf("got %q", f.Data)
		}
	})
}

// The first byte after a silence goes out at once; while a log is busy its lines
// travel together.
func TestStream_coalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log", wire.HeaderLease, "3600")
		time.Sleep(time.Minute / 8)
		start := time.Now()
		logs.log("app.log").append("first\n")
		tl.next(wire.FrameData)
		if d := time.Since(start); d != 0 {
			t.Errorf("the first byte waited %v", d)
		}
		go func() {
			for range 1000 {
				time.Sleep(100 * time.Microsecond)
				logs.log("app.log").append("x\n")
			}
		}()
		frames := 0
		for bytes := 0; bytes < 2000; frames++ {
			bytes += len(tl.next(wire.FrameData).Data)
		}
		if frames > 100/3+2 {
			t.Errorf("1000 lines within 100ms came in %d writes", frames)
		}
	})
}

// Catching up is not paced: what fills the buffer is followed by more at once.
func TestStream_catchesUpAtFullSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append(strings.Repeat("x", 64<<20))
		s := inMemory(t, logs, Config{})
		start := time.Now()
		tl := s.tail("/app.log?from=start")
		for bytes := 0; bytes < 64<<20; {
			bytes += len(tl.next(wire.FrameData).Data)
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("64 MiB waited for %v", d)
		}
	})
}

// The client that closes may have stopped reading before: its stream sits in a write.
func TestStream_waitsForALogThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, newFakeLogs(), Config{})
		tl := s.tail("/new.log?retry=1")
		s.logs.log("new.log").append("hello\n")
		if f := tl.next(wire.FrameData); string(f.Data) != "hello\n" {
			t.Errorf("got %q", f.Data)
		}
	})
}

func TestStream_lastEventIDWins(t *testing.T) {
	logs := newFakeLogs("app.log")
	logs.log("app.log").append("one\ntwo\nthree\n")
	s := inMemory(t, logs, Config{})
	_, body := s.ask(http.MethodGet, "/app.log?follow=0&lines=1", "", "Last-Event-ID", "app.log~4")
	if body != "two\nthree\n" {
		t.Errorf("got %q", body)
	}
}

func TestStreams_jsonShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append("twelve bytes")
		s := inMemory(t, logs, Config{})
		tl := s.tail("/app.log")
		tl.next(wire.FrameData)
		time.Sleep(2 * time.Second)
		_, body := s.ask(http.MethodGet, "/-/streams", "", "Accept", wire.TypeJSON)
		if strings.Contains(body, tl.open.Stream) {
			t.Error("the listing gives away a whole id, the right to close")
		}
		var streams wire.Streams
		if err := json.Unmarshal([]byte(body), &streams); err != nil {
			t.Fatal(err)
		}
		in := streams.Live[0]
		if in.ID != tl.open.Stream[:8] || in.Log != "app.log" || in.Client != "pipe" || in.As != "frames" ||
			in.Bytes != 12 || in.IdleMS != 2000 || in.State != "streaming" || in.Reason != "" {
			t.Errorf("%+v", in)
		}
		if in.LeaseMS != 45_000 || in.Acked != "" || in.Behind != nil || in.TCP != "" || in.ContactMS != nil {
			t.Errorf("what nobody said or knows: %+v", in)
		}
		if !strings.Contains(body, `"ended":[]`) {
			t.Errorf("an empty list is a list: %s", body)
		}
	})
}

// A stream that ends with the log has nothing to gather for.
func TestStream_completeWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs := newFakeLogs("app.log")
		logs.log("app.log").append("one\n")
		s := inMemory(t, logs, Config{})
		start := time.Now()
		s.ask(http.MethodGet, "/app.log?follow=0", "")
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
	})
}
