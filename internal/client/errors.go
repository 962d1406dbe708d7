package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// ProblemError is an error answer of the server (4xx, 5xx). Detail and Hint are
// the server's own where it gave them.
type ProblemError struct {
	Status     int    // the HTTP status
	Title      string // a few stable words: "not found"
	Detail     string
	Hint       string
	RetryAfter time.Duration // the server's wish, at most MaxRetryAfter; 0 for none
}

func (e *ProblemError) Error() string { return e.Detail }

// PeerError tells that what answered is no tailsrv: it speaks no HTTP, sends a
// page instead of a stream, points elsewhere, or cannot prove who it is. Where
// there never was a stream, asking again gives the same answer, so it is final.
type PeerError struct {
	Addr   string
	Detail string
	Hint   string
	Err    error // the cause, if there is one
}

func (e *PeerError) Error() string { return e.Addr + " " + e.Detail }
func (e *PeerError) Unwrap() error { return e.Err }

// UnreachableError tells that no answer came. A session that follows tries
// again for as long as it runs; only Options.NoFollow makes it an error of Run.
type UnreachableError struct {
	Detail string
	Hint   string
	Unsent bool // there was no connection to ask on, so that nobody was asked
	Err    error
}

func (e *UnreachableError) Error() string { return e.Detail }
func (e *UnreachableError) Unwrap() error { return e.Err }

// EndError tells that the server ended the stream for good.
type EndError struct {
	Reason wire.Reason
	Detail string
	Hint   string
}

func (e *EndError) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("the server ended the stream: %s", e.Reason)
	}
	return fmt.Sprintf("the server ended the stream: %s: %s", e.Reason, e.Detail)
}

// Hint is the next step that an error of this package suggests, or "".
func Hint(err error) string {
	var (
		target      *TargetError
		problem     *ProblemError
		peer        *PeerError
		unreachable *UnreachableError
		end         *EndError
	)
	switch {
	case errors.As(err, &target):
		return target.Hint
	case errors.As(err, &problem):
		return problem.Hint
	case errors.As(err, &peer):
		return peer.Hint
	case errors.As(err, &unreachable):
		return unreachable.Hint
	case errors.As(err, &end):
		return end.Hint
	}
	return ""
}

// errEnded is the cause with which an attempt's requests are cancelled. Nobody
// sees it: whoever cancels has said how the attempt ended.
var errEnded = errors.New("attempt ended")

// wsaConnRefused is what Windows says for ECONNREFUSED; syscall's constant of
// that name is an invented number there.
const wsaConnRefused = syscall.Errno(10061)

// dialFailure sorts the error of a request that got no answer: *[PeerError]
// where another attempt cannot help, else *[UnreachableError].
func (t Target) dialFailure(err error) error {
	var (
		peer     *PeerError
		notHTTP  *notHTTPError
		record   tls.RecordHeaderError
		cert     *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		dns      *net.DNSError
		timeout  net.Error
		asURL    *url.Error
		original = err
	)
	if errors.As(err, &asURL) {
		err = asURL.Err // without the request line, which only repeats the target
	}
	switch {
	case errors.As(err, &peer):
		return peer
	case errors.As(err, &notHTTP):
		return &PeerError{Addr: t.Addr, Detail: notHTTP.Error(), Hint: notHTTP.hint(), Err: original}
	case strings.Contains(err.Error(), "malformed HTTP"): // net/http has no type for it
		return &PeerError{Addr: t.Addr, Detail: "speaks no HTTP that can be read", Hint: portHint, Err: original}
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return &PeerError{Addr: t.Addr, Detail: "speaks no TLS", Hint: "use http:// or host:port/path", Err: original}
	case errors.As(err, &cert), errors.As(err, &unknown):
		return &PeerError{Addr: t.Addr, Detail: "has a certificate that is not trusted: " + clip(rootCause(err), maxText),
			Hint: "use the name in the certificate, and add its authority to the system's", Err: original}
	case errors.As(err, &dns) && dns.IsNotFound:
		return &UnreachableError{Detail: fmt.Sprintf("no address is known for %q", dns.Name), Hint: "check the host's name", Err: original}
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaConnRefused):
		return &UnreachableError{Detail: t.Addr + " refuses the connection", Hint: "is tailsrv running there, on that port?", Err: original}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &UnreachableError{Detail: fmt.Sprintf("%s gives no sign within %s", t.Addr, DialTimeout),
			Hint: "is the host up, and does a firewall let the port through?", Err: original}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &UnreachableError{Detail: t.Addr + " closed the connection without an answer", Hint: portHint, Err: original}
	}
	return &UnreachableError{Detail: clip(rootCause(err), maxText), Err: original}
}

// Hints for whom a wrong port is likely: nobody has answered as tailsrv does.
const (
	portHint      = "give the port of tailsrv, 7070 by default"
	isThatTailsrv = "is that tailsrv? " + portHint
)

// rootCause is err's text without the layers that net/http puts around it.
func rootCause(err error) string {
	s := err.Error()
	for _, prefix := range []string{"net/http: ", "http: ", "HTTP/1.x ", "transport connection broken: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	return s
}

// clip bounds a text of a server to n bytes of valid UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
