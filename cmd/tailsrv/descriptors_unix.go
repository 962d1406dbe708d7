//go:build unix

package main

import "syscall"

// descriptorLimit is how many descriptors this process may have open, 0 where
// nobody says. Go has raised the soft limit to the hard one before main began.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	const enough = 1 << 24 // more is no limit, and may not fit an int
	if n := uint64(limit.Cur); n < enough {
		return int(n)
	}
	return 0
}
