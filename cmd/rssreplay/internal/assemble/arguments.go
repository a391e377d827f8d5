package assemble

import (
	"strings"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/report/findings"
)

// Arguments are what another command needs to be told to see the same packets under the
// same settings: the captures, and those flags of a command line that choose packets or
// set the model. all has every flag of the command that the words are of; its name is not
// among them.
func Arguments(words []string, all *pflag.FlagSet) []findings.Argument {
	shared := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.NewFlags(shared)
	input.NewFlags(shared)
	var given []findings.Argument
	for _, a := range cli.ArgumentsOf(words, all) {
		switch {
		case a.Flag == nil:
			capture := a.Value
			if strings.HasPrefix(capture, "-") && capture != "-" { // a name, whatever stands before it
				capture = "./" + capture
			}
			given = append(given, findings.Argument{Value: capture})
		case shared.Lookup(a.Flag.Name) != nil && (a.Flag.NoOptDefVal == "" || a.Value != "false"):
			given = append(given, findings.Argument{Flag: "--" + a.Flag.Name, Value: a.Value})
		}
	}
	return given
}
