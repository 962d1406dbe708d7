// Package cli is what the commands have in common in how they meet people:
// errors with a hint, flags that the environment may set too, exit codes and
// the version.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Exit codes of both commands.
const (
	ExitOK      = 0 // ended by the user, or complete
	ExitError   = 1 // anything else
	ExitUsage   = 2 // the command line or the environment made no sense
	ExitRefused = 3 // the server refused: not found, not allowed, limits
	ExitEnded   = 4 // the server ended the stream for good
)

// Error is an error for people: what is wrong, what to do next, and the exit
// code that tells it to scripts.
type Error struct {
	Code int    // exit code; 0 means ExitError
	Msg  string // lower case, values quoted, no full stop
	Hint string // the next step; may be empty
}

func (e *Error) Error() string { return e.Msg }

// Usage makes an Error for a wrong command line.
func Usage(hint, format string, args ...any) *Error {
	return &Error{Code: ExitUsage, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// Report writes err to w as "name: error: …" and, where it has one,
// "name: hint: …", and gives the exit code for it. Nothing is written for nil.
func Report(w io.Writer, name string, err error) int {
	if err == nil {
		return ExitOK
	}
	fmt.Fprintf(w, "%s: error: %v\n", name, err)
	var e *Error
	if !errors.As(err, &e) {
		return ExitError
	}
	if e.Hint != "" {
		fmt.Fprintf(w, "%s: hint: %s\n", name, e.Hint)
	}
	if e.Code == 0 {
		return ExitError
	}
	return e.Code
}

// FlagError is a Usage error for what the flag parser objected to, in words
// without those of the Go library below it.
func FlagError(hint string, err error) *Error {
	words, _, _ := strings.Cut(err.Error(), ": strconv.")
	return Usage(hint, "%s", words)
}

// FromEnvironment sets every flag that the command line left alone and that has
// a variable: prefix and the flag's name in upper case, "-" as "_". A list is
// separated by commas. Help and version have no variable. The variable of a flag
// that has an alternative on the command line counts for nothing.
func FromEnvironment(flags *pflag.FlagSet, prefix string) error {
	var err error
	given := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	flags.VisitAll(func(f *pflag.Flag) {
		if err != nil || f.Changed || f.Name == "help" || f.Name == "version" {
			return
		}
		if slices.ContainsFunc(f.Annotations[alternatives], func(name string) bool { return given[name] }) {
			return
		}
		name := Variable(prefix, f.Name)
		value, ok := os.LookupEnv(name)
		if !ok {
			return
		}
		values := []string{value}
		if list, isList := f.Value.(pflag.SliceValue); isList && list != nil {
			values = strings.Split(value, ",")
		}
		for _, v := range values {
			if e := flags.Set(f.Name, v); e != nil {
				err = FlagError("unset the variable or see --help", fmt.Errorf("environment variable %s: %w", name, e))
			}
		}
	})
	return err
}

// alternatives annotates a flag with the names of those that say the same.
const alternatives = "alternatives"

// Alternatives declares flags that answer one question, of which one may be given:
// on the command line, or else in the environment. A flag may have alternatives
// of several kinds.
func Alternatives(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		others := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
		if f := flags.Lookup(name); f != nil {
			others = append(others, f.Annotations[alternatives]...)
		}
		if err := flags.SetAnnotation(name, alternatives, others); err != nil {
			panic(err) // there is no such flag
		}
	}
}

// exclusive is a Usage error for two alternatives that are both given.
func exclusive(flags *pflag.FlagSet) error {
	var err error
	flags.Visit(func(f *pflag.Flag) {
		for _, other := range f.Annotations[alternatives] {
			if err == nil && flags.Changed(other) {
				err = Usage("give one of them", "--%s and --%s exclude each other", f.Name, other)
			}
		}
	})
	return err
}

// Variable is the environment variable of a flag.
func Variable(prefix, flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// version is set by the release build (-ldflags -X).
var version = ""

// Version is the version of this build: the release's, else what Go recorded
// about the module or the commit, else "devel".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return strings.TrimPrefix(v, "v")
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}
