package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bubbletail/bubbletail/internal/proctest"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// The kit of the tests behind proxies: nginx and Caddy in front of a server, set up
// as the documentation says, and streams that come through them.

// proxyKind is a proxy in one configuration.
type proxyKind struct {
	name            string
	program, debian string // its command, and the package that has it
	setUp           func(t testing.TB, k proxyKind, front, upstream string) (command []string)
	more            string // a line that the documented configuration does not have
	cuts            bool   // ends an answer in which nothing came for a minute
	holds           bool   // keeps the header of an answer back until there is something of its body
	clings          bool   // keeps its connection to the server after its client left, until it cannot pass something on
}

var proxyKinds = []proxyKind{
	{name: "nginx", program: "nginx", debian: "nginx-light", setUp: setUpNginx, cuts: true},
	{name: "nginx that buffers", program: "nginx", debian: "nginx-light", setUp: setUpNginx, more: "proxy_ignore_headers X-Accel-Buffering;", cuts: true, holds: true},
	{name: "Caddy", program: "caddy", debian: "caddy", setUp: setUpCaddy},
	{name: "Caddy that flushes", program: "caddy", debian: "caddy", setUp: setUpCaddy, more: "flush_interval -1", clings: true},
}

// proxy is a running one.
type proxy struct {
	proxyKind
	addr string
}

// startProxies starts one of each kind in front of a server.
func startProxies(t testing.TB, upstream string) (all []*proxy) {
	t.Helper()
	for _, kind := range proxyKinds {
		all = append(all, startProxy(t, kind, upstream))
	}
	return all
}

// startProxy starts one and waits until it answers. It skips t where the program is
// missing.
func startProxy(t testing.TB, kind proxyKind, upstream string) *proxy {
	t.Helper()
	if _, err := exec.LookPath(kind.program); err != nil {
		t.Skipf("skipped: there is no %s (Debian: %s)", kind.program, kind.debian)
	}
	p := &proxy{kind, freeAddress(t)}
	program := startBounded(t, kind.setUp(t, kind, p.addr, upstream))
	proctest.Eventually(t, func() error {
		select {
		case <-program.Exited:
			t.Fatalf("%s ended: %s", kind.program, program.Log)
		default:
		}
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			c.Close()
		}
		return err
	})
	return p
}

// proxyLife is how long a proxy lives at most, should the tests die before it.
const proxyLife = "10m"

// startBounded starts a proxy as a process group of its own, which ends with the test
// or after proxyLife: Caddy that is asked to end waits for what it will not end.
func startBounded(t testing.TB, args []string) *proctest.Program {
	t.Helper()
	cmd := exec.Command("timeout", append([]string{proxyLife}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	program, err := proctest.StartCmd(t, cmd, (*exec.Cmd).Start)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Kill(-program.Process.Pid, syscall.SIGKILL) }) // it may have ended
	return program
}

// freeAddress is one that nobody listens on. Proxies cannot say which port they were
// given; a loopback address that nobody else uses keeps this one free until then.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", 64+rand.IntN(64), rand.IntN(256), 1+rand.IntN(254)))
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// documented is the block of that language in the documentation, with the server's
// address in place of the one that it has there.
func documented(t testing.TB, language, upstream string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reclaim.md"))
	must(t, err)
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 1 {
		t.Fatalf("docs/reclaim.md has %d blocks of %s, want 1", len(blocks), language)
	}
	block := blocks[0][1]
	if strings.Count(block, defaultAddress) != 1 {
		t.Fatalf("the block does not name %s once:\n%s", defaultAddress, block)
	}
	return strings.Replace(block, defaultAddress, upstream, 1)
}

// defaultAddress is where tailsrv listens unless told otherwise.
const defaultAddress = "127.0.0.1:7070"

func setUpNginx(t testing.TB, k proxyKind, front, upstream string) (command []string) {
	t.Helper()
	location := documented(t, "nginx", upstream)
	location = strings.Replace(location, "{\n", "{\n"+k.more+"\n", 1)
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen %s;
		%s
	}
}
`, front, location)
	must(t, os.WriteFile(config, []byte(text), 0o600))
	return []string{"nginx", "-p", dir, "-c", config}
}

func setUpCaddy(t testing.TB, k proxyKind, front, upstream string) (command []string) {
	t.Helper()
	site := documented(t, "caddyfile", upstream)
	host, port, err := net.SplitHostPort(front)
	must(t, err)
	// Without a certificate, on loopback alone, by its name and by its address.
	site = strings.Replace(site, "logs.example {", fmt.Sprintf("http://logs.example:%s, http://%s {\n\tbind %s", port, front, host), 1)
	site = strings.Replace(site, upstream, upstream+" {\n"+k.more+"\n}", 1)
	dir := t.TempDir()
	config := filepath.Join(dir, "Caddyfile")
	text := "{\n\tadmin off\n\tauto_https off\n}\n" + site
	must(t, os.WriteFile(config, []byte(text), 0o600))
	return []string{"env", "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir, "caddy", "run", "--config", config}
}

// passage is a stream that comes through a proxy.
type passage struct {
	*proxy
	as    wire.Representation
	id    string // all digits
	got   *proctest.Output
	last  atomic.Pointer[time.Time] // when something came last
	leave context.CancelFunc        // closes the connection to the proxy
	ended chan error                // the body ended: nil for a clean end
	res   *http.Response            // its Trailer is known when the body has ended
}

func (p *passage) String() string { return fmt.Sprintf("%v behind %s", p.as, p.name) }

// ask sends a request through the proxy, on a connection of its own. The body of the
// answer ends with ctx. Header is pairs of name and value.
func (p *proxy) ask(ctx context.Context, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.addr+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	return (&http.Transport{DisableKeepAlives: true, DisableCompression: true, ResponseHeaderTimeout: proctest.Patience}).RoundTrip(req)
}

// status is that of the answer to a request through the proxy, with its body.
func (p *proxy) status(t testing.TB, method, path, body string, header ...string) (int, string) {
	t.Helper()
	res, err := p.ask(t.Context(), method, path, body, header...)
	must(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(text)
}

// open asks for a stream through the proxy; lease is in whole seconds, and 0 leaves
// it to the server. It reads on until it is left.
func (p *proxy) open(t testing.TB, path string, as wire.Representation, lease time.Duration) *passage {
	t.Helper()
	s := p.openOnly(t, path, as, lease)
	go func() {
		_, err := io.Copy(s, s.res.Body)
		s.ended <- err
	}()
	t.Cleanup(func() {
		s.leave()
		<-s.ended
	})
	return s
}

// openOnly does so and reads no more than the header.
func (p *proxy) openOnly(t testing.TB, path string, as wire.Representation, lease time.Duration) *passage {
	t.Helper()
	header := []string{"Accept", accepts[as]}
	if lease > 0 {
		header = append(header, wire.HeaderLease, strconv.Itoa(int(lease.Seconds())))
	}
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(leave)
	res, err := p.ask(ctx, http.MethodGet, path, "", header...)
	must(t, err)
	s := &passage{proxy: p, as: as, id: res.Header.Get(wire.HeaderStream), got: proctest.NewOutput(), leave: leave, ended: make(chan error, 2), res: res}
	if res.StatusCode != http.StatusOK || s.id == "" {
		t.Fatalf("%v: %s", s, res.Status)
	}
	return s
}

// Write takes what came.
func (p *passage) Write(b []byte) (int, error) {
	now := time.Now()
	p.last.Store(&now)
	return p.got.Write(b)
}

// awaitEnd waits until the body has ended.
func (p *passage) awaitEnd(t testing.TB) error {
	t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		return err
	case <-time.After(proctest.Patience):
		t.Fatalf("%v did not end", p)
		return nil
	}
}

// endObject is the reason of the end object that came, "" if none did. Its text is
// the same in three representations; the raw one has none.
func (p *passage) endObject() string {
	found := regexp.MustCompile(`\{"type":"end","reason":"([a-z-]+)"`).FindStringSubmatch(p.got.String())
	if found == nil {
		return ""
	}
	return found[1]
}

// renew renews the lease through the proxy.
func (p *passage) renew(t testing.TB) {
	t.Helper()
	if status, text := p.status(t, http.MethodPost, "/-/streams/"+p.id+"/lease", ""); status != http.StatusNoContent {
		t.Errorf("%v: renewing answered %d %s", p, status, text)
	}
}

// awaitEnded waits until the server has reclaimed the stream with this id.
func (s *tailsrv) awaitEnded(t testing.TB, id string) (last wire.StreamInfo) {
	t.Helper()
	proctest.Eventually(t, func() error {
		all, err := s.streams(t.Context())
		if err != nil {
			return err
		}
		for _, st := range all.Ended {
			if st.ID == id[:wire.ShownID] {
				last = st
				return nil
			}
		}
		return fmt.Errorf("stream %s has not ended", id[:wire.ShownID])
	})
	return last
}

// live is the stream with this id, which is live.
func (s *tailsrv) live(t testing.TB, id string) (st wire.StreamInfo) {
	t.Helper()
	all, err := s.streams(t.Context())
	must(t, err)
	for _, st := range all.Live {
		if st.ID == id[:wire.ShownID] {
			return st
		}
	}
	t.Errorf("stream %s is not live", id[:wire.ShownID])
	return st
}

// logFile makes a log in dir, and gives what appends to it.
func logFile(t testing.TB, dir, name string, content []byte) (write func(string)) {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, content, 0o644))
	return func(s string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		defer f.Close()
		_, err = io.WriteString(f, s)
		must(t, err)
	}
}
