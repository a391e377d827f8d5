package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// toolVersion is what differs between builds of the same program.
var toolVersion = regexp.MustCompile("(\"version\":|tool +rssreplay |\"go\":)\\S+( go\\S+)?|`rssreplay \\S+ go\\S+`| · rssreplay \\S+ go[^<]+")

// styleAndScript is what a golden page leaves out.
var styleAndScript = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|sha256-.*?&#39;`)

// The whole output of one small sample of both directions, both IP versions,
// TCP and UDP.
func TestGolden(t *testing.T) {
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	// A golden file names no folder: all is read where it lies.
	samples := filepath.Join(repository(t), "pcaps", "samples")
	t.Chdir(t.TempDir())
	for _, name := range []string{"cooked.pcap", "queues.pcapng"} {
		data, err := os.ReadFile(filepath.Join(samples, name))
		if err == nil {
			err = os.WriteFile(name, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	runs(t, "cooked.pcap", "--cpus", "4", "--flows", "all", "--interval", "200ms", "-o", "old.json")
	runs(t, "cooked.pcap", "--cpus", "4", "--flows", "all", "--interval", "200ms", "--layout", "weight:3,2,2,1", "-o", "new.json")
	compare := []string{"compare", "cooked.pcap", "--cpus", "4", "--interval", "200ms", "--layout", "equal", "--layout", "block", "--scenario", "few: cpus=2"}
	diff := []string{"diff", "old.json", "new.json"}
	suggest := []string{"suggest", "cooked.pcap", "--cpus", "4", "--keys", "random:20"}
	verify := []string{"verify", "queues.pcapng", "--cpus", "4", "--key", "mellanox"}
	for _, test := range []struct {
		file string
		args []string
	}{
		{"cooked-screen.txt", []string{"cooked.pcap", "--cpus", "4"}},
		{"cooked.txt", []string{"cooked.pcap", "--cpus", "4", "--full"}},
		{"cooked.json", []string{"cooked.pcap", "--cpus", "4", "--format", "json"}},
		{"cooked.md", []string{"cooked.pcap", "--cpus", "4", "--format", "markdown"}},
		{"cooked-all-modes.txt", []string{"cooked.pcap", "--cpus", "2", "--mode", "all", "--flows", "5", "--full"}},
		{"cooked-compare.txt", compare},
		{"cooked-compare.md", append(compare, "--format", "markdown")},
		{"cooked-compare.json", append(compare, "--format", "json")},
		{"cooked-compare.csv", append(compare, "--format", "csv")},
		{"cooked-compare.html", append(compare, "--format", "html")},
		{"cooked-diff.txt", diff},
		{"cooked-diff.md", append(diff, "--format", "markdown")},
		{"cooked-diff.json", append(diff, "--format", "json")},
		{"cooked-diff.csv", append(diff, "--format", "csv")},
		{"cooked-diff.html", append(diff, "--format", "html")},
		{"cooked-suggest.md", append(suggest, "--format", "markdown")},
		{"cooked-suggest.csv", append(suggest, "--format", "csv")},
		{"queues-verify.md", append(verify, "--format", "markdown")},
		{"queues-verify.csv", append(verify, "--format", "csv")},
	} {
		got := []byte(runs(t, test.args...))
		if bytes.Count(toolVersion.ReplaceAll(got, nil), []byte("go1.")) > 0 {
			t.Errorf("%s: the Go version is not masked", test.file)
		}
		got = toolVersion.ReplaceAllFunc(got, func(b []byte) []byte {
			if bytes.HasPrefix(b, []byte(`"go":`)) {
				return []byte(`"go":"GO"},`)
			}
			if bytes.HasPrefix(b, []byte(`"version":`)) {
				return []byte(`"version":"VERSION","go":"GO"},`)
			}
			if bytes.HasPrefix(b, []byte("`")) {
				return []byte("`rssreplay VERSION GO`")
			}
			if bytes.HasPrefix(b, []byte(" · ")) {
				return []byte(" · rssreplay VERSION GO")
			}
			return []byte("tool               rssreplay VERSION GO")
		})
		got = styleAndScript.ReplaceAll(got, nil)
		path := filepath.Join(golden, test.file)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; `go test ./cmd/rssreplay -update` writes it anew):\n%s", test.file, diff)
		}
	}
}

// contract is every key of the report that rssreplay/report/v1 promises; [] is
// an element, * a key that is data.
const contract = `
schema
tool.name tool.version tool.go
command.[]
capture.files.[].name capture.files.[].format capture.files.[].compression capture.files.[].link_types.[] capture.files.[].file_bytes
capture.files.[].truncated capture.files.[].loss capture.files.[].sha256 capture.files.[].interfaces
capture.order capture.overlaps capture.overlap_ns
capture.packets capture.bytes capture.first capture.duration_ns capture.received capture.sent
capture.direction_rule capture.direction_said capture.timestamp_regressions capture.clock_restarts capture.snapped
capture.interface_drops capture.packet_drops
capture.unhashed.* capture.hash_types.*
capture.captured_bytes capture.cut capture.link_layers.* capture.encapsulations.*
capture.tunnels capture.long_frames capture.timestamp_leaps.packets capture.timestamp_leaps.first
parameters.*.value parameters.*.source
table.size table.entries.[] table.queue_cpus.[] table.packets.[] table.bytes.[] table.flows.[]
modes.[].mode modes.[].simulated_ns modes.[].serial_ns modes.[].serial_utilization
modes.[].cpus.[].cpu modes.[].cpus.[].packets modes.[].cpus.[].bytes modes.[].cpus.[].packets_per_second
modes.[].cpus.[].bits_per_second modes.[].cpus.[].flows modes.[].cpus.[].top_flow modes.[].cpus.[].interrupts
modes.[].cpus.[].dpcs modes.[].cpus.[].packets_per_dpc_mean modes.[].cpus.[].packets_per_dpc_max
modes.[].cpus.[].isr_ns modes.[].cpus.[].dpc_ns modes.[].cpus.[].migration_ns modes.[].cpus.[].migrated_packets
modes.[].cpus.[].send_packets modes.[].cpus.[].send_ns
modes.[].cpus.[].utilization
modes.[].cpus.[].latency_ns.mean modes.[].cpus.[].latency_ns.p50 modes.[].cpus.[].latency_ns.p90
modes.[].cpus.[].latency_ns.p99 modes.[].cpus.[].latency_ns.p999 modes.[].cpus.[].latency_ns.max
modes.[].cpus.[].latency_ns.sum
modes.[].queues.[].queue modes.[].queues.[].cpu modes.[].queues.[].packets modes.[].queues.[].bytes
modes.[].queues.[].drops modes.[].queues.[].depth_max modes.[].queues.[].burst_50us modes.[].queues.[].burst_500us
modes.[].totals.packets modes.[].totals.drops modes.[].totals.interrupts modes.[].totals.dpcs
modes.[].totals.isr_ns modes.[].totals.dpc_ns modes.[].totals.migration_ns modes.[].totals.migrated_packets modes.[].totals.reordered
modes.[].imbalance.packets modes.[].imbalance.bytes modes.[].imbalance.busy modes.[].imbalance.jain
modes.[].imbalance.min_max_percent modes.[].imbalance.chance_p1 modes.[].imbalance.chance_p5
modes.[].imbalance.chance_p95 modes.[].imbalance.chance_p99
modes.[].imbalance.busiest_window.start_ns modes.[].imbalance.busiest_window.packets
modes.[].imbalance.busiest_window.imbalance
modes.[].affinity.flows modes.[].affinity.single_cpu_flows modes.[].affinity.migrations
modes.[].affinity.symmetric_connections modes.[].affinity.connections modes.[].affinity.send_receive_match
modes.[].series.interval_ns modes.[].series.cpus.[].cpu modes.[].series.cpus.[].packets.[]
flows.[].protocol flows.[].source flows.[].source_port flows.[].destination flows.[].destination_port
flows.[].hash flows.[].hash_type flows.[].index flows.[].packets flows.[].bytes
flows.[].modes.*.cpus.* flows.[].modes.*.migrations
findings.[].id findings.[].severity findings.[].summary findings.[].evidence findings.[].remedy
findings.[].figures.*
notes.[]
caveats.[]
`

// TestContract compares the keys of a report with those promised, both ways.
func TestContract(t *testing.T) {
	var report any
	text := runs(t, filepath.Join(repository(t), "pcaps", "samples", "cooked.pcap"), "--mode", "all", "--format", "json")
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]bool)
	addKeys(keys, "", report)
	got := slices.Sorted(maps.Keys(keys))
	want := strings.Fields(contract)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys of the report (-contract +report):\n%s", diff)
	}
}

// addKeys adds the paths of the leaves of v.
func addKeys(keys map[string]bool, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			switch path {
			case "capture.unhashed", "capture.hash_types", "capture.link_layers", "capture.encapsulations", "parameters", "flows.[].modes", "flows.[].modes.*.cpus", "findings.[].figures":
				key = "*"
			}
			if path != "" {
				key = path + "." + key
			}
			if strings.HasPrefix(key, "parameters.*.value") {
				keys[key] = true // of any form
				continue
			}
			addKeys(keys, key, value)
		}
		return
	case []any:
		for _, element := range v {
			addKeys(keys, path+".[]", element)
		}
		if len(v) > 0 {
			return
		}
	}
	keys[path] = true
}

// A terminal obeys nothing of a file's name.
func TestTerminalEscapes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repository(t), "pcaps", "samples", "vlan.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "red\x1b[31m\u009b31m\u202e.pcap")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Skipf("this system has no such file name: %v", err)
	}
	var refused, stdout, damaged strings.Builder
	if status := run([]string{"rssreplay", name + "\x1b[0m"}, strings.NewReader(""), &stdout, &refused); status != exitFailed {
		t.Errorf("no such file: exit status %d", status)
	}
	cut := name + ".cut"
	if err := os.WriteFile(cut, data[:len(data)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if status := run([]string{"rssreplay", cut}, strings.NewReader(""), &stdout, &damaged); status != exitDamaged {
		t.Errorf("cut off: exit status %d", status)
	}
	for where, text := range map[string]string{
		"the report": runs(t, name, "--full"), "JSON": runs(t, name, "--format", "json"),
		"the error": refused.String(), "the error of a damaged capture": damaged.String(), "its report": stdout.String(),
	} {
		if strings.ContainsAny(text, "\x1b\u009b\u202e") {
			t.Errorf("%s has a terminal's control characters", where)
		}
		if !strings.Contains(text, "31m") {
			t.Errorf("%s does not name the file", where)
		}
	}
}
