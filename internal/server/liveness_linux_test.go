package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bubbletail/bubbletail/internal/leak"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// begin opens a raw stream on a connection of its own and reads its headers.
func (s *site) begin(target, accept string) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	c := s.dial()
	return c, s.beginOn(c, target, accept)
}

func (s *site) beginOn(c net.Conn, target, accept string) *bufio.Reader {
	s.t.Helper()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n\r\n", target, accept)
	r := bufio.NewReader(c)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%+v, %v", res, err)
	}
	return r
}

// waysToLeave without a word.
var waysToLeave = map[string]func(c *net.TCPConn){
	"FIN": func(c *net.TCPConn) { c.Close() },
	"RST": func(c *net.TCPConn) {
		c.SetLinger(0)
		c.Close()
	},
	"half-close": func(c *net.TCPConn) { c.CloseWrite() },
	// net/http stops watching a connection once it sent anything more.
	"stray byte, then FIN": func(c *net.TCPConn) {
		io.WriteString(c, "x")
		c.Close()
	},
	"pipelined request, then RST": func(c *net.TCPConn) {
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		c.SetLinger(0)
		c.Close()
	},
}

// Each way in each representation, on a silent log.
func TestReclaim_connectionEnds(t *testing.T) {
	for name, leave := range waysToLeave {
		for _, accept := range []string{"*/*", wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames} {
			t.Run(name+"/"+accept, func(t *testing.T) {
				t.Parallel()
				s := onLoopback(t, newFakeLogs("app.log"), Config{Heartbeat: time.Minute})
				c, _ := s.begin("/app.log", accept)
				start := time.Now()
				leave(c.(*net.TCPConn))
				last := s.buriedSince(start, 1, 1500*time.Millisecond) // the second between two questions to the kernel, and a margin
				if last.Reason != wire.ReasonClientGone || *last.ReclaimMS > 100 {
					t.Errorf("ended %+v", last)
				}
				s.stop()
				if got := s.log.String(); !strings.Contains(got, "msg=\"stream ended\"") || !strings.Contains(got, "reason=client-gone") {
					t.Errorf("logged %s", got)
				}
			})
		}
	}
}

// TestClientProcess is no test: it is the client process of the next one.
func TestClientProcess(t *testing.T) {
	addr := os.Getenv("TAILSRV_TEST_CLIENT_OF")
	if addr == "" {
		t.Skip("only as a child process")
	}
	res, err := http.Get("http://" + addr + "/app.log")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("reading")
	io.Copy(io.Discard, res.Body)
}

func TestReclaim_clientKilled(t *testing.T) {
	s := onLoopback(t, newFakeLogs("app.log"), Config{})
	addr := s.dial().RemoteAddr().String()
	cmd := exec.Command(os.Args[0], "-test.run=^TestClientProcess$")
	cmd.Env = append(os.Environ(), "TAILSRV_TEST_CLIENT_OF="+addr)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if got := readLine(t, bufio.NewReader(out)); got != "reading\n" {
		t.Fatalf("the client says %q", got)
	}
	start := time.Now()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if last := s.buriedSince(start, 1, time.Second); last.Reason != wire.ReasonClientGone {
		t.Errorf("ended %+v", last)
	}
	cmd.Wait()
}

// Everything is back where it began while the server still runs: goroutines,
// followers (the harness), registry and descriptors.
func TestReclaim_descriptors(t *testing.T) {
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{MaxStreamsPerClient: 1000})
	s.ask(http.MethodGet, "/-/healthz", "")
	held := func() (leak.Held, error) { return leak.Of(os.Getpid()) }
	before, err := held()
	if err != nil {
		t.Fatal(err)
	}
	const clients = 100
	var conns []net.Conn
	for range clients {
		c, _ := s.begin("/app.log", "*/*")
		conns = append(conns, c)
	}
	for _, c := range conns {
		c.Close()
	}
	s.buried(clients, 2*time.Second)
	if err := leak.AwaitBack(before, held); err != nil { // net/http closes its end after the handler has returned
		t.Error(err)
	}
}

// Many at once, while the log is busy and some do not read.
func TestReclaim_crowdOnABusyLog(t *testing.T) {
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{StallTimeout: time.Second})
	busy, quiet := context.WithCancel(t.Context())
	var writer, crowd sync.WaitGroup
	writer.Go(func() {
		for line := strings.Repeat("x", 999) + "\n"; busy.Err() == nil; {
			logs.log("app.log").append(line)
			runtime.Gosched()
			if len(logs.log("app.log").data) > 16<<20 {
				<-busy.Done()
			}
		}
	})
	clients := 0
	for range 2 {
		for _, leave := range waysToLeave {
			for _, accept := range []string{"*/*", wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames} {
				clients++
				c, r := s.begin("/app.log?from=start", accept)
				crowd.Go(func() {
					io.CopyN(io.Discard, r, rand.Int64N(1<<20))
					leave(c.(*net.TCPConn))
				})
			}
		}
	}
	crowd.Wait()
	if last := s.buried(clients, 3*time.Second); last.Reason == wire.ReasonError {
		t.Errorf("ended %+v", last)
	}
	quiet()
	writer.Wait()
}

// An option that was not set would let a vanished client stay for a quarter of
// an hour without a word: it is read back.
func TestTune_everyAcceptedConnection(t *testing.T) {
	for _, mptcp := range []bool{false, true} {
		t.Run(fmt.Sprintf("mptcp=%v", mptcp), func(t *testing.T) {
			var lc net.ListenConfig
			lc.SetMultipathTCP(mptcp)
			l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			dialed, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer dialed.Close()
			logged := &lines{}
			c, err := (&tunedListener{Listener: l, userTimeout: userTimeout(40 * time.Second), logger: slog.New(slog.NewTextHandler(logged, nil))}).Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := logged.String(); got != "" {
				t.Errorf("logged %s", got)
			}
			for _, tt := range []struct {
				name                string
				level, option, want int
			}{
				{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 45_000},
				{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
				{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
				{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5},
				{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
			} {
				var got int
				err := onSocket(c.(*net.TCPConn), func(fd int) (err error) {
					got, err = unix.GetsockoptInt(fd, tt.level, tt.option)
					return err
				})
				if err != nil || got != tt.want {
					t.Errorf("%s is %d, want %d (%v)", tt.name, got, tt.want, err)
				}
			}
		})
	}
}

// The timeout is that of the server's own stall timeout.
func TestServe_userTimeoutOutlastsTheStallTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	kept := &keeping{Listener: l, conns: make(chan net.Conn, 1)}
	s := serve(t, newFakeLogs("app.log"), Config{StallTimeout: 2 * time.Minute}, kept, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	})
	s.tail("/app.log")
	var got int
	err = onSocket((<-kept.conns).(*net.TCPConn), func(fd int) (err error) {
		got, err = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		return err
	})
	if err != nil || got != 125_000 {
		t.Errorf("TCP_USER_TIMEOUT is %d (%v)", got, err)
	}
}

// keeping shows the connections that it hands out.
type keeping struct {
	net.Listener
	conns chan net.Conn
}

func (l *keeping) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.conns <- c
	}
	return c, err
}

func TestTune_failureIsLoggedOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	logged := &lines{}
	tuned := &tunedListener{Listener: &closing{l}, logger: slog.New(slog.NewTextHandler(logged, nil))}
	for range 2 {
		dialed, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer dialed.Close()
		if _, err := tuned.Accept(); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(logged.String(), "level=WARN"); got != 1 {
		t.Errorf("logged %d times: %s", got, logged)
	}
}

// closing hands out connections on which nothing can be set any more.
type closing struct{ net.Listener }

func (l *closing) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		c.Close()
	}
	return c, err
}

// A request that rambles is answered, not endured.
func TestServe_giantHeaders(t *testing.T) {
	s := onLoopback(t, newFakeLogs("app.log"), Config{})
	c := s.dial()
	fmt.Fprintf(c, "GET /app.log HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*maxHeaderBytes))
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 431 ") {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestServe_refusesPublicAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	public := &elsewhere{Listener: l, addr: &net.TCPAddr{IP: net.IPv4zero, Port: 7070}}
	s := New(Config{Logs: newFakeLogs()})
	if err := s.Serve(t.Context(), public); !errors.Is(err, ErrPublic) || !strings.Contains(err.Error(), "0.0.0.0:7070") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener was left open")
	}
}

// elsewhere is a listener that says it has another address.
type elsewhere struct {
	net.Listener
	addr net.Addr
}

func (l *elsewhere) Addr() net.Addr { return l.addr }

// What the kernel knows of a connection is shown, and a client that takes nothing
// shows in what it has not taken.
func TestStreams_whatTheKernelKnows(t *testing.T) {
	t.Parallel()
	logs := newFakeLogs("app.log")
	s := onLoopback(t, logs, Config{})
	s.beginOn(s.dialNarrow(), "/app.log", "*/*")
	logs.log("app.log").append(strings.Repeat("x", 64<<10))
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for start := time.Now(); ; <-ticker.C {
		in := s.streams().Live[0]
		if in.TCP == "established" && in.RTTUS > 0 && in.StuckMS > 0 && in.Unacked > 16<<10 && in.Unacked < 80<<10 && in.ContactMS != nil && *in.ContactMS < 10_000 {
			return
		}
		if time.Since(start) > 10*time.Second {
			t.Fatalf("%+v", in)
		}
	}
}

func TestTCPState(t *testing.T) {
	for n, want := range map[uint8]string{0: "state 0", 1: "established", 7: "closed", 8: "close-wait", 9: "last-ack", 10: "listen", 11: "closing", 12: "syn-recv", 13: "state 13"} {
		if got := tcpState(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
