package nictext

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// prefixes are what programs put before line i: cat -n, vim, grep -n, grep -H, grep -rn,
// grep -A, ts, journalctl, syslog, pdsh, docker compose, kubectl, and a mail's quote of one.
var prefixes = map[string]func(i int) string{
	"cat -n":  func(i int) string { return fmt.Sprintf("%6d\t", i+1) },
	"vim":     func(i int) string { return fmt.Sprintf("%3d ", i+8) },
	"grep -n": func(i int) string { return fmt.Sprintf("%d:", i+1) },
	"grep -H": func(int) string { return "ethtool_-x_eth0:" },
	"grep -rn": func(i int) string {
		return fmt.Sprintf("host-1/sos_commands/networking/ethtool_-x_eth0:%d:", i+7)
	},
	"grep -A": func(i int) string {
		return []string{"a.txt:", "a.txt-"}[min(i, 1)]
	},
	"ts":         func(i int) string { return fmt.Sprintf("Nov 26 21:40:%02d ", i) },
	"ts -s":      func(i int) string { return fmt.Sprintf("00:00:%02d ", i) },
	"brackets":   func(i int) string { return fmt.Sprintf("[2026-11-26 21:%02d:01] ", i+50) },
	"journalctl": func(int) string { return "Nov 26 21:40:01 host rss.sh[1234]: " },
	"syslog":     func(i int) string { return fmt.Sprintf("2026-11-26T21:40:01.%06d+00:00 host rss[12]: ", 9*i) },
	"pdsh":       func(int) string { return "node12: " },
	"Actions":    func(i int) string { return fmt.Sprintf("2026-11-26T21:40:01.%07dZ ##[debug]", 9*i) },
	"docker":     func(int) string { return "node-1  | " },
	"kubectl":    func(int) string { return "[pod/node-1/tools] " },
	"quoted":     func(i int) string { return fmt.Sprintf("> > %d: ", i+1) },
}

// prefixed is the text with the prefix before each line; space at their ends is lost, as
// editors and mail programs lose it.
func prefixed(text string, prefix func(int) string) string {
	var out strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		out.WriteString(strings.TrimRight(prefix(i)+line, " \t") + "\n")
	}
	return out.String()
}

// What stands before each line is no part of a text, whichever program has put it there.
func TestPrefixes(t *testing.T) {
	table := tableText + keyText + toeplitzText
	for name, prefix := range prefixes {
		for _, text := range []string{table, "# ethtool -x eth0\n\n" + table, windowsAligned} {
			if name == "grep -A" && text != table {
				continue // the title is the line that was looked for
			}
			want, err := ReadTable(strings.NewReader(text), "x")
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadTable(strings.NewReader(prefixed(text, prefix)), "x")
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		interrupts := prefixed(interruptsText, prefix)
		if diff := cmp.Diff([]Kind{KindIRQ}, Sniff([]byte(interrupts))); diff != "" {
			t.Errorf("%s: interrupts: %s", name, diff)
		}
		got, err := ReadIRQs(strings.NewReader(interrupts), "x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		queues, err := got.QueueCPUs(NIC{Interface: "eth0"}, 2)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff([]int{0, 1}, queues.CPUs); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, text := range []string{reta(4) + "\n" + testpmdKey, freeBSDRSS, "$ sysctl\n" + freeBSDRSS} {
		want, err := ReadTable(strings.NewReader(text), "x")
		if err != nil {
			t.Fatal(err)
		}
		for name, prefix := range prefixes {
			if name != "grep -A" {
				reads(t, ReadTable, *want, prefixed(text, prefix))
			}
		}
	}
	// Two hosts' files in one output of grep are two tables.
	both := prefixed(table, func(int) string { return "a.txt:" }) + prefixed(table, func(int) string { return "b.txt:" })
	refuses(t, ReadTable, both, fmt.Sprintf("x: line %d: a second table of ", strings.Count(table, "\n")+1))
}

// What stands before one line, or before others than a title, stays.
// In scripts and documents a command's output is a comment below the command.
func TestCommentedOutput(t *testing.T) {
	for _, mark := range []string{"# ", "//\t", "#"} {
		for _, text := range []string{
			"# Now:\nethtool -x eth0\n\n" + prefixed(tableText+keyText, func(int) string { return mark }) + "\nethtool -X eth0 equal 4\n",
			"ethtool -x eth0\n" + prefixed(tableText+keyText, func(int) string { return mark }),
		} {
			got, err := ReadTable(strings.NewReader(text), "x")
			if err != nil || got.Key == nil || len(got.Table) != len(sixteen) {
				t.Errorf("%q: %+v, %v", mark, got, err)
			}
		}
	}
	got, err := ReadCoalesce(strings.NewReader("ethtool -c eth0\n"+prefixed(coalesceIoctl, func(int) string { return "# " })), "x")
	if err != nil || got.RXUsecs != 8 || got.RXFrames != 128 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNoPrefix(t *testing.T) {
	for _, text := range []string{
		"eth0 " + tableText, // the next line has another beginning
		"  driver: igb\n  version: 6.1\n",
		" 24:  1  0  PCI-MSIX eth0-TxRx-0\n 25:  0  1  PCI-MSIX eth0-TxRx-1\n",
		// A number before the title alone, and rows that have one of their own.
		"5: " + tableText, "13:" + interruptsText, "1: " + interruptsText + "\n2: end\n",
		"node distances:\nnode   0   1\n  0:  10  21\n  1:  21  10\n",
		// What is no text at all, and more than any program puts there.
		"a\xe1CPU0 CPU1\na\xe1\n", strings.Repeat("é", 4096) + "CPU0 CPU1\né\n",
	} {
		lines := strings.Split(text, "\n")
		cutPrefixes(lines)
		if diff := cmp.Diff(text, strings.Join(lines, "\n")); diff != "" {
			t.Error(diff)
		}
	}
}

// Where lines are numbered, rows that follow without keep the numbers of their own; picked
// lines have numbers with others left out.
func TestLineNumbers(t *testing.T) {
	const rows = " 24:  1  0  PCI-MSIX eth0-TxRx-0\n 25:  0  1  PCI-MSIX eth0-TxRx-1\n"
	for text, want := range map[string]string{
		"1:driver: igb\n2:version: 6.1\n" + rows:          "driver: igb\nversion: 6.1\n" + rows,
		"1:   CPU0  CPU1\n25: 24:  1  0\n26: 25:  0  1\n": "CPU0  CPU1\n 24:  1  0\n 25:  0  1\n",
		"8:# ethtool\n\n9:driver: igb\n10:version: 6.1":   "# ethtool\n\ndriver: igb\nversion: 6.1",
	} {
		lines := strings.Split(text, "\n")
		cutPrefixes(lines)
		if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
			t.Error(diff)
		}
	}
}

// A terminal's recording (script) has more in it than colours.
func TestTerminalRecording(t *testing.T) {
	recorded := "\x1b]0;root@host: ~\x07\x1b[?2004h\x1b[01;32mroot@host\x1b[00m:~# ethtool -x eth0\r\n\x1b[?2004l\r" +
		strings.ReplaceAll(tableText+keyText, "\n", "\r\n") + "\x1b]0;x\x1b\\\x1b(B\x1b[?2004hroot@host:~# "
	want, err := ReadTable(strings.NewReader(tableText+keyText), "x")
	if err != nil {
		t.Fatal(err)
	}
	reads(t, ReadTable, *want, recorded)
}

// The prompt above tells the table of an RSS context, in JSON as in text.
func TestJSONOfContext(t *testing.T) {
	const answer = `[ {"ifname":"eth0","rss-indirection-table":[0,1,2,3]} ]`
	for prompt, want := range map[string]int{
		"$ ethtool --json -x eth0 context 2\n": 2, "$ ethtool --json -x eth0\n": 0, "": 0,
		"$ ethtool --json -x eth1 context 2\n":                             0,
		"$ ethtool -x eth0 context 2\n$ ethtool --json --show-rxfh eth0\n": 0,
	} {
		got, err := ReadTable(strings.NewReader(prompt+answer), "x")
		if err != nil {
			t.Error(err)
		} else if got.Context != want {
			t.Errorf("%q: context %d, want %d", prompt, got.Context, want)
		}
	}
}

// A table whose first line was not copied is called so, and is no key.
func TestWithoutHeader(t *testing.T) {
	for _, text := range []string{strings.SplitN(tableText+keyText, "\n", 2)[1], tableText[1:] + keyText} {
		line := 1 + strings.Count(text, "flow hash")
		refuses(t, ReadTable, text, fmt.Sprintf("x: line %d: rows of ethtool -x begin here, and its first line is not above them", line))
		if kinds := Sniff([]byte(text)); kinds[0] != KindTable {
			t.Errorf("%v", kinds)
		}
	}
}

// Columns of /proc/interrupts that were left out are missed.
func TestColumnsLeftOut(t *testing.T) {
	refuses(t, ReadIRQs, "  CPU0  CPU1 ... CPU7\n 24:  0  9 ... 0  PCI-MSIX 1-edge eth0-TxRx-0\n", "x: line 2: IRQ 24 has columns left out")
}
