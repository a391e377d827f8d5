package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// runHere runs the scripts with the command in this process, one after the other, for
// -short: most of what they cost is the start of 1,300 programs. What a process of its own
// matters to remains one: see here.
func runHere(t *testing.T, p testscript.Params) {
	scripts, err := filepath.Glob(filepath.Join(p.Dir, "*.txtar"))
	if err != nil || len(scripts) < 50 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	p.Dir = t.TempDir()
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.Dir, filepath.Base(script)), []byte(here(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.Cmds["here"] = func(ts *testscript.TestScript, neg bool, args []string) {
		t.Chdir(ts.MkAbs("."))
		if status := run(args, strings.NewReader(""), ts.Stdout(), ts.Stderr()); (status != exitDone) != neg {
			ts.Fatalf("exit status %d", status)
		}
	}
	p.Cmds["exits-here"] = func(ts *testscript.TestScript, neg bool, args []string) {
		checkExit(ts, neg, args, func() (int, string, string) {
			t.Chdir(ts.MkAbs("."))
			var stdout, stderr strings.Builder
			status := run(args[1:], strings.NewReader(""), io.MultiWriter(&stdout, ts.Stdout()), io.MultiWriter(&stderr, ts.Stderr()))
			return status, stdout.String(), stderr.String()
		})
	}
	testscript.RunT(inTurn{t}, p)
}

// inTurn is a test whose parts run one after the other: a process has one working
// directory.
type inTurn struct{ *testing.T }

func (t inTurn) Parallel()     {}
func (t inTurn) Verbose() bool { return testing.Verbose() }
func (t inTurn) Run(name string, f func(testscript.T)) {
	t.T.Run(name, func(t *testing.T) { f(inTurn{t}) })
}

var (
	starts      = regexp.MustCompile(`^((?:! |\[[a-z!]+\] )*)exec rssreplay( |$)`)
	startsExits = regexp.MustCompile(`^((?:\[[a-z!]+\] )*)exits ([0-9]+) rssreplay( |$)`)
)

// here is the script with the command in this process, but where it reads standard input,
// writes to a device, or is told something by the environment.
func here(script string) string {
	var b strings.Builder
	commands, input := true, false
	for line := range strings.Lines(script) {
		switch {
		case !commands:
		case strings.HasPrefix(line, "-- "), strings.HasPrefix(line, "env "):
			commands = false
		case strings.HasPrefix(line, "stdin "):
			input = true
		case input && (starts.MatchString(line) || startsExits.MatchString(line)):
			input = false
		case !strings.Contains(line, "/dev/") && !strings.HasSuffix(line, "&\n"):
			line = starts.ReplaceAllString(line, "${1}here rssreplay$2")
			line = startsExits.ReplaceAllString(line, "${1}exits-here $2 rssreplay$3")
		}
		b.WriteString(line)
	}
	return b.String()
}
