package follow

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// fileMeta asks the system about an open file.
func fileMeta(f *os.File) (meta, error) {
	fi, err := f.Stat()
	if err != nil {
		return meta{}, err
	}
	m := infoMeta(fi)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return meta{}, err
	}
	m.id = identity{
		dev:  uint64(info.VolumeSerialNumber),
		ino:  uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow),
		born: info.CreationTime.Nanoseconds(),
	}
	m.links = uint64(info.NumberOfLinks)
	return m, nil
}

// infoMeta knows no identity: only an open file tells it here.
func infoMeta(fi fs.FileInfo) meta {
	return meta{size: fi.Size(), links: 1, mtime: fi.ModTime(), mode: fi.Mode().Type()}
}
