package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/bubbletail/bubbletail/internal/wire"
)

var longRuns = flag.Bool("long", false, "also run what takes minutes and gigabytes")

// residentOf gives the bytes of a process that are in memory: now, and at most since
// forgetPeak.
func residentOf(t testing.TB, pid int) (now, most int64) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, rest, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			most = kib << 10
		}
	}
	return now, most
}

func forgetPeak(t testing.TB, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Skipf("the kernel keeps no peak that can be reset: %v", err)
	}
}

// pieces reads a stream in each representation and gives the log's bytes piece by piece.
var pieces = map[string]func(r io.Reader) func() ([]byte, error){
	"text/plain": func(r io.Reader) func() ([]byte, error) {
		buf := make([]byte, 64<<10)
		return func() ([]byte, error) {
			n, err := r.Read(buf)
			return buf[:n], err
		}
	},
	wire.TypeFrames: func(r io.Reader) func() ([]byte, error) {
		d := wire.NewDecoder(r)
		return func() ([]byte, error) {
			f, err := d.Next()
			return f.Data, err
		}
	},
	wire.TypeNDJSON: func(r io.Reader) func() ([]byte, error) { return objects(r, "") },
	wire.TypeSSE:    func(r io.Reader) func() ([]byte, error) { return objects(r, "data: ") },
}

// objects gives the texts of the line objects that are in lines with the prefix.
func objects(r io.Reader, prefix string) func() ([]byte, error) {
	lines := bufio.NewReaderSize(r, 256<<10)
	return func() ([]byte, error) {
		b, err := lines.ReadSlice('\n')
		b, ok := bytes.CutPrefix(b, []byte(prefix))
		if err != nil || !ok || len(b) <= 1 {
			return nil, err
		}
		var o struct{ Type, Text string }
		if err := json.Unmarshal(b, &o); err != nil {
			return nil, fmt.Errorf("%w in %.100q", err, b)
		}
		return []byte(o.Text), nil
	}
}

// A line that does not end for a gigabyte, 64 MiB without -long, goes through the server in
// every representation, half of it written before and half while it is read, and takes no
// more of its memory than any other line.
func TestServer_aLineWithoutEnd(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's memory is not the server's")
	}
	size := int64(64 << 20)
	if *longRuns {
		size = 1 << 30
	}
	const growth = 8 << 20
	for as, open := range pieces {
		t.Run(as, func(t *testing.T) {
			dir := t.TempDir()
			log, err := os.Create(filepath.Join(dir, "line.log"))
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			piece := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
			write := func(n int64) (err error) {
				for ; n > 0 && err == nil; n -= int64(len(piece)) {
					_, err = log.Write(piece)
				}
				return err
			}
			if err := write(size / 2); err != nil {
				t.Fatal(err)
			}
			s := serveDir(t, dir)
			s.get(t, "/line.log?follow=0&bytes=1", "Accept", as) // the first request of all
			pid := s.Process.Pid
			forgetPeak(t, pid)
			before, _ := residentOf(t, pid)
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/line.log?from=start", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", as)
			req.Close = true
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			written := make(chan error, 1)
			go func() { written <- write(size / 2) }()
			next := open(res.Body)
			for at := int64(0); at < size; {
				b, err := next()
				if err != nil {
					t.Fatalf("after %d bytes: %v", at, err)
				}
				phase := int(at % 16)
				if len(b) > len(piece)-phase || !bytes.Equal(b, piece[phase:phase+len(b)]) {
					t.Fatalf("the %d bytes after %d are not those that were written", len(b), at)
				}
				at += int64(len(b))
			}
			if err := <-written; err != nil {
				t.Fatal(err)
			}
			_, most := residentOf(t, pid)
			t.Logf("%s: %d MiB: the server's resident memory grew from %d to at most %d KiB", as, size>>20, before>>10, most>>10)
			if most-before > growth {
				t.Errorf("the server's resident memory grew by %d KiB", (most-before)>>10)
			}
		})
	}
}
