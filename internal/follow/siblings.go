package follow

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// sibling is a file that has been, is, or could be a generation of a log.
type sibling struct {
	found
	suffix suffix
	kin    string // the name that it was listed for
	live   bool   // it has the log's name
}

// suffix is what rotators add to a log's name.
type suffix struct {
	text  string // "" for the name itself
	style style
}

// style is how one rotator names files.
type style struct {
	kind  kindOfSuffix
	inner bool // before the extension
}

type kindOfSuffix int

const (
	number kindOfSuffix = iota // as a rule the larger the earlier
	dated                      // the larger the later
	word
)

// packings are ways of packing a rotated file. What is packed has another content and another
// birth time: it is history, never a generation to read on from.
var packings = []string{".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".lzo", ".br", ".Z", ".zip"}

// maxSiblings bounds how many files of one directory are looked at as siblings of
// one log: nobody keeps more, and somebody may have put them there.
const maxSiblings = 4096

// suffixOf reports whether name is base itself or base as a rotator renames it:
// "app.log.1", "app.log-20261122", "app.log.2026-11-22T10-00-00", "app.log.old",
// and with the suffix before the extension "app.1.log", "app-20261122.log".
func suffixOf(base, name string) (suffix, bool) {
	if name == base {
		return suffix{}, true
	}
	for _, ext := range packings {
		if strings.HasSuffix(name, ext) {
			return suffix{}, false
		}
	}
	if middle, ok := strings.CutPrefix(name, base); ok {
		return parseSuffix(middle)
	}
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if ext == "" || stem == "" {
		return suffix{}, false
	}
	rest, ok := strings.CutPrefix(name, stem)
	if !ok {
		return suffix{}, false
	}
	middle, ok := strings.CutSuffix(rest, ext)
	if !ok {
		return suffix{}, false
	}
	m, ok := parseSuffix(middle)
	m.style.inner = true
	return m, ok
}

// dateDigits is how many digits a suffix has at least that is a date and no number.
const dateDigits = 6

func parseSuffix(middle string) (suffix, bool) {
	if len(middle) < 2 || !strings.ContainsRune(".-_", rune(middle[0])) {
		return suffix{}, false
	}
	text := middle[1:]
	switch text {
	case "old", "prev", "last", "bak":
		return suffix{text: "1", style: style{kind: word}}, true
	}
	digits := 0
	for _, c := range []byte(text) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case strings.IndexByte("-_.:TZ+", c) < 0:
			return suffix{}, false
		}
	}
	m := suffix{text: text}
	if digits >= dateDigits {
		m.style.kind = dated
	}
	return m, digits > 0
}

// compare orders suffixes from the earliest generation to the latest.
func (m suffix) compare(o suffix) int {
	switch {
	case m.text == "" || o.text == "":
		return cmp.Compare(len(o.text), len(m.text)) // the name itself is the latest
	case m.style.kind == dated && o.style.kind == dated:
		return cmp.Compare(m.text, o.text)
	case m.style.kind != dated && o.style.kind != dated:
		return cmp.Or(cmp.Compare(len(o.text), len(m.text)), cmp.Compare(o.text, m.text))
	}
	return cmp.Compare(m.text, o.text)
}

// unsuffix is the name that a dated name was made from, "app.log" for
// "app-20261122.log": what a symlink names today is a sibling of what it named before.
func unsuffix(base string) string {
	ext := path.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	for i := range stem {
		if i > 0 && strings.IndexByte(".-_", stem[i]) >= 0 {
			if _, ok := parseSuffix(stem[i:]); ok {
				return stem[:i] + ext
			}
		}
	}
	return base
}

// maxListings bounds how often a directory is listed until two listings agree. More
// are only needed while a rotator is at work there.
const maxListings = 10

// siblings lists the files that the log called name has been or may have been, each
// once, from the earliest birth to the latest, equal ones by their suffixes. live is
// the file that has the name, zero if none does; what got the name after live was
// found is left out. A file that is renamed while its directory is listed may be
// missed, so it is listed until nothing changes; the error is errMoved if that did not
// come, and the system's where it does not let the directory be listed.
func siblings(r *root, name string, live found) ([]sibling, error) {
	var last []sibling
	for i := range maxListings {
		files, err := listSiblings(r, name, live)
		if errors.Is(err, fs.ErrPermission) || isExhausted(err) {
			return files, err
		}
		if isAbsent(err) && live.id.zero() {
			err = nil // the log is not there, and neither is its directory
		}
		if i > 0 && err == nil && slices.EqualFunc(files, last, sameSibling) {
			return files, nil
		}
		last = files
	}
	return last, errMoved
}

func sameSibling(a, b sibling) bool { return a.id == b.id && a.suffix == b.suffix }

func listSiblings(r *root, name string, live found) ([]sibling, error) {
	out, err := siblingsOf(r, kinOf(name, live), false)
	out = slices.DeleteFunc(out, func(s sibling) bool { return s.suffix.text == "" && s.id != live.id })
	has := false
	for i := range out {
		out[i].live = out[i].id == live.id
		has = has || out[i].live
	}
	if !has && !live.id.zero() {
		out = append(out, sibling{found: live, live: true})
	}
	slices.SortStableFunc(out, func(a, b sibling) int {
		return cmp.Or(cmp.Compare(a.id.born, b.id.born), a.suffix.compare(b.suffix))
	})
	// Of hard links, and of a symlink and what it names, the older name is kept: it tells
	// more about the order.
	seen := make(map[identity]bool)
	return slices.DeleteFunc(out, func(s sibling) bool {
		twice := seen[s.id]
		seen[s.id] = true
		return twice
	}), err
}

// kinOf are the names beside which a log's siblings are: its own, and what that names if
// it is a symlink. live is what has the log's name.
func kinOf(name string, live found) []string {
	if live.name == "" || path.Clean(live.name) == name {
		return []string{name}
	}
	dir, base := path.Split(live.name)
	return []string{name, dir + unsuffix(base)}
}

// siblingsOf lists the siblings of kin, the packed ones or the others.
func siblingsOf(r *root, kin []string, packed bool) (out []sibling, err error) {
	for _, name := range kin {
		more, moreErr := siblingsIn(r, name, packed)
		out, err = append(out, more...), cmp.Or(err, moreErr)
	}
	return out, err
}

// siblingsIn lists the siblings of name in its directory, the packed ones or the others.
func siblingsIn(r *root, name string, packed bool) (out []sibling, err error) {
	dir, base := path.Split(name)
	d, closeDir, err := r.openDir(path.Clean("./" + dir))
	if err != nil {
		return nil, err
	}
	defer closeDir()
	for len(out) < maxSiblings {
		names, err := d.Readdirnames(256)
		for _, n := range names {
			unpacked := n
			if packed {
				unpacked = strings.TrimSuffix(n, inflatable)
			}
			s, ok := suffixOf(base, unpacked)
			if !ok || packed == (unpacked == n) {
				continue
			}
			switch at, err := r.stat(dir + n); {
			case isExhausted(err):
				return out, err
			case err == nil && at.refusal() == nil:
				out = append(out, sibling{found: at, suffix: s, kin: name})
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// inflatable is the one way of packing that can be read again.
const inflatable = ".gz"

// packedSiblings lists the log's siblings that were packed, the earliest first, as their
// names tell: their births are those of the packing. One that is being packed right now
// is left out, since its original is still there.
func packedSiblings(r *root, name string, live found) ([]sibling, error) {
	out, err := siblingsOf(r, kinOf(name, live), true) // history is what there is
	out = slices.DeleteFunc(out, func(s sibling) bool {
		_, statErr := r.stat(strings.TrimSuffix(s.name, inflatable))
		if isExhausted(statErr) {
			err = statErr
		}
		return statErr == nil
	})
	slices.SortStableFunc(out, func(a, b sibling) int { return a.suffix.compare(b.suffix) })
	return slices.CompactFunc(out, func(a, b sibling) bool { return a.id == b.id }), err
}
