package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestReport_tellsErrorHintAndCode(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
		code int
	}{
		{nil, "", ExitOK},
		{errors.New("boom"), "x: error: boom\n", ExitError},
		{Usage("see --help", "bad %q", "v"), "x: error: bad \"v\"\nx: hint: see --help\n", ExitUsage},
		{fmt.Errorf("open: %w", &Error{Msg: "gone"}), "x: error: open: gone\n", ExitError},
		{&Error{Code: ExitRefused, Msg: "no"}, "x: error: no\n", ExitRefused},
	} {
		var b strings.Builder
		if code := Report(&b, "x", tt.err); code != tt.code || b.String() != tt.want {
			t.Errorf("Report(%v) = %d, %q; want %d, %q", tt.err, code, b.String(), tt.code, tt.want)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	set := func() (*pflag.FlagSet, *int, *[]string) {
		fs := pflag.NewFlagSet("x", pflag.ContinueOnError)
		return fs, fs.Int("max-streams", 1, ""), fs.StringArray("listen", []string{"default"}, "")
	}
	t.Run("sets what the command line left alone", func(t *testing.T) {
		fs, n, listen := set()
		t.Setenv("T_MAX_STREAMS", "7")
		t.Setenv("T_LISTEN", "a:1,b:2")
		if err := FromEnvironment(fs, "T_"); err != nil || *n != 7 || strings.Join(*listen, " ") != "a:1 b:2" {
			t.Errorf("got %d %q, %v", *n, *listen, err)
		}
	})
	t.Run("flags win", func(t *testing.T) {
		fs, n, _ := set()
		t.Setenv("T_MAX_STREAMS", "7")
		if err := fs.Parse([]string{"--max-streams", "3"}); err != nil {
			t.Fatal(err)
		}
		if err := FromEnvironment(fs, "T_"); err != nil || *n != 3 {
			t.Errorf("got %d, %v", *n, err)
		}
	})
	t.Run("a wrong value names the variable", func(t *testing.T) {
		fs, _, _ := set()
		t.Setenv("T_MAX_STREAMS", "many")
		err := FromEnvironment(fs, "T_")
		var e *Error
		if !errors.As(err, &e) || e.Code != ExitUsage || !strings.Contains(e.Msg, "T_MAX_STREAMS") || strings.Contains(e.Msg, "strconv") {
			t.Errorf("error %v", err)
		}
	})
}

// TestAlternatives: of two flags that say the same, the command line's wins over
// the environment's, and two in one place are refused.
func TestAlternatives(t *testing.T) {
	for _, tt := range []struct {
		name, env, args, want string
	}{
		{"none", "", "", "10,"},
		{"one", "", "--since 5m", "10,5m"},
		{"one from the environment", "SINCE=5m", "", "10,5m"},
		{"the command line wins", "LINES=7", "--since 5m", "10,5m"},
		{"the command line wins, the other way round", "SINCE=5m", "--lines 7", "7,"},
		{"the command line wins over its own variable", "SINCE=5m", "--since 6m", "10,6m"},
		{"both", "", "--lines 7 --since 5m", "error: --lines and --since exclude each other"},
		{"another kind", "", "--server x", "10,,x"},
		{"another kind wins", "LINES=7", "--server x", "10,,x"},
		{"another kind, the other way round", "SERVER=x", "--since 5m", "10,5m"},
		{"another kind and one", "", "--server x --since 5m", "error: --server and --since exclude each other"},
		{"both from the environment", "SINCE=5m LINES=7", "", "error: --lines and --since exclude each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range strings.Fields(tt.env) {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv("T_"+name, value)
			}
			cmd := &cobra.Command{Use: "t"}
			lines, since := cmd.Flags().String("lines", "10", ""), cmd.Flags().String("since", "", "")
			server := cmd.Flags().String("server", "", "")
			Alternatives(cmd.Flags(), "lines", "since")
			Alternatives(cmd.Flags(), "server", "lines")
			Alternatives(cmd.Flags(), "server", "since")
			cmd.SetArgs(strings.Fields(tt.args))
			got := ""
			err := Command(cmd, func(*cobra.Command, []string) error {
				if got = *lines + "," + *since; *server != "" {
					got += "," + *server
				}
				return nil
			}).Execute()
			var e *Error
			if errors.As(err, &e) && e.Code == ExitUsage && e.Hint != "" {
				got = "error: " + e.Msg
			}
			if got != tt.want {
				t.Errorf("got %s, want %s; %v", got, tt.want, err)
			}
		})
	}
}

func TestVersion_isNeverEmpty(t *testing.T) {
	if Version() == "" {
		t.Error("empty version")
	}
}
