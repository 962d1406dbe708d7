package server

import (
	"net"
	"testing"
	"time"
)

// idleStream is one on a connection over loopback on which nothing happens. The
// client's end of it is given, too.
func idleStream(t testing.TB, l net.Listener, clock *clock, end func(error)) (*stream, net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	st := &stream{
		clock: clock, end: end, taken: func() {},
		stall: time.Minute, heartbeat: time.Minute, lease: time.Hour, maxAge: time.Hour,
	}
	st.kernel, st.fd = kernelOf(withConn(t.Context(), c))
	st.begin(&fakeFollower{})
	return st, client
}

func listenOnLoopback(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// The kernel is not asked each second about a connection on which nothing happens, and
// is asked when something was written, while it waits to be taken, and when the
// connection ended.
func TestSweep_asksWhereThereIsNews(t *testing.T) {
	clock := &clock{start: time.Now()}
	var ended error
	st, client := idleStream(t, listenOnLoopback(t), clock, func(e error) { ended = e })
	asked, kernel := 0, st.kernel
	st.kernel = func() (connState, bool) {
		asked++
		return kernel()
	}
	var hung hangups
	asks := func() int {
		asked = 0
		for range 3 {
			lookAt([]*stream{st}, &hung, true)
		}
		return asked
	}
	if got := asks(); got != 1 {
		t.Errorf("a fresh stream: asked %d times in three sweeps", got)
	}
	if got := asks(); got != 0 {
		t.Errorf("an idle stream: asked %d times in three sweeps", got)
	}
	st.spoke.Store(int64(clock.now()))
	if got := asks(); got != 1 {
		t.Errorf("after a write: asked %d times in three sweeps", got)
	}
	st.writing.Store(true)
	if got := asks(); got != 3 {
		t.Errorf("during a write: asked %d times in three sweeps", got)
	}
	st.writing.Store(false)
	st.progress.since = clock.now()
	st.kernel = func() (connState, bool) {
		asked++
		return connState{unacked: 1}, true
	}
	if got := asks(); got != 3 {
		t.Errorf("while something waits: asked %d times in three sweeps", got)
	}
	st.kernel = kernel
	st.progress.since = 0
	client.Close()
	for ended == nil {
		lookAt([]*stream{st}, &hung, true)
	}
}

// BenchmarkSweep looks at 2,000 idle streams over loopback, as is done four times a
// second, and asks the kernel about them, as is done once a second.
func BenchmarkSweep(b *testing.B) {
	const count = 2000
	l, clock := listenOnLoopback(b), &clock{start: time.Now()}
	var streams []*stream
	for range count {
		st, _ := idleStream(b, l, clock, func(error) {})
		streams = append(streams, st)
	}
	for _, bb := range []struct {
		name string
		ask  bool
	}{{"look", false}, {"ask", true}} {
		b.Run(bb.name, func(b *testing.B) {
			var ended hangups
			b.ReportAllocs()
			for b.Loop() {
				lookAt(streams, &ended, bb.ask)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/stream")
		})
	}
	b.Run("ask each", func(b *testing.B) { // what asking cost if there were always news
		b.ReportAllocs()
		for b.Loop() {
			for _, st := range streams {
				st.ask(clock.now())
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/stream")
	})
}
