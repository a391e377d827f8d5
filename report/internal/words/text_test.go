package words

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// A command between backticks is the same for a shell at any width, and is parted only
// where it does not fit a line.
func TestWrapCommands(t *testing.T) {
	const (
		short = "`rssreplay plan 192.0.2.1`"
		long  = "`rssreplay suggest 'my  own capture.pcap' --cpus 16 --filter \"tcp and  port 80\" --table /a/way/that/is/longer/than/forty/columns.txt --no-gate`"
	)
	text := "→ More flows; in a test, fixed ports (" + short + "), or o`dd marks. Then " + long + "; it looks for a table that lasts, as `a`/`b` do."
	goesOn := regexp.MustCompile(` \\\n *`)
	for width := 30; width <= 200; width++ {
		lines := Wrap(strings.Split(text, " "), width)
		whole := goesOn.ReplaceAllString(strings.Join(lines, "\n"), " ")
		for _, command := range []string{short, long} {
			if !strings.Contains(whole, command) {
				t.Fatalf("width %d: %s is not in\n%s", width, command, strings.Join(lines, "\n"))
			}
		}
		if got := strings.ReplaceAll(whole, "\n", " "); got != text {
			t.Errorf("width %d: %s", width, got)
		}
		if width >= len(long)+1 && strings.Contains(strings.Join(lines, ""), `\`) {
			t.Errorf("width %d: a command that fits is parted:\n%s", width, strings.Join(lines, "\n"))
		}
		for _, l := range lines {
			if DisplayWidth(l) > width && !strings.HasPrefix(strings.TrimSpace(l), "/a/way/") {
				t.Errorf("width %d: %s", width, l)
			}
		}
	}
}

// A command of PowerShell goes on behind its own mark, not behind a shell's.
// A flag stays beside its value, and an arrow beside the command that it leads to.
func TestWrapKeepsTogether(t *testing.T) {
	const command = "`tshark -r /a/path/of/one.pcapng -Y frame.interface_id==0 --rule 'a rule -b' one.pcapng -w -`"
	goesOn := regexp.MustCompile(` \\\n *`)
	for width := 30; width <= len(command)+2; width++ {
		got := strings.Join(Wrap(strings.Split("→ "+command+" leaves one.", " "), width), "\n")
		if !strings.HasPrefix(got, "→ `tshark ") || regexp.MustCompile(`(?m) --?\w+ \\$`).MatchString(got) {
			t.Errorf("width %d:\n%s", width, got)
		}
		if whole := goesOn.ReplaceAllString(got, " "); !strings.Contains(whole, command) {
			t.Errorf("width %d: another command:\n%s", width, got)
		}
	}
}

func TestWrapCmdlets(t *testing.T) {
	const command = "`Set-NetAdapterAdvancedProperty -Name \"Ethernet 2\" -RegistryKeyword \"*ReceiveBuffers\" -RegistryValue 4096`"
	lines := Wrap(strings.Split("A longer ring: "+command+".", " "), 80)
	got := strings.Join(lines, "\n")
	if want := "A longer ring: " + command + "."; regexp.MustCompile(" `\n *|\n").ReplaceAllString(got, " ") != want {
		t.Errorf("%s", got)
	}
	if strings.Contains(got, `\`) || !strings.Contains(got, " `\n") {
		t.Errorf("%s", got)
	}
}

// TestShellWordOfNoText has names that don't print: on a line they are other words of bash.
func TestShellWordOfNoText(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, name := range []string{"a\nb.pcap", "\n", "c\xff1.pcap", "\xc3", "it's\t`\\`\r", "\u202eé\x1b[1m", "\ufffd\x7f", "$\x01\"$(exit 1)"} {
		word := ShellWord(name)
		parts := MarkedParts(MarkedCommand([]string{"printf", "%s", word}))
		if Clean(word) != word || len(parts) != 3 {
			t.Errorf("%q: %q, parts %q", name, word, parts)
			continue
		}
		if got, err := exec.Command(bash, "-c", parts[1]).Output(); err != nil || string(got) != name {
			t.Errorf("%q: %s prints %q: %v", name, parts[1], got, err)
		}
	}
}

// A command in a sentence stays one, whatever its words hold, and is the same for a shell.
func TestMarkedCommand(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	for _, names := range [][]string{{"plain.pcap"}, {"we`ird.pcap"}, {"`"}, {"``", "a b`c.pcap"}, {"it's `odd`.pcap"}, {"`$(exit 1)`"}, {`\140"` + "`"}} {
		list := append([]string{"printf", "%s/"}, ShellWords(names)...)
		parts := MarkedParts("So: " + MarkedCommand(list) + ", and on.")
		if len(parts) != 3 {
			t.Errorf("%q: parts %q", names, parts)
			continue
		}
		got, err := exec.Command(sh, "-c", parts[1]).Output()
		if want := strings.Join(names, "/") + "/"; err != nil || string(got) != want {
			t.Errorf("%q: %s prints %q: %v", names, parts[1], got, err)
		}
		for width := 30; width <= 120; width += 10 {
			lines := Wrap(strings.Split("So: "+MarkedCommand(list)+", and on.", " "), width)
			if got := regexp.MustCompile(` \\\n *|\n`).ReplaceAllString(strings.Join(lines, "\n"), " "); !strings.Contains(got, parts[1]) {
				t.Errorf("%q, width %d: %q", names, width, lines)
			}
		}
	}
}
