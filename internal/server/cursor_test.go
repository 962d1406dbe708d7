package server

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// files is a site over a directory of real logs.
type files struct {
	*site
	dir string
}

func overFiles(t *testing.T, opt follow.Options) *files {
	t.Helper()
	dir := t.TempDir()
	logs, err := follow.Open([]follow.Root{{Path: dir}}, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	l := memnet.Listen()
	return &files{serveLogs(t, FromFollow(logs), Config{}, l, l.Dial), dir}
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// must ends the test with a step of it that failed.
func (f *files) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *files) append(name, s string) {
	f.t.Helper()
	w, err := os.OpenFile(f.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	f.must(err)
	_, err = w.WriteString(s)
	f.must(err)
	f.must(w.Close())
}

// cursor is the one at a log's end.
func (f *files) cursor(name string) string {
	f.t.Helper()
	res, _ := f.ask(http.MethodHead, "/"+name, "")
	c := res.Header.Get(wire.HeaderCursor)
	if c == "" {
		f.t.Fatalf("%s has no cursor: %s", name, res.Status)
	}
	return c
}

// numbered are lines enough that their bytes are no other file's by chance.
func numbered(word string) string {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "%s %d\n", word, i)
	}
	return b.String()
}

// fates are what can happen to app.log between a cursor's minting and its return,
// by what becomes of the cursor.
var fates = []struct {
	name   string
	happen func(f *files)
	met    wire.Met // without strict
	body   string
}{
	{"nothing", func(*files) {}, wire.MetContinued, ""},
	{"it grew", func(f *files) { f.append("app.log", "more\n") }, wire.MetContinued, "more\n"},
	{"rotated", func(f *files) {
		f.append("app.log", "rest\n")
		f.must(os.Rename(f.path("app.log"), f.path("app.log.1")))
		f.append("app.log", numbered("new"))
	}, wire.MetRotated, "rest\n" + numbered("new")},
	{"copied and truncated", func(f *files) {
		f.append("app.log", "rest\n")
		b, err := os.ReadFile(f.path("app.log"))
		f.must(err)
		f.append("app.log.1", string(b))
		f.must(os.Truncate(f.path("app.log"), 0))
		f.append("app.log", numbered("new"))
	}, wire.MetTruncated, "rest\n" + numbered("new")},
	{"truncated without a copy", func(f *files) {
		f.must(os.Truncate(f.path("app.log"), 0))
		f.append("app.log", numbered("new"))
	}, wire.MetGap, numbered("new")},
	{"rewritten in place and larger", func(f *files) {
		f.must(os.Truncate(f.path("app.log"), 0))
		f.append("app.log", numbered("new")+numbered("newer"))
	}, wire.MetGap, numbered("new") + numbered("newer")},
	{"replaced", func(f *files) {
		f.append("other", numbered("new"))
		f.must(os.Rename(f.path("other"), f.path("app.log")))
	}, wire.MetGap, numbered("new")},
	{"rotated and the old one deleted", func(f *files) {
		f.must(os.Rename(f.path("app.log"), f.path("app.log.1")))
		f.append("app.log", numbered("new"))
		f.must(os.Remove(f.path("app.log.1")))
	}, wire.MetGap, numbered("new")},
}

// ways are how a cursor comes back: header and target of the request.
func ways(cursor, more string) map[string]func(accept string) (target string, header []string) {
	return map[string]func(string) (string, []string){
		"cursor=": func(accept string) (string, []string) {
			return "/app.log?follow=0" + more + "&cursor=" + cursor, []string{"Accept", accept}
		},
		"Last-Event-ID": func(accept string) (string, []string) {
			return "/app.log?follow=0" + more + "&lines=3", []string{"Accept", accept, "Last-Event-ID", cursor}
		},
	}
}

// A cursor that comes back is continued, or its reader is told what is missing,
// in the words of its representation; and with strict it is refused instead.
func TestCursor_comesBackToARealLog(t *testing.T) {
	for _, fate := range fates {
		t.Run(fate.name, func(t *testing.T) {
			f := overFiles(t, follow.Options{})
			f.append("app.log", numbered("old"))
			cursor := f.cursor("app.log")
			fate.happen(f)
			for way, request := range ways(cursor, "") {
				target, header := request("*/*")
				res, body := f.ask(http.MethodGet, target, "", header...)
				if met := res.Header.Get(wire.HeaderMet); res.StatusCode != http.StatusOK || met != string(fate.met) || body != fate.body {
					t.Errorf("%s: %s, met %q, %q; want %q", way, res.Status, met, body, fate.body)
				}
				for _, accept := range []string{wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames} {
					target, header := request(accept)
					res, body := f.ask(http.MethodGet, target, "", header...)
					if res.StatusCode != http.StatusOK || !strings.Contains(body, `"met":"`+string(fate.met)+`"`) {
						t.Errorf("%s, %s: %s\n%s", way, accept, res.Status, body)
					}
					if told := strings.Contains(body, `"kind":"gap"`); told != (fate.met == wire.MetGap) {
						t.Errorf("%s, %s: a gap is told: %v\n%s", way, accept, told, body)
					}
				}
			}
			for way, request := range ways(cursor, "&strict=1") {
				if fate.met == wire.MetGap {
					f.refuses(way, request, http.StatusPreconditionFailed, "gap", `"app.log": gap: `)
					continue
				}
				target, header := request("*/*")
				if res, body := f.ask(http.MethodGet, target, "", header...); res.StatusCode != http.StatusOK || body != fate.body {
					t.Errorf("strict, %s: %s %q", way, res.Status, body)
				}
			}
		})
	}
}

// A cursor that is none of this log's is refused, strict or not.
func TestCursor_thatIsNoneOfARealLog(t *testing.T) {
	f := overFiles(t, follow.Options{})
	f.append("app.log", numbered("old"))
	f.append("other.log", numbered("old"))
	good := f.cursor("app.log")
	for name, tt := range map[string]struct{ cursor, code, detail string }{
		"of another log":     {f.cursor("other.log"), "cursor of another log", `"app.log": another log`},
		"of another version": {remade(t, good, func(b []byte) { b[0]++ }), "bad cursor", `"app.log": bad cursor`},
		"damaged":            {good[:40] + flipped(good[40]) + good[41:], "bad cursor", `"app.log": bad cursor`},
		"cut short":          {good[:len(good)-1], "bad cursor", `"app.log": bad cursor`},
		"too long":           {good + "AAAA", "bad cursor", `"app.log": bad cursor`},
		"words":              {"yesterday", "bad cursor", `"app.log": bad cursor`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, strict := range []string{"", "&strict=1"} {
				for way, request := range ways(tt.cursor, strict) {
					f.refuses(way+strict, request, http.StatusConflict, tt.code, tt.detail)
				}
			}
		})
	}
	if c := remade(t, good, func([]byte) {}); c != good {
		t.Errorf("the test does not know how a cursor is made: %q became %q", good, c)
	}
}

// refuses checks a refusal in both its forms, whatever representation is asked
// for: each says what is wrong, and how to start afresh.
func (f *files) refuses(way string, request func(accept string) (string, []string), status int, code, detail string) {
	f.t.Helper()
	afresh := "leave out the cursor to start afresh: from=start for all there is, from=end for what comes"
	if way[0] == 'L' {
		afresh = strings.Replace(afresh, "the cursor", "Last-Event-ID", 1)
	}
	for _, accept := range []string{"*/*", wire.TypeNDJSON, wire.TypeSSE, wire.TypeFrames, wire.TypeNDJSON + ", " + wire.TypeProblem, wire.TypeFrames + ", " + wire.TypeProblem, wire.TypeProblem} {
		target, header := request(accept)
		res, body := f.ask(http.MethodGet, target, "", header...)
		if res.StatusCode != status {
			f.t.Errorf("%s, %s: %s\n%s", way, accept, res.Status, body)
			continue
		}
		if !strings.Contains(accept, wire.TypeProblem) {
			first, rest, _ := strings.Cut(body, "\n")
			if res.Header.Get("Content-Type") != wire.TypeText || !strings.HasPrefix(first, "error: "+detail) ||
				!strings.HasPrefix(rest, "hint: ") || !strings.HasSuffix(rest, afresh+"\n") {
				f.t.Errorf("%s, %s:\n%s", way, accept, body)
			}
			continue
		}
		var p wire.Problem
		f.must(json.Unmarshal([]byte(body), &p))
		if res.Header.Get("Content-Type") != wire.TypeProblem || p.Status != status || p.Title != code ||
			!strings.HasPrefix(p.Detail, detail) || !strings.HasSuffix(p.Hint, afresh) {
			f.t.Errorf("%s, %s:\n%s", way, accept, body)
		}
	}
	target, header := request("*/*")
	if res, body := f.ask(http.MethodGet, target, "", append(header, "User-Agent", "tailtui/0.1.0")...); !strings.Contains(body, "start tailtui again to start afresh") {
		f.t.Errorf("%s, tailtui: %s\n%s", way, res.Status, body)
	}
}

// remade is a cursor with its bytes changed and its check made right again.
func remade(t *testing.T, cursor string, change func(b []byte)) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	body := b[:len(b)-4]
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))))
}

func flipped(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}
