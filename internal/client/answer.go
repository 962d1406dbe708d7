package client

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// refusal reads an answer that is no stream and says what it is: *[ProblemError]
// for an error answer, *[PeerError] for anything else. The stream's own content
// type is nil. The caller closes the body, and cancels the request's context if
// reading it takes too long.
func (t Target) refusal(resp *http.Response) error {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && media == wire.TypeFrames {
		return nil
	}
	// What was read before an error is still the best there is to tell.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))

	if media == wire.TypeProblem {
		if p, ok := wire.ParseProblem(body); ok {
			return t.problem(resp, p)
		}
	}
	if resp.StatusCode >= 400 {
		p := &wire.Problem{Status: resp.StatusCode}
		if media == "text/plain" {
			p.Detail, p.Hint = textProblem(body)
		}
		return t.problem(resp, p)
	}
	return t.noStream(resp, media, body)
}

// problem makes p, or the little that the status tells, an error for people.
func (t Target) problem(resp *http.Response, p *wire.Problem) *ProblemError {
	e := &ProblemError{
		Status:     resp.StatusCode,
		Title:      clip(p.Title, maxWord),
		Detail:     clip(p.Detail, maxText),
		Hint:       clip(p.Hint, maxText),
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
	if resp.StatusCode < 400 && p.Status >= 400 {
		e.Status = p.Status // a proxy that turned the status into 200
	}
	if e.Title == "" {
		e.Title = strings.ToLower(http.StatusText(e.Status))
	}
	if e.Detail == "" {
		e.Detail = fmt.Sprintf("%s answers %d %s", t.Addr, e.Status, e.Title)
	}
	if e.Hint == "" {
		e.Hint = t.statusHint(e.Status)
	}
	return e
}

// noStream names what came with success but is no stream.
func (t Target) noStream(resp *http.Response, media string, body []byte) *PeerError {
	e := &PeerError{Addr: t.Addr, Hint: isThatTailsrv}
	switch what := http.DetectContentType(body); {
	case resp.StatusCode/100 == 3:
		e.Detail = fmt.Sprintf("answers %d %s instead of a stream", resp.StatusCode, strings.ToLower(http.StatusText(resp.StatusCode)))
	case media == "text/html", strings.HasPrefix(what, "text/html"):
		e.Detail = "sends an HTML page (text/html) instead of a stream"
	case media == "":
		e.Detail = "sends no stream, and does not say what it sends"
	default:
		e.Detail = fmt.Sprintf("sends %q instead of a stream", clip(media, maxWord))
	}
	return e
}

// statusHint is for servers, and for proxies before them, that give no hint. Whether
// it is tried again is for whoever tries to say.
func (t Target) statusHint(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "ask the server's operator for access"
	case http.StatusNotFound:
		return "curl " + t.url("/", nil) + " lists what is served; --retry waits for a log that is not there yet"
	case http.StatusMisdirectedRequest:
		return "use a name that the server knows itself by, or have it allowed there"
	case http.StatusTooManyRequests:
		return "end other streams"
	}
	if status >= 500 {
		return "the server's own log tells more"
	}
	return ""
}

// textProblem reads what tailsrv tells a terminal: "error: …", "hint: …". Of any
// other text the first line is the detail.
func textProblem(body []byte) (detail, hint string) {
	first, rest, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	detail = strings.TrimPrefix(first, "error: ")
	second, _, _ := strings.Cut(rest, "\n")
	hint, ok := strings.CutPrefix(second, "hint: ")
	if !ok {
		hint = ""
	}
	return detail, hint
}

// retryAfter reads a Retry-After header, seconds or a date, within MaxRetryAfter.
func retryAfter(s string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return boundRetry(n, time.Second)
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), MaxRetryAfter)
	}
	return 0
}

// boundRetry is n units within 0 and MaxRetryAfter, whatever n is.
func boundRetry(n int64, unit time.Duration) time.Duration {
	return time.Duration(min(max(n, 0), int64(MaxRetryAfter/unit))) * unit
}
