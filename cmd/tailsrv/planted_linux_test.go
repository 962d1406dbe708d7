package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Planted faults: tailsrv is built with one mechanism switched off, and the matrix must
// see just that. It shows that each row of the table is kept by what the table says, and
// that the tests can fail:
//
//	go test ./cmd/tailsrv -run TestPlanted -v -timeout 30m -reclaim.planted
//
// The source files are not touched: the compiler is given others in their place.
var reclaimPlanted = flag.Bool("reclaim.planted", false, "run the matrix against servers with one mechanism switched off at a time; takes some 7 minutes")

// plant switches one mechanism off, or several that stand in for one another.
type plant struct {
	name     string
	edits    []edit
	portable bool             // in a server that has what darwin and windows have
	rows     func(*row)       // changes of the table for this plant
	fails    func(*cell) bool // what nothing else keeps then; nil is no cell
	mayFail  func(*cell) bool // what something else keeps only at times; nil is no cell
	signal   bool             // a second signal does not end it
}

// edit replaces a text that stands once in a file of this module.
type edit struct{ file, old, new string }

// The mechanisms, each switched off by one edit.
var (
	noDelete      = edit{"internal/server/close.go", `st.end(&ending{reason: wire.ReasonClientClosed,`, `_ = (&ending{reason: wire.ReasonClientClosed,`}
	noContext     = edit{"internal/server/registry.go", `context.WithCancelCause(request)`, `context.WithCancelCause(context.WithoutCancel(request))`}
	noClosedCheck = edit{"internal/server/sweeper.go", `if state.closed {`, `if false {`}
	noUserTimeout = edit{"internal/server/liveness.go", `return setUserTimeout(c, userTimeout)`, `return nil`}
	noKeepAlive   = edit{"internal/server/liveness.go", `Enable: true, Idle`, `Enable: false, Idle`}
	noLease       = edit{"internal/server/lease.go", `case st.lease > 0 && `, `case false && `}
	noStallCheck  = edit{"internal/server/sweeper.go", `if stalled {`, `if false && stalled {`}
	noDeadline    = edit{"internal/server/conn.go", `NewResponseController(w), stall: stall}`, `NewResponseController(w), stall: stall + time.Hour}`}
	noHeartbeat   = edit{"internal/server/stream.go", `return st.heartbeat > 0 && `, `return false && `}
	noMaxAge      = edit{"internal/server/lease.go", `case st.maxAge > 0 && `, `case false && `}
	noShutdown    = edit{"internal/server/server.go", `s.registry.close(&ending{`, `_ = (&ending{`}
	noSecond      = edit{"cmd/tailsrv/main.go", `context.AfterFunc(ctx, stop)`, `_ = stop`}
)

// plants has all mechanisms of the table.
func plants() []plant {
	through := func(part string) func(*cell) bool {
		return func(c *cell) bool { return strings.Contains(c.row.through, part) }
	}
	onSilent := func(which func(*cell) bool) func(*cell) bool {
		return func(c *cell) bool { return c.log == silent && which(c) }
	}
	connection, closed := through("background read"), through("connection's state")
	progress, unacked := through("what the client took"), through("TCP_USER_TIMEOUT")
	unheard := func(c *cell) bool { return c.row.way == "before the first byte" }
	patient := func(r *row) {
		if progress(&cell{row: r}) {
			r.within += filling
		}
	}
	return []plant{
		{name: "nothing"},
		{name: "DELETE", edits: []edit{noDelete}, fails: through("request itself")},
		// What net/http sees the sweeper sees, too, a second later. Without both a write
		// fails, the second at the latest: those of a busy log, of a heartbeat and of what
		// a log begins with; but not to a client that has closed its sending half alone.
		{name: "the background read", edits: []edit{noContext}},
		{name: "the closed check", edits: []edit{noClosedCheck}, fails: onSilent(closed)},
		{name: "the background read and the closed check", edits: []edit{noContext, noClosedCheck}, fails: func(c *cell) bool {
			return c.row.way == "half-close" || onSilent(connection)(c) && !unheard(c) ||
				onSilent(closed)(c) || onSilent(unacked)(c) && c.as == wire.Raw
		}, mayFail: unheard},
		// A heartbeat waits for its acknowledgement, and keepalive does not probe then.
		{name: "the user timeout", edits: []edit{noUserTimeout}, fails: func(c *cell) bool {
			return onSilent(unacked)(c) && c.as != wire.Raw
		}},
		{name: "keepalive", edits: []edit{noKeepAlive}, fails: func(c *cell) bool {
			return onSilent(unacked)(c) && c.as == wire.Raw
		}},
		{name: "the lease", edits: []edit{noLease}, fails: through("the lease")},
		// The write deadline stands in for the stalled check, once buffers are full.
		{name: "the stalled check", edits: []edit{noStallCheck}, fails: progress},
		{name: "the stalled check, with patience", edits: []edit{noStallCheck}, rows: patient},
		{name: "the write deadline", edits: []edit{noDeadline}},
		{name: "the stalled check and the write deadline", edits: []edit{noStallCheck, noDeadline}, rows: patient, fails: progress},
		{name: "the maximum age", edits: []edit{noMaxAge}, fails: through("maximum age")},
		{name: "the shutdown of streams", edits: []edit{noShutdown}, fails: through("its own shutdown")},
		{name: "the second signal", edits: []edit{noSecond}, signal: true},
		// Where the kernel is asked nobody needs heartbeats to notice anything.
		{name: "heartbeats", edits: []edit{noHeartbeat}},
		{name: "heartbeats, where the kernel is not asked", edits: []edit{noHeartbeat}, portable: true, fails: through("heartbeat")},
	}
}

// allowance is how much later than its bound anything may be here: several servers run
// at a time, and it is not the bounds that are tried.
const allowance = time.Second

func TestPlanted(t *testing.T) {
	if !*reclaimPlanted {
		t.Skip("takes some 7 minutes: ask for it with -reclaim.planted")
	}
	for _, p := range plants() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			binary := p.build(t)
			f := newFigures()
			rows := table(f)
			if p.portable {
				rows = portableTable(f)
			}
			for i := range rows {
				if p.rows != nil {
					p.rows(&rows[i])
				}
			}
			all, _ := runMatrix(t, binary, f, rows)
			p.judge(t, all)
			if fault := secondSignal(t, binary); (fault != "") != p.signal {
				t.Errorf("the second signal: %q", fault)
			}
		})
	}
}

// judge finds what failed and should not have, and the reverse.
func (p plant) judge(t *testing.T, all cells) {
	wanted, failed := 0, map[string]int{}
	for _, c := range all {
		if c.row.unkept() || p.mayFail != nil && p.mayFail(c) {
			continue
		}
		fault := c.faultBeyond(allowance)
		if fault != "" {
			failed[c.row.way]++
		}
		switch want := p.fails != nil && p.fails(c); {
		case want && fault == "":
			wanted++
			t.Errorf("%v: is as it should be without %s: %s after %v (%s)", c, p.name, c.got.Reason, c.took(), c.got.Detail)
		case want:
			wanted++
		case fault != "":
			t.Errorf("%v: %s", c, fault)
		}
	}
	if p.fails != nil && wanted == 0 {
		t.Errorf("no cell of the table is kept by %s", p.name)
	}
	t.Logf("without %s these fail, of %d cells: %v", p.name, len(all), failed)
}

// build builds tailsrv with the plant in it.
func (p plant) build(t testing.TB) (binary string) {
	t.Helper()
	if p.portable {
		return buildPortable(t, p.edits...)
	}
	return buildEdited(t, nil, p.edits)
}

// buildEdited builds tailsrv with whole files replaced by others of this module, and
// then with edits.
func buildEdited(t testing.TB, files map[string]string, edits []edit) (binary string) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	must(t, err)
	read := func(file string) string {
		text, err := os.ReadFile(filepath.Join(root, file))
		must(t, err)
		return string(text)
	}
	texts := map[string]string{}
	for file, by := range files {
		texts[file] = read(by)
	}
	for _, e := range edits {
		if _, ok := texts[e.file]; !ok {
			texts[e.file] = read(e.file)
		}
		if n := strings.Count(texts[e.file], e.old); n != 1 {
			t.Fatalf("the plant no longer fits: %s has %q %d times, not once", e.file, e.old, n)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	dir := t.TempDir()
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for file, text := range texts {
		planted := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		must(t, os.WriteFile(planted, []byte(text), 0o600))
		overlay.Replace[filepath.Join(root, file)] = planted
	}
	told, err := json.Marshal(overlay)
	must(t, err)
	list := filepath.Join(dir, "overlay.json")
	must(t, os.WriteFile(list, told, 0o600))
	must(t, proctest.Build(dir, false, "-overlay", list, "."))
	return filepath.Join(dir, "tailsrv")
}
