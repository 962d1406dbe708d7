package follow

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watcherName is what Health calls the watcher of this system.
const watcherName = "inotify"

// locate finds what name leads to below r. The file comes as an O_PATH descriptor,
// with which nothing can be read and nothing happens to a FIFO or a device.
func locate(r *os.Root, name string) (*os.File, found, error) {
	for range maxLinks {
		// os.Root follows symlinks in all parts but the last: for that one O_PATH
		// gives the symlink itself.
		f, err := r.OpenFile(name, unix.O_PATH, 0)
		if err != nil {
			return nil, found{}, err
		}
		m, err := fileMeta(f)
		if err != nil {
			f.Close()
			return nil, found{}, err
		}
		if m.mode&fs.ModeSymlink == 0 {
			return f, found{meta: m, name: name}, nil
		}
		f.Close()
		target, err := r.Readlink(name)
		if err != nil {
			return nil, found{}, err
		}
		if path.IsAbs(target) {
			return nil, found{}, &Refusal{Why: WhyDenied, Detail: "an absolute symlink leads out of the root"}
		}
		// Cleaning would take "x/.." for nothing even where x is a symlink.
		name = path.Dir(name) + "/" + target
	}
	return nil, found{}, syscall.ELOOP
}

// stat finds what name leads to below r, and opens nothing.
func stat(r *os.Root, name string) (found, error) {
	f, at, err := locate(r, name)
	if err != nil {
		return found{}, err
	}
	return at, f.Close()
}

// open opens the regular file that name leads to below r for reading. It is
// decided on the O_PATH descriptor whether it may be opened, and that very file is
// opened then, whatever has the name by now.
func open(r *os.Root, name string) (*os.File, found, error) {
	p, at, err := locate(r, name)
	if err != nil {
		return nil, found{}, err
	}
	defer p.Close()
	if err := at.refusal(); err != nil {
		return nil, at, err
	}
	f, err := os.Open("/proc/self/fd/" + strconv.Itoa(int(p.Fd())))
	if isAbsent(err) { // there is no procfs here
		f, err = r.OpenFile(at.name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, at, err
	}
	m, err := fileMeta(f)
	if err == nil && m.id != at.id {
		err = fmt.Errorf("%w: it was replaced while it was opened", fs.ErrNotExist)
	}
	if err != nil {
		f.Close()
		return nil, at, err
	}
	at.meta = m
	return f, at, nil
}

// fileMeta asks the system about an open file.
func fileMeta(f *os.File) (meta, error) {
	fd := int(f.Fd())
	m, blocks, err := statx(fd, "", unix.AT_EMPTY_PATH)
	// Only a file without blocks can be made up; asking costs a system call.
	if err == nil && blocks == 0 && m.mode.IsRegular() {
		m.pseudo = isPseudo(fd)
	}
	return m, err
}

// glance asks the system about what has a name below dir, wherever symlinks lead.
func glance(dir *os.File, name string) (meta, error) {
	m, _, err := statx(int(dir.Fd()), name, 0)
	return m, err
}

func statx(fd int, name string, flags int) (m meta, blocks uint64, err error) {
	var x unix.Statx_t
	const want = unix.STATX_BASIC_STATS | unix.STATX_BTIME
	if err := unix.Statx(fd, name, flags, want, &x); err != nil {
		return meta{}, 0, fmt.Errorf("statx: %w", err)
	}
	m = meta{
		id:    identity{dev: unix.Mkdev(x.Dev_major, x.Dev_minor), ino: x.Ino},
		size:  int64(x.Size),
		links: uint64(x.Nlink),
		mtime: time.Unix(x.Mtime.Sec, int64(x.Mtime.Nsec)),
		ctime: time.Unix(x.Ctime.Sec, int64(x.Ctime.Nsec)),
		mode:  fileType(x.Mode),
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		m.id.born = x.Btime.Sec*int64(time.Second) + int64(x.Btime.Nsec)
	}
	return m, x.Blocks, nil
}

func fileType(mode uint16) fs.FileMode {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 0
	case unix.S_IFDIR:
		return fs.ModeDir
	case unix.S_IFLNK:
		return fs.ModeSymlink
	case unix.S_IFIFO:
		return fs.ModeNamedPipe
	case unix.S_IFSOCK:
		return fs.ModeSocket
	case unix.S_IFCHR:
		return fs.ModeDevice | fs.ModeCharDevice
	case unix.S_IFBLK:
		return fs.ModeDevice
	}
	return fs.ModeIrregular
}

// isPseudo reports that fd is in a file system whose files have no stored content.
func isPseudo(fd int) bool {
	var s unix.Statfs_t
	if unix.Fstatfs(fd, &s) != nil {
		return false
	}
	switch int64(s.Type) {
	case unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.DEVPTS_SUPER_MAGIC, unix.DEBUGFS_MAGIC,
		unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC,
		unix.BPF_FS_MAGIC, unix.NSFS_MAGIC, unix.SELINUX_MAGIC, unix.EFIVARFS_MAGIC, unix.PSTOREFS_MAGIC:
		return true
	}
	return false
}

// refuseRoot says why the directory dir cannot be a root, nil when it can.
func refuseRoot(dir *os.File) error {
	if isPseudo(int(dir.Fd())) {
		return &Refusal{Why: WhyNotRegular, Detail: "the files there have no stored content"}
	}
	// devtmpfs answers statfs as any tmpfs does, but has a device number of its own.
	var here, dev, top unix.Stat_t
	if unix.Fstat(int(dir.Fd()), &here) != nil || unix.Stat("/dev", &dev) != nil || unix.Stat("/", &top) != nil {
		return nil
	}
	if here.Dev == dev.Dev && dev.Dev != top.Dev {
		return &Refusal{Why: WhyNotRegular, Detail: "it is a directory of devices"}
	}
	return nil
}

// silentFS names the file system of f when its changes are made by other machines
// or processes, of which inotify hears nothing; "" for all others.
func silentFS(f *os.File) string {
	var s unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &s) != nil {
		return ""
	}
	switch int64(s.Type) & 0xffffffff {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.FUSE_SUPER_MAGIC:
		return "FUSE"
	case unix.V9FS_MAGIC:
		return "9p"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "SMB"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS"
	}
	return ""
}
