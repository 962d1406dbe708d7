package follow

import (
	"encoding/binary"
	"io/fs"
	"time"
)

// identity says which file it is. A number alone does not: ext4 gives an inode
// number out again at once, so the birth time belongs to it.
type identity struct {
	dev, ino uint64
	born     int64 // nanoseconds since 1970; 0 where the file system does not tell
}

// zero reports that this is no file's identity.
func (id identity) zero() bool { return id == identity{} }

// sameFile compares what stays the same when the machine starts again or the file
// system is mounted elsewhere; the device number does not.
func (id identity) sameFile(other identity) bool {
	return id.ino == other.ino && id.born == other.born
}

// tag is a text for the identity together with the head of the content.
func (id identity) tag(head []byte) string {
	b := make([]byte, 0, 32+overlap)
	b = binary.BigEndian.AppendUint64(b, id.dev)
	b = binary.BigEndian.AppendUint64(b, id.ino)
	b = binary.BigEndian.AppendUint64(b, uint64(id.born))
	h := digest(append(b, head...))
	const hex = "0123456789abcdef"
	out := make([]byte, 0, 2*len(h))
	for _, c := range h {
		out = append(out, hex[c>>4], hex[c&15])
	}
	return string(out)
}

// meta is what the system says about a file.
type meta struct {
	id     identity
	size   int64
	links  uint64 // names that the file has; 0 once the last is removed
	mtime  time.Time
	ctime  time.Time   // of the last change of anything; zero where the system does not tell
	mode   fs.FileMode // its type
	pseudo bool        // in procfs, sysfs or their like: its content is made up when it is read
}

// found is what a name below a root led to.
type found struct {
	meta
	name string // below the root, with symlinks in its last part resolved
}

// refusal is why the file cannot be a log, nil when it can.
func (m meta) refusal() error {
	switch {
	case m.mode.IsDir():
		return &Refusal{Why: WhyDirectory}
	case m.mode&fs.ModeNamedPipe != 0:
		return &Refusal{Why: WhyNotRegular, Detail: "it is a FIFO"}
	case m.mode&fs.ModeSocket != 0:
		return &Refusal{Why: WhyNotRegular, Detail: "it is a socket"}
	case m.mode&fs.ModeDevice != 0:
		return &Refusal{Why: WhyNotRegular, Detail: "it is a device"}
	case !m.mode.IsRegular():
		return &Refusal{Why: WhyNotRegular, Detail: "it is of type " + m.mode.Type().String()}
	case m.pseudo:
		return &Refusal{Why: WhyNotRegular, Detail: "its file system makes its content up"}
	}
	return nil
}
