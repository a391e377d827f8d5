package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
	"rssreplay/pcaps"
)

// suggestedJSON is what the tests read of rssreplay/suggest/v1.
type suggestedJSON struct {
	Judging struct {
		TooShort string   `json:"too_short"`
		Known    *float64 `json:"known_share"`
	}
	Parameters  map[string]struct{ Value any }
	Present     figuresJSON
	Bound       struct{ Imbalance float64 }
	Suggestions []struct {
		ID, Goal   string
		Parameters map[string]struct{ Value any }
		Predicted  figuresJSON
		Gate       *gateJSON
		Median     *struct{ Present, Suggested float64 }
		Commands   []string
		Needs      string
		Moved      *int `json:"entries_moved"`
		Flows      int  `json:"flows_moved"`
		Moves      []struct{ Entry, From, To, Flows int }
	}
	Curve []struct {
		Moves, Flows    int
		Trained, Judged *float64
		Whole           float64
		Passed          bool
	} `json:"moves_curve"`
	Declined []struct {
		ID, Summary string
		Gate        *gateJSON
	}
	Keys *struct {
		Tried, Better, Equal int
		Histogram            []struct{ Keys int }
	}
}

type figuresJSON struct {
	Imbalance struct{ Packets, Bytes, Busy float64 }
	Drops     int
}

type gateJSON struct {
	Passed                   bool
	FoldT                    float64 `json:"fold_t"`
	Forward                  float64 `json:"gain_forward"`
	Back                     float64 `json:"gain_back"`
	Trained, Judged, Present float64
}

func (f *figuresJSON) of(by string) float64 {
	return map[string]float64{"packets": f.Imbalance.Packets, "bytes": f.Imbalance.Bytes, "busy": f.Imbalance.Busy}[by]
}

// runJSON runs a command that prints JSON.
func runJSON(t *testing.T, into any, args ...string) {
	t.Helper()
	var stdout, stderr strings.Builder
	args = append([]string{"rssreplay"}, append(args, "--format", "json")...)
	if status := run(args, strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Fatalf("%q: exit status %d, %s", args, status, stderr.String())
	}
	if err := json.Unmarshal([]byte(stdout.String()), into); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
}

var suggestedCommands = []struct {
	form *regexp.Regexp
	flag func(m []string) (flag, value string)
}{
	{regexp.MustCompile(`^ethtool -X eth[07] weight ([0-9 ]+)$`), func(m []string) (string, string) {
		return "--layout", "weight:" + strings.ReplaceAll(m[1], " ", ",")
	}},
	{regexp.MustCompile(`^ethtool -X eth[07] equal (\d+)$`), func(m []string) (string, string) { return "--layout", "equal:" + m[1] }},
	{regexp.MustCompile(`^ethtool -X eth[07] equal (\d+) start (\d+)$`), func(m []string) (string, string) {
		return "--layout", "equal:" + m[1] + ",start:" + m[2]
	}},
	{regexp.MustCompile(`^ynl --family ethtool --do rss-set --json '{"header":{"dev-name":"eth[07]"},"indir":\[([0-9,]+)\]}'$`), func(m []string) (string, string) {
		return "--layout", "list:" + m[1]
	}},
	{regexp.MustCompile(`^ethtool -N eth[07] rx-flow-hash ([a-z0-9]+) (sdfn|sd)$`), func(m []string) (string, string) { return "--rx-flow-hash", m[1] + "=" + m[2] }},
	{regexp.MustCompile(`^ethtool -N eth[07] (flow-type .+)$`), func(m []string) (string, string) { return "--rule", m[1] }},
	{regexp.MustCompile(`^ethtool -X eth[07] hkey ([0-9a-f:]+)$`), func(m []string) (string, string) { return "--key", m[1] }},
	{regexp.MustCompile(`^ethtool -X eth[07] xfrm ([a-z-]+)$`), func(m []string) (string, string) { return "--xfrm", m[1] }},
}

// readBack is the flags that do what a suggested command does.
func readBack(t *testing.T, command string) (flag, value string) {
	t.Helper()
	if kept, _, also := strings.Cut(command, " xfrm none"); also && strings.HasPrefix(command, "ethtool -X ") { // as it is: see transformToo
		command = kept
	}
	for _, known := range suggestedCommands {
		if m := known.form.FindStringSubmatch(command); m != nil {
			return known.flag(m)
		}
	}
	t.Fatalf("no known command: %s", command)
	return "", ""
}

// portless is a copy of the capture in which the elephant is of a protocol without ports.
func portless(t *testing.T, path string, protocol byte) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const ipv4Protocol, ports = 14 + 9, 14 + 20
	for at := 24; at < len(data); {
		frame := data[at+16:]
		at += 16 + int(binary.LittleEndian.Uint32(data[at+8:]))
		if frame[ipv4Protocol] == pcaps.ProtoTCP && binary.BigEndian.Uint32(frame[ports:]) == 54805<<16|9 {
			frame[ipv4Protocol] = protocol
		}
	}
	path = filepath.Join(t.TempDir(), "portless.pcap")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSuggestionsHold: each suggestion for balance is better than the present by 1 %,
// and has passed the gate or has a better median; its commands, read back, give the
// table that it promises; and a replay with these gives the figures that it predicts.
func TestSuggestionsHold(t *testing.T) {
	samples := filepath.Join(repository(t), "pcaps", "samples")
	truth := filepath.Join(repository(t), "nicmodel", "testdata", "groundtruth")
	seen := map[string]bool{}
	esp := portless(t, filepath.Join(samples, "elephant.pcap"), pcaps.ProtoESP)
	icmp := portless(t, filepath.Join(samples, "elephant.pcap"), pcaps.ProtoICMP)
	for _, args := range [][]string{
		{esp, "--cpus", "4", "--nic", "i40e"},
		{esp, "--cpus", "4", "--nic", "mlx5"},
		{icmp, "--cpus", "4", "--nic", "bnxt"},
		{esp, "--cpus", "4", "--nic", "bnxt"},
		{"web.pcap", "--cpus", "4"},
		{"web.pcap", "--cpus", "8", "--by", "bytes", "--layout", "block", "--keys", "random:20"},
		{"web.pcap", "--cpus", "3", "--queues", "7", "--default-queue", "5", "--max-moves", "3", "--no-gate"},
		{"elephant.pcap", "--cpus", "4", "--by", "busy", "--no-gate"},
		{"elephant.pcap", "--cpus", "8", "--table-size", "32", "--no-gate", "--layout", "weight:4,1,1,1,1"},
		{"dns.pcap", "--cpus", "4", "--rx-flow-hash", "udp4=sd", "--rx-flow-hash", "udp6=sd"},
		{"fragments.pcap", "--cpus", "4", "--rx-flow-hash", "udp4=sd", "--target", "1.3", "--no-gate"},
		{"web.pcap", "--cpus", "4", "--key", strings.Repeat("ff", 40)},
		{"fragments.pcap", "--cpus", "4", "--speed", "10x", "--from", "50ms"},
		{filepath.Join(truth, "rss_test.pcap"), "--nic", "qemu-virtio", "--bundle", filepath.Join(truth, "virtio-q4-mskey")},
		{filepath.Join(truth, "rss_test.pcap"), "--nic", "qemu-igb", "--bundle", filepath.Join(truth, "igb-q8-default"), "--no-gate"},
	} {
		if !filepath.IsAbs(args[0]) {
			args[0] = filepath.Join(samples, args[0])
		}
		args = append(args, "--local", "none")
		by := "packets"
		if i := slices.Index(args, "--by"); i >= 0 {
			by = args[i+1]
		}
		dev := "eth7"
		if slices.Contains(args, "--bundle") {
			dev = "eth0" // which its texts are of
		}
		var s suggestedJSON
		runJSON(t, &s, append([]string{"suggest", "--dev", dev}, args...)...)
		name := strings.Join(args[1:], " ")
		base := slices.Clone(args)
		for _, flag := range []string{"--by", "--keys", "--max-moves", "--target"} {
			if i := slices.Index(base, flag); i >= 0 {
				base = slices.Delete(base, i, i+2)
			}
		}
		ungated := slices.Contains(base, "--no-gate")
		base = slices.DeleteFunc(base, func(arg string) bool { return arg == "--no-gate" })
		for _, one := range s.Suggestions {
			seen[one.ID] = true
			if one.Goal == "balance" && one.Median == nil && one.Predicted.of(by) > 0.99*s.Present.of(by)+1e-5 {
				t.Errorf("%s: %s is not noticeably better than the present", name, one.ID)
			}
			if one.Goal == "balance" && !ungated && (one.Median == nil && (one.Gate == nil || !one.Gate.Passed) || one.Median != nil && one.Median.Suggested > 0.98*one.Median.Present) {
				t.Errorf("%s: %s is suggested without evidence", name, one.ID)
			}
			ruled := one.ID == "flow-rule" || one.ID == "port-rule" // the bound is of tables
			if by == "packets" && one.Goal == "balance" && !ruled && one.Median == nil && one.Predicted.of(by) < s.Bound.Imbalance-1e-6 {
				t.Errorf("%s: %s has %f, below the bound %f", name, one.ID, one.Predicted.of(by), s.Bound.Imbalance)
			}
			replay := slices.Clone(base)
			for _, command := range one.Commands {
				flag, value := readBack(t, command)
				if flag == "--layout" && slices.Contains(replay, "--bundle") {
					// A layout would contradict the bundle's table: another table does not.
					list := filepath.Join(t.TempDir(), "list.txt")
					if err := os.WriteFile(list, []byte(strings.Trim(fmt.Sprint(tableOf(t, value)), "[]")), 0o644); err != nil {
						t.Fatal(err)
					}
					replay = with(with(replay, "--table", list), "--key", fmt.Sprint(s.Parameters["key"].Value))
				} else {
					replay = with(replay, flag, value)
				}
				if flag == "--layout" {
					promised := fmt.Sprint(one.Parameters["layout"].Value)
					if d := cmp.Diff(tableOf(t, promised), tableOf(t, value)); d != "" {
						t.Errorf("%s: %s promises another table than `%s` sets:\n%s", name, one.ID, command, d)
					}
				}
			}
			if len(one.Commands) == 0 {
				t.Errorf("%s: %s has no command", name, one.ID)
			}
			var r struct{ Modes []figuresAndTotals }
			runJSON(t, &r, replay...)
			if got := r.Modes[0]; got.Imbalance != one.Predicted.Imbalance || got.Totals.Drops != one.Predicted.Drops {
				t.Errorf("%s: %s predicts %+v, a replay has %+v\n%q", name, one.ID, one.Predicted, got, replay)
			}
		}
		if s.Keys != nil {
			keys := 0
			for _, bin := range s.Keys.Histogram {
				keys += bin.Keys
			}
			if keys != s.Keys.Tried || s.Keys.Tried != 20 || s.Keys.Better+s.Keys.Equal > keys {
				t.Errorf("%s: %d of %d keys are in the histogram", name, keys, s.Keys.Tried)
			}
		}
	}
	for _, id := range []string{"entries", "few-moves", "weight", "equal", "hash-fields", "random-key", "symmetric-key", "symmetric-xor", "addresses-only"} {
		if !seen[id] {
			t.Errorf("no case has the suggestion %s", id)
		}
	}
}

type figuresAndTotals struct {
	Imbalance struct{ Packets, Bytes, Busy float64 }
	Totals    struct{ Drops int }
}

// with is the arguments with a flag, which takes its own place if it was given.
func with(args []string, flag, value string) []string {
	if i := slices.Index(args, flag); i >= 0 && flag != "--rx-flow-hash" {
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	return append(slices.Clone(args), flag, value)
}

// tableOf is a layout's table of 128 entries, or as many as it lists.
func tableOf(t *testing.T, spec string) nicmodel.IndirectionTable {
	t.Helper()
	layout, err := layout.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	size := 128
	if layout.Size() > 0 {
		size = layout.Size()
	}
	table, err := layout.Fill(size, 64)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// What bnxt's driver takes of a protocol without ports: ICMP by its number, and the others by
// that of any.
func TestSuggestedRulesOfBnxt(t *testing.T) {
	elephant := filepath.Join(repository(t), "pcaps", "samples", "elephant.pcap")
	for protocol, want := range map[byte]string{pcaps.ProtoICMP: " l4proto 1 action ", pcaps.ProtoESP: " l4proto 255 action ", 47: " l4proto 255 action "} {
		var s suggestedJSON
		runJSON(t, &s, "suggest", portless(t, elephant, protocol), "--nic", "bnxt", "--cpus", "4", "--local", "none", "--dev", "eth7")
		rules := ""
		for _, one := range s.Suggestions {
			for _, command := range one.Commands {
				if strings.Contains(command, "flow-type") {
					rules += command
				}
			}
		}
		if (rules != "") != (want != "") || !strings.Contains(rules, want) {
			t.Errorf("protocol %d: %q, want one with %q", protocol, rules, want)
		}
	}
}

// Where moving entries helps, the command that replays what the moves cost runs as it
// stands there, on the same table under the same settings.
func TestSuggestedReplayOfMovesRuns(t *testing.T) {
	capture, err := filepath.Abs("../../dispatch/rebalance/testdata/shift.pcap.gz")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Symlink(capture, "a shift.pcap.gz"); err != nil {
		t.Fatal(err)
	}
	backwards := strings.Repeat("3 2 1 0 ", 32)
	for name, text := range map[string]string{"a table.txt": backwards, `a "table".txt`: backwards} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	const static, moved = "--scenario static: ", "--scenario 'rsspp: rebalance=rsspp rebalance-every=500us'"
	for _, test := range []struct{ before, given, want string }{
		{"", "--cpus 4 --by packets --headroom", "'a shift.pcap.gz' --cpus 4 --interval 500us " + static + moved},
		{"--cpus 4", "--layout block", "--cpus 4 'a shift.pcap.gz' --interval 500us --scenario 'static: layout=block' --scenario 'rsspp: layout=block rebalance=rsspp rebalance-every=500us'"},
		{"", "--cpus=4 --table 'a table.txt'", `'a shift.pcap.gz' --cpus 4 --interval 500us --scenario 'static: table="a table.txt"' --scenario 'rsspp: table="a table.txt" rebalance=rsspp rebalance-every=500us'`},
		{"", "--cpus 4 --mode rss-hw-queues", "'a shift.pcap.gz' --cpus 4 --interval 500us " + static + moved + " --mode rss-msix"},
		{"", `--cpus 4 --table 'a "table".txt'`, ""}, // no scenario can say so
	} {
		given := strings.Join(strings.Fields("rssreplay "+test.before+" suggest 'a shift.pcap.gz' "+test.given+" --interval 500us --format markdown"), " ")
		var out bytes.Buffer
		if status := run(shellWords(given), nil, &out, &out); status != exitDone {
			t.Fatalf("%s: exit status %d: %s", given, status, out.String())
		}
		if !strings.Contains(out.String(), "Moving entries every 500 µs would beat the best table that stays") {
			t.Fatalf("%s: %s", given, out.String())
		}
		command := ""
		if m := regexp.MustCompile("What moves cost: `([^`]*)`").FindStringSubmatch(out.String()); m != nil {
			command = m[1]
		}
		want := ""
		if test.want != "" {
			want = "rssreplay compare " + test.want
		}
		if command != want {
			t.Errorf("%s: %q, want %q", given, command, want)
		}
		if command == "" {
			continue
		}
		out.Reset()
		if status := run(shellWords(command), nil, &out, &out); status != exitDone || !strings.Contains(out.String(), "[moving-helps]") {
			t.Errorf("%s: exit status %d: %s", command, status, out.String())
		}
	}
}
