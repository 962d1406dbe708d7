package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/bubbletail/bubbletail/internal/wire"
)

// Bounds of what a server can make a watcher hold: many times what a server with
// ten thousand streams says. An entry takes more memory than its text, hence two.
const (
	maxList   = 32 << 20 // bytes of an answer
	maxListed = 50_000   // streams in it, live or ended
)

// readStreams reads the answer to GET /-/streams: *[ProblemError] for an error
// answer, *[PeerError] for anything else that is not the list, or too much of it,
// *[UnreachableError] for one that was cut.
func (t Target) readStreams(resp *http.Response) (wire.Streams, error) {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode != http.StatusOK || media != wire.TypeJSON {
		return wire.Streams{}, t.noAnswer(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxList+1))
	switch {
	case err != nil:
		return wire.Streams{}, &UnreachableError{Detail: t.Addr + " broke off its answer", Hint: "was it stopped, or the way to it cut?", Err: err}
	case len(body) > maxList:
		return wire.Streams{}, t.noList(fmt.Errorf("more than %d MiB", maxList>>20))
	}
	var list struct {
		Live  boundedList `json:"live"`
		Ended boundedList `json:"ended"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return wire.Streams{}, t.noList(err)
	}
	if list.Live == nil || list.Ended == nil {
		return wire.Streams{}, t.noList(errors.New("it has no streams in it"))
	}
	return wire.Streams{Live: list.Live, Ended: list.Ended}, nil
}

// noAnswer names an answer about streams that is none.
func (t Target) noAnswer(resp *http.Response) error {
	err := t.refusal(resp)
	var problem *ProblemError
	switch {
	case err == nil: // frames
		return t.noList(errors.New("it is a log"))
	case errors.As(err, &problem) && problem.Hint == t.statusHint(http.StatusNotFound):
		problem.Hint = isThatTailsrv // the hint is about a log
	}
	return err
}

// noList names an answer that is no list of streams.
func (t Target) noList(why error) *PeerError {
	return &PeerError{Addr: t.Addr, Detail: "sends a list of streams that cannot be read: " + clip(why.Error(), maxText), Hint: isThatTailsrv, Err: why}
}

// Of streams that ended, how many a server is asked for while the others are known,
// and how many of them are kept: as many as a server remembers.
const (
	lastEnded = 32
	keptEnded = 1000
)

// joinEnded puts the last streams that ended, lastEnded of them or all there are,
// before those that are known. Both have the newest first. It reports whether that is
// all of them: others may have ended between the two.
func joinEnded(known, last []wire.StreamInfo) ([]wire.StreamInfo, bool) {
	if len(last) < lastEnded {
		return last, true
	}
	oldest := last[len(last)-1]
	at := slices.IndexFunc(known, func(s wire.StreamInfo) bool { return s.ID == oldest.ID && s.Opened.Equal(oldest.Opened) })
	if at < 0 {
		return nil, false
	}
	all := slices.Concat(last, known[at+1:])
	return all[:min(len(all), keptEnded)], true
}

// boundedList is streams, at most maxListed of them.
type boundedList []wire.StreamInfo

// UnmarshalJSON reads one stream after the other: an answer of empty ones would
// otherwise take a hundred times its size.
func (l *boundedList) UnmarshalJSON(p []byte) error {
	dec := json.NewDecoder(bytes.NewReader(p))
	if begin, err := dec.Token(); err != nil || begin != json.Delim('[') {
		return errors.New("it has no streams in it")
	}
	*l = boundedList{}
	for dec.More() {
		if len(*l) == maxListed {
			return fmt.Errorf("more than %d streams", maxListed)
		}
		var s wire.StreamInfo
		if err := dec.Decode(&s); err != nil {
			return err
		}
		*l = append(*l, s)
	}
	return nil
}
