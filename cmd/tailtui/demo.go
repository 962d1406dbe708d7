package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// demoLog is the name of the log that --demo makes.
const demoLog = "demo.log"

// demo writes a log as a busy service would, so that everything the screen can
// tell is seen within half a minute: bursts, silence, a rotation. It owns a
// temporary directory, which Close removes.
type demo struct {
	dir  string
	file *os.File
	rng  *rand.Rand
	n    int // requests so far
}

func newDemo() (*demo, error) {
	dir, err := os.MkdirTemp("", "tailtui-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the demo: %w", err)
	}
	d := &demo{dir: dir, rng: rand.New(rand.NewPCG(uint64(os.Getpid()), 1))}
	if err := d.create(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := d.write(60); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *demo) path() string { return filepath.Join(d.dir, demoLog) }

// Close removes everything the demo made.
func (d *demo) Close() error {
	d.file.Close()
	return os.RemoveAll(d.dir)
}

// run writes until ctx ends: a burst, a silence that is long enough to be shown
// as one, a burst, a rotation, and again.
func (d *demo) run(ctx context.Context) error {
	for {
		if err := d.burst(ctx, 6*time.Second); err != nil {
			return err
		}
		if !pause(ctx, 8*time.Second) {
			return nil
		}
		if err := d.burst(ctx, 3*time.Second); err != nil {
			return err
		}
		if err := d.rotate(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// burst writes for about so long, between one and nine lines at a time.
func (d *demo) burst(ctx context.Context, length time.Duration) error {
	for end := time.Now().Add(length); time.Now().Before(end); {
		if !pause(ctx, time.Duration(40+d.rng.IntN(160))*time.Millisecond) {
			return nil
		}
		if err := d.write(1 + d.rng.IntN(9)); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *demo) create() (err error) {
	d.file, err = os.OpenFile(d.path(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return err
}

// rotate does what logrotate does with "create".
func (d *demo) rotate() error {
	if err := os.Rename(d.path(), d.path()+".1"); err != nil {
		return err
	}
	d.file.Close()
	return d.create()
}

func (d *demo) write(lines int) error {
	w := bufio.NewWriter(d.file)
	for range lines {
		d.n++
		fmt.Fprintln(w, d.line(time.Now()))
	}
	return w.Flush()
}

func (d *demo) line(now time.Time) string {
	stamp := now.Format("2006-01-02T15:04:05.000Z07:00")
	paths := []string{"/api/users", "/api/orders/8812", "/login", "/static/app.css", "/api/search?q=bubbles", "/healthz"}
	path := paths[d.rng.IntN(len(paths))]
	took := 1 + int(d.rng.ExpFloat64()*20)
	switch p := d.rng.IntN(100); {
	case p < 3:
		return fmt.Sprintf("%s \x1b[31mERROR\x1b[0m request=%d path=%s upstream timed out after 2000ms", stamp, d.n, path)
	case p < 10:
		return fmt.Sprintf("%s \x1b[33mWARN\x1b[0m  request=%d path=%s slow: took=%dms", stamp, d.n, path, took*30)
	case p < 14:
		return fmt.Sprintf(`{"time":%q,"level":"info","msg":"order placed","order":%d,"items":%d}`, stamp, 8000+d.n, 1+d.rng.IntN(5))
	}
	return fmt.Sprintf("%s INFO  request=%d path=%s status=200 took=%dms", stamp, d.n, path, took)
}
