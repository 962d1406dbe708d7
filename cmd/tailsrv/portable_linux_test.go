package main

import (
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// The table's column for darwin and windows is measured here: on Linux, with a server
// that has what is built for them in place of what asks the Linux kernel.
//
//	go test ./cmd/tailsrv -run TestPortable -v -reclaim.portable
var reclaimPortable = flag.Bool("reclaim.portable", false, "run the matrix against a server that does not ask the kernel, as on darwin and windows; takes a minute")

// TestPortable: what the kernel is not asked for is kept by heartbeats, the write
// deadline, keepalive, the lease and the maximum age, each in its bound; and what is
// told to be kept by nothing but the last two is not kept by anything else.
func TestPortable(t *testing.T) {
	if !*reclaimPortable {
		t.Skip("takes a minute: ask for it with -reclaim.portable")
	}
	f := newFigures()
	rows := portableTable(f)
	all, _ := runMatrix(t, buildPortable(t), f, rows)
	for _, c := range all {
		fault := c.fault()
		if c.row.unkept() && c.got != nil {
			t.Errorf("%v: something does notice it: %s after %v (%s)", c, c.got.Reason, c.took(), c.got.Detail)
		} else if !c.row.unkept() && fault != "" {
			t.Errorf("%v: %s", c, fault)
		}
	}
	writeTable(os.Stdout, rows, all)
}

// buildPortable builds tailsrv as it is elsewhere than on Linux, and with edits.
func buildPortable(t testing.TB, edits ...edit) (binary string) {
	t.Helper()
	const linux, other = "internal/server/liveness_linux.go", "internal/server/liveness_other.go"
	return buildEdited(t, map[string]string{linux: other}, append([]edit{{linux, "//go:build !linux\n", ""}}, edits...))
}

// nobody is what notices a client that a server only ends by its lease or its age.
const nobody = "nothing but the lease and the maximum age"

// unkept reports whether a row has no bound of its own.
func (r *row) unkept() bool { return r.through == nobody }

// portableTable is the table as it is where the kernel is not asked: rows whose bound is
// kept by that have another, or several for what differs then.
func portableTable(f figures) (rows []row) {
	for _, r := range table(f) {
		switch {
		case strings.Contains(r.through, "connection's state"):
			rows = append(rows, unwatched(f, r)...)
		case strings.Contains(r.through, "TCP_USER_TIMEOUT"):
			rows = append(rows, vanished(f, r)...)
		case strings.Contains(r.through, "what the client took"):
			r.through, r.bound, r.within = "the write deadline", "stall timeout, once buffers are full", f.stall+filling
			rows = append(rows, r)
		default:
			rows = append(rows, r)
		}
	}
	return rows
}

// filling is how long the busy log takes to fill the kernel's buffers of a connection,
// 4 MB, with its 200 KB/s.
const filling = 20 * time.Second

// spoken are the representations that have heartbeats.
var spoken = []wire.Representation{wire.NDJSON, wire.SSE, wire.Frames}

// variant is a row for a part of the cells of another.
func (r row) variant(name string, logs []logKind, as ...wire.Representation) row {
	r.way += ", " + name
	r.logs, r.as = logs, as
	return r
}

// held is a row with a lease, which nobody renews once the client has left.
func (r row) held(f figures) row {
	r.way += ", with a lease"
	r.leased = true
	r.through, r.bound, r.within, r.reason = "the lease", "lease + 1 s", f.lease+time.Second, wire.ReasonLeaseLapsed
	return r
}

// unwatched is a way to leave that net/http does not see: only a write that fails tells.
// The first after a FIN is answered with a reset, the second fails.
func unwatched(f figures, r row) []row {
	busily := r.variant("busy log", []logKind{busy})
	busily.through = "a write that fails"
	speaking := r.variant("silent log, heartbeats", []logKind{silent}, spoken...)
	speaking.beats = true
	speaking.through, speaking.bound, speaking.within = "the second heartbeat, which fails", "2 heartbeats", 2*f.heartbeat
	mute := r.variant("silent log, raw", []logKind{silent}, wire.Raw)
	mute.through, mute.bound = nobody, "-"
	return []row{busily, speaking, mute, mute.held(f)}
}

// vanished is one that only the kernel can see. Keepalive does so where nothing waits
// for an acknowledgement.
func vanished(f figures, r row) []row {
	quiet := r.variant("silent log, raw", []logKind{silent}, wire.Raw)
	quiet.through, quiet.bound, quiet.within = "keepalive", "31 s", 31*time.Second
	speaking := r.variant("silent log, heartbeats", []logKind{silent}, spoken...)
	speaking.through, speaking.bound = nobody, "-"
	busily := r.variant("busy log", []logKind{busy})
	busily.through, busily.bound, busily.reason = "the write deadline", "stall timeout, once buffers are full", wire.ReasonStalled
	busily.within = f.stall + filling
	rows := []row{quiet, speaking, busily, speaking.held(f), busily.held(f)}
	vanish := jointly(len(rows))
	for i := range rows {
		rows[i].leave = vanish
	}
	return rows
}

// jointly is the vanishing of the cells of several rows: there is one cable and one
// router, which are cut when all of them have their streams.
func jointly(rows int) func(*party, cells) {
	var ready sync.WaitGroup
	ready.Add(rows)
	var once sync.Once
	var err error
	return func(p *party, cs cells) {
		cs.together(
			func() error {
				defer ready.Wait()
				defer ready.Done()
				return p.readAll(cs)
			},
			func() error {
				once.Do(func() {
					if cs[0].row.from == behindCable {
						err = p.net.client.ip("link", "set", "cable", "down")
					} else {
						err = p.net.router.forward(false)
					}
				})
				return err
			})
	}
}
