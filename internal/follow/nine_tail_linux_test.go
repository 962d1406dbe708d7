package follow

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var nineTail = flag.Bool("nine.tail", false, "play the nine cases to GNU tail, too, and print what it loses")

// other is a process that reads a log. It is frozen by stopping it, whosever it is.
type other struct {
	taken
	cmd   *exec.Cmd
	ended chan struct{}
}

// newOther starts cmd; read takes what it says, on its stdout or on descriptor 3.
func newOther(t testing.TB, cmd *exec.Cmd, patience time.Duration, read func(r *other, out io.Reader)) *other {
	t.Helper()
	out, in, err := os.Pipe()
	must(t, err)
	cmd.Stdout = in
	cmd.ExtraFiles = []*os.File{in}
	must(t, cmd.Start())
	in.Close()
	r := &other{taken: newTaken(patience), cmd: cmd, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		defer out.Close()
		read(r, out)
	}()
	return r
}

func (r *other) freeze() { r.cmd.Process.Signal(syscall.SIGSTOP) }
func (r *other) thaw()   { r.cmd.Process.Signal(syscall.SIGCONT) }

func (r *other) stop() *collector {
	r.cmd.Process.Kill()
	r.cmd.Wait()
	<-r.ended
	return r.c
}

// newTail starts GNU tail on a log. It is given a second and a half to catch up: what has
// not come by then does not come.
func newTail(t testing.TB, name string, args ...string) *other {
	args = append([]string{"-F", "-n", "+1"}, args...)
	return newOther(t, exec.Command("tail", append(args, name)...), 1500*time.Millisecond, func(r *other, out io.Reader) {
		buf := make([]byte, 64<<10)
		for {
			n, err := out.Read(buf)
			if n > 0 {
				r.take(Event{Kind: Data, Data: buf[:n]})
			}
			if err != nil {
				return
			}
		}
	})
}

const readEnv = "FOLLOW_TEST_READ"

// newProcess starts a process of ours on a log, that can be stopped as tail can.
func newProcess(t testing.TB, name, how string) *other {
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestHelper_reads$")
	cmd.Env = quickExit(readEnv + "=" + how + ":" + name)
	r := newOther(t, cmd, patience, func(r *other, out io.Reader) {
		for d := json.NewDecoder(out); ; {
			var e struct {
				Kind Kind
				Data []byte
			}
			if d.Decode(&e) != nil {
				return
			}
			r.take(Event{Kind: e.Kind, Data: e.Data})
		}
	})
	return r
}

// The helper writes what a follower gives to descriptor 3, until it is killed.
func TestHelper_reads(t *testing.T) {
	how, name, ok := strings.Cut(os.Getenv(readEnv), ":")
	if !ok {
		t.Skip("it is run by another test")
	}
	l := openLogs(t, Options{NoWatch: how == "polled"}, Root{Path: filepath.Dir(name)})
	f := follow(t, l, filepath.Base(name), Start{From: FromStart})
	out := json.NewEncoder(os.NewFile(3, "out"))
	for {
		e, err := f.Next(context.Background())
		must(t, err)
		must(t, out.Encode(map[string]any{"Kind": e.Kind, "Data": e.Data}))
	}
}

// The nine cases played to GNU tail and to us, each a process, at the same time and on the
// same files. What tail loses is printed and no condition; that we lose nothing is.
func TestFollower_besideTail(t *testing.T) {
	if !*nineTail {
		t.Skip("it takes minutes: -nine.tail")
	}
	version, err := exec.Command("tail", "--version").Output()
	if err != nil || !strings.Contains(string(version), "GNU") {
		t.Skip("there is no GNU tail here")
	}
	readers := []string{"tail -F", "tail -F, polling each 0.25 s", "follow", "follow, polling each 1 s"}
	title, _, _ := strings.Cut(string(version), "\n")
	table := fmt.Sprintf("%s, %d seeds a case; lines lost (doubled, torn) in all runs together\n\n| case | lines | %s | told by follow |\n|---|---|%s---|\n",
		title, *nineSeeds, strings.Join(readers, " | "), strings.Repeat("---|", len(readers)))
	totals, total := make([]damage, len(readers)), 0
	for _, c := range nineCases() {
		var mu sync.Mutex
		sum, lines, told := make([]damage, len(readers)), 0, make(map[Kind]int)
		c.beside(t, func(seed uint64, n int, got []*collector) {
			mu.Lock()
			defer mu.Unlock()
			lines += n
			for i, c := range got {
				sum[i].add(c, n)
			}
			for kind, times := range got[2].kinds {
				told[kind] += times
			}
			for _, ours := range got[2:] {
				if why := c.wrong(ours, n); why != "" {
					t.Errorf("%s, seed %d: %s", c.name, seed, why)
				}
			}
		})
		table += fmt.Sprintf("| %s, %dx | %d |", c.name, c.turns, lines)
		total += lines
		for i, d := range sum {
			table += fmt.Sprintf(" %s |", d)
			totals[i].lost, totals[i].doubled, totals[i].torn = totals[i].lost+d.lost, totals[i].doubled+d.doubled, totals[i].torn+d.torn
		}
		for _, kind := range []Kind{Rotated, Truncated, Removed, Appeared, Late, Gap} {
			if told[kind] > 0 {
				table += fmt.Sprintf(" %d %s", told[kind], kind)
			}
		}
		table += " |\n"
	}
	table += fmt.Sprintf("| all | %d |", total)
	for _, d := range totals {
		table += fmt.Sprintf(" %s |", d)
	}
	t.Log("\n" + table + " |\n")
}

// damage is what became of the lines of a log on their way.
type damage struct{ lost, doubled, torn int }

func (d *damage) add(c *collector, lines int) {
	for i := range lines {
		switch c.seen[i] {
		case 0:
			d.lost++
		case 1:
		default:
			d.doubled++
		}
	}
	d.torn += len(c.torn)
}

func (d damage) String() string {
	if d.doubled+d.torn == 0 {
		return fmt.Sprint(d.lost)
	}
	return fmt.Sprintf("%d (%d, %d)", d.lost, d.doubled, d.torn)
}

// beside plays the case with all seeds, some at a time, and hands over what each reader had
// of each.
func (c nineCase) beside(t *testing.T, done func(seed uint64, lines int, got []*collector)) {
	const atATime = 5
	var wg sync.WaitGroup
	turns := make(chan struct{}, atATime)
	for seed := range uint64(*nineSeeds) {
		turns <- struct{}{}
		dir := t.TempDir()
		p := newPlayer(t, c, dir, seed)
		name := join(dir, "app.log")
		all := []*other{
			newTail(t, name),
			newTail(t, name, "---disable-inotify", "-s", ".25"),
			newProcess(t, name, "watched"),
			newProcess(t, name, "polled"),
		}
		for _, r := range all {
			p.readers = append(p.readers, r)
		}
		wg.Go(func() {
			defer func() { <-turns }()
			p.lines(1) // by which each of them is seen to have begun
			p.caughtUp()
			p.play(c)
			var got []*collector
			for _, r := range all {
				got = append(got, r.stop())
			}
			done(seed, p.line, got)
		})
	}
	wg.Wait()
}
