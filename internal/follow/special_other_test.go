//go:build !linux

package follow

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
func mknod(string) error  { return errors.ErrUnsupported }
