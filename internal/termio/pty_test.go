//go:build linux

package termio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// openPty opens a terminal in raw mode, and the side that emulates it.
func openPty(t *testing.T, width, height int) (emulator, tty *os.File) {
	t.Helper()
	emulator, tty, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { tty.Close(); emulator.Close() })
	if err := pty.Setsize(tty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		t.Fatal(err)
	}
	return emulator, tty
}

// raw is what Bubble Tea does to the terminal first.
func raw(t *testing.T, tty *os.File) {
	t.Helper()
	fd := int(descriptor(tty))
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	mode.Lflag &^= unix.ICANON | unix.ECHO | unix.ISIG
	mode.Iflag &^= unix.ICRNL
	mode.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, mode); err != nil {
		t.Fatal(err)
	}
}

// TestOutput_stalledTerminal is a terminal that nobody reads: an ssh session
// whose network is gone.
func TestOutput_stalledTerminal(t *testing.T) {
	_, tty := openPty(t, 80, 24)
	raw(t, tty)
	tty.Fd() // as Bubble Tea does; it puts this file into blocking mode
	o := NewOutput(tty, Options{})
	if _, isBorrowed := o.dev.(borrowed); isBorrowed {
		t.Fatal("the terminal was not opened again")
	}
	io.WriteString(o, enterAlt)
	big := strings.Repeat("x", 70)
	for i := range 3000 { // a pty holds about 64 KiB of it
		var b strings.Builder
		for y := range 24 {
			fmt.Fprintf(&b, "%d %d %s\x1b[K\r\n", i, y, big)
		}
		fmt.Fprintf(o, "\x1b[H%s\x1b[24;H", b.String())
		if i%100 == 0 {
			runtime.Gosched()
		}
	}
	// Enough outside of frames to be sure that it does not fit.
	fmt.Fprint(o, strings.Repeat("y", maxControl-1000))

	began := time.Now()
	if o.Finish(50 * time.Millisecond) {
		t.Error("finished, though nobody reads")
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("took %v", took)
	}
	select {
	case <-o.done: // and the goroutine has ended, without anybody closing the terminal
	default:
		t.Error("the writer is still there")
	}
	if flags, err := unix.FcntlInt(uintptr(descriptor(tty)), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("the shell's descriptor is left non-blocking: %#x, %v", flags, err)
	}
}

// TestOutput_terminalGone is a terminal whose other side was closed.
func TestOutput_terminalGone(t *testing.T) {
	emulator, tty := openPty(t, 80, 24)
	raw(t, tty)
	o := NewOutput(tty, Options{})
	emulator.Close()
	io.WriteString(o, enterAlt)
	<-o.done
	if _, err := io.WriteString(o, "x"); !errors.Is(err, unix.EIO) {
		t.Errorf("write: %v", err)
	}
	if o.Finish(time.Minute) {
		t.Error("finished")
	}
}

// TestOutput_borrowedFileIsGivenBack is a file that has deadlines of its own:
// after Finish it has none.
func TestOutput_borrowedFileIsGivenBack(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	o := NewOutput(w, Options{})
	fmt.Fprint(o, strings.Repeat("y", maxControl-controlCost)) // more than a pipe holds
	if o.Finish(10 * time.Millisecond) {
		t.Error("finished, though nobody reads")
	}
	<-o.done
	var drained sync.WaitGroup
	drained.Go(func() { io.Copy(io.Discard, r) })
	if _, err := io.WriteString(w, "bye"); err != nil {
		t.Error(err)
	}
	w.Close()
	drained.Wait()
}

// pager is a program that shows numbered lines and scrolls with the keys.
type pager struct {
	width, height, top int
	seen               chan<- string
}

type scrollMsg int

func (pager) Init() tea.Cmd { return nil }

func (p pager) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		p.width, p.height = msg.Width, msg.Height
		p.seen <- fmt.Sprint("size ", msg.Width)
	case scrollMsg:
		p.top += int(msg)
	case tea.KeyMsg:
		p.seen <- msg.String()
		switch msg.String() {
		case "q":
			return p, tea.Quit
		case "ctrl+l":
			return p, tea.ClearScreen
		case "p":
			return p, tea.Sequence(tea.ExitAltScreen, tea.EnterAltScreen)
		}
	}
	return p, nil
}

func (p pager) View() string {
	if p.height == 0 {
		return "…"
	}
	rows := []string{fmt.Sprintf("\x1b[7mLIVE %d\x1b[0m", p.top)}
	for i := 1; i < p.height; i++ {
		rows = append(rows, ansi.Truncate(fmt.Sprintf("\x1b[3%dm%06d\x1b[0m %s", (p.top+i)%7+1, p.top+i, strings.Repeat("世x", (p.top+i)%p.width)), p.width, ""))
	}
	return strings.Join(rows, "\n")
}

// TestOutput_underBubbleTea runs a real program on a pty with an emulator
// behind it that reads slowly, and compares the last frame with its View.
func TestOutput_underBubbleTea(t *testing.T) {
	emulator, tty := openPty(t, 40, 12)
	tee := newTerminal(40, 12)
	var mu sync.Mutex // guards tee
	var readers sync.WaitGroup
	readers.Go(func() {
		buf := make([]byte, 512)
		for {
			n, err := emulator.Read(buf)
			mu.Lock()
			tee.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	})
	screenIs := func(m pager) func() bool {
		want := newTerminal(m.width, m.height)
		for y, row := range strings.Split(m.View(), "\n") {
			fmt.Fprintf(want, "\x1b[%dH%s", y+1, row)
		}
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			for y := range m.height {
				for x := range m.width {
					if g := tee.vt.CellAt(x, y); g == nil || !g.Equal(want.vt.CellAt(x, y)) {
						return false
					}
				}
			}
			return true
		}
	}

	seen := make(chan string, 64)
	o, in := NewOutput(tty, Options{Synchronized: true}), NewInput(tty)
	in.join = 10 * time.Second // however slow this machine is
	p := tea.NewProgram(pager{seen: seen}, tea.WithOutput(o), tea.WithInput(in),
		tea.WithAltScreen(), tea.WithoutSignalHandler(), tea.WithFPS(120), tea.WithContext(t.Context()))
	ended := make(chan error, 1)
	go func() { _, err := p.Run(); ended <- err }()
	expect := func(want string) {
		t.Helper()
		if got := <-seen; got != want {
			t.Errorf("the program saw %q, want %q", got, want)
		}
	}
	expect("size 40")

	rnd := rand.New(rand.NewPCG(1, 1))
	top := 0
	for range 200 {
		d := rnd.IntN(9) - 2
		top += d
		p.Send(scrollMsg(d))
	}
	await(t, "the last frame", screenIs(pager{width: 40, height: 12, top: top}))

	// A key that the network splits, and one that it does not.
	io.WriteString(emulator, "\x1b")
	awaitEmpty(t, tty)
	io.WriteString(emulator, "[5~")
	expect("pgup")
	io.WriteString(emulator, "\x0c")
	expect("ctrl+l")
	io.WriteString(emulator, "p")
	expect("p")
	await(t, "the screen after it was cleared, left and entered", screenIs(pager{width: 40, height: 12, top: top}))

	mu.Lock()
	tee.resize(60, 9)
	mu.Unlock()
	if err := pty.Setsize(tty, &pty.Winsize{Cols: 60, Rows: 9}); err != nil {
		t.Fatal(err)
	}
	p.Send(tea.WindowSizeMsg{Width: 60, Height: 9}) // what SIGWINCH does in the foreground
	expect("size 60")
	p.Send(scrollMsg(3))
	await(t, "the screen after a resize", screenIs(pager{width: 60, height: 9, top: top + 3}))

	io.WriteString(emulator, "q")
	expect("q")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; bytes.Contains(stacks, []byte("readLoop")) {
		t.Error("the read was not cancelled")
	}
	if !o.Finish(time.Minute) {
		t.Error("not finished")
	}
	tty.Close()
	readers.Wait()
	if tee.vt.IsAltScreen() {
		t.Error("the alternate screen is still on")
	}
}

// TestOutput_stalledUnderBubbleTea quits a program whose terminal takes
// nothing: it must end all the same.
func TestOutput_stalledUnderBubbleTea(t *testing.T) {
	_, tty := openPty(t, 200, 50)
	seen := make(chan string, 64)
	o := NewOutput(tty, Options{})
	p := tea.NewProgram(pager{seen: seen}, tea.WithOutput(o), tea.WithInput(NewInput(tty)),
		tea.WithAltScreen(), tea.WithoutSignalHandler(), tea.WithFPS(120))
	go func() {
		<-seen
		fmt.Fprint(o, strings.Repeat("y", maxControl-1000)) // fills the pty
		for i := range 20 {
			p.Send(scrollMsg(i))
		}
		p.Quit()
	}()
	if _, err := p.Run(); err != nil {
		t.Error(err)
	}
	if o.Finish(20 * time.Millisecond) {
		t.Error("finished, though nobody reads")
	}
}

// await waits until is says so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !is() {
		if ctx.Err() != nil {
			t.Fatalf("%s never came", what)
		}
		runtime.Gosched()
	}
}

// awaitEmpty waits until everything that was typed has been read.
func awaitEmpty(t *testing.T, tty *os.File) {
	t.Helper()
	await(t, "the reader", func() bool {
		n, err := unix.IoctlGetInt(int(descriptor(tty)), unix.TIOCINQ)
		return err == nil && n == 0
	})
}

func TestInput_joinsWhatTheNetworkSplit(t *testing.T) {
	for _, parts := range [][]string{
		{"\x1b", "[A"}, {"\x1b[", "A"}, {"\x1b[5", "~"}, {"\x1bO", "P"}, {"\x1b[<0;10", ";20M"}, {"\x1b[M", "!!!"},
		{"\x1b[[", "A"}, {"jjj\x1b", "[", "1;5", "C"}, {"\xe4", "\xb8", "\x96"}, {"\x1b]11;rgb:0", "\a"}, {"q"}, {"\x1b[A"}, {"\x1b]11;x\x1b\\"},
	} {
		t.Run(fmt.Sprintf("%q", parts), func(t *testing.T) {
			emulator, tty := openPty(t, 80, 24)
			raw(t, tty)
			in := NewInput(tty)
			in.join = 10 * time.Second // however slow this machine is
			got := make(chan string, 1)
			go func() {
				buf := make([]byte, 256)
				n, _ := in.Read(buf)
				got <- string(buf[:n])
			}()
			for _, part := range parts {
				io.WriteString(emulator, part)
				awaitEmpty(t, tty)
			}
			if s := <-got; s != strings.Join(parts, "") {
				t.Errorf("read %q", s)
			}
		})
	}
}

func TestInput_escapeAloneComesSoon(t *testing.T) {
	emulator, tty := openPty(t, 80, 24)
	raw(t, tty)
	io.WriteString(emulator, "\x1b")
	buf := make([]byte, 256)
	began := time.Now()
	n, err := NewInput(tty).Read(buf)
	if string(buf[:n]) != "\x1b" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if took := time.Since(began); took < joinTime/2 || took > 10*joinTime {
		t.Errorf("after %v", took)
	}
}

func TestInput_aFullBufferIsNotWaitedFor(t *testing.T) {
	emulator, tty := openPty(t, 80, 24)
	raw(t, tty)
	io.WriteString(emulator, "abc\x1b[A")
	in, buf := NewInput(tty), make([]byte, 4)
	for _, want := range []string{"abc\x1b", "[A"} {
		if n, err := in.Read(buf); string(buf[:n]) != want || err != nil {
			t.Errorf("%q, %v; want %q", buf[:n], err, want)
		}
	}
}
