//go:build !unix

package main

// descriptorLimit is 0: Windows has handles, of which a process may have
// millions.
func descriptorLimit() int { return 0 }
