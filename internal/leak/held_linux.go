package leak

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Of gives what the process with this id holds, by /proc. It fails where there is
// no such process, or it is another user's.
func Of(pid int) (Held, error) {
	proc := procOf(pid)
	entries, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return Held{}, err
	}
	h := Held{pid: pid}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			return Held{}, err
		}
		path, err := os.Readlink(filepath.Join(proc, "fd", e.Name()))
		if err != nil {
			continue // closed meanwhile, as is the one that the list was read through
		}
		h.Descriptors = append(h.Descriptors, Descriptor{FD: fd, Path: path})
		if path == "anon_inode:inotify" {
			h.Watches = append(h.Watches, watches(proc, fd)...)
		}
	}
	slices.SortFunc(h.Descriptors, func(a, b Descriptor) int { return a.FD - b.FD })
	return h, nil
}

func procOf(pid int) string { return filepath.Join("/proc", strconv.Itoa(pid)) }

// watches are those of one inotify instance.
func watches(proc string, fd int) (all []Watch) {
	info, err := os.ReadFile(filepath.Join(proc, "fdinfo", strconv.Itoa(fd)))
	if err != nil {
		return nil // closed meanwhile
	}
	for line := range strings.Lines(string(info)) {
		var wd int
		var inode, device string
		if n, _ := fmt.Sscanf(line, "inotify wd:%x %s %s", &wd, &inode, &device); n == 3 {
			all = append(all, Watch{FD: fd, WD: wd, Inode: inode + " " + device})
		}
	}
	return all
}

// tcpStates are the kernel's names of a socket's states, which it prints as numbers.
var tcpStates = [...]string{
	1: "ESTABLISHED", 2: "SYN-SENT", 3: "SYN-RECV", 4: "FIN-WAIT-1", 5: "FIN-WAIT-2", 6: "TIME-WAIT",
	7: "CLOSE", 8: "CLOSE-WAIT", 9: "LAST-ACK", 10: "LISTEN", 11: "CLOSING",
}

// connections are the TCP sockets of the process's network namespace: their ends
// and state, by where a descriptor of them leads. They make a message clearer and decide nothing: what cannot
// be read is left out.
func connections(pid int) map[string]string {
	all := map[string]string{}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(filepath.Join(procOf(pid), "net", table))
		if err != nil {
			continue
		}
		rows := bufio.NewScanner(bytes.NewReader(text))
		rows.Scan() // the heading
		for rows.Scan() {
			// sl local rem st tx:rx tr:when retrnsmt uid timeout inode
			f := strings.Fields(rows.Text())
			if len(f) < 10 {
				continue
			}
			state := f[3]
			if n, err := strconv.ParseUint(state, 16, 8); err == nil && int(n) < len(tcpStates) {
				state = tcpStates[n]
			}
			all["socket:["+f[9]+"]"] = fmt.Sprintf("%s <- %s %s", end(f[1]), end(f[2]), state)
		}
	}
	return all
}

// end reads an address and port as the kernel prints them: words of the address in
// hex, their bytes in the machine's order, which is little endian wherever this is run.
func end(s string) string {
	address, port, ok := strings.Cut(s, ":")
	b, err := hex.DecodeString(address)
	n, perr := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || perr != nil || len(b)%4 != 0 {
		return s
	}
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	ip, ok := netip.AddrFromSlice(b)
	if !ok {
		return s
	}
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)).String()
}
