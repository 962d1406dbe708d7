package server

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bubbletail/bubbletail/internal/follow"
)

// maxShown is how many bytes of what a client sent are repeated to it, or to our
// own log: enough to recognise, whatever it sent.
const maxShown = 200

// shorten cuts s to maxShown bytes, and says so.
func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > maxShown-utf8.UTFMax && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// quote shows what a client sent, shortened.
func quote(s string) string { return strconv.Quote(shorten(s)) }

// quotePath shows a path as it is if it is plain, else quoted, so that nobody
// takes it for another: a blank at either end is seen by no one.
func quotePath(p string) string {
	if quoted := strconv.Quote(p); quoted != `"`+p+`"` || strings.TrimSpace(p) != p {
		return quoted
	}
	return p
}

// href is a reference to what has this name in the directory that is listed. It
// is exact for every byte, and begins with ./ where a colon would make a scheme
// of what is before it.
func href(name string) string { return (&url.URL{Path: name}).String() }

// wordsOf are those of an error of [Logs], with a name that is not longer than
// names are shown.
func wordsOf(err error) string {
	var refusal *follow.Refusal
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	short := *refusal
	short.Name = shorten(refusal.Name)
	return short.Error()
}
