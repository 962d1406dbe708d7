package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/client"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// watcher is one client of one log. It comes, goes away by itself, is cut off amid
// a frame, and comes back with the cursor of what it took last.
type watcher struct {
	*witness
	log    string
	rng    *rand.Rand
	lives  *lives // of the server
	strict bool   // in this log nothing is ever missing: a gap may be refused
	stay   stay

	cursor string // after what was taken last
}

// stay is one visit of a client: it takes what comes until it goes or is cut off. Its
// error is what the server may not do.
type stay func(w *watcher, ctx context.Context) error

// kind is a way to be a client.
type kind struct {
	name string
	stay stay
}

func kinds() []kind {
	return []kind{{"session", (*watcher).session}, {"frames", (*watcher).frames}, {"ndjson", (*watcher).lines}}
}

// arrive gives the client its first cursor.
func (w *watcher) arrive(t *testing.T) {
	t.Helper()
	res, err := http.Head("http://" + w.lives.addr + "/" + w.log)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if w.cursor = res.Header.Get(wire.HeaderCursor); w.cursor == "" {
		t.Fatalf("HEAD of %s: %s", w.log, res.Status)
	}
}

// watch comes and goes until ctx ends.
func (w *watcher) watch(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := w.stay(w, ctx); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		switch w.rng.IntN(20) {
		case 0: // long enough for many rotations
			linger(ctx, w.upTo(time.Second))
		case 1, 2:
			linger(ctx, w.upTo(100*time.Millisecond))
		default: // the server may be down
			linger(ctx, w.upTo(10*time.Millisecond))
		}
	}
	return nil
}

func (w *watcher) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }

// budget is how many bytes an answer may have before its connection is cut: most are not,
// some in the header or the open frame, some about where a gap is told, some anywhere.
func budget(rng *rand.Rand) int64 {
	switch rng.IntN(8) {
	case 0:
		return rng.Int64N(1 << 10)
	case 1:
		return 800 + rng.Int64N(600)
	case 2:
		return rng.Int64N(256 << 10)
	}
	return 1 << 60
}

// errCut is how a connection ends that a client cuts.
var errCut = errors.New("cut by the client")

// cutting is a reader that fails when its budget is used up.
type cutting struct {
	io.Reader
	left int64
}

func (c *cutting) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errCut
	}
	n, err := c.Reader.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// cutConn is a connection that fails when its budget is used up.
type cutConn struct {
	net.Conn
	r cutting
}

func (c *cutConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// cuttingDial makes connections of which some are cut.
func cuttingDial(rng *rand.Rand) func(ctx context.Context, network, addr string) (net.Conn, error) {
	var mu sync.Mutex
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		return &cutConn{Conn: conn, r: cutting{conn, budget(rng)}}, nil
	}
}

// session is tailtui's own way: a session, which comes back by itself. Bytes and
// cursor are taken together, and when the client goes, what it had not fetched is lost.
func (w *watcher) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	target, err := client.ParseTarget(w.lives.addr + "/" + w.log)
	if err != nil {
		return err
	}
	s := client.NewSession(target, client.Options{
		Cursor: w.cursor, Heartbeat: time.Second, Buffer: 1 << (10 + w.rng.IntN(10)),
		Dial: cuttingDial(rand.New(rand.NewPCG(w.rng.Uint64(), 0))),
	})
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() { <-ended }()
	defer cancel()
	defer w.lives.tell(s.Redial)()
	met := false
	for left := 20 + w.rng.IntN(300); left > 0; left-- {
		u, err := s.Next(ctx)
		if err != nil {
			return nil // ctx ended
		}
		if !met && u.Status.Connects > 0 {
			met = true
			if err := w.opened(w.cursor, u.Status.Met); err != nil {
				return err
			}
		}
		if err := w.update(u); err != nil {
			return err
		}
		if u.Closed && ctx.Err() == nil {
			return fmt.Errorf("the session closed: %s %s", u.Status.Reason, u.Status.Detail)
		}
	}
	w.note("goes")
	return nil
}

// update takes what a session brought.
func (w *watcher) update(u client.Update) error {
	for _, item := range u.Items {
		var err error
		switch item.Kind {
		case client.ItemData:
			err = w.take(item.Data)
		case client.ItemEvent:
			err = w.event(item.Event)
		case client.ItemResumed:
			w.lives.began()
			err = w.opened("of its own, not before "+w.cursor, item.Resumed.Met)
		case client.ItemProblem:
			err = item.Err
		}
		if err != nil {
			return err
		}
	}
	w.cursor = u.Status.Cursor
	return nil
}

// get asks for a stream from the cursor on. It gives nil when there is no server.
func (w *watcher) get(ctx context.Context, accept string) (io.ReadCloser, error) {
	q := url.Values{"heartbeat": {"1s"}, "cursor": {w.cursor}}
	if w.strict && w.rng.IntN(2) == 0 {
		q.Set("strict", "1")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.lives.addr+"/"+w.log+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, nil // it is down, or was killed
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		why, _ := io.ReadAll(res.Body)
		return nil, fmt.Errorf("answered %s to cursor %s: %s", res.Status, w.cursor, why)
	}
	return struct {
		io.Reader
		io.Closer
	}{&cutting{res.Body, budget(w.rng)}, res.Body}, nil
}

// frames reads native frames by hand. What a frame that is cut off had is dropped.
func (w *watcher) frames(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := w.get(ctx, wire.TypeFrames)
	if err != nil || body == nil {
		return err
	}
	defer body.Close()
	slow := w.rng.IntN(5) == 0
	r := bufio.NewReader(body)
	for left := 20 + w.rng.IntN(500); left > 0; left-- {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			w.note("cut: %v", err)
			return nil
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[1:]))
		if _, err := io.ReadFull(r, payload); err != nil {
			w.note("cut amid a frame: %v", err)
			return nil
		}
		if err := w.frame(head[0], payload); err != nil {
			return err
		}
		if slow {
			linger(ctx, w.upTo(5*time.Millisecond))
		}
	}
	w.note("goes")
	return nil
}

// frame takes one whole frame.
func (w *watcher) frame(kind byte, payload []byte) error {
	if kind == wire.FrameData {
		n := 1 + int(payload[0])
		if err := w.take(payload[n:]); err != nil {
			return err
		}
		w.cursor = string(payload[1:n])
		return nil
	}
	var o object
	if err := json.Unmarshal(payload, &o); err != nil {
		return err
	}
	o.Type = map[byte]string{wire.FrameOpen: "open", wire.FrameEvent: "event", wire.FrameHeartbeat: "heartbeat", wire.FrameEnd: "end"}[kind]
	return w.object(o, true)
}

// lines reads NDJSON.
func (w *watcher) lines(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := w.get(ctx, wire.TypeNDJSON)
	if err != nil || body == nil {
		return err
	}
	defer body.Close()
	onlyLines := w.rng.IntN(2) == 0
	r := bufio.NewReader(body)
	for left := 100 + w.rng.IntN(5000); left > 0; left-- {
		line, err := r.ReadBytes('\n')
		if err != nil {
			w.note("cut: %v", err)
			return nil
		}
		var o object
		if err := json.Unmarshal(line, &o); err != nil {
			return fmt.Errorf("%w in %q", err, line)
		}
		if err := w.object(o, !onlyLines); err != nil {
			return err
		}
	}
	w.note("goes")
	return nil
}

// object is one of NDJSON, or the payload of a control frame.
type object struct {
	Type    string
	Cursor  string
	Met     wire.Met
	Kind    wire.Kind
	Lost    *int64
	Detail  string
	Reason  wire.Reason
	Text    string
	B64     string
	Partial bool
}

// object takes one object. Its cursor is kept of lines, and if all is set of whatever
// else has one.
func (w *watcher) object(o object, all bool) error {
	var err error
	switch o.Type {
	case "open":
		if err := w.opened(w.cursor, o.Met); err != nil {
			return err
		}
		w.lives.began()
		return nil // its cursor is not taken: behind a gap it would be too far: the event that tells of it may yet be cut off
	case "line":
		all = true
		err = w.takeObject(o)
	case "event":
		err = w.event(wire.Event{Kind: o.Kind, Cursor: o.Cursor, Lost: o.Lost, Detail: o.Detail})
	case "end":
		w.note("end: %s", o.Reason)
	}
	if all && err == nil {
		w.cursor = o.Cursor
	}
	return err
}

func (w *watcher) takeObject(o object) error {
	text := []byte(o.Text)
	if o.B64 != "" {
		var err error
		if text, err = base64.StdEncoding.DecodeString(o.B64); err != nil {
			return err
		}
	}
	if !o.Partial {
		text = append(text, '\n')
	}
	return w.take(text)
}
