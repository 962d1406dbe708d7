package server

import (
	"fmt"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tcpEstablished is TCP_ESTABLISHED of the kernel's enumeration of states.
const tcpEstablished = 1

func setUserTimeout(c *net.TCPConn, d time.Duration) error {
	return onSocket(c, func(fd int) error {
		err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		if err != nil {
			return fmt.Errorf("set TCP_USER_TIMEOUT: %w", os.NewSyscallError("setsockopt", err))
		}
		return nil
	})
}

// askKernel reads TCP_INFO. Any state but ESTABLISHED means that the client's
// side is closed; a half-close counts, as it does for net/http.
func askKernel(c *net.TCPConn) (connState, bool) {
	var info *unix.TCPInfo
	err := onSocket(c, func(fd int) (err error) {
		info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	if err != nil {
		return connState{}, false
	}
	return connState{
		closed:  info.State != tcpEstablished,
		rtt:     time.Duration(info.Rtt) * time.Microsecond,
		waiting: info.Notsent_bytes > 0 || info.Unacked > 0,
		acked:   info.Bytes_acked,
		silent:  time.Duration(info.Last_ack_recv) * time.Millisecond,
	}, true
}

func onSocket(c *net.TCPConn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}
