// Package internal_test holds the picture of the rooms against the code: who
// may import whom, and what each room stays out of.
package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/bubbletail/bubbletail/"

// imports has, for each room and command, the rooms it may import itself. It is
// the picture in the README, and changes with it. What only tests import, as leak
// and proctest, nobody may.
var imports = map[string][]string{
	"cmd/tailsrv":           {"internal/cli", "internal/follow", "internal/server", "internal/wire"},
	"cmd/tailtui":           {"internal/cli", "internal/client", "internal/follow", "internal/link", "internal/memnet", "internal/server", "internal/termio", "internal/text", "internal/ui", "internal/ui/screen", "internal/ui/streams", "internal/wire"},
	"internal/cli":          {},
	"internal/client":       {"internal/link", "internal/wire"},
	"internal/follow":       {"internal/linetime"},
	"internal/leak":         {},
	"internal/linetime":     {},
	"internal/link":         {},
	"internal/memnet":       {},
	"internal/proctest":     {},
	"internal/server":       {"internal/follow", "internal/wire"},
	"internal/termio":       {},
	"internal/text":         {},
	"internal/ui":           {"internal/link", "internal/text", "internal/ui/screen", "internal/ui/termcolor", "internal/wire"},
	"internal/ui/screen":    {"internal/text", "internal/ui/termcolor"},
	"internal/ui/streams":   {"internal/text", "internal/ui/screen", "internal/wire"},
	"internal/ui/termcolor": {},
	"internal/wire":         {},
}

// staysOutOf has what a room must not reach, even through others. "net" and
// "os" of ui are told of its own imports only: Bubble Tea needs both.
var staysOutOf = map[string][]string{
	"internal/follow":     {"net/http", module + "internal/wire"},
	"internal/wire":       {"net/http", "net", module + "internal/follow"},
	"internal/link":       {"net/http", "net", "os"},
	"internal/text":       {"net/http", "net"},
	"internal/linetime":   {"net/http", "net", "os"},
	"internal/server":     {module + "internal/client"},
	"internal/client":     {module + "internal/server", module + "internal/follow"},
	"internal/ui":         {"net/http", module + "internal/client", module + "internal/server", module + "internal/follow"},
	"internal/ui/screen":  {"net/http", module + "internal/client", module + "internal/server", module + "internal/follow", module + "internal/wire"},
	"internal/ui/streams": {"net/http", module + "internal/client", module + "internal/server", module + "internal/follow"},
}

var ownImportsStayOutOf = map[string][]string{
	"internal/ui":         {"net", "net/http", "os", "os/exec", "io/ioutil"},
	"internal/ui/screen":  {"net", "net/http", "os", "os/exec", "io/ioutil"},
	"internal/ui/streams": {"net", "net/http", "os", "os/exec", "io/ioutil"},
}

type pkg struct {
	ImportPath    string
	Imports, Deps []string
}

func TestRooms_importOnlyDownwards(t *testing.T) {
	for _, p := range list(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := imports[room]
		if !known {
			t.Errorf("%s is not in the picture", room)
			continue
		}
		for _, dep := range p.Imports {
			if own, ok := strings.CutPrefix(dep, module); ok && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s", room, own)
			}
			if slices.Contains(ownImportsStayOutOf[room], dep) {
				t.Errorf("%s imports %s", room, dep)
			}
		}
		for _, dep := range staysOutOf[room] {
			if slices.Contains(p.Deps, dep) {
				t.Errorf("%s reaches %s", room, dep)
			}
		}
	}
}

// TestRooms_pictureNamesNoGhosts: a room that is gone leaves the picture.
func TestRooms_pictureNamesNoGhosts(t *testing.T) {
	found := map[string]bool{}
	for _, p := range list(t) {
		found[strings.TrimPrefix(p.ImportPath, module)] = true
	}
	for room := range imports {
		if !found[room] {
			t.Errorf("the picture has %s, the code has not", room)
		}
	}
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps,GoFiles", "../...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			pkg
			GoFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p.pkg)
		}
	}
	if len(all) < len(imports)/2 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}
