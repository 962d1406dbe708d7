//go:build !unix

package termio

import (
	"os"
	"time"
)

// awaitReadable says no: here a read cannot be waited for.
func awaitReadable(*os.File, time.Duration) bool { return false }
