package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// WordsOf are the words of the command line, without the names of the program and of
// command.
func (e *Env) WordsOf(command string) []string {
	words := slices.Clone(e.Args[1:])
	if at := slices.Index(words, command); at >= 0 {
		return slices.Delete(words, at, at+1)
	}
	return words
}

// Argument is a part of a command line: a capture, or a flag with its value.
type Argument struct {
	Words []string    // as they stand there
	Flag  *pflag.Flag // nil: a capture
	Value string      // the flag's, "" where none stands there; the capture's name
}

// ArgumentsOf parts the words of a command line, without the command's name. set has
// every flag of the command.
func ArgumentsOf(words []string, set *pflag.FlagSet) []Argument {
	var arguments []Argument
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			for k, capture := range words[i+1:] {
				from := i + 1 + k
				if k == 0 {
					from = i // the dashes, too
				}
				arguments = append(arguments, Argument{Words: words[from : i+2+k], Value: capture})
			}
			break
		}
		if word == "-" || !strings.HasPrefix(word, "-") {
			arguments = append(arguments, Argument{Words: words[i : i+1], Value: word})
			continue
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		flag := set.Lookup(name)
		if word[1] != '-' { // a letter, with its value or without
			flag, value, joined = set.ShorthandLookup(word[1:2]), word[2:], len(word) > 2
		}
		if flag == nil {
			continue
		}
		n := 1
		if !joined && flag.NoOptDefVal == "" && i+1 < len(words) {
			n, value = 2, words[i+1]
		}
		arguments = append(arguments, Argument{words[i : i+n], flag, value})
		i += n - 1
	}
	return arguments
}
