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

// followed are the ways in which an error says what to give instead, and what the command
// line is then. Nothing of them knows which error it is.
var followed = []struct {
	says   *regexp.Regexp
	follow func(args, m []string) []string
}{
	{regexp.MustCompile(`(?s)^rssreplay: (--[a-z-]+): (\S+): line \d+: .*; leave it out, and give ` + "`(--[a-z-]+) (\\S+)`"), func(args, m []string) []string {
		return append(without(args, m[1]), m[3], m[4])
	}},
	{regexp.MustCompile(`^rssreplay: (--[a-z-]+): \S+ is a text for another flag: give it as ` + "`(--[a-z-]+) (\\S+)`"), func(args, m []string) []string {
		return append(without(args, m[1]), m[2], m[3])
	}},
	{regexp.MustCompile(`^rssreplay: unknown flag (--[a-z-]+); did you mean (--[a-z-]+)(?: (\S+))?\?`), func(args, m []string) []string {
		at := slices.Index(args, m[1])
		return slices.Replace(slices.Clone(args), at, at+1, slices.DeleteFunc([]string{m[2], m[3]}, func(s string) bool { return s == "" })...)
	}},
	{regexp.MustCompile(`^rssreplay: (--[a-z-]+) "[^"]*": .*did you mean ([^? ]+)\?`), func(args, m []string) []string {
		return append(without(args, m[1]), m[1], m[2])
	}},
	{regexp.MustCompile(`^rssreplay: no help on "\S+"; did you mean ` + "`rssreplay ([^`]+)`"), func(_, m []string) []string { return strings.Fields(m[1]) }},
	{regexp.MustCompile(`^rssreplay: (?:replay|run): .*` + "`rssreplay CAPTURE ([^`]+)`"), func(args, m []string) []string {
		return append(slices.Clone(args[1:]), strings.Fields(m[1])...)
	}},
	{regexp.MustCompile(`put @ before it, (--key) (@\S+)`), func(args, m []string) []string { return append(without(args, m[1]), m[1], m[2]) }},
	{regexp.MustCompile("give it with --key; .*`(--key) (\\S+)`"), func(args, m []string) []string { return append(slices.Clone(args), m[1], m[2]) }},
	{regexp.MustCompile("give it with --key; testpmd's `show port 0 rss-hash key` prints it \\((--key) @FILE"), func(args, m []string) []string {
		return append(slices.Clone(args), m[1], "@rss-hash-key.txt")
	}},
	{regexp.MustCompile(`\((\S+)[,)].*give one of these names with (--dev)`), func(args, m []string) []string {
		return append(slices.Clone(args), m[2], m[1])
	}},
	{regexp.MustCompile(`name one with (--dev) \((\S+?)[,)]`), func(args, m []string) []string { return append(slices.Clone(args), m[1], m[2]) }},
	{regexp.MustCompile(`^rssreplay: (--[a-z-]+) .*leave one of them out`), func(args, m []string) []string { return without(args, m[1]) }},
	{regexp.MustCompile(`^rssreplay: (--[a-z-]+) .*give one of them$`), func(args, m []string) []string { return without(args, m[1]) }},
	{regexp.MustCompile(`^rssreplay: (--rx-flow-hash) .*leave the flag out`), func(args, m []string) []string { return without(args, m[1]) }},
	{regexp.MustCompile(`ethtool's words, as (\S+), are for (--rx-flow-hash)`), func(args, m []string) []string {
		return append(without(args, "--hash-types"), m[2], m[1])
	}},
	{regexp.MustCompile(`names the CPUs of (\d+) queues, but there are \d+: .*change (--queues)`), func(args, m []string) []string {
		return append(slices.Clone(args), m[2], m[1])
	}},
	{regexp.MustCompile(`does not say on which CPU; give the CPUs with (--affinity)`), func(args, m []string) []string { return append(slices.Clone(args), m[1], "0-3") }},
	{regexp.MustCompile(`puts queue \d+ on CPU (\d+), which is not in use: (--cpus) has (\S+)`), func(args, m []string) []string {
		return append(without(args, m[2]), m[2], m[3]+","+m[1])
	}},
	{regexp.MustCompile(`go together`), func(args, _ []string) []string { return append(slices.Clone(args), "--counters-after", "after.txt") }},
}

// without is the command line without a flag and its value.
func without(args []string, flag string) []string {
	at := slices.Index(args, flag)
	if at < 0 {
		return slices.Clone(args)
	}
	return slices.Delete(slices.Clone(args), at, min(at+2, len(args)))
}

// Following what errors say, to the letter, ends in success: a result, or a verdict that
// the counters can't tell.
func TestHintsLeadToSuccess(t *testing.T) {
	capture, err := filepath.Abs(filepath.Join("..", "..", "pcaps", "samples", "dns.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	const table = "RX flow hash indirection table for eth0 with 2 RX ring(s):\n    0:      0     1     0     1\nRSS hash key:\n"
	const key = "6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa\n"
	for name, text := range map[string]string{
		"no-table.txt":     "Cannot get RX flow hash indir size and/or key size: Operation not supported\n",
		"windows.txt":      "Name : E\nNumberOfReceiveQueues : 2\nIndirectionTable: [Group:Number] : 0:0 0:2 0:0 0:2\n",
		"reta.txt":         "RSS RETA configuration: hash index=0, queue=0\nRSS RETA configuration: hash index=1, queue=1\n",
		"rss-hash-key.txt": "RSS key:\n" + strings.ReplaceAll(key, ":", ""),
		"key.txt":          key,
		"table.txt":        table + key,
		"channels.txt":     "Channel parameters for eth0:\nPre-set maximums:\nRX:\t\tn/a\nCombined:\t4\nCurrent hardware settings:\nRX:\t\tn/a\nCombined:\t4\n",
		"vmstat.txt":       "irq264: ix0:rxq0 5 1\nirq265: ix0:rxq1 5 1\nirq266: ix0:rxq2 5 1\nirq267: ix0:rxq3 5 1\n",
		"placement.txt":    "Thread 1 (vpp_wk_0):\n node dpdk-input:\n    n4 queue 0 (polling)\n    n3 queue 0 (polling)\n",
		"before.txt":       "     rx_queue_0_packets: 0\n     rx_queue_1_packets: 0\n",
		"after.txt":        "     rx_queue_0_packets: 77\n     rx_queue_1_packets: 70\n",
		"bundle/a.txt":     table + key,
		"bundle/b.txt":     strings.Replace(strings.Replace(table, "eth0", "eth1", 1), "0     1     0", "1     0     0", 1) + key,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{
		"C --table no-table.txt", "C --table windows.txt", "C --table reta.txt", "C --table channels.txt", "C --channels table.txt", "C --table key.txt",
		"C --bundle bundle", "C --irq placement.txt", "C --irq vmstat.txt", "C --irq table.txt",
		"C --nic ixbge", "C --layout wieght:1,1 --cpus 2", "C --key key.txt", "C --json", "C --html", "C --csv", "replay C", "run C", "help layout",
		"C --rx-flow-hash sctp4=sdfn", "C --hash-types udp4=sdfn", "C --table table.txt --layout equal", "C --table table.txt --table-size 8",
		"C --cpus 0-3 --base-cpu 2", "C --speed 2x --rate 1Mpps", "C --cpus 4 --affinity 0,1", "C --cpus 4 --napi-cpu 0=9",
		"verify C --queues 2 --counters-before before.txt",
	} {
		args := strings.Fields(line)
		for i := range args {
			if args[i] == "C" {
				args[i] = capture
			}
		}
		for step := 0; ; step++ {
			var stdout, stderr bytes.Buffer
			status := run(append([]string{"rssreplay"}, args...), strings.NewReader(""), &stdout, &stderr)
			if status == exitDone || status == exitCantTell || status == exitDiffers {
				if step == 0 {
					t.Errorf("%s: no error", line)
				}
				break
			}
			next := followHint(args, stderr.String())
			if step == 4 || next == nil {
				t.Errorf("%s: after %d steps %v: status %d, %s", line, step, args, status, stderr.String())
				break
			}
			args = next
		}
	}
}

// followHint is what an error's words make of a command line; nil where they say nothing.
func followHint(args []string, says string) []string {
	for _, hint := range followed {
		if m := hint.says.FindStringSubmatch(strings.TrimSpace(says)); m != nil {
			return hint.follow(args, m)
		}
	}
	return nil
}
