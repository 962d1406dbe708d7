//go:build linux

package follow

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// choice is an operation that a random program may have.
type choice struct {
	weight int
	verb   string
	styles string
	n      func(r *rand.Rand) int
}

const anyStyle = "rename copy rewrite symlink data"

var choices = []choice{
	{30, "lines", anyStyle, upTo(8)},
	{14, "bytes", anyStyle, upTo(70)},
	{6, "bytes", anyStyle, upTo(2)},
	{2, "burst", anyStyle, upTo(1500)},
	{2, "hole", anyStyle, upTo(300)},
	{16, "rotate", "rename symlink data", upTo(1)},
	{4, "install", "rename", upTo(200)},
	{2, "replace", "rename", upTo(200)},
	{18, "reopen", "rename symlink data", upTo(1)},
	{8, "late", "rename symlink", upTo(100)},
	{3, "drop", "rename symlink", none},
	{12, "copytrunc", "copy", between},
	{3, "truncate", "copy rewrite", none},
	{8, "rewrite", "copy rewrite", upTo(3000)},
	{2, "remove", "rename", none},
	{2, "away", "rename", none},
	{4, "back", "rename", none},
	{1, "block", "rename", none},
	{2, "unblock", "rename", none},
	{1, "diraway", "rename symlink", none},
	{3, "dirback", "rename symlink", none},
	{1, "dirgone", "rename", none},
	{4, "retain", "rename copy symlink", upTo(4)},
	{4, "pack", "rename copy symlink", none},
	{40, "sleep", anyStyle, aWhile},
	{10, "read", anyStyle, none},
	{12, "slow", anyStyle, upTo(6)},
	{10, "visit", anyStyle, upTo(6)},
	{8, "leave", anyStyle, none},
	{4, "restart", anyStyle, upTo(1)},
}

// leavesNoCopy reports whether a file that is begun anew has no copy then, or not for long. Of
// contents that begin alike only their copies tell which is which.
func (c choice) leavesNoCopy() bool {
	return slices.Contains([]string{"truncate", "rewrite", "retain", "pack"}, c.verb)
}

// upTo gives 1 to n, or 0 and 1 for n = 1.
func upTo(n int) func(*rand.Rand) int {
	if n == 1 {
		return func(r *rand.Rand) int { return r.IntN(2) }
	}
	return func(r *rand.Rand) int { return 1 + r.IntN(n) }
}

func none(*rand.Rand) int { return 0 }

func between(r *rand.Rand) int { return max(0, r.IntN(60)-30) }

// aWhile is in µs: most often short against the periods of looking, seldom hours.
func aWhile(r *rand.Rand) int {
	const second = 1_000_000
	limit := 2 * second
	switch k := r.IntN(200); {
	case k < 50:
		limit = second / 20
	case k < 90:
		limit = second / 2
	case k < 170:
	case k < 196:
		limit = 15 * second
	case k < 199:
		limit = 200 * second
	default:
		limit = 3 * 3600 * second
	}
	return 1 + r.IntN(limit)
}

// newProgram makes the random program of a seed.
func newProgram(seed uint64) *program {
	r := rand.New(rand.NewPCG(seed, 3))
	p := &program{
		style: []string{"rename", "rename", "rename", "copy", "copy", "rewrite", "symlink", "data"}[r.IntN(8)],
		names: []string{"shift", "date", "ext"}[r.IntN(3)],
		ticks: r.IntN(4) > 0,
	}
	p.alike = p.style != "data" && r.IntN(5) == 0
	if p.style == "symlink" {
		p.names = "date"
	}
	var may []choice
	total := 0
	for _, c := range choices {
		if slices.Contains(strings.Fields(c.styles), p.style) && !(p.alike && p.style == "copy" && c.leavesNoCopy()) {
			may = append(may, c)
			total += c.weight
		}
	}
	inside := r.IntN(3) * 30 // of a hundred
	if p.needed() > 0 {
		p.ops = append(p.ops, op{verb: "rotate"})
	}
	p.ops = append(p.ops, op{verb: "reopen"})
	for range 5 + r.IntN(60) {
		k := r.IntN(total)
		i := 0
		for k >= may[i].weight {
			k -= may[i].weight
			i++
		}
		o := op{verb: may[i].verb, n: may[i].n(r)}
		switch o.verb {
		case "visit":
			o.cut = r.IntN(1001)
		case "sleep", "read", "slow", "leave", "restart":
		default:
			if r.IntN(100) < inside {
				o.after = 1 + r.IntN(1+r.IntN(30))
			}
		}
		p.ops = append(p.ops, o)
	}
	if r.IntN(4) > 0 {
		for _, verb := range []string{"unblock", "dirback", "reopen", "lines"} {
			p.ops = append(p.ops, op{verb: verb, n: 1})
		}
	}
	return p
}
