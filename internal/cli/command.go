package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Command makes what both commands have alike of cmd, which has its Use, texts
// and flags: any arguments, errors that are ours to tell, a version of one line,
// and flags that the environment sets too, as NAME_FLAG. run is called with the
// arguments once all flags are set, and no two of them are [Alternatives].
func Command(cmd *cobra.Command, run func(cmd *cobra.Command, args []string) error) *cobra.Command {
	name := cmd.Name()
	cmd.Args = cobra.ArbitraryArgs
	cmd.Version = Version()
	cmd.SilenceErrors = true
	cmd.SilenceUsage = true
	cmd.CompletionOptions = cobra.CompletionOptions{DisableDefaultCmd: true}
	cmd.SetVersionTemplate(name + " {{.Version}}\n")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return FlagError(SeeHelp(name), err) })
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := FromEnvironment(cmd.Flags(), strings.ToUpper(name)+"_"); err != nil {
			return err
		}
		if err := exclusive(cmd.Flags()); err != nil {
			return err
		}
		return run(cmd, args)
	}
	return cmd
}

// SeeHelp is the hint of a command line that makes no sense.
func SeeHelp(name string) string { return name + " --help lists the flags and their ranges" }
