//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals ends the program itself in each of its phases, once and twice: no file is
// left that is not whole, and what was there before is as it was.
func TestSignals(t *testing.T) {
	program := asProgram(t)
	capture := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	data, err := os.ReadFile(capture)
	if err != nil {
		t.Fatal(err)
	}
	half := data[:len(data)/2]
	everything := []string{"-o", "out.json", "-o", "tables/", "--trace", "trace.json", "--write", "copy.pcapng", "--split", "cpus"}
	written := []string{"copy.pcapng", "cpus", "out.json", "tables", "trace.json"}
	for _, test := range []struct {
		name    string
		args    []string
		stdin   []byte // and no end of it
		waitFor string // a file that the phase has made, as a pattern
		prints  bool   // or that something was printed, of more than a pipe holds
		signals []os.Signal
		more    string // waited for before the second signal
		status  int
		leaves  []string
	}{
		{name: "importing", args: []string{capture, "--table", "-"}, stdin: bytes.Repeat([]byte("0 1\n"), 1<<15), signals: []os.Signal{syscall.SIGTERM}, status: exitFailed},
		{name: "reading", args: []string{"-", "-o", "out.json", "--trace", "trace.json"}, stdin: half, waitFor: ".trace.json.*", signals: []os.Signal{syscall.SIGTERM}, status: exitDamaged, leaves: []string{"out.json", "trace.json"}},
		{name: "reading, then writing", args: []string{"-", "-o", "out.json", "--trace", "trace.json", "-o", "pipe"}, stdin: half, waitFor: ".trace.json.*", signals: []os.Signal{os.Interrupt, os.Interrupt}, more: ".out.json.*", status: exitFailed},
		{name: "measuring the rate", args: []string{"-o", "out.json", "--rate", "1Mpps", capture, "-o", "pipe"}, waitFor: ".out.json.*", signals: []os.Signal{os.Interrupt}, status: exitFailed},
		{name: "writing", args: append([]string{capture, "-o", "pipe"}, everything...), waitFor: "tables", signals: []os.Signal{syscall.SIGTERM}, status: exitFailed},
		{name: "writing the last", args: append(append([]string{capture}, everything...), "-o", "pipe"), waitFor: ".out.json.*", signals: []os.Signal{os.Interrupt}, status: exitFailed},
		{name: "printing", args: append([]string{capture, "-o", "-", "--format", "json", "--flows", "all"}, everything[2:]...), prints: true, signals: []os.Signal{syscall.SIGTERM}, status: exitFailed},
		{name: "comparing", args: []string{"compare", capture, "--layout", "equal", "--layout", "block", "-o", "out.json", "-o", "pipe"}, waitFor: ".out.json.*", signals: []os.Signal{os.Interrupt}, status: exitFailed},
		{name: "suggesting", args: []string{"suggest", capture, "-o", "tables/", "-o", "pipe"}, waitFor: "tables/.*", signals: []os.Signal{syscall.SIGTERM}, status: exitFailed},
		{name: "not at all", args: append([]string{capture}, everything...), leaves: written},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil { // nobody reads it
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, program, test.args...)
			c.Dir = dir
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, in, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			defer in.Close()
			c.Stdout = in
			stdin, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			// More than a pipe holds: once it is written, it is being read.
			if _, err := stdin.Write(test.stdin); err != nil {
				t.Fatal(err)
			}
			await := func(pattern string) {
				for pattern != "" && ctx.Err() == nil {
					if found, _ := filepath.Glob(filepath.Join(dir, pattern)); len(found) > 0 {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}
			await(test.waitFor)
			if test.prints {
				if _, err := out.Read(make([]byte, 1)); err != nil { // and no more
					t.Fatal(err)
				}
			}
			for i, s := range test.signals {
				if i > 0 {
					await(test.more)
				}
				if err := c.Process.Signal(s); err != nil {
					t.Error(err)
				}
			}
			err = c.Wait()
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || c.ProcessState.ExitCode() != test.status {
				t.Errorf("%v: %s", err, stderr.String())
			}
			if test.status == exitFailed && !strings.Contains(stderr.String(), "interrupted") { // maybe of the pass that copies
				t.Errorf("it says %q", stderr.String())
			}
			var left []string
			err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if name, _ := filepath.Rel(dir, path); name != "." && name != "pipe" && (!strings.Contains(name, "/") || strings.HasPrefix(d.Name(), ".")) {
					left = append(left, name)
				}
				return err
			})
			if slices.Sort(left); err != nil || !slices.Equal(left, test.leaves) {
				t.Errorf("it left %q, want %q (%v)", left, test.leaves, err)
			}
			stdin.Close()
		})
	}
}
