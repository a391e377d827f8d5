package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"

	"golang.org/x/term"

	"rssreplay/cmd/rssreplay/internal/cli"
)

func main() {
	if os.Getenv("GOGC") == "" {
		collectLittleGarbage()
	}
	e := &cli.Env{Args: os.Args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	e.Interrupts = signals(e)
	e.Terminal = term.IsTerminal(int(os.Stderr.Fd()))
	e.Screen = cli.ScreenOf(os.Stdout, os.Getenv)
	os.Exit(execute(e))
}

// collectLittleGarbage lets garbage be half of what is in use: the large
// tables hold no pointers, so that a collection costs next to nothing, and most of
// what grows beside them is garbage. A short run ends before any: with so small a
// share from the start it would collect more than it works.
func collectLittleGarbage() {
	const first, later = 800, 50 // percent; a heap of 4 MB is the least that they are of
	collected := new([64]byte)   // until the first collection
	runtime.AddCleanup(collected, func(percent int) { debug.SetGCPercent(percent) }, later)
	debug.SetGCPercent(first)
}

// signals catches the signals that ask the program to end, for its whole run. The first
// one ends the reading of a capture, if there is any, and what was read is told; another
// one, or one while nothing is read, ends the program, and leaves no file behind that is not
// whole.
func signals(e *cli.Env) func() (interrupted <-chan struct{}, stop func()) {
	catch := func() context.Context {
		ctx, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // never stopped: a signal would kill
		return ctx
	}
	first := catch()
	var reading atomic.Int32
	context.AfterFunc(first, func() {
		if second := catch(); reading.Load() > 0 {
			<-second.Done()
		}
		e.Scratch.Sweep()
		fmt.Fprintln(e.Stderr, "rssreplay: interrupted: no file was written")
		os.Exit(exitFailed)
	})
	return func() (<-chan struct{}, func()) {
		reading.Add(1)
		stop := func() { reading.Add(-1) }
		if first.Err() != nil {
			return nil, stop // of what was read up to the first signal; another one ends the program
		}
		return first.Done(), stop
	}
}
