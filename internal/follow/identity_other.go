//go:build !linux && !windows

package follow

import (
	"io/fs"
	"os"
	"syscall"
)

// fileMeta asks the system about an open file.
func fileMeta(f *os.File) (meta, error) {
	fi, err := f.Stat()
	if err != nil {
		return meta{}, err
	}
	return infoMeta(fi), nil
}

func infoMeta(fi fs.FileInfo) meta {
	m := meta{size: fi.Size(), links: 1, mtime: fi.ModTime(), mode: fi.Mode().Type()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		m.id = identity{dev: uint64(st.Dev), ino: uint64(st.Ino), born: birth(st)}
		m.links = uint64(st.Nlink)
	}
	return m
}
