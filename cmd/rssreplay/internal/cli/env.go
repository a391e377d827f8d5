package cli

import (
	"io"

	"rssreplay/report"
)

// Env is what a command may touch of the world outside.
type Env struct {
	Args           []string // the command line, its name first
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Terminal       bool // stderr is one
	// Interrupts is called when a replay begins: it returns a channel that is
	// closed when the user wants it to end, and what is called at its end.
	Interrupts func() (interrupted <-chan struct{}, stop func())
	Screen     Screen // what stdout is
	Scratch    Scratch
	// HelpErr is why a page of --help could not be written: cobra's function for that
	// returns no error.
	HelpErr error
}

// Command is the command line as results have it.
func (e *Env) Command() report.List[string] {
	return append(report.List[string]{"rssreplay"}, e.Args[1:]...)
}
