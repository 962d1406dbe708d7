package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// dialFunc is Options.Dial's type.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// newStreamTransport makes the transport of streams: each on a connection of its
// own, since one that was idle may have died without a word, and HTTP/1.1, since
// there the end of the connection is the end of the stream and of nothing else.
// No proxy: one that buffers would hold the log back, and loopback targets must
// not leave the machine.
func newStreamTransport(t Target, dial dialFunc) *http.Transport {
	tr := newControlTransport(t, dial)
	tr.DisableKeepAlives = true
	return tr
}

// newControlTransport makes the transport of leases and closes, which keeps its
// connection: a renewal's round trip is then the network's.
func newControlTransport(t Target, dial dialFunc) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            sniffing(t.Kind, dial),
		TLSHandshakeTimeout:    DialTimeout,
		Protocols:              &protocols,
		DisableCompression:     true, // a compressing proxy would wait for enough to compress
		MaxResponseHeaderBytes: maxAnswer,
		ReadBufferSize:         64 << 10, // a data frame at full speed costs one read
		MaxIdleConnsPerHost:    1,
	}
}

// sniffing bounds each dial, and for plain HTTP watches what the peer says first.
func sniffing(kind Kind, dial dialFunc) dialFunc {
	switch {
	case dial != nil:
	case kind == Local:
		dial = func(context.Context, string, string) (net.Conn, error) { return nil, errNoServer }
	default:
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, DialTimeout)
		defer cancel()
		conn, err := dial(ctx, network, addr)
		if err != nil || kind == HTTPS {
			return conn, err
		}
		return &sniffConn{Conn: conn}, nil
	}
}

// reachTimeout bounds the way to a connection that can be asked.
func (t Target) reachTimeout() time.Duration {
	if t.Kind == HTTPS {
		return AnswerTimeout // the dial and the handshake, each within DialTimeout
	}
	return DialTimeout
}

// errNoServer is what dialing a local target gives whom nobody serves it: its
// address is a name for Host headers, not a place to connect to.
var errNoServer = errors.New("no server runs in this process for the local file")

// sniffConn fails the first read if the peer does not speak HTTP. Left to
// itself net/http tells an SSH banner from a broken answer only in the text of
// its error, and one that comes before the request is sent not at all.
type sniffConn struct {
	net.Conn
	matched int // bytes of httpPrefix seen; owned by the connection's one reader
	// failed is what Read found. net/http may report instead that it could not
	// write on the connection, which that made it close.
	failed atomic.Pointer[notHTTPError]
	begun  bool // a whole line has come; owned by the reader
	// torn is that the connection ended within its first line, of which net/http says
	// that it is malformed.
	torn atomic.Bool
}

const httpPrefix = "HTTP/"

func (c *sniffConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for i := 0; i < n && c.matched < len(httpPrefix); i++ {
		if p[i] != httpPrefix[c.matched] {
			c.failed.Store(&notHTTPError{greeting: httpPrefix[:c.matched] + string(p[i:min(n, i+maxWord)])})
			return 0, c.failed.Load()
		}
		c.matched++
	}
	c.begun = c.begun || bytes.IndexByte(p[:n], '\n') >= 0
	if err != nil && !c.begun && c.matched > 0 {
		c.torn.Store(true)
	}
	return n, err
}

// why is what the connection knows better than net/http's err.
func (c *sniffConn) why(err error) error {
	if said := c.failed.Load(); said != nil {
		return said
	}
	if c.torn.Load() {
		return io.ErrUnexpectedEOF
	}
	return err
}

// notHTTPError tells what a peer said instead of HTTP.
type notHTTPError struct{ greeting string }

func (e *notHTTPError) Error() string {
	line, _, _ := strings.Cut(e.greeting, "\n")
	return fmt.Sprintf("speaks no HTTP: it says %q", clip(strings.TrimSpace(line), maxWord))
}

func (e *notHTTPError) hint() string {
	switch {
	case strings.HasPrefix(e.greeting, "SSH-"):
		return "that is an ssh server; " + portHint
	case strings.HasPrefix(e.greeting, "\x15\x03"): // a TLS alert
		return "that port speaks TLS; use https://"
	}
	return portHint
}

// sameServer follows redirects only within the server that was asked: a log must
// not turn into another host's without the user's knowing. hint is the next step for
// who is pointed elsewhere.
func (t Target) sameServer(hint func(to *url.URL) string) func(req *http.Request, via []*http.Request) error {
	const most = 3
	return func(req *http.Request, via []*http.Request) error {
		if from := via[0].URL; req.URL.Host != from.Host || req.URL.Scheme != from.Scheme {
			return &PeerError{Addr: t.Addr, Detail: fmt.Sprintf("redirects to another server, %q", clip(redacted(req.URL), maxText)),
				Hint: hint(req.URL)}
		}
		if len(via) > most {
			return &PeerError{Addr: t.Addr, Detail: fmt.Sprintf("redirects more than %d times", most), Hint: portHint}
		}
		return nil
	}
}

// logElsewhere is sameServer's hint to who watches a log.
func logElsewhere(to *url.URL) string {
	return "if that is what you want, watch " + clip(redacted(to), maxText) + " itself"
}

// streamsElsewhere is sameServer's hint to who watches a server.
func streamsElsewhere(to *url.URL) string {
	if to.Path != streamsPath {
		return isThatTailsrv // a page to sign in at, say
	}
	return "if that is the server you mean: --streams " + clip(redacted(&url.URL{Scheme: to.Scheme, Host: to.Host}), maxText)
}

// redacted is u without what would name a user or ask a question.
func redacted(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
