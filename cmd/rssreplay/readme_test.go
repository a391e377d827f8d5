package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadme runs every command that the README shows with its output, the lines
// of fenced blocks that begin with "$ ", and compares what it prints with what
// stands there. Blocks of another kind say what language they are in.
func TestReadme(t *testing.T) {
	root := repository(t)
	path := filepath.Join(root, "README.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh to run the README's commands")
	}
	t.Chdir(root)
	var out strings.Builder // the README as it should be
	examples := 0
	lines := strings.SplitAfter(string(data), "\n")
	for i := 0; i < len(lines); i++ {
		out.WriteString(lines[i])
		if !strings.HasPrefix(lines[i], "```") {
			continue
		}
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "```") {
			end++
		}
		if end == len(lines) {
			t.Fatalf("README.md:%d: the block has no end", i+1)
		}
		block := lines[i+1 : end]
		switch plain := lines[i] == "```\n"; {
		case plain && strings.HasPrefix(block[0], "$ "):
			examples++
			for j, line := range block {
				if command, ok := strings.CutPrefix(line, "$ "); ok {
					out.WriteString(line)
					out.WriteString(prints(t, i+2+j, strings.TrimSpace(command)))
				}
			}
		case plain:
			t.Errorf("README.md:%d: the block is no example (`$ command`, then its output) and names no language", i+1)
			fallthrough
		default:
			out.WriteString(strings.Join(block, ""))
		}
		out.WriteString(lines[end])
		i = end
	}
	if examples < 4 {
		t.Errorf("only %d examples in the README", examples)
	}
	if *update {
		if err := os.WriteFile(path, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(data), out.String()); diff != "" {
		t.Errorf("README.md differs from what its commands print (-README +printed; `go test ./cmd/rssreplay -update` writes it anew):\n%s", diff)
	}
}

// prints is what a command of the README prints on both outputs; whether it
// fails is for the reader of the README to see there.
func prints(t *testing.T, line int, command string) string {
	out, err := exec.Command("sh", "-c", command).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("README.md:%d: %v", line, err)
	}
	if len(out) == 0 {
		t.Errorf("README.md:%d: %s prints nothing", line, command)
	}
	return string(out)
}
