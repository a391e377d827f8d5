package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// run is the whole program, which nothing interrupts; it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	never := func() (<-chan struct{}, func()) { return nil, func() {} }
	return execute(&cli.Env{Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr, Screen: cli.ScreenOf(stdout, os.Getenv), Interrupts: never})
}

// faulty is standard input or output that panics.
type faulty struct{}

func (faulty) Read([]byte) (int, error)  { panic("reading") }
func (faulty) Write([]byte) (int, error) { panic("writing") }

// full is standard output on a file system without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// Help that could not be written is an error, whichever way it was asked for.
func TestHelpNotWritten(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"suggest", "--help"}, {"help", "layouts"}, {"--version"}, {"version"}} {
		var stderr strings.Builder
		if status := run(append([]string{"rssreplay"}, args...), strings.NewReader(""), full{}, &stderr); status != exitFailed || !strings.Contains(stderr.String(), syscall.ENOSPC.Error()) {
			t.Errorf("%q: status %d, %s", args, status, &stderr)
		}
	}
}

// TestFault: a panic, in whichever goroutine, is told as a fault of the program, and
// no file stays half written.
func TestFault(t *testing.T) {
	dir := t.TempDir()
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	for _, test := range []struct {
		says string
		args []string
	}{
		{"writing", []string{web}},
		{"writing", []string{"compare", web, "--layout", "equal"}},
		{"writing", []string{web, "-o", filepath.Join(dir, "report.json"), "-o", "-", "--trace", filepath.Join(dir, "trace")}},
		{"reading", []string{"-"}},
		{"reading", []string{web, "--table", "-"}},
	} {
		var stderr strings.Builder
		status := run(append([]string{"rssreplay"}, test.args...), faulty{}, faulty{}, &stderr)
		first, rest, _ := strings.Cut(stderr.String(), "\n")
		if status != exitFailed || !strings.HasPrefix(first, "rssreplay: this is a fault of the program, not of what you gave it: "+test.says+". Please report it") ||
			!strings.HasPrefix(rest, cli.VersionLine()+"\n") || !strings.Contains(rest, "run_test.go") && test.args[0] != "-" {
			t.Errorf("%s: exit status %d, %s", test.args, status, stderr.String())
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
