// Package cli is what commands have in common on the side of the user: what of the
// outside world they may touch (env.go, screen.go, scratch.go), how they say that something
// is wrong and with which kind of error they end (errors.go), the parts of a command line
// (command_line.go), the captures that arguments name (captures.go), the flags and values that
// they take (flags.go, values.go) and what was probably meant by others (hints.go), the
// conditions of --fail-if (conditions.go), and which version this is (version.go).
//
// Nothing in it reads a capture or knows the model. What the kinds of errors are as
// exit statuses is said in cmd/rssreplay/run.go.
package cli
