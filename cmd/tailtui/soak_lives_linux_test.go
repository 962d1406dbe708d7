package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/proctest"
)

// lives are those of a server that is killed and started again on the same port.
type lives struct {
	dir    string
	addr   string
	rng    *rand.Rand
	now    *tailsrv
	past   []life
	most   int           // descriptors that one of them held when it was killed
	opened chan struct{} // of one: a stream began

	mu     sync.Mutex
	redial map[int]func() // those who want to know that it is there again
	next   int
}

// life is one run of the server.
type life struct {
	began, killed time.Time
	log           *proctest.Output
}

func newLives(dir string, rng *rand.Rand) *lives {
	return &lives{dir: dir, rng: rng, opened: make(chan struct{}, 1), redial: make(map[int]func())}
}

// count is how many lives there were, with the present one.
func (l *lives) count() int { return len(l.past) }

// start begins a life.
func (l *lives) start(t *testing.T) {
	if l.addr == "" {
		l.addr = lowPort(t)
	}
	began := time.Now()
	l.now = startServer(t, "--listen", l.addr, l.dir)
	l.past = append(l.past, life{began: began, log: l.now.Log})
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.redial {
		if l.rng.IntN(4) != 0 { // the others come when they come
			go f()
		}
	}
}

// lowPort finds a free port of those that the kernel gives to nobody: a client that
// dials its server's port while nobody listens there could else be connected to itself.
func lowPort(t *testing.T) string {
	t.Helper()
	for port := 20000 + os.Getpid()%5000; port < 32000; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port")
	return ""
}

// live lets the server live for 20 to 220 ms, or until shortly after a stream began.
func (l *lives) live(ctx context.Context) {
	wait := 20*time.Millisecond + time.Duration(l.rng.Int64N(int64(200*time.Millisecond)))
	if l.rng.IntN(5) != 0 {
		linger(ctx, wait)
		return
	}
	select {
	case <-l.opened: // that of long ago
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-l.opened:
	case <-timer.C:
	case <-ctx.Done():
	}
	linger(ctx, time.Duration(l.rng.Int64N(int64(5*time.Millisecond))))
}

// began tells that a stream began.
func (l *lives) began() {
	select {
	case l.opened <- struct{}{}:
	default:
	}
}

// kill ends a life, amid whatever.
func (l *lives) kill(t *testing.T) {
	l.most = max(l.most, len(heldBy(t, l.now).Descriptors))
	l.past[len(l.past)-1].killed = time.Now()
	l.now.Signal(t, syscall.SIGKILL)
	<-l.now.Exited
}

// tell has f called when the server is there again, until the function that it gives is.
func (l *lives) tell(f func()) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	n := l.next
	l.redial[n] = f
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.redial, n)
	}
}

// lately tells of the last lives.
func (l *lives) lately() string {
	var b strings.Builder
	for _, p := range l.past[max(0, len(l.past)-8):] {
		fmt.Fprintf(&b, "  began %s, killed %s\n", p.began.Format(stamp), p.killed.Format(stamp))
		for line := range strings.Lines(p.log.String()) {
			if !strings.Contains(line, "msg=listening") {
				fmt.Fprintf(&b, "    %s", line)
			}
		}
	}
	return b.String()
}

// givesBack holds what the server holds, once all clients have gone, against one that
// had a single visitor of each log.
func (l *lives) givesBack(t *testing.T, dir string) {
	t.Helper()
	fresh := serveDir(t, dir)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".log") {
			res, err := http.Get("http://" + fresh.addr + "/" + f.Name() + "?follow=0")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Error(err)
			}
			res.Body.Close()
		}
	}
	http.DefaultClient.CloseIdleConnections()
	want := heldBy(t, fresh)
	proctest.Eventually(t, func() error {
		now := heldBy(t, l.now)
		if len(now.Descriptors) > len(want.Descriptors) || len(now.Watches) > len(want.Watches) {
			return fmt.Errorf("the server holds\n%sa fresh one\n%s", now, want)
		}
		return nil
	})
}

func heldBy(t *testing.T, s *tailsrv) leak.Held {
	t.Helper()
	held, err := leak.Of(s.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return held
}
