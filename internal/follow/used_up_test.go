package follow

import "os"

// usedUpEnv tells a process that it was started where none of these is left: "instances" or
// "watches".
const usedUpEnv = "FOLLOW_TEST_INOTIFY_USED_UP"

// inotifyUsedUp reports that this process was started where no inotify is left for it.
func inotifyUsedUp() bool {
	left := os.Getenv(usedUpEnv)
	return left == "instances" || left == "watches"
}
