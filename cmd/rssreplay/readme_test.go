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

// TestReadme runs every command that the README and the manual show with its output,
// and compares what it prints with what stands there: in the README the lines of
// fenced blocks that begin with "$ ", in the manual the indented ones. Blocks of
// another kind say what language they are in.
func TestReadme(t *testing.T) {
	root := repository(t)
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh to run the README's commands")
	}
	t.Chdir(root)
	examples := 0
	pages, err := filepath.Glob("cmd/rssreplay/help/*.txt")
	if err != nil || len(pages) == 0 {
		t.Fatalf("the manual has %d pages: %v", len(pages), err)
	}
	for _, path := range append(pages, "README.md", "CONTRIBUTING.md", "pcaps/samples/README.md") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		execute := executeIndented
		if filepath.Ext(path) == ".md" {
			execute = executeFenced
		}
		out, n := execute(t, path, string(data))
		examples += n
		if *update && out != string(data) {
			if err := os.WriteFile(path, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(data), out); diff != "" {
			t.Errorf("%s differs from what its commands print (-page +printed; `go test ./cmd/rssreplay -update` writes it anew):\n%s", path, diff)
		}
	}
	if examples < 4 {
		t.Errorf("only %d examples", examples)
	}
}

// executeFenced is the page of Markdown as it should be.
func executeFenced(t *testing.T, path, page string) (out string, examples int) {
	var b strings.Builder
	lines := strings.SplitAfter(page, "\n")
	for i := 0; i < len(lines); i++ {
		b.WriteString(lines[i])
		if !strings.HasPrefix(lines[i], "```") {
			continue
		}
		end := i + 1
		for end < len(lines) && !strings.HasPrefix(lines[end], "```") {
			end++
		}
		if end == len(lines) {
			t.Fatalf("%s:%d: the block has no end", path, i+1)
		}
		block := lines[i+1 : end]
		switch plain := lines[i] == "```\n"; {
		case plain && strings.HasPrefix(block[0], "$ "):
			examples++
			for j, line := range block {
				if command, ok := strings.CutPrefix(line, "$ "); ok {
					b.WriteString(line)
					b.WriteString(prints(t, path, i+2+j, strings.TrimSpace(command)))
				}
			}
		case plain:
			t.Errorf("%s:%d: the block is no example (`$ command`, then its output) and names no language", path, i+1)
			fallthrough
		default:
			b.WriteString(strings.Join(block, ""))
		}
		b.WriteString(lines[end])
		i = end
	}
	return b.String(), examples
}

// executeIndented is the page of the manual as it should be: an example ends where a
// line is not indented, or the page.
func executeIndented(t *testing.T, path, page string) (out string, examples int) {
	const margin = "  "
	var b strings.Builder
	lines := strings.SplitAfter(page, "\n")
	for i := 0; i < len(lines); i++ {
		b.WriteString(lines[i])
		command, ok := strings.CutPrefix(lines[i], margin+"$ ")
		if !ok {
			continue
		}
		examples++
		for strings.HasSuffix(command, "\\\n") && i+1 < len(lines) { // goes on in the next line
			i++
			b.WriteString(lines[i])
			command = strings.TrimSuffix(command, "\\\n") + strings.TrimLeft(lines[i], " ")
		}
		for line := range strings.Lines(prints(t, path, i+1, strings.TrimSpace(command))) {
			if line != "\n" {
				line = margin + line
			}
			b.WriteString(line)
		}
		for i+1 < len(lines) && (lines[i+1] == "\n" || strings.HasPrefix(lines[i+1], margin) && !strings.HasPrefix(lines[i+1], margin+"$ ")) {
			i++
		}
		if i+1 < len(lines) && lines[i+1] != "" && !strings.HasPrefix(lines[i+1], margin) {
			b.WriteString("\n") // before the next paragraph
		}
	}
	return b.String(), examples
}

// prints is what a command of a page prints on both outputs; whether it
// fails is for its reader to see there.
func prints(t *testing.T, path string, line int, command string) string {
	out, err := exec.Command("sh", "-c", command).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s:%d: %v", path, line, err)
	}
	if len(out) == 0 {
		t.Errorf("%s:%d: %s prints nothing", path, line, command)
	}
	return string(out)
}
