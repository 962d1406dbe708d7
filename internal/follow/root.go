package follow

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Root is a directory below which logs are served, or one file.
type Root struct {
	Name string // first part of the names of its logs; "" leaves it out
	Path string // a directory; or a regular file, served under its base name
}

// reserved is the name that no root and no top directory's entry can have: the
// server's own routes are below it.
const reserved = "-"

// root is an opened Root.
type root struct {
	name string
	path string   // absolute, symlinks resolved: the directory that dir is
	dir  *os.Root // every opening goes through it
	self *os.File // the same directory
	only string   // the one file that is served; "" for all

	files *files // counts what is opened below it

	before func() // tests only: see step
}

func openRoot(r Root, files *files) (*root, error) {
	if r.Name != "" {
		if why := badPart(r.Name); why != "" || strings.Contains(r.Name, "/") || r.Name == reserved {
			return nil, fmt.Errorf("root %q: name %q cannot be part of a path", r.Path, r.Name)
		}
	}
	at, err := filepath.Abs(r.Path)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", r.Path, err)
	}
	fi, err := os.Stat(at)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", r.Path, err)
	}
	only := ""
	if !fi.IsDir() {
		// The directory is opened, not the file: its rotated siblings are there.
		at, only = filepath.Split(at)
	}
	if at, err = filepath.EvalSymlinks(at); err != nil {
		return nil, fmt.Errorf("root %q: %w", r.Path, err)
	}
	dir, err := os.OpenRoot(at)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", r.Path, err)
	}
	opened := &root{name: r.Name, path: at, dir: dir, only: only, files: files}
	if opened.self, err = dir.Open("."); err == nil {
		err = checkRoot(dir, opened.self, only)
	}
	if err != nil {
		opened.close()
		return nil, fmt.Errorf("root %q: %w", r.Path, err)
	}
	return opened, nil
}

func (r *root) close() error {
	err := r.dir.Close()
	if r.self != nil {
		err = errors.Join(err, r.self.Close())
	}
	return err
}

func checkRoot(dir *os.Root, self *os.File, only string) error {
	if err := refuseRoot(self); err != nil {
		return refuse(dir.Name(), err)
	}
	if only == "" {
		return nil
	}
	at, err := stat(dir, only)
	if err == nil {
		err = at.refusal()
	}
	if err != nil {
		return refuse(only, err)
	}
	return nil
}

// badPart says why part cannot be a part of a name, "" when it can.
func badPart(part string) string {
	switch {
	case part == "":
		return "a part of it is empty"
	case part == ".", part == "..":
		return "a part of it is " + part
	case strings.ContainsRune(part, 0):
		return "it contains NUL"
	case strings.ContainsRune(part, '\\'):
		return "it contains a backslash"
	case !filepath.IsLocal(part):
		return "this system reserves a part of it"
	}
	return ""
}

// checkName refuses names that no log or directory of ours can have. It decides on
// the text alone.
func checkName(name string, hidden bool) error {
	if name == "" {
		return &Refusal{Name: name, Why: WhyBadName, Detail: "it is empty"}
	}
	if strings.HasSuffix(name, "/") {
		return &Refusal{Name: name, Why: WhyBadName, Detail: "it ends in a slash"}
	}
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if why := badPart(part); why != "" {
			return &Refusal{Name: name, Why: WhyBadName, Detail: why}
		}
	}
	if parts[0] == reserved {
		return &Refusal{Name: name, Why: WhyBadName, Detail: `"-" is reserved`}
	}
	if !hidden && slices.ContainsFunc(parts, isHidden) {
		return &Refusal{Name: name, Why: WhyHidden}
	}
	return nil
}

func isHidden(part string) bool { return strings.HasPrefix(part, ".") }

// resolve finds the root that serves name, and the log's name below it. A named
// root hides what an unnamed one has under the same name.
func (l *Logs) resolve(name string) (*root, string, error) {
	if err := checkName(name, l.opt.Hidden); err != nil {
		return nil, "", err
	}
	first, rest, deeper := strings.Cut(name, "/")
	known := false
	for _, r := range l.roots {
		if r.name == "" || r.name != first {
			continue
		}
		known = true
		if deeper && (r.only == "" || r.only == rest) {
			return r, rest, nil
		}
	}
	if known && !deeper {
		return nil, "", &Refusal{Name: name, Why: WhyDirectory}
	}
	for _, r := range l.roots {
		if r.name == "" && (r.only == name || r.only == "" && !known) {
			return r, name, nil
		}
	}
	return nil, "", &Refusal{Name: name, Why: WhyNotFound}
}

// rank orders roots by how little they serve.
func (r *root) rank() int {
	if r.only != "" {
		return 1
	}
	return 0
}

// overlapRoots refuses roots of which one would hide the other.
func overlapRoots(roots []*root) error {
	seen := make(map[string]string)
	for _, r := range roots {
		key := path.Join(r.name, r.only) // "" for an unnamed directory
		if other, ok := seen[key]; ok {
			return fmt.Errorf("roots %q and %q have the same name %q", other, r.path, "/"+key)
		}
		seen[key] = r.path
	}
	return nil
}
