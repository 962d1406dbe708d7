// Package leak holds tests to giving back what they took. It compares
// goroutines, open descriptors and inotify watches with what there was before,
// waits with patience for what ends on its own, and then tells exactly what is
// left. Only tests import it.
//
// [Check] is for one test and what it runs in its own process, [Main] for all
// tests of a package together, and [Of] for another process, such as a server
// that a test has started.
//
// A process has its descriptors and goroutines in common for all of its tests:
// while tests run side by side nobody can say whose they are. What parallel tests
// leave behind is therefore found by Main alone, when the last of them is done.
//
// Descriptors and watches are known on Linux; elsewhere goroutines alone are
// compared.
package leak

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long is waited for what ends on its own: a connection that
// net/http closes after its handler has returned, a watch that the last follower
// has just given up. It is no bound of anything. A duration in the environment
// variable LEAK_PATIENCE replaces it.
func patience() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("LEAK_PATIENCE")); err == nil {
		return d
	}
	return 10 * time.Second
}

// await asks what is left, less and less often, until it is nothing or patience is at
// an end: nobody announces a closed descriptor.
func await(left func() string) error {
	limit := patience()
	late := time.After(limit)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		still := left()
		if still == "" {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-late:
			return fmt.Errorf("left behind after %v:\n%s", limit, still)
		}
	}
}

// checked is the environment variable in which Check notes whose test it checks.
// To set it is what the testing package allows in no parallel test, nor any test
// in which it was set to become one.
const checked = "LEAK_CHECKED_TEST"

// Check fails t unless at its end, after all cleanups that are registered later,
// goroutines, descriptors and watches of this process are those there are now.
//
// Called again within the same test or a subtest of it, it does nothing: what they
// took may be the outer test's to give back. In a parallel test, and in a subtest
// of one, it does nothing either (see the package documentation), so that a kit
// that serves both kinds may call it always.
func Check(t testing.TB) {
	t.Helper()
	outer := os.Getenv(checked)
	if outer != "" && (t.Name() == outer || strings.HasPrefix(t.Name(), outer+"/")) {
		return
	}
	if !alone(t) {
		return
	}
	before := take()
	t.Cleanup(func() {
		t.Helper()
		if err := await(before.left); err != nil {
			t.Error(err)
		}
	})
}

// alone reports whether no other test runs beside t, and sees to it that this
// stays so.
func alone(t testing.TB) (is bool) {
	defer func() {
		if recover() != nil { // t, or a test that it is part of, is parallel
			is = false
		}
	}()
	t.Setenv(checked, t.Name())
	return true
}

// Main is a TestMain: it runs the tests of a package, and fails them all if they
// were well but have left something behind. Then it calls done, in order, and
// exits. What is there when it is called is not the tests' doing.
func Main(m *testing.M, done ...func()) {
	before := take()
	code := m.Run()
	if code == 0 {
		if err := await(before.left); err != nil {
			fmt.Fprintf(os.Stderr, "the tests of this package: %v", err)
			code = 1
		}
	}
	for _, f := range done {
		f()
	}
	os.Exit(code)
}

// baseline is what this process had at one time.
type baseline struct {
	held       Held
	goroutines goleak.Option // leaves out those that ran then
}

func take() baseline {
	warmUp()
	held, err := Of(os.Getpid())
	if err != nil {
		panic(fmt.Sprintf("leak: what this process holds: %v", err))
	}
	return baseline{held, goleak.IgnoreCurrent()}
}

// warmUp makes the runtime open what it keeps for good when it first waits for a
// descriptor.
func warmUp() {
	r, w, err := os.Pipe()
	if err != nil {
		return // the tests will say it better
	}
	r.Close()
	w.Close()
}

// left says what there is that was not there then; "" for nothing.
func (b baseline) left() string {
	var s strings.Builder
	now, err := Of(os.Getpid())
	if err != nil {
		fmt.Fprintf(&s, "what this process holds: %v\n", err)
	}
	s.WriteString(now.Beyond(b.held).String())
	if err := goleak.Find(b.goroutines); err != nil {
		fmt.Fprintln(&s, err)
	}
	return s.String()
}
