package follow

import (
	"os"
	"strings"
	"testing"
)

// holding counts what the process holds of the system.
type holding struct{ files, watches int }

func held(t testing.TB) (h holding) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for _, fd := range fds {
		h.files++
		info, err := os.ReadFile("/proc/self/fdinfo/" + fd.Name())
		if err == nil {
			h.watches += strings.Count(string(info), "inotify wd:")
		}
	}
	return h
}
