package server

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bubbletail/bubbletail/internal/memnet"
)

// lacking is a listener whose Accept fails for as long as it lacks something.
type lacking struct {
	net.Listener
	err   error
	until atomic.Int64 // in Unix nanoseconds
	tries int
}

func (l *lacking) Accept() (net.Conn, error) {
	if l.tries++; time.Now().UnixNano() < l.until.Load() {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", l.err)}
	}
	return l.Listener.Accept()
}

// A lack of descriptors or of memory ends nothing: the log hears of it once, what
// waits for its client gives its descriptor back, and then all goes on.
func TestListener_lacks(t *testing.T) {
	for _, lack := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		synctest.Test(t, func(t *testing.T) {
			inner := memnet.Listen()
			logged := &lines{}
			m := newMetrics()
			cs := newConnections(0, slog.New(slog.NewTextHandler(logged, nil)), m)
			lacks := &lacking{Listener: inner, err: lack}
			l := placed(lacks, cs)
			defer l.Close()

			accepted := make(chan net.Conn)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					accepted <- c
				}
			}()
			dial := func() {
				if _, err := inner.Dial(t.Context()); err != nil {
					t.Error(err)
				}
			}
			go dial()
			first := <-accepted
			cs.hold(first)
			lacks.until.Store(time.Now().Add(30 * time.Second).UnixNano())
			go dial() // Accept already waits: it gets this one
			waiting := <-accepted
			start := time.Now()
			go dial()
			<-accepted
			if d := time.Since(start); d < 29*time.Second || d > 30*time.Second+maxAcceptWait {
				t.Errorf("accepted after %v", d)
			}
			if waiting.SetDeadline(time.Time{}) == nil {
				t.Error("the one that had asked for nothing kept its descriptor")
			}
			if first.SetDeadline(time.Time{}) != nil {
				t.Error("the stream lost its")
			}
			if n := m.acceptFails.Get(); n == 0 || n > 60 {
				t.Errorf("%d attempts in 30s", n)
			}
			got := logged.String()
			if strings.Count(got, "connections cannot be accepted for now") != 1 || strings.Count(got, "connections are accepted again") != 1 {
				t.Errorf("%v: logged\n%s", lack, got)
			}
		})
	}
}

// A server that stops does not wait for what is lacking.
func TestListener_closedWhileItLacks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lacks := &lacking{Listener: memnet.Listen(), err: syscall.EMFILE}
		lacks.until.Store(time.Now().Add(time.Hour).UnixNano())
		l := placed(lacks, newConnections(0, slog.New(slog.DiscardHandler), newMetrics()))
		time.AfterFunc(10*time.Second, func() { l.Close() })
		start := time.Now()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// What is wrong for good is not tried again.
func TestListener_fails(t *testing.T) {
	for _, err := range []error{syscall.EINVAL, syscall.EBADF, net.ErrClosed} {
		lacks := &lacking{Listener: memnet.Listen(), err: err}
		lacks.until.Store(time.Now().Add(time.Hour).UnixNano())
		_, got := placed(lacks, newConnections(0, slog.New(slog.DiscardHandler), newMetrics())).Accept()
		if !errors.Is(got, err) || lacks.tries != 1 {
			t.Errorf("%v after %d tries", got, lacks.tries)
		}
	}
}
