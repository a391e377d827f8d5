package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the first screen says to do next runs as it stands there: commands on lines of
// their own, with what follows a … behind the command that was given, and those in
// backquotes. Only what the reader has to fill in, in capitals, is left out.
func TestNextCommandsRun(t *testing.T) {
	samples, cpus := []string{"queues.pcapng", "fragments.pcap"}, []string{"8"}
	if !testing.Short() {
		all, err := filepath.Glob("../../pcaps/samples/*.pcap*")
		if err != nil || len(all) < 8 {
			t.Fatalf("%d samples: %v", len(all), err)
		}
		samples, cpus = nil, []string{"1", "2", "64"}
		for _, s := range all {
			samples = append(samples, filepath.Base(s))
		}
	}
	table, err := filepath.Abs("../../nicmodel/testdata/groundtruth/virtio-q4-mskey/ethtool-x.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran := map[string]bool{}
	for _, sample := range samples {
		name := "a [sample] of " + sample // what a shell would take apart
		capture, err := os.ReadFile(filepath.Join(filepath.Dir(table), "../../../../pcaps/samples", sample))
		if err == nil {
			err = os.WriteFile(name, capture, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range cpus {
			given := "rssreplay '" + name + "' --cpus " + n
			var screen bytes.Buffer
			if status := run(shellWords(given), nil, &screen, &screen); status != exitDone {
				t.Fatalf("%s: exit status %d: %s", given, status, screen.String())
			}
			commands := nextCommands(given, screen.String())
			if len(commands) < 2 || n != "1" && len(commands) < 3 { // one CPU's flows are all
				t.Errorf("%s: only %q to go on with", given, commands)
			}
			for _, c := range commands {
				c = strings.Replace(c, "ethtool -x DEV | ", "", 1)
				if ran[c] {
					continue
				}
				ran[c] = true
				var out bytes.Buffer
				words := shellWords(c)
				if i := slices.Index(words, "-"); i > 0 && words[i-1] == "--table" {
					words[i] = table
				}
				if status := run(words, nil, &out, &out); status != exitDone && (words[1] != "verify" || status != exitDiffers) {
					t.Errorf("%s\nsays to run\n%s\nexit status %d: %s", given, c, status, out.String())
				}
			}
		}
	}
}

// nextCommands are the commands that a screen shows, the lines at its foot first.
func nextCommands(given, screen string) []string {
	before, next, _ := strings.Cut(screen, "\nNext: ")
	var commands []string
	before, next = strings.ReplaceAll(before, " \\\n", " "), strings.ReplaceAll(next, " \\\n", " ")
	for l := range strings.Lines(next) {
		for _, part := range regexp.MustCompile(`    +`).Split(strings.TrimSpace(l), -1) {
			part, _, _ = strings.Cut(part, "  ")
			switch more, again := strings.CutPrefix(part, "…"); {
			case again:
				commands = append(commands, given+more)
			case strings.Contains(part, "rssreplay "):
				commands = append(commands, part)
			}
		}
	}
	capitals := regexp.MustCompile(` [A-Z]{3,}\b`)
	for _, m := range regexp.MustCompile("`(rssreplay [^`]*)`").FindAllStringSubmatch(strings.Join(strings.Fields(before), " "), -1) {
		if !capitals.MatchString(m[1]) {
			commands = append(commands, m[1])
		}
	}
	return commands
}

// shellWords are the words of a command as a shell parts them, of blanks and apostrophes.
func shellWords(command string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`(?:[^\s']|'[^']*')+`).FindAllString(command, -1) {
		words = append(words, strings.ReplaceAll(m, "'", ""))
	}
	return words
}
