//go:build !linux

package follow

import "os"

// holeIn finds no holes: here they are read as NUL bytes.
func holeIn(*os.File, int64, int64) (begin, end int64, ok bool) { return 0, 0, false }
