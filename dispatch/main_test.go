package dispatch_test

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" { // thousands of short replays: a fifth of the time was garbage collection
		debug.SetGCPercent(400)
	}
	os.Exit(m.Run())
}
