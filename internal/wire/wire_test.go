package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

// story writes one stream that has everything in it, with e.
func story(e Encoder) []byte {
	base := 0
	say := func(dst []byte, s string) []byte {
		dst = e.Data(dst, []byte(s), func(n int) string { return "c" + strconv.Itoa(base+n) })
		base += len(s)
		return dst
	}
	var lost int64 = 42
	b := e.Open(nil, Open{Stream: "0123456789abcdef0123456789abcdef", Log: "app.log", Cursor: "c0", Met: MetFresh, Size: 10, Behind: 7, Modified: time.Date(2026, 11, 22, 11, 59, 0, 0, time.UTC),
		HeartbeatMS: 15000, LeaseMS: 45000, MaxAgeMS: 43200000, Server: "tailsrv 0.1.0"})
	b = say(b, "first <one>\nsecond & \"two\"\r\nun")
	b = e.Heartbeat(b, Heartbeat{Cursor: "c" + strconv.Itoa(base), Size: 31, IdleMS: 1500, Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)})
	b = e.Flush(b)
	b = say(b, "finished\n\xff\xfe not UTF-8\n\u2028\x00\x1b[31m\n")
	b = e.Event(b, Event{Kind: KindRotated, Cursor: "c90", Detail: "the next generation is another file"})
	b = e.Event(b, Event{Kind: KindGap, Cursor: "c91", Lost: &lost})
	base = 100
	b = say(b, "torn by the end")
	return e.End(b, End{Reason: ReasonShutdown, Cursor: "c115", RetryMS: 250})
}

// TestEncoder_story compares the four forms of one story with the files in
// testdata; UPDATE=1 writes them.
func TestEncoder_story(t *testing.T) {
	for _, r := range []Representation{Raw, NDJSON, SSE, Frames} {
		t.Run(r.String(), func(t *testing.T) {
			got := story(NewEncoder(r, EncoderOptions{Newlines: true}))
			file := filepath.Join("testdata", "story."+r.String())
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("story differs from %s\n got %q\nwant %q", file, got, want)
			}
		})
	}
}

// TestEncoder_everyByteOnce cuts random logs at random places: whatever the
// representation, what a reader puts together again is the log, and resuming at
// any cursor it saw gives the rest of it.
func TestEncoder_everyByteOnce(t *testing.T) {
	pieces := rapid.SliceOfN(rapid.OneOf(
		rapid.SliceOfN(rapid.Byte(), 0, 40),
		rapid.Just([]byte("one line\n")),
		rapid.Just([]byte("für später\n")),
		rapid.Just(bytes.Repeat([]byte("é"), MaxData/2-3)),
		rapid.Just(bytes.Repeat([]byte{'x'}, MaxData)),
	), 0, 8)
	rapid.Check(t, func(t *rapid.T) {
		var log []byte
		var out [3][]byte
		enc := []Encoder{NewEncoder(NDJSON, EncoderOptions{}), NewEncoder(SSE, EncoderOptions{}), NewEncoder(Frames, EncoderOptions{})}
		for _, p := range pieces.Draw(t, "pieces") {
			base := len(log)
			log = append(log, p...)
			for i, e := range enc {
				out[i] = e.Data(out[i], p, func(n int) string { return strconv.Itoa(base + n) })
			}
			if rapid.Bool().Draw(t, "flush") {
				for i, e := range enc {
					out[i] = e.Flush(out[i])
				}
			}
		}
		for i, e := range enc {
			out[i] = e.Flush(out[i])
		}
		checkLines(t, "ndjson", bytes.Split(bytes.TrimSuffix(out[0], []byte("\n")), []byte("\n")), log)
		var data [][]byte
		for _, l := range bytes.Split(out[1], []byte("\n")) {
			if rest, ok := bytes.CutPrefix(l, []byte("data: ")); ok {
				data = append(data, rest)
			}
		}
		checkLines(t, "sse", data, log)
		checkFrames(t, out[2], log)
	})
}

// checkLines puts the log together from line objects and checks each cursor.
func checkLines(t *rapid.T, what string, objects [][]byte, log []byte) {
	var got []byte
	open := false
	for _, o := range objects {
		if len(o) == 0 {
			continue
		}
		var l struct {
			Cursor, Text  string
			B64           []byte
			Partial, Cont bool
		}
		if err := json.Unmarshal(o, &l); err != nil {
			t.Fatalf("%s: %v in %q", what, err, o)
		}
		if l.Cont != open {
			t.Fatalf("%s: cont is %v after partial %v", what, l.Cont, open)
		}
		if len(l.Text)+len(l.B64) > MaxData {
			t.Fatalf("%s: piece of %d bytes", what, len(l.Text)+len(l.B64))
		}
		got = append(append(got, l.Text...), l.B64...)
		if !l.Partial {
			got = append(got, '\n')
		}
		open = l.Partial
		if l.Cursor != strconv.Itoa(len(got)) {
			t.Fatalf("%s: cursor %s after %d bytes", what, l.Cursor, len(got))
		}
	}
	if !bytes.Equal(got, log) {
		t.Fatalf("%s: %d bytes became %d", what, len(log), len(got))
	}
}

func checkFrames(t *rapid.T, stream, log []byte) {
	var got []byte
	d := NewDecoder(iotest.HalfReader(bytes.NewReader(stream)))
	for {
		f, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Data...)
		if f.Cursor != strconv.Itoa(len(got)) {
			t.Fatalf("frames: cursor %s after %d bytes", f.Cursor, len(got))
		}
	}
	if !bytes.Equal(got, log) {
		t.Fatalf("frames: %d bytes became %d", len(log), len(got))
	}
}

// TestLineEncoder_cursorsStayBehindHeldBytes: a reader that resumes at any
// cursor while a line is unfinished must get that line's beginning again.
func TestLineEncoder_cursorsStayBehindHeldBytes(t *testing.T) {
	e := NewEncoder(NDJSON, EncoderOptions{})
	at := func(n int) string { return "c" + strconv.Itoa(n) }
	e.Data(nil, []byte("a\nunfinished"), at)
	if got := e.Heartbeat(nil, Heartbeat{Cursor: "c12"}); !strings.Contains(string(got), `"cursor":"c2"`) {
		t.Errorf("heartbeat over a held line says %s", got)
	}
	if !e.Pending() {
		t.Error("an unfinished line is not pending")
	}
	e.Flush(nil)
	if got := e.Heartbeat(nil, Heartbeat{Cursor: "c12"}); !strings.Contains(string(got), `"cursor":"c12"`) {
		t.Errorf("heartbeat after the flush says %s", got)
	}
}

// TestLineEncoder_beginsMidLine: a stream that starts inside a line says so.
func TestLineEncoder_beginsMidLine(t *testing.T) {
	e := NewEncoder(NDJSON, EncoderOptions{MidLine: true})
	got := e.Data(nil, []byte("end of it\nnext\n"), func(int) string { return "c" })
	want := `{"type":"line","cursor":"c","text":"end of it","cont":true}` + "\n" + `{"type":"line","cursor":"c","text":"next"}` + "\n"
	if string(got) != want {
		t.Errorf("got %s want %s", got, want)
	}
}

func TestDecoder_story(t *testing.T) {
	d := NewDecoder(iotest.OneByteReader(bytes.NewReader(story(NewEncoder(Frames, EncoderOptions{})))))
	var types []byte
	var data []byte
	for {
		f, err := d.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, f.Type)
		data = append(data, f.Data...)
		switch f.Type {
		case FrameEvent:
			if f.Event.Kind == KindGap && (f.Event.Lost == nil || *f.Event.Lost != 42) {
				t.Errorf("gap lost its number: %+v", f.Event)
			}
		case FrameEnd:
			if f.End.Reason != ReasonShutdown || f.End.RetryMS != 250 || f.Cursor != "c115" {
				t.Errorf("end: %+v", f.End)
			}
		}
	}
	if string(types) != "ODHDEEDZ" {
		t.Errorf("frames %s", types)
	}
	if want := string(story(NewEncoder(Raw, EncoderOptions{}))); string(data) != want {
		t.Errorf("data %q, want %q", data, want)
	}
}

func TestDecoder_refuses(t *testing.T) {
	var protocol *ProtocolError
	for _, tt := range []struct {
		name, in string
		want     func(error) bool
	}{
		{"empty body", "", func(err error) bool { return err == io.EOF }},
		{"torn header", "D\x00\x00", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"torn payload", "D\x00\x00\x00\x05\x01c", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"header only", "D\x00\x00\x00\x05", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"too long", "D\x00\x10\x00\x01", func(err error) bool { return errors.As(err, &protocol) }},
		{"html", "<html><body>hello</body></html>", func(err error) bool { return errors.As(err, &protocol) }},
		{"no cursor length", "D\x00\x00\x00\x00", func(err error) bool { return errors.As(err, &protocol) }},
		{"cursor beyond payload", "D\x00\x00\x00\x02\x05c", func(err error) bool { return errors.As(err, &protocol) }},
		{"open is no JSON", "O\x00\x00\x00\x01{", func(err error) bool { return errors.As(err, &protocol) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := NewDecoder(strings.NewReader(tt.in))
			_, err := d.Next()
			if !tt.want(err) {
				t.Fatalf("error %v", err)
			}
			if _, again := d.Next(); again != err {
				t.Errorf("second error %v differs from first %v", again, err)
			}
		})
	}
}

func TestDecoder_skipsUnknownFrames(t *testing.T) {
	in := "?\x00\x00\x00\x03newD\x00\x00\x00\x03\x01cx"
	f, err := NewDecoder(strings.NewReader(in)).Next()
	if err != nil || f.Type != FrameData || string(f.Data) != "x" || f.Cursor != "c" {
		t.Errorf("frame %+v, error %v", f, err)
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(story(NewEncoder(Frames, EncoderOptions{})))
	f.Add([]byte("D\x00\x00\x00\x05\x01c"))
	f.Fuzz(func(t *testing.T, in []byte) {
		d := NewDecoder(bytes.NewReader(in))
		for total := 0; ; {
			fr, err := d.Next()
			if err != nil {
				return
			}
			if total += headerSize + len(fr.Data); total > len(in) {
				t.Fatalf("%d bytes of frames out of %d", total, len(in))
			}
		}
	})
}

// FuzzLine holds the hand-written JSON of lines against encoding/json.
func FuzzLine(f *testing.F) {
	f.Add([]byte("plain"), "c", false, false)
	f.Add([]byte("\u2028\u2029\u2027 \x7f\"\\\x00\xff"), "c", true, true)
	f.Fuzz(func(t *testing.T, text []byte, cursor string, partial, cont bool) {
		var got struct {
			Type, Cursor  string
			Text          *string
			B64           []byte
			Partial, Cont bool
		}
		cursor = strings.ToValidUTF8(cursor, "?")
		b := line(nil, Line{Cursor: cursor, Text: text, Partial: partial, Cont: cont})
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		back := string(got.B64)
		if got.Text != nil {
			back = *got.Text
		}
		if back != string(text) || got.Cursor != cursor || got.Partial != partial || got.Cont != cont || got.Type != "line" {
			t.Fatalf("%q became %q", text, b)
		}
		if bytes.ContainsAny(b, "\n\r") {
			t.Fatalf("a line object holds a line break: %q", b)
		}
	})
}

func TestNegotiate(t *testing.T) {
	for _, tt := range []struct {
		accept string
		want   Representation
		ok     bool
	}{
		{"", Raw, true},
		{"*/*", Raw, true},
		{"text/plain", Raw, true},
		{"application/x-ndjson", NDJSON, true},
		{"text/event-stream", SSE, true},
		{TypeFrames, Frames, true},
		{TypeFrames + ", application/problem+json;q=0.5", Frames, true},
		{"text/plain;q=0.5, application/x-ndjson", NDJSON, true},
		{"application/x-ndjson;q=0, */*;q=0.1", Raw, true},
		{"text/html,application/xhtml+xml,*/*;q=0.8", Raw, true},
		{"application/json", Raw, false},
		{"image/png;q=high", Raw, false},
		{"garbage;;;", Raw, false},
	} {
		if got, ok := Negotiate(tt.accept); got != tt.want || ok != tt.ok {
			t.Errorf("Negotiate(%q) = %v, %v; want %v, %v", tt.accept, got, ok, tt.want, tt.ok)
		}
	}
	if Accepts("*/*", TypeJSON) || !Accepts("text/html, application/json", TypeJSON) {
		t.Error("Accepts must want the name itself")
	}
}

func TestProblem_roundTrip(t *testing.T) {
	p := NewProblem(404, "not found", `there is no log "x"`, "see GET /")
	q, ok := ParseProblem(p.JSON())
	if !ok || *q != *p {
		t.Errorf("%+v became %+v", p, q)
	}
	if got := string(p.Text()); got != "error: there is no log \"x\"\nhint: see GET /\n" {
		t.Errorf("text %q", got)
	}
	for _, body := range []string{"", "<html>", "[]", "{}"} {
		if _, ok := ParseProblem([]byte(body)); ok {
			t.Errorf("%q was taken for a problem", body)
		}
	}
}

func BenchmarkEncoder(b *testing.B) {
	log := bytes.Repeat([]byte("2026-11-22T12:00:00Z INFO request served path=/api/users status=200 took=12ms\n"), 3000)
	at := func(n int) string { return strings.Repeat("c", 90) }
	for _, r := range []Representation{Raw, NDJSON, SSE, Frames} {
		b.Run(r.String(), func(b *testing.B) {
			e := NewEncoder(r, EncoderOptions{})
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst = e.Data(dst[:0], log, at)
			}
		})
	}
}

func BenchmarkDecoder(b *testing.B) {
	e := NewEncoder(Frames, EncoderOptions{})
	stream := e.Data(nil, make([]byte, 1<<20), func(n int) string { return strings.Repeat("c", 90) })
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		d := NewDecoder(bytes.NewReader(stream))
		for frames := 0; ; frames++ {
			if _, err := d.Next(); err != nil {
				if frames > math.MaxInt16 {
					b.Fatal(frames)
				}
				break
			}
		}
	}
}

// An EventSource comes back by itself, after three seconds unless it is told another
// time: when the server wants it, and not where the stream is over for good.
func TestSSE_whenToComeBack(t *testing.T) {
	for end, want := range map[End]string{
		{Reason: ReasonShutdown, RetryMS: 1500}: "retry: 1500\n",
		{Reason: ReasonMaxAge}:                  "",
		{Reason: ReasonOperator}:                "retry: 86400000\n",
		{Reason: ReasonComplete}:                "retry: 86400000\n",
		{Reason: ReasonDenied}:                  "retry: 86400000\n",
	} {
		got := string(NewEncoder(SSE, EncoderOptions{}).End(nil, end))
		if before, _, _ := strings.Cut(got, "id: "); before != want {
			t.Errorf("%s: %q before %q, want %q", end.Reason, before, got, want)
		}
	}
}
