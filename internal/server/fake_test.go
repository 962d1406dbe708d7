package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// fakeLogs are logs in memory. A cursor is the log's name, "~" and an offset.
type fakeLogs struct {
	mu     sync.Mutex
	logs   map[string]*fakeLog
	health follow.Health
	open   int // followers and snapshots not closed yet

	search chan struct{} // if set, Follow gives it a value and searches until its context ends
}

func newFakeLogs(names ...string) *fakeLogs {
	l := &fakeLogs{logs: map[string]*fakeLog{}, health: follow.Health{Watching: "inotify", Identity: "strong"}}
	for _, name := range names {
		l.logs[name] = newFakeLog()
	}
	return l
}

// fakeLog is one log: its bytes, and what happened to it between them.
type fakeLog struct {
	mu      sync.Mutex
	data    []byte
	events  []fakeEvent
	changed chan struct{} // closed and replaced at every change
	fail    error         // of the next Next
	awaited bool          // it is not there until something is appended
}

type fakeEvent struct {
	at int
	Event
}

func newFakeLog() *fakeLog { return &fakeLog{changed: make(chan struct{})} }

func (g *fakeLog) change(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *fakeLog) append(s string)  { g.change(func() { g.data = append(g.data, s...) }) }
func (g *fakeLog) break_(err error) { g.change(func() { g.fail = err }) }
func (g *fakeLog) happen(kind wire.Kind, detail string) {
	g.change(func() { g.events = append(g.events, fakeEvent{len(g.data), Event{Kind: kind, Detail: detail}}) })
}

func (l *fakeLogs) log(name string) *fakeLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.logs[name]
}

func (l *fakeLogs) opened() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

func (l *fakeLogs) count(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open += n
}

func (l *fakeLogs) get(name string) (*fakeLog, error) {
	why := follow.WhyNotFound
	switch {
	case strings.Contains(name, "..") || strings.ContainsRune(name, 0):
		why = follow.WhyBadName
	case strings.HasPrefix(name, "."):
		why = follow.WhyHidden
	case name == "dir", name == "dir/sub", name == "dir/\x1b;":
		why = follow.WhyDirectory
	case name == "fifo":
		why = follow.WhyNotRegular
	case name == "secret":
		why = follow.WhyDenied
	case name == "broken":
		return nil, fmt.Errorf("open /srv/private/broken: input/output error")
	}
	if g := l.log(name); g != nil {
		return g, nil
	}
	return nil, &follow.Refusal{Name: name, Why: why}
}

func (l *fakeLogs) Health() follow.Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health
}

func (l *fakeLogs) setHealth(h follow.Health) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.health = h
}

func (l *fakeLogs) Stat(name string) (follow.Info, error) {
	g, err := l.get(name)
	if err != nil {
		return follow.Info{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.awaited && len(g.data) == 0 {
		return follow.Info{}, &follow.Refusal{Name: name, Why: follow.WhyNotFound}
	}
	return follow.Info{Size: int64(len(g.data)), Cursor: fakeCursor(name, len(g.data)), Tag: "tag-" + name, MTime: fakeMTime}, nil
}

func (l *fakeLogs) List(dir string) ([]follow.Entry, error) {
	if dir != "" {
		if dir == "dir" {
			return []follow.Entry{{Name: "inner.log", Size: 7, MTime: time.Unix(0, 0)}}, nil
		}
		_, err := l.get(dir)
		if err == nil {
			err = &follow.Refusal{Name: dir, Why: follow.WhyNotFound, Detail: "not a directory"}
		}
		return nil, err
	}
	entries := []follow.Entry{{Name: "dir", Dir: true, MTime: time.Unix(0, 0)}}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(l.logs)) {
		entries = append(entries, follow.Entry{Name: name, Size: int64(len(l.logs[name].data)), MTime: time.Unix(0, 0)})
	}
	return entries, nil
}

// fakeMTime is when every log was last written.
var fakeMTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func fakeCursor(name string, at int) string { return name + "~" + strconv.Itoa(at) }

func (l *fakeLogs) Follow(ctx context.Context, name string, at follow.Start) (Follower, error) {
	g, err := l.get(name)
	if err != nil && !at.Wait {
		return nil, err
	}
	if l.search != nil {
		l.search <- struct{}{}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if err != nil {
		g = newFakeLog()
		g.awaited = true
		l.mu.Lock()
		l.logs[name] = g
		l.mu.Unlock()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	f := &fakeFollower{logs: l, log: g, name: name, once: at.Once, end: len(g.data), nudged: make(chan struct{}, 1), met: follow.MetFresh}
	switch at.From {
	case follow.FromEnd:
		f.pos = len(g.data)
	case follow.FromTail:
		f.pos = len(g.data) - len(lastLines(g.data, at))
	case follow.FromSince:
		var ok bool
		if f.pos, ok = firstSince(g.data, at.Since); !ok {
			return nil, &follow.Refusal{Name: name, Why: follow.WhyNoTimes}
		}
	case follow.FromCursor:
		log, offset, ok := strings.Cut(at.Cursor, "~")
		n, err := strconv.Atoi(offset)
		switch {
		case !ok || err != nil:
			return nil, &follow.Refusal{Name: name, Why: follow.WhyBadCursor}
		case log != name:
			return nil, &follow.Refusal{Name: name, Why: follow.WhyOtherLog}
		case n > len(g.data) && at.Strict:
			return nil, &follow.Refusal{Name: name, Why: follow.WhyGap}
		}
		f.pos, f.met = min(n, len(g.data)), "continued"
	}
	f.midLine = f.pos > 0 && g.data[f.pos-1] != '\n'
	f.start = f.pos
	l.count(1)
	return f, nil
}

// firstSince is where the first line begins that has a time, in RFC 3339, not
// before since. It reports false if no line has one.
func firstSince(data []byte, since time.Time) (pos int, ok bool) {
	for line := range bytes.Lines(data) {
		stamp, _, _ := bytes.Cut(line, []byte(" "))
		if at, err := time.Parse(time.RFC3339, string(stamp)); err == nil {
			if ok = true; !at.Before(since) {
				return pos, true
			}
		}
		pos += len(line)
	}
	return pos, ok
}

func lastLines(data []byte, at follow.Start) []byte {
	if at.Bytes > 0 {
		return data[max(0, len(data)-int(at.Bytes)):]
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	if n := len(lines); n > 0 && len(lines[n-1]) == 0 {
		lines = lines[:n-1]
	}
	return bytes.Join(lines[max(0, len(lines)-at.Lines):], nil)
}

type fakeFollower struct {
	logs    *fakeLogs
	log     *fakeLog
	name    string
	once    bool
	end     int
	met     follow.Met
	midLine bool
	start   int
	pos     int // next byte; guarded by log.mu where others than Next's goroutine read it
	seen    int // events told
	nudged  chan struct{}
	closed  bool
}

func (f *fakeFollower) Opening() follow.Opening {
	opening := follow.Opening{Met: f.met, Cursor: fakeCursor(f.name, f.start), Size: f.Size(), MidLine: f.midLine}
	if info, err := f.logs.Stat(f.name); err == nil {
		opening.Modified = info.MTime
	}
	return opening
}

func (f *fakeFollower) Next(ctx context.Context) (Event, error) {
	for {
		ev, changed, err := f.step()
		if err != nil || changed == nil {
			return ev, err
		}
		select {
		case <-changed:
		case <-f.nudged:
			return Event{}, nil
		case <-ctx.Done():
			return Event{}, context.Cause(ctx)
		}
	}
}

// step gives what there is, or the channel that tells of the next change.
func (f *fakeFollower) step() (Event, <-chan struct{}, error) {
	g := f.log
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail != nil {
		return Event{}, nil, g.fail
	}
	limit := len(g.data)
	for f.seen < len(g.events) {
		ev := g.events[f.seen]
		if ev.at > f.pos {
			limit = ev.at
			break
		}
		f.seen++
		if ev.at == f.pos {
			ev.Cursor = f.cursorAt(f.pos)
			return ev.Event, nil, nil
		}
	}
	if f.once {
		limit = min(limit, f.end)
	}
	if n := min(limit-f.pos, follow.MaxData); n > 0 {
		ev := Event{Data: g.data[f.pos : f.pos+n : f.pos+n], More: n == follow.MaxData, Cursor: f.cursorAt(f.pos)}
		f.pos += n
		return ev, nil, nil
	}
	if f.once {
		return Event{}, nil, io.EOF
	}
	return Event{}, g.changed, nil
}

func (f *fakeFollower) cursorAt(base int) func(int) string {
	return func(n int) string { return fakeCursor(f.name, base+n) }
}

func (f *fakeFollower) Nudge() {
	select {
	case f.nudged <- struct{}{}:
	default:
	}
}

func (f *fakeFollower) Cursor() string { return fakeCursor(f.name, f.pos) }

func (f *fakeFollower) Size() int64 {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return int64(len(f.log.data))
}

func (f *fakeFollower) Lag() int64 {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return int64(len(f.log.data) - f.pos)
}

func (f *fakeFollower) Behind(cursor string) (int64, bool) {
	log, offset, _ := strings.Cut(cursor, "~")
	n, err := strconv.Atoi(offset)
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return int64(len(f.log.data) - n), log == f.name && err == nil
}

func (f *fakeFollower) Close() error {
	if !f.closed {
		f.closed = true
		f.logs.count(-1)
	}
	return nil
}

func (l *fakeLogs) Read(name string) (Snapshot, error) {
	g, err := l.get(name)
	if err != nil {
		return nil, err
	}
	l.count(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	return &fakeSnapshot{bytes.NewReader(bytes.Clone(g.data)), l, "tag-" + name}, nil
}

type fakeSnapshot struct {
	*bytes.Reader
	logs *fakeLogs
	tag  string
}

func (s *fakeSnapshot) Tag() string { return s.tag }
func (s *fakeSnapshot) Close() error {
	s.logs.count(-1)
	return nil
}
