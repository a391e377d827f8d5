package main

import (
	"io"

	"rssreplay/report"
)

// env is what a command may touch of the world outside.
type env struct {
	args           []string // the command line, its name first
	stdin          io.Reader
	stdout, stderr io.Writer
	terminal       bool // stderr is one
	// interrupts is called when a replay begins: it returns a channel that is
	// closed when the user wants it to end, and what is called at its end.
	interrupts func() (interrupted <-chan struct{}, stop func())
	screen     screen // what stdout is
	scratch    scratch
}

// command is the command line as results have it.
func (e *env) command() report.List[string] {
	return append(report.List[string]{"rssreplay"}, e.args[1:]...)
}
