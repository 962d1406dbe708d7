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

// tcpStates are the names of that enumeration (include/net/tcp_states.h), as ss(8)
// and proc_net_tcp(5) have them.
var tcpStates = [...]string{
	1: "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait",
	"closed", "close-wait", "last-ack", "listen", "closing", "syn-recv",
}

func tcpState(n uint8) string {
	if int(n) < len(tcpStates) && n > 0 {
		return tcpStates[n]
	}
	return fmt.Sprintf("state %d", n)
}

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
	var queued int
	err := onSocket(c, func(fd int) (err error) {
		info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && (info.Unacked > 0 || info.Notsent_bytes > 0) {
			queued, err = unix.IoctlGetInt(fd, unix.SIOCOUTQ)
		}
		return err
	})
	if err != nil {
		return connState{}, false
	}
	return connState{
		name:    tcpState(info.State),
		closed:  info.State != tcpEstablished,
		rtt:     time.Duration(info.Rtt) * time.Microsecond,
		unacked: int64(queued),
		acked:   info.Bytes_acked,
		silent:  time.Duration(min(info.Last_ack_recv, info.Last_data_recv)) * time.Millisecond,
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

// descriptor is the number of a connection's descriptor, -1 if it has none any more.
func descriptor(c *net.TCPConn) int {
	number := -1
	_ = onSocket(c, func(fd int) error { number = fd; return nil })
	return number
}

// hangups finds out which of many connections may have ended: one question about all
// costs a tenth of one about each. A descriptor may have been closed meanwhile and its
// number be another connection's, so that who is marked is to be asked about.
type hangups struct{ polled []unix.PollFd } // reused

// mark sets hungUp of those streams whose connection may have ended; of all, if that
// cannot be told.
func (h *hangups) mark(streams []*stream) {
	h.polled = h.polled[:0]
	for _, st := range streams { // a number below 0 is passed over
		h.polled = append(h.polled, unix.PollFd{Fd: int32(st.fd), Events: unix.POLLRDHUP})
	}
	_, err := unix.Poll(h.polled, 0)
	for i, st := range streams {
		st.hungUp = err != nil || h.polled[i].Revents != 0
	}
}
