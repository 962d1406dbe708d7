//go:build !linux

package server

import (
	"net"
	"time"
)

// setUserTimeout has no counterpart here: the package documentation says which
// bounds remain.
func setUserTimeout(*net.TCPConn, time.Duration) error { return nil }

func askKernel(*net.TCPConn) (connState, bool) { return connState{}, false }

func descriptor(*net.TCPConn) int { return -1 }

// hangups has nobody to ask here.
type hangups struct{}

func (*hangups) mark([]*stream) {}
