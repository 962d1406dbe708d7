package follow

import "syscall"

// birth is when a file was made, in nanoseconds.
func birth(st *syscall.Stat_t) int64 { return st.Birthtimespec.Nano() }
