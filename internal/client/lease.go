package client

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// renew keeps the claim on the stream id until ctx ends, which ends it without a
// result, or until the server says that it knows no such stream: then it reports
// true. A renewal that fails otherwise is tried again sooner. Whether the server
// is there at all is for the stream's own silence to tell, not for this.
func (s *Session) renew(ctx context.Context, id string, lease time.Duration) (gone bool) {
	every := lease / 3
	timer := time.NewTimer(min(firstRenewal, every))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
		began := time.Now()
		status, rtt, err := s.control(ctx, http.MethodPost, "/-/streams/"+url.PathEscape(id)+"/lease", s.Status().Cursor, every)
		next := every
		switch {
		case err != nil:
			next = every / 3
		case status == http.StatusNotFound:
			return true
		case status/100 == 2:
			s.mu.Lock()
			s.now.RTT = rtt
			s.wake()
			s.mu.Unlock()
		}
		timer.Reset(max(next-time.Since(began), 0))
	}
}

// dismiss is the cooperative close of the stream id. It reports whether the
// server confirmed that the stream has been reclaimed, or knows it no more.
func (s *Session) dismiss(ctx context.Context, id string) bool {
	status, _, err := s.control(ctx, http.MethodDelete, "/-/streams/"+url.PathEscape(id), "", CloseTimeout)
	return err == nil && (status/100 == 2 || status == http.StatusNotFound)
}

// control sends a request about a stream beside it. The round trip is that of
// the request alone, without making a connection.
func (s *Session) control(ctx context.Context, method, path, body string, timeout time.Duration) (status int, rtt time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var sent time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent = time.Now() }, // in Do's own goroutine
	})
	req, err := http.NewRequestWithContext(ctx, method, s.target.url(path, nil), strings.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("User-Agent", s.opt.UserAgent)
	// Renewing twice is renewing: lets net/http repeat the request when the kept
	// connection turns out to be dead. A nil value is not sent.
	req.Header["Idempotency-Key"] = nil
	resp, err := s.controls.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	rtt = time.Since(sent)
	// The connection is kept only if the answer was read to its end.
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, rtt, err
}
