// Command rssreplay tells, from a packet capture alone, which CPU would have
// received each flow under a NIC's receive side scaling, why, and what that
// cost; `rssreplay help` is its manual.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"golang.org/x/term"
)

func main() {
	if os.Getenv("GOGC") == "" {
		collectLittleGarbage()
	}
	e := &env{args: os.Args, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, interrupts: signals}
	e.terminal = term.IsTerminal(int(os.Stderr.Fd()))
	e.screen = screenOf(os.Stdout, os.Getenv)
	os.Exit(e.run())
}

// collectLittleGarbage lets garbage be half of what is in use: the large
// tables hold no pointers, so that a collection costs next to nothing, and most of
// what grows beside them is garbage. A short run ends before any: with so small a
// share from the start it would collect more than it works.
func collectLittleGarbage() {
	const first, later = 400, 50 // percent; a heap of 4 MB is the least that they are of
	collected := new([64]byte)   // until the first collection
	runtime.AddCleanup(collected, func(percent int) { debug.SetGCPercent(percent) }, later)
	debug.SetGCPercent(first)
}

// signals catches the first signal that asks the program to end; a second one
// ends it as if none was caught.
func signals() (interrupted <-chan struct{}, stop func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx.Done(), stop
}
