package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/help"
	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/report"
)

// newRootCommand is the main job with all commands beside it.
func newRootCommand(e *cli.Env) *cobra.Command {
	root := newMainCommand(e)
	addCommands(e, root)
	return root
}

func rootForTest() *cobra.Command {
	root := newRootCommand(&cli.Env{Args: []string{"rssreplay"}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
	describe(root)
	return root
}

// Every flag is in the manual, and the manual has no flag that is not there.
func TestManualHasAllFlags(t *testing.T) {
	root := rootForTest()
	main := help.ParsePage(help.Page("rssreplay"))
	for _, c := range append(root.Commands(), root) {
		if c.Name() == "completion" { // the library's own
			continue
		}
		page := help.Page(c.Name())
		if page == "" {
			t.Errorf("%s has no page in help/", c.Name())
		}
		letters := map[string]string{}
		for _, f := range append(main.Flags, help.ParsePage(page).Flags...) {
			letters[f.Name] = f.Letter
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if letter := letters[f.Name]; letter != f.Shorthand && f.Name != "help" && f.Name != "version" {
				t.Errorf("%s: the manual has the letter %q for --%s, not %q", c.Name(), letter, f.Name, f.Shorthand)
			}
			if f.Usage == "" && f.Name != "help" && f.Name != "version" {
				t.Errorf("%s: --%s is not in the manual", c.Name(), f.Name)
			}
		})
		flags := help.ParsePage(page).Flags
		if c == root {
			flags = main.Flags
		}
		for _, f := range flags {
			if c.Flags().Lookup(f.Name) == nil {
				t.Errorf("help/%s.txt tells of --%s, which the command does not have", c.Name(), f.Name)
			}
		}
	}
}

// The pages are what man(1) takes: groff has nothing to say about them, and what
// they show has each of their flags.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	var stderr strings.Builder
	if status := run([]string{"rssreplay", "man", dir}, strings.NewReader(""), io.Discard, &stderr); status != exitDone {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	pages, err := filepath.Glob(filepath.Join(dir, "man[17]", "*.[17]"))
	if err != nil || len(pages) != len(help.Topics()) {
		t.Fatalf("%d pages of %d topics; %v", len(pages), len(help.Topics()), err)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here to read the pages: the rest is skipped")
	}
	for i, p := range pages {
		if testing.Short() && i%4 != 0 {
			continue
		}
		name := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(p), filepath.Ext(p)), "rssreplay-")
		c := exec.Command(groff, "-Kutf8", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=300n", p)
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil || stderr.Len() > 0 {
			t.Errorf("%s: %v\n%s", name, err, stderr.String())
		}
		for _, f := range help.ParsePage(help.Page(name)).Flags {
			if !strings.Contains(string(out), "--"+f.Name) && !strings.Contains(string(out), "‐‐"+f.Name) {
				t.Errorf("%s does not show --%s", name, f.Name)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "man1", "rssreplay.1")); err != nil {
		t.Error(err)
	}
}

func TestCompletion(t *testing.T) {
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"--la"}, []string{"--layout\tequal (default), block, weight:6,2, list:0,1,2,3, default: the profile's (help layouts)", ":4"}},
		{[]string{"--nic", "ml"}, []string{"mlx4", "mlx5", ":4"}},
		{[]string{"--layout", "e"}, []string{"equal", "equal:", ":6"}},
		{[]string{"--mode", ""}, []string{"all", "rss-msix", "non-rss", "rss-hw-queues", "rss-single-queue", ":4"}},
		{[]string{"--mode", "rss-msix,n"}, []string{"rss-msix,non-rss", ":4"}},
		{[]string{"--mode", "rss-msix,"}, []string{"rss-msix,non-rss", "rss-msix,rss-hw-queues", "rss-msix,rss-single-queue", ":4"}},
		{[]string{"--mode", "all,"}, []string{":4"}},
		{[]string{"--show", "cpus,f"}, []string{"cpus,findings", "cpus,flows", ":4"}},
		{[]string{"--show", "t"}, []string{"time", "table", ":4"}}, // none is lost
		{[]string{"--hash-types", "ipv4,tcp_ipv4,udp_ipv6_"}, []string{"ipv4,tcp_ipv4,udp_ipv6_ex", ":4"}},
		{[]string{"--nic", "mlx5,m"}, []string{":4"}}, // no list
		{[]string{"--table", ""}, []string{":0"}},     // files
		{[]string{"--cpus", ""}, []string{":4"}},      // nothing
		{[]string{"--table-csv", "m"}, []string{"modes", "moves", ":4"}},
		{[]string{"compare", "--table-csv", "b"}, []string{"best", ":4"}},
		{[]string{"hash", "--protocol", ""}, []string{"tcp", "udp", "sctp", ":4"}},
		{[]string{"--format", "m"}, []string{"mail", "markdown", ":4"}},
		{[]string{"compare", "--format", "m"}, []string{"markdown", ":4"}}, // as its own page says
		{[]string{"hash", "--format", ""}, []string{"table", "markdown", "json", ":4"}},
		{[]string{"plan", "--format", ""}, []string{"table", "markdown", "json", "iperf3", ":4"}},
		{[]string{"plan", "--peer-nic", "ml"}, []string{"mlx4", "mlx5", ":4"}},
		{[]string{"compare", "--affinity-"}, []string{"--affinity-at\tfrom then on, the CPU of each queue is FILE's, as --irq takes it; repeatable", ":4"}},
		{[]string{"suggest", "--affinity-"}, []string{":4"}}, // refused there, and in the next ones
		{[]string{"verify", "--rebal"}, []string{":4"}},
		{[]string{"calibrate", "--table-a"}, []string{":4"}},
		{[]string{"--rps-hash", ""}, []string{"driver", "nic", "software", "mixed", ":4"}},
		{[]string{"nics", "ig"}, []string{"igb", "igc", "igbvf", ":4"}},
		{[]string{"help", "lay"}, []string{"layouts", ":4"}},
		{[]string{"capture.pcap", ""}, []string{":0"}},
		{[]string{"comp"}, []string{"compare\tseveral scenarios side by side", "completion\ta script that completes commands and flags", ":0"}},
	} {
		var out strings.Builder
		if status := run(append([]string{"rssreplay", "__complete"}, test.args...), strings.NewReader(""), &out, io.Discard); status != exitDone {
			t.Errorf("%q: status %d", test.args, status)
		}
		if d := cmp.Diff(test.want, strings.Split(strings.TrimSpace(out.String()), "\n")); d != "" {
			t.Errorf("%q: %s", test.args, d)
		}
	}
}

// TestManualTellsRanges has a number outside the range of each flag that has one: what the
// error names is what the manual says.
func TestManualTellsRanges(t *testing.T) {
	const all = "all other times of the NIC and costs"
	for _, test := range []struct{ command, page, where, args string }{
		{"", "model", "--cpus", "--cpus=0"}, {"", "model", "--queues", "--queues=0"}, {"", "model", "--table-size", "--table-size=0"},
		{"", "model", "--rx-ring", "--rx-ring=0"}, {"", "model", "--dma-batch", "--dma-batch=0"}, {"", "model", "--rx-frames", "--rx-frames=-1"},
		{"", "model", "--dpc-budget", "--dpc-budget=-1"}, {"", "model", "--backlog", "--rps=0 --backlog=-1"}, {"", "model", "--interval", "--interval=0"},
		{"", "model", "--byte-cost", "--byte-cost=-1"}, {"", "model", all, "--dma-timeout=1h"}, {"", "model", all, "--itr=1h"}, {"", "model", all, "--rx-usecs=1h"},
		{"", "model", all, "--interrupt-latency=1h"}, {"", "model", all, "--isr-cost=1h"}, {"", "model", all, "--dpc-cost=1h"}, {"", "model", all, "--packet-cost=1h"},
		{"", "model", all, "--migration-cost=1h"}, {"", "model", all, "--ipi-latency=1h"}, {"", "model", all, "--distribute-cost=1h"}, {"", "model", all, "--send-cost=1h"},
		{"", "model", all, "--rps=0 --rps-cost=1h"}, {"", "rssreplay", "--rebalance-threshold", "--rebalance=rsspp --rebalance-threshold=2"},
		{"", "rssreplay", "--width", "--width=79"}, {"compare", "compare", "--width", "--layout=block --width=79"}, {"suggest", "suggest", "--width", "--width=1001"},
		{"plan", "plan", "--per-cpu", "--per-cpu=0"},
	} {
		args := strings.Fields("rssreplay " + test.command + " ../../pcaps/samples/dns.pcap " + test.args)
		if test.command == "plan" {
			args = strings.Fields("rssreplay plan 10.0.0.1 10.0.0.2:80 " + test.args)
		}
		var wrong strings.Builder
		if status := run(args, strings.NewReader(""), io.Discard, &wrong); status != exitUsage {
			t.Errorf("%q: status %d", args, status)
		}
		bounds := regexp.MustCompile(`from (\S+) to ([^ ,:\n]+)|a power of two from (1) to (\d+)`).FindStringSubmatch(wrong.String())
		if bounds == nil {
			t.Errorf("%q names no range: %s", args, &wrong)
			continue
		}
		page := help.Page(test.page)
		told := page[max(0, strings.LastIndex(page, test.where)):]
		told = strings.Join(strings.Fields(told[:min(len(told), 160)]), " ")
		if bounds := bounds[1] + " to " + bounds[2]; !strings.Contains(told, bounds) {
			t.Errorf("help %s does not say %s of %s: %s", test.page, bounds, test.where, told)
		}
	}
	for page, told := range map[string]string{"rssreplay": fmt.Sprintf("of %d characters at most", report.MaxTitle), "suggest": "N to 100000"} {
		if !strings.Contains(help.Page(page), told) {
			t.Errorf("help %s does not say %q", page, told)
		}
	}
}
