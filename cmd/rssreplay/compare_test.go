package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

// comparedScenario is what the tests read of a scenario's JSON.
type comparedScenario struct {
	Name       string
	Compared   string
	Parameters map[string]any
	Unhashed   map[string]uint64
	HashTypes  map[string]uint64 `json:"hash_types"`
	FlowsMoved *int              `json:"flows_moved"`
	Packets    *int              `json:"packets_moved"`
	Table      any
	Modes      []map[string]any
}

type comparedJSON struct {
	Schema    string
	Scenarios []comparedScenario
	Best      map[string]*string
}

// comparedAs runs compare and reads its JSON.
func comparedAs(t testing.TB, args ...string) *comparedJSON {
	t.Helper()
	var c comparedJSON
	if err := json.Unmarshal([]byte(runs(t, append([]string{"compare", "--format", "json"}, args...)...)), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// replayedAlone runs the main command and reads its JSON, with all flows.
func replayedAlone(t testing.TB, args ...string) (*report.Report, comparedScenario) {
	t.Helper()
	text := runs(t, append([]string{"--format", "json", "--flows", "all"}, args...)...)
	var flows []report.Flow
	r, err := report.ReadJSON(strings.NewReader(text), func(_ *report.Report, f *report.Flow) { flows = append(flows, *f) })
	if err != nil {
		t.Fatal(err)
	}
	r.Flows = slices.Values(flows)
	var s struct {
		comparedScenario
		Capture struct {
			Unhashed  map[string]uint64
			HashTypes map[string]uint64 `json:"hash_types"`
		}
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		t.Fatal(err)
	}
	s.Unhashed, s.HashTypes = s.Capture.Unhashed, s.Capture.HashTypes
	withoutOwn(s.Modes)
	return r, s.comparedScenario
}

// withoutOwn leaves out what only a report has of its modes: the indexes into the listed
// flows, and what chance gives.
func withoutOwn(modes []map[string]any) {
	for _, m := range modes {
		imbalance := m["imbalance"].(map[string]any)
		for _, name := range []string{"chance_p1", "chance_p5", "chance_p95", "chance_p99"} {
			delete(imbalance, name)
		}
		for _, c := range m["cpus"].([]any) {
			c.(map[string]any)["top_flow"] = nil
		}
	}
}

// mainCPU is a flow's CPU with most packets in a mode, the lowest of equals.
func mainCPU(f *report.Flow, mode string) (cpu int, ok bool) {
	var most uint64
	for _, m := range f.Modes {
		for _, on := range m.CPUs {
			if m.Mode == mode && on.Packets > most {
				cpu, most = on.CPU, on.Packets
			}
		}
	}
	return cpu, most > 0
}

// TestCompareEqualsReplays compares every number of a comparison with those of
// replays of their own: counters, table, parameters, flows moved.
func TestCompareEqualsReplays(t *testing.T) {
	root := repository(t)
	truth := filepath.Join(root, "nicmodel", "testdata", "groundtruth")
	table := func(name string) string { return filepath.Join(truth, name, "ethtool-x.txt") }
	type scenario struct{ compare, alone []string }
	spec := func(alone ...string) scenario { return scenario{alone, alone} }
	scenarios := []scenario{
		spec("--layout", "equal"),
		spec("--layout", "block"),
		spec("--layout", "weight:3,3,2,2,2,2,1,1"),
		{[]string{"--scenario", `table: "table=` + table("igb-q8-default") + `" key=microsoft`}, []string{"--table", table("igb-q8-default"), "--key", "microsoft"}},
		{[]string{"--scenario", "words: cpus=4 layout=block key=symmetric udp4=sd tcp6=sd rx-ring=8 dma-batch=8"},
			[]string{"--cpus", "4", "--layout", "block", "--key", "symmetric", "--rx-flow-hash", "udp4=sd", "--rx-flow-hash", "tcp6=sd", "--rx-ring", "8", "--dma-batch", "8"}},
		{[]string{"--scenario", `"slow: and few": packet-cost=700us cpus=3 table-size=16 isr-cpu=round-robin drain=poll dpc-budget=3`},
			[]string{"--cpus", "3", "--packet-cost", "700us", "--table-size", "16", "--isr-cpu", "round-robin", "--drain", "poll", "--dpc-budget", "3"}},
		{[]string{"--scenario", "one mode: mode=rss-hw-queues,non-rss"}, []string{"--mode", "rss-hw-queues,non-rss"}},
		{[]string{"--scenario", "no RSS: mode=non-rss"}, []string{"--mode", "non-rss"}},
		// These count the same as the first, and share its models.
		{[]string{"--scenario", "now:"}, nil},
		spec("--layout", "equal:8"),
		spec("--layout", "weight:1,1,1,1,1,1,1,1"),
	}
	type test struct {
		capture string
		base    []string
	}
	tests := []test{
		{"web.pcap", []string{"--cpus", "8", "--mode", "all"}},
		{"fragments.pcap", []string{"--cpus", "8", "--base-cpu", "2", "--rx-flow-hash", "udp6=sd", "--speed", "3x"}},
		{"cooked.pcap", []string{"--cpus", "8", "--from", "100ms", "--isr-cost", "1500ns", "--rate", "2Gbps"}},
	}
	if testing.Short() {
		tests[0].base = append(tests[0].base, "--packets", "4000")
	}
	for _, sample := range samples(t) {
		if testing.Short() {
			break
		}
		tests = append(tests, test{filepath.Base(sample), []string{"--cpus", "8"}})
	}
	for _, test := range tests {
		t.Run(test.capture, func(t *testing.T) {
			t.Parallel()
			common := append([]string{filepath.Join(root, "pcaps", "samples", test.capture)}, test.base...)
			args := slices.Clone(common)
			for _, s := range scenarios {
				args = append(args, s.compare...)
			}
			together := comparedAs(t, args...)
			if len(together.Scenarios) != len(scenarios) {
				t.Fatalf("%d scenarios, want %d", len(together.Scenarios), len(scenarios))
			}
			var first *report.Report
			for i, s := range scenarios {
				// A flag of the scenario's own is in force instead of the base's.
				var base []string
				for k := 1; k < len(common); k += 2 {
					if common[k] == "--rx-flow-hash" || !slices.Contains(s.alone, common[k]) {
						base = append(base, common[k:k+2]...)
					}
				}
				rep, want := replayedAlone(t, slices.Concat(common[:1], base, s.alone)...)
				got := together.Scenarios[i]
				withoutOwn(got.Modes)
				want.Name, want.Compared, want.FlowsMoved, want.Packets = got.Name, got.Compared, got.FlowsMoved, got.Packets
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("scenario %s (-alone +together):\n%s", got.Name, diff)
				}
				if i == 0 {
					first = rep
				}
				flows, packets := moved(t, first, rep, together.Scenarios[0].Compared, got.Compared)
				if got.FlowsMoved == nil || *got.FlowsMoved != flows || *got.Packets != packets {
					t.Errorf("scenario %s: %s flows of %s packets moved, want %d of %d", got.Name, number(got.FlowsMoved), number(got.Packets), flows, packets)
				}
			}
		})
	}
}

func number(n *int) string {
	if n == nil {
		return "null"
	}
	return fmt.Sprint(*n)
}

// moved counts the flows, and their packets, with other main CPUs in b's mode
// than in a's.
func moved(t *testing.T, a, b *report.Report, modeA, modeB string) (flows, packets int) {
	of := func(r *report.Report, mode string) map[string]int {
		cpus := map[string]int{}
		for f := range r.Flows {
			if cpu, ok := mainCPU(&f, mode); ok {
				cpus[fmt.Sprint(f.Protocol, f.Source, f.SourcePort, f.Destination, f.DestinationPort)] = cpu
			}
		}
		return cpus
	}
	before, after := of(a, modeA), of(b, modeB)
	for f := range b.Flows {
		name := fmt.Sprint(f.Protocol, f.Source, f.SourcePort, f.Destination, f.DestinationPort)
		was, ok := before[name]
		is, still := after[name]
		if ok && still && was != is {
			flows++
			packets += int(f.Packets)
		}
	}
	return flows, packets
}

// An earlier report stands beside scenarios as if it were replayed, and its
// flows are compared if it lists all.
func TestCompareEarlierReport(t *testing.T) {
	web := filepath.Join(repository(t), "pcaps", "samples", "web.pcap")
	all := filepath.Join(t.TempDir(), "all.json")
	some := filepath.Join(t.TempDir(), "some.json")
	runs(t, web, "--layout", "block", "--itr", "5us", "--format", "json", "--flows", "all", "--output", all)
	runs(t, web, "--layout", "block", "--format", "json", "--output", some)
	c := comparedAs(t, web, "--layout", "equal", "--scenario", "again: layout=block itr=5us", "--report", all, "--report", some)
	again, earlier := c.Scenarios[1], c.Scenarios[2]
	withoutOwn(again.Modes)
	withoutOwn(earlier.Modes)
	again.Name = all
	for _, p := range []map[string]any{again.Parameters, earlier.Parameters} {
		for _, v := range p {
			v.(map[string]any)["source"] = "" // of the command line then
		}
	}
	if diff := cmp.Diff(again, earlier); diff != "" {
		t.Errorf("the report is not as the scenario (-scenario +report):\n%s", diff)
	}
	if *again.FlowsMoved == 0 {
		t.Error("no flow moved: nothing was tested")
	}
	if c.Scenarios[3].FlowsMoved != nil {
		t.Errorf("a report of some flows says that %d moved", *c.Scenarios[3].FlowsMoved)
	}
	// The report as the first, whose flows the others' are compared with.
	first := comparedAs(t, web, "--report", all, "--layout", "equal", "--layout", "block")
	if got, want := *first.Scenarios[1].FlowsMoved, *again.FlowsMoved; got != want || *first.Scenarios[2].FlowsMoved != 0 {
		t.Errorf("%d and %d flows moved from the report, want %d and 0", got, *first.Scenarios[2].FlowsMoved, want)
	}
	// In text, parameters of a report read as those of a scenario.
	scenario := []string{"--scenario", "again: layout=block itr=5us"}
	parameters := func(args ...string) string {
		text := runs(t, append([]string{"compare", web}, args...)...)
		if !strings.Contains(text, "No parameter differs.") {
			t.Errorf("parameters differ:\n%s", text)
		}
		text = text[strings.Index(text, "\n  tool "):]
		return text[:strings.Index(text, "\nCAVEATS")]
	}
	ofScenario, ofReport := parameters(append(scenario, "--report", all)...), parameters(append([]string{"--report", all}, scenario...)...)
	if diff := cmp.Diff(ofScenario, ofReport); diff != "" {
		t.Errorf("parameters in text (-scenario +report):\n%s", diff)
	}
	// Reports alone: the capture is read all the same.
	alone := comparedAs(t, web, "--report", all, "--report", some)
	if got := alone.Best["interrupts"]; got == nil || *got != all {
		t.Errorf("of two reports none is best: %v", alone.Best)
	}
}

// TestCompareContract compares the keys with those promised of
// rssreplay/compare/v1: the parts of a report's that a scenario has.
func TestCompareContract(t *testing.T) {
	want := map[string]bool{"best.*": true}
	for key := range strings.FieldsSeq(contract) {
		switch first, _, _ := strings.Cut(key, "."); first {
		case "parameters", "table", "modes":
			want["scenarios.[]."+key] = true
		case "schema", "tool", "command", "capture", "notes", "caveats":
			want[key] = true
		}
	}
	for _, key := range []string{"name", "report", "compared", "flows_moved", "packets_moved", "unhashed.*", "hash_types.*"} {
		want["scenarios.[]."+key] = true
	}
	var c map[string]any
	text := runs(t, "compare", filepath.Join(repository(t), "pcaps", "samples", "cooked.pcap"), "--mode", "all", "--layout", "block", "--format", "json")
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	leaves := map[string]bool{}
	addKeys(leaves, "", c)
	got := map[string]bool{}
	for key := range leaves {
		for _, of := range []string{"scenarios.[].parameters.", "scenarios.[].unhashed.", "scenarios.[].hash_types.", "best."} {
			if rest, ok := strings.CutPrefix(key, of); ok {
				key = of + "*"
				if of == "scenarios.[].parameters." {
					if key += ".source"; !strings.HasSuffix(rest, ".source") {
						key = of + "*.value" // of any form
					}
				}
			}
		}
		got[key] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("keys of a comparison (-contract +comparison):\n%s", diff)
	}
}

// Standard input is read once for all scenarios.
func TestCompareStandardInput(t *testing.T) {
	root := repository(t)
	text, err := os.ReadFile(filepath.Join(root, "nicmodel", "testdata", "groundtruth", "igb-q8-default", "ethtool-x.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	args := []string{"rssreplay", "compare", filepath.Join(root, "pcaps", "samples", "dns.pcap"), "--key", "microsoft", "--table", "-",
		"--scenario", "again: table=-", "--layout", "block", "--format", "json"}
	if status := run(args, strings.NewReader(string(text)), &stdout, &stderr); status != exitDone || stderr.Len() > 0 {
		t.Fatalf("exit status %d, standard error %q", status, stderr.String())
	}
	var c comparedJSON
	if err := json.Unmarshal([]byte(stdout.String()), &c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.Scenarios[0].Modes, c.Scenarios[1].Modes); diff != "" || len(c.Scenarios) != 3 {
		t.Errorf("the same table twice (-one +other):\n%s", diff)
	}
}

// A layout takes the place of a bundle's table, and of nothing else that the
// bundle says.
func TestCompareLayoutOverBundle(t *testing.T) {
	root := repository(t)
	bundle := filepath.Join(t.TempDir(), "bundle")
	if err := os.Mkdir(bundle, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ethtool-x.txt", "ethtool-g.txt"} {
		text, err := os.ReadFile(filepath.Join(root, "nicmodel", "testdata", "groundtruth", "igb-q8-default", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bundle, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := comparedAs(t, filepath.Join(root, "pcaps", "samples", "web.pcap"), "--bundle", bundle, "--nic", "qemu-igb", "--key", "symmetric",
		"--cpus", "4", "--scenario", "mine:", "--layout", "block", "--layout", "default", "--scenario", "other: layout=equal table-size=64")
	// The bundle's table is in blocks.
	for _, same := range c.Scenarios[1:3] {
		if diff := cmp.Diff(c.Scenarios[0].Modes, same.Modes); diff != "" {
			t.Errorf("scenario %s (-bundle +layout):\n%s", same.Name, diff)
		}
	}
	other := c.Scenarios[3].Parameters
	for name, want := range map[string]any{"queues": 8.0, "table-size": 64.0, "layout": "equal", "rx-ring": 256.0} {
		if got := other[name].(map[string]any)["value"]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	source := other["key"].(map[string]any)["source"]
	if source != "--key" || *c.Scenarios[3].FlowsMoved == 0 {
		t.Errorf("key of %v, %d flows moved", source, *c.Scenarios[3].FlowsMoved)
	}
}

// BenchmarkCompare is the main job beside a comparison of 16 layouts, which must
// cost at most 4 times as much.
func BenchmarkCompare(b *testing.B) {
	web := filepath.Join(repository(b), "pcaps", "samples", "web.pcap")
	data, err := os.ReadFile(web)
	if err != nil {
		b.Fatal(err)
	}
	dir, captures := b.TempDir(), []string{}
	for i := range 20 { // copies: what is named twice is refused
		captures = append(captures, filepath.Join(dir, fmt.Sprint(i)))
		if err := os.WriteFile(captures[i], data, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	layouts := []string{}
	for i := range 16 {
		layouts = append(layouts, "--layout", fmt.Sprintf("weight:%d,2,2,2,2,1,1,1", i+1))
	}
	for _, bench := range []struct {
		name string
		args []string
	}{
		{"scenarios=1", captures},
		{"scenarios=16", slices.Concat([]string{"compare"}, captures, layouts)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				runs(b, bench.args...)
			}
		})
	}
}
