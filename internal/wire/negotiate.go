package wire

import (
	"mime"
	"strconv"
	"strings"
)

// Negotiate picks the representation for an Accept header: the one with the
// highest quality among those the header names, the first of equals; Raw for
// none and for what a wildcard accepts. It reports false where the header
// accepts none of the four.
func Negotiate(accept string) (Representation, bool) {
	if strings.TrimSpace(accept) == "" {
		return Raw, true
	}
	best, bestQ, found := Raw, 0.0, false
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		r, ok := representationOf(name)
		if q := quality(params); ok && q > bestQ {
			best, bestQ, found = r, q, true
		}
	}
	return best, found
}

func representationOf(mediaType string) (Representation, bool) {
	switch mediaType {
	case TypeNDJSON:
		return NDJSON, true
	case TypeSSE:
		return SSE, true
	case TypeFrames:
		return Frames, true
	case "text/plain", "text/*", "*/*", TypeBinary:
		return Raw, true
	}
	return Raw, false
}

func quality(params map[string]string) float64 {
	s, ok := params["q"]
	if !ok {
		return 1
	}
	q, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0
	}
	return q
}

// Accepts reports whether an Accept header names the media type itself, not by
// a wildcard: who asks for JSON by name gets it, a browser or curl gets text.
func Accepts(accept, mediaType string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if err == nil && name == mediaType && quality(params) > 0 {
			return true
		}
	}
	return false
}
