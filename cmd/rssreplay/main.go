// Command rssreplay tells, from a packet capture alone, which CPU would have
// received each flow under a NIC's receive side scaling, why, and what that
// cost; `rssreplay help` is its manual.
package main

import (
	"os"
	"runtime/debug"
)

func main() {
	if os.Getenv("GOGC") == "" {
		// The large tables hold no pointers, so that a collection costs next to
		// nothing, and most of what grows beside them is garbage.
		debug.SetGCPercent(25)
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
