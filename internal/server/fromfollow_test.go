package server

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/bubbletail/bubbletail/internal/follow"
	"github.com/bubbletail/bubbletail/internal/memnet"
	"github.com/bubbletail/bubbletail/internal/wire"
)

// Real files behind the same routes: what is appended arrives, with cursors from
// which another stream goes on without a byte lost or doubled.
func TestFromFollow(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "app.log")
	write := func(s string) {
		t.Helper()
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	write("one\ntwo\n")
	logs, err := follow.Open([]follow.Root{{Path: dir}}, follow.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	l := memnet.Listen()
	s := serveLogs(t, FromFollow(logs), Config{}, l, l.Dial)

	tl := s.tail("/app.log?lines=1")
	if f := tl.next(wire.FrameData); string(f.Data) != "two\n" {
		t.Errorf("got %q", f.Data)
	}
	write("three\n")
	f := tl.next(wire.FrameData)
	if string(f.Data) != "three\n" {
		t.Errorf("got %q", f.Data)
	}
	tl.res.Body.Close()
	write("four\n")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	write("five\n")
	res, body := s.ask(http.MethodGet, "/app.log?follow=0&cursor="+f.Cursor, "")
	if res.StatusCode != http.StatusOK || body != "four\nfive\n" {
		t.Errorf("%s %q", res.Status, body)
	}
	if res, body := s.ask(http.MethodGet, "/app.log?follow=0", "", "Range", "bytes=1-2"); res.StatusCode != http.StatusPartialContent || body != "iv" {
		t.Errorf("%s %q", res.Status, body)
	}
	if res, body := s.ask(http.MethodGet, "/", ""); res.StatusCode != http.StatusOK || body == "" {
		t.Errorf("%s %q", res.Status, body)
	}
}
