package screen

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/bubbletail/bubbletail/internal/text"
)

// Mode is what a screen shows, and with that what keys mean: one bit for each,
// so that a key can have its meaning in several.
type Mode int

// Group is the heading that a key stands under in the help.
type Group string

// Keys is the key table of a screen whose model is M. It is dispatcher and help
// at once: a key that is not here does nothing, and one that is here is explained.
type Keys[M any] []Binding[M]

// Binding is one row of a key table: keys, what the help says of them, and what
// they do. A row without words belongs to the one before.
type Binding[M any] struct {
	key.Binding
	Group Group
	Modes Mode
	Hint  string // in a word, for the footer; "" keeps it out of there
	Act   Action[M]
}

// Action is what a key does: it gives the next model.
type Action[M any] func(m M, pressed string) (M, tea.Cmd)

// Act is an action that does not ask which key it was.
func Act[M any](f func(M) (M, tea.Cmd)) Action[M] {
	return func(m M, _ string) (M, tea.Cmd) { return f(m) }
}

// Row makes a binding. Its keys are apart by blanks, the blank being "space";
// "Z,Z" is a key after another.
func Row[M any](g Group, in Mode, keys, shown, does string, act Action[M]) Binding[M] {
	names := strings.Fields(keys)
	for i, k := range names {
		if k == "space" {
			names[i] = " "
		}
	}
	return Binding[M]{
		Binding: key.NewBinding(key.WithKeys(names...), key.WithHelp(shown, does)),
		Group:   g, Modes: in, Act: act,
	}
}

// Hinted gives the row a word for the footer.
func (b Binding[M]) Hinted(hint string) Binding[M] {
	b.Hint = hint
	return b
}

// Only enables the row where there is use for it.
func (b Binding[M]) Only(useful bool) Binding[M] {
	b.SetEnabled(useful)
	return b
}

// Lookup finds the row that has a key in a mode.
func (t Keys[M]) Lookup(in Mode, k string) (Binding[M], bool) {
	i := slices.IndexFunc(t, func(b Binding[M]) bool {
		return b.Modes&in != 0 && b.Enabled() && slices.Contains(b.Keys(), k)
	})
	if i < 0 {
		return Binding[M]{}, false
	}
	return t[i], true
}

// Press finds what a key means in a mode, by itself or as the end of a sequence
// that prefix began. pressed is the key or the sequence; where nothing is meant
// yet, or at all, it is "", and next is the prefix for the next key.
func (t Keys[M]) Press(in Mode, prefix, k string) (b Binding[M], pressed, next string) {
	if prefix != "" {
		if b, ok := t.Lookup(in, prefix+","+k); ok {
			return b, prefix + "," + k, ""
		}
	}
	if b, ok := t.Lookup(in, k); ok {
		return b, k, ""
	}
	if t.isPrefix(in, k) {
		next = k
	}
	return Binding[M]{}, "", next
}

// isPrefix reports whether a sequence begins with k.
func (t Keys[M]) isPrefix(in Mode, k string) bool {
	return slices.ContainsFunc(t, func(b Binding[M]) bool {
		return b.Modes&in != 0 && slices.ContainsFunc(b.Keys(), func(seq string) bool {
			return strings.HasPrefix(seq, k+",")
		})
	})
}

// Names gives the keys that a message stands for. Keys that were pressed while
// the line was slow come as one; and so do, as one with alt, Esc and a key soon
// after, unless the table has that one.
func (t Keys[M]) Names(in Mode, msg tea.KeyMsg) []string {
	var names []string
	if _, ok := t.Lookup(in, msg.String()); msg.Alt && !ok {
		names, msg.Alt = append(names, "esc"), false
	}
	if msg.Type != tea.KeyRunes || msg.Alt {
		return append(names, msg.String())
	}
	for _, r := range msg.Runes {
		names = append(names, string(r))
	}
	return names
}

// Help draws the table by groups, and blocks of rows of the screen's own behind them,
// in as many columns as fit.
func (t Keys[M]) Help(groups []Group, st Styles, width int, more ...[]string) []string {
	widest := 0
	for _, b := range t {
		widest = max(widest, text.Width(b.Help().Key))
	}
	var blocks [][]string
	for _, g := range groups {
		block := []string{st.Head.Render(string(g))}
		for _, b := range t {
			if b.Group != g || b.Help().Key == "" || !b.Enabled() {
				continue
			}
			block = append(block, st.Key.Render(Pad(b.Help().Key, widest))+"  "+b.Help().Desc)
		}
		if len(block) > 1 {
			blocks = append(blocks, block)
		}
	}
	return Page(Columns(append(blocks, more...), max(width-2*Indent, 1)), width)
}

// Hints gives the wanted keys that mean something in a mode, with their words
// for the footer.
func (t Keys[M]) Hints(in Mode, wanted []string, st Styles) []string {
	var out []string
	for _, k := range wanted {
		if b, ok := t.Lookup(in, k); ok && b.Hint != "" {
			out = append(out, st.Key.Render(keyName(k))+" "+st.Faint.Render(b.Hint))
		}
	}
	return out
}

// keyName is how a key is written for people.
func keyName(k string) string {
	switch k {
	case "esc":
		return "Esc"
	case "enter":
		return "Enter"
	case "tab":
		return "Tab"
	case " ":
		return "Space"
	}
	return k
}
