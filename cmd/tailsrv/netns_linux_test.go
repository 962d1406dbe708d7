package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace without a name: the kernel takes it down, with
// the links in it, when the last descriptor, socket and process of it is gone, so
// that nothing is left behind however the tests end. The nil namespace is that of
// the tests.
type namespace struct{ file *os.File }

// namespacesLack says what is missing to make namespaces and links in them; "" if
// nothing is.
func namespacesLack() string {
	if _, err := exec.LookPath("ip"); err != nil {
		return "network namespaces need the command ip (Debian: iproute2)"
	}
	ns, err := makeNamespace()
	if err != nil {
		return fmt.Sprintf("network namespaces need root (CAP_SYS_ADMIN): %v", err)
	}
	ns.file.Close()
	return ""
}

// newNamespace makes a namespace with nothing but loopback in it, for the time of
// the test.
func newNamespace(t testing.TB) *namespace {
	t.Helper()
	ns, err := makeNamespace()
	must(t, err)
	t.Cleanup(func() { ns.file.Close() })
	must(t, ns.ip("link", "set", "lo", "up"))
	return ns
}

func makeNamespace() (ns *namespace, err error) {
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare(CLONE_NEWNET)", err)
		}
		file, err := os.Open("/proc/thread-self/ns/net")
		ns = &namespace{file}
		return err
	})
	return ns, err
}

// onThread runs f on a thread that runs nothing else and ends with it: what f does
// to the thread is undone by that.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		done <- f()
	}()
	return <-done
}

// do runs f in the namespace: sockets that f opens itself and processes that it
// starts are there. What f starts as goroutines is not.
func (ns *namespace) do(f func() error) error {
	if ns == nil {
		return f()
	}
	return onThread(func() error {
		if err := unix.Setns(int(ns.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("setns", err)
		}
		return f()
	})
}

// start starts cmd in the namespace.
func (ns *namespace) start(cmd *exec.Cmd) error { return ns.do(cmd.Start) }

// ip runs the command ip in the namespace.
func (ns *namespace) ip(args ...string) error {
	return ns.do(func() error {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %q: %w: %s", args, err, out)
		}
		return nil
	})
}

// link joins two namespaces with a cable: its end in ns has the name and address
// (with its mask's length) given, the other end the second ones.
func (ns *namespace) link(t testing.TB, name, address string, other *namespace, otherName, otherAddress string) {
	t.Helper()
	there := fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), other.file.Fd())
	must(t, ns.ip("link", "add", name, "type", "veth", "peer", "name", otherName, "netns", there))
	must(t, ns.ip("address", "add", address, "dev", name))
	must(t, ns.ip("link", "set", name, "up"))
	must(t, other.ip("address", "add", otherAddress, "dev", otherName))
	must(t, other.ip("link", "set", otherName, "up"))
}

// forward lets the namespace pass on packets, or drop without a word all that are
// not its own.
func (ns *namespace) forward(on bool) error {
	value := "0"
	if on {
		value = "1"
	}
	return ns.do(func() error { // /proc/sys/net is the calling thread's namespace
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte(value), 0)
	})
}
