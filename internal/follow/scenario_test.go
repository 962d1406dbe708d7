package follow

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scenario runs one file of testdata/scenarios: one command a line, executed against
// real files in a new directory. Arguments in quotes are Go strings.
//
//	add FILE TEXT          append to FILE, making it if need be
//	open KEY FILE          keep FILE open for appending; put KEY TEXT writes to it
//	rename FROM TO         copy FROM TO      remove FILE     truncate FILE SIZE
//	rewrite FILE TEXT      truncate and write, with the same file
//	sparse FILE SIZE TEXT  make FILE that large, and append
//	mkdir DIR              symlink TARGET NAME               fifo NAME
//	gzip FILE              pack FILE into FILE.gz, with its time, and remove it
//	pass TIME              files made later are younger by as much
//	gunzip FILE            the reverse, with the time that FILE.gz has
//	tick                   later files have a later birth time
//	follow NAME [tail N] [bytes N] [start] [end] [since TIME] [wait] [once]
//	grace TIME             how long late bytes are waited for, instead of 80 ms
//	stop                   close the follower and the Logs; the cursor is kept
//	resume [NAME] [strict] [wait]   follow again with the cursor
//	refused WHY            what the last follow or resume came to
//	met MET                how the follower's place was found
//	midline
//	expect data TEXT | expect KIND [LOST] | expect eof
type scenario struct {
	t      *testing.T
	dir    string
	opt    Options
	logs   *Logs
	f      *Follower
	err    error
	name   string
	cursor string
	files  map[string]*os.File
}

func TestFollower_scenarios(t *testing.T) {
	scripts, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		must(t, err)
		for _, noWatch := range []bool{false, true} {
			name := strings.TrimSuffix(filepath.Base(script), ".txt")
			t.Run(fmt.Sprintf("%s/noWatch=%v", name, noWatch), func(t *testing.T) {
				t.Parallel()
				opt := Options{NoWatch: noWatch, Poll: 5 * time.Millisecond, Grace: 80 * time.Millisecond}
				if !noWatch {
					opt.Poll = 100 * time.Millisecond
				}
				s := &scenario{t: t, dir: t.TempDir(), opt: opt, files: make(map[string]*os.File)}
				s.run(string(text))
			})
		}
	}
}

func (s *scenario) run(text string) {
	s.logs = openLogs(s.t, s.opt, Root{Path: s.dir})
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		args, err := fields(line)
		if err == nil {
			err = s.do(args[0], args[1:])
		}
		if err != nil {
			s.t.Fatalf("line %d: %s: %v", number, line, err)
		}
	}
	for _, f := range s.files {
		f.Close()
	}
}

// fields splits a line at blanks; "quoted arguments" are Go strings.
func fields(line string) (out []string, err error) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var arg string
		if line[0] == '"' {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, err
			}
			line = line[len(quoted):]
			if arg, err = strconv.Unquote(quoted); err != nil {
				return nil, err
			}
		} else {
			arg, line, _ = strings.Cut(line, " ")
		}
		out = append(out, arg)
	}
	return out, nil
}

func (s *scenario) path(name string) string { return filepath.Join(s.dir, name) }

func (s *scenario) do(command string, args []string) error {
	switch command {
	case "follow", "resume":
		return s.follow(command == "resume", args)
	case "grace":
		grace, err := time.ParseDuration(args[0])
		s.opt.Grace = grace
		s.logs = openLogs(s.t, s.opt, Root{Path: s.dir})
		return err
	case "stop":
		s.f.Close()
		return s.logs.Close()
	case "refused":
		var r *Refusal
		if !errors.As(s.err, &r) || string(r.Why) != args[0] {
			return fmt.Errorf("got %v", s.err)
		}
		s.err = nil
		return nil
	case "met":
		if s.err != nil {
			return s.err
		}
		if got := s.f.Opening().Met; string(got) != args[0] {
			return fmt.Errorf("met %s", got)
		}
		return nil
	case "midline":
		if !s.f.Opening().MidLine {
			return errors.New("it does not begin inside a line")
		}
		return nil
	case "expect":
		return s.expect(args[0], args[1:])
	}
	return s.change(command, args)
}

// change does something to the files.
func (s *scenario) change(command string, args []string) error {
	name := s.path(args0(args))
	switch command {
	case "add":
		add(s.t, name, args[1])
	case "open":
		f, err := os.OpenFile(s.path(args[1]), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		s.files[args[0]] = f
		return err
	case "put":
		_, err := s.files[args[0]].WriteString(args[1])
		return err
	case "rename":
		return os.Rename(name, s.path(args[1]))
	case "copy":
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(s.path(args[1]), b, 0o644)
	case "remove":
		return os.RemoveAll(name)
	case "truncate":
		size, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		return os.Truncate(name, size)
	case "rewrite":
		write(s.t, name, args[1])
	case "sparse":
		if err := s.change("truncate", args[:2]); err != nil {
			return err
		}
		add(s.t, name, args[2])
	case "mkdir":
		return os.MkdirAll(name, 0o755)
	case "symlink":
		os.Remove(s.path(args[1]) + ".new")
		if err := os.Symlink(args[0], s.path(args[1])+".new"); err != nil {
			return err
		}
		return os.Rename(s.path(args[1])+".new", s.path(args[1]))
	case "fifo":
		return mkfifo(name)
	case "gunzip":
		return gunzipFile(name)
	case "pass":
		d, err := time.ParseDuration(args[0])
		for begin := time.Now(); time.Since(begin) < d; {
			nextTick(s.t, s.dir)
		}
		return err
	case "gzip":
		return gzipFile(name)
	case "tick":
		nextTick(s.t, s.dir)
	default:
		return errors.New("unknown command")
	}
	return nil
}

func args0(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (s *scenario) follow(resume bool, args []string) error {
	var start Start
	if resume {
		start = Start{From: FromCursor, Cursor: s.cursor}
		s.logs = openLogs(s.t, s.opt, Root{Path: s.dir})
	}
	for i := 0; i < len(args); i++ {
		number := func() int {
			i++
			n, _ := strconv.Atoi(args[i])
			return n
		}
		switch args[i] {
		case "tail":
			start.Lines = number()
		case "bytes":
			start.Bytes = int64(number())
		case "start":
			start.From = FromStart
		case "end":
			start.From = FromEnd
		case "since":
			i++
			start.From = FromSince
			var err error
			if start.Since, err = time.Parse(time.RFC3339, args[i]); err != nil {
				return err
			}
		case "wait":
			start.Wait = true
		case "once":
			start.Once = true
		case "strict":
			start.Strict = true
		default:
			s.name = args[i]
		}
	}
	s.f, s.err = s.logs.Follow(s.t.Context(), s.name, start)
	if s.err == nil {
		f := s.f
		s.t.Cleanup(func() { f.Close() })
		s.cursor = f.Opening().Cursor
	}
	return nil
}

func (s *scenario) next() (Event, error) {
	if s.err != nil {
		return Event{}, s.err
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	e, err := s.f.Next(ctx)
	if err == nil {
		s.cursor = e.CursorAt(len(e.Data))
	}
	return e, err
}

func (s *scenario) expect(what string, args []string) error {
	if what == "data" {
		for got := ""; got != args[0]; {
			e, err := s.next()
			if err != nil {
				return err
			}
			got += string(e.Data)
			if e.Kind != Data || !strings.HasPrefix(args[0], got) {
				return fmt.Errorf("got %q, then %s %q %s", got, e.Kind, e.Data, e.Detail)
			}
		}
		return nil
	}
	e, err := s.next()
	if what == "eof" {
		if err != io.EOF {
			return fmt.Errorf("got %s %q, %v", e.Kind, e.Data, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	lost := "unknown"
	if e.Lost != nil {
		lost = strconv.FormatInt(*e.Lost, 10)
	}
	if string(e.Kind) != what || len(args) > 0 && lost != args[0] {
		return fmt.Errorf("got %s %q lost=%s (%s)", e.Kind, e.Data, lost, e.Detail)
	}
	return nil
}
