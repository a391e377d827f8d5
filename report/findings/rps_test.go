package findings

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/report"
)

// With masks of all CPUs a cause is named only if it explains the busiest CPU's load.
func TestRPSFullMask(t *testing.T) {
	for _, test := range []struct {
		notIP uint64
		pppoe uint64
		want  string
		not   string
	}{
		{2, 0, "by chance: here of 90 flows, by their packets worth 9 of equal size.", "EtherType"},
		{300, 0, "neither IP nor PPPoE, here 300 of 1,000, it has no more than the EtherType", "chance"},
		{300, 298, "by chance", "EtherType"},
	} {
		r := &report.Report{Table: report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}}, Capture: report.Capture{
			Packets: 1000, Received: 1000, Duration: 1e9,
			Unhashed:       report.Counts{{Name: "not_ip", Packets: test.notIP}},
			Encapsulations: report.Counts{{Name: "pppoe", Packets: test.pppoe}},
		}}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, RPS: &report.RPS{}, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 750}, {CPU: 1, Packets: 250}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		largest := &report.Flow{Protocol: "udp", Packets: 100}
		traffic := &Traffic{
			Largest: largest, LargestBytes: largest, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 90, Distinct: 90, Effective: 9}, Masked: []int{0, 1}, MaskFull: true, Steered: true,
		}
		said := ""
		for _, f := range Diagnose(r, traffic) {
			if f.ID == "rps-hot" {
				said = f.Evidence
			}
		}
		if !strings.Contains(said, test.want) || strings.Contains(said, test.not) {
			t.Errorf("%d not IP, %d of PPPoE: %q", test.notIP, test.pppoe, said)
		}
	}
}

// Remote are the CPUs whose node is told and not the NIC's, and which have packets by RPS.
func TestRPSOffNode(t *testing.T) {
	near, far := 0, 1
	backlog := func(packets uint64) *report.Backlog { return &report.Backlog{FromBacklog: packets} }
	m := report.Mode{Mode: "rss-msix", Simulated: 1e9, RPS: &report.RPS{}, CPUs: report.List[report.CPU]{
		{CPU: 0, Packets: 500, Backlog: backlog(300)}, {CPU: 1, Packets: 200, Backlog: backlog(150)},
		{CPU: 2, Packets: 200, Backlog: backlog(0)}, {CPU: 3, Packets: 50, Backlog: backlog(50)}, {CPU: 4, Packets: 50, Backlog: backlog(50)},
	}}
	m.Derive()
	for _, test := range []struct {
		nic  *int
		want string // "": nothing is found
	}{
		{&near, "RPS moves 15.0% of the packets to CPUs on another NUMA node than the NIC's, node 0: CPU 1."},
		{&far, "RPS moves 30.0% of the packets to CPUs on another NUMA node than the NIC's, node 1: CPU 0."},
		{nil, ""},
	} {
		host := &report.Host{NICNode: test.nic, CPUs: report.List[report.HostCPU]{{CPU: 0, Node: &near}, {CPU: 1, Node: &far}, {CPU: 2, Node: &far}, {CPU: 3}}}
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000, Duration: 1e9}, Modes: report.List[report.Mode]{m}, Host: host}, &Traffic{})
		got := ""
		if f := d.rpsOffNode(); f != nil {
			got = f.Summary
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// Drops of a backlog are grave only by measured costs, and impossible of packets that a
// host captured behind it.
func TestBacklogOverflowByWhatIsKnown(t *testing.T) {
	for _, test := range []struct {
		source, taken, want string
	}{
		{report.DefaultSource, "", report.Warning},
		{"--packet-cost", "", report.Problem},
		{"--packet-cost", "the capture says it", report.Note},
	} {
		r := hot(90000, 200, 200, 200)
		r.Parameters = report.Parameters{{Name: "packet-cost", Value: "1µs", Source: test.source}}
		drops, backlog := uint64(7), uint64(1001)
		m := &r.Modes[0]
		m.RPS, m.Totals.BacklogDrops = &report.RPS{}, &drops
		m.CPUs[0].Backlog = &report.Backlog{BacklogDrops: drops, BacklogMax: backlog}
		f := newDiagnosis(r, &Traffic{TakenOnHost: test.taken}).backlogOverflow()
		if f == nil || f.Severity != test.want || strings.Contains(f.Evidence, "they were received: the capture says it") != (test.taken != "") {
			t.Errorf("%+v: %+v", test, f)
		}
	}
}

// Where one CPU's backlog dropped all, no part of them is named.
func TestBacklogOverflowOfOneCPU(t *testing.T) {
	for _, test := range []struct {
		drops uint64
		want  string
	}{
		{7, "7 packets are dropped in the full backlog of CPU 0 (RPS)."},
		{9, "9 packets are dropped in full backlogs of RPS, 7 of them on CPU 0."},
	} {
		r := hot(90000, 200, 200, 200)
		m := &r.Modes[0]
		m.RPS, m.Totals.BacklogDrops = &report.RPS{}, &test.drops
		m.CPUs[0].Backlog = &report.Backlog{BacklogDrops: 7, BacklogMax: 1001}
		if f := newDiagnosis(r, &Traffic{}).backlogOverflow(); f == nil || !strings.HasSuffix(f.Summary, test.want) {
			t.Errorf("want %s, got %+v", test.want, f)
		}
	}
}

// steered is a report of RPS over four CPUs, of which the first is hot.
func steered(packets ...uint64) *report.Report {
	r := hot(packets...)
	r.Modes[0].RPS = &report.RPS{}
	r.Parameters = report.Parameters{{Name: "rps", Value: "0-1", Source: "--rps"}}
	return r
}

// ids are the names of findings that are more than a note.
func ids(all report.List[report.Finding]) (ids []string) {
	for _, f := range all {
		if f.Severity != report.Note {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// Under RPS one fault has one finding: a heavy flow, or the masks, whichever is more first; and
// masks are to blame where all CPUs in them would spread these flows better.
func TestRPSOneFault(t *testing.T) {
	even := &Chance{P10: 1.02, P50: 1.05, P90: 1.1, P95: 1.1, P999: 1.2}
	few := &Chance{P10: 1.9, P50: 2, P90: 2.4, P95: 2.5, P999: report.Null}
	halves := &Chance{P10: 2, P50: 2.1, P90: 2.2, P95: 2.2, P999: 2.3}
	for name, test := range map[string]struct {
		packets []uint64
		change  func(*Traffic)
		want    []string
		says    string // the first one
	}{
		"a heavy flow, full masks": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.MaskFull, t.Stack = true, &StackInputs{Flows: 900, Distinct: 900, Effective: 3, Heaviest: 2000, Even: 1, Everywhere: even}
			flow := on(0, 2000)
			t.Largest, t.LargestBytes, t.Heavy = &flow, &flow, []report.Flow{flow}
		}, []string{"elephant-flow"}, "whatever the masks of RPS"},
		"one flow": {[]uint64{4000, 0, 0, 0}, func(t *Traffic) {
			t.MaskFull, t.Stack = true, &StackInputs{Flows: 1, Distinct: 1, Effective: 1, Heaviest: 4000, Even: 1, Everywhere: even}
			flow := on(0, 4000)
			t.Largest, t.LargestBytes, t.Heavy = &flow, &flow, []report.Flow{flow}
		}, []string{"single-flow"}, "shows one CPU of 4"},
		"a tunnel that RPS does not look into": {[]uint64{4000, 0, 0, 0}, func(t *Traffic) {
			t.MaskFull, t.Stack = true, &StackInputs{Flows: 1, Distinct: 1, Effective: 1, Heaviest: 4000, Even: 1, Everywhere: even}
			flow := on(0, 4000)
			t.Largest, t.LargestBytes, t.Heavy, t.LargestTunnel, t.InnerFlows = &flow, &flow, []report.Flow{flow}, "vxlan", 500
		}, []string{"tunnel"}, "One vxlan tunnel"},
		"masks of two CPUs": {[]uint64{2100, 1900, 0, 0}, func(t *Traffic) {
			t.Chance, t.Stack, t.Masked = halves, &StackInputs{Flows: 900, Distinct: 900, Effective: 900, Heaviest: 10, Even: 2, Everywhere: even}, []int{0, 1}
		}, []string{"rps-hot"}, "with all CPUs in each mask this one typically has 1.05 ×"},
		"masks of two CPUs, and few flows": {[]uint64{2100, 1900, 0, 0}, func(t *Traffic) {
			t.Chance, t.Stack, t.Masked = halves, &StackInputs{Flows: 6, Distinct: 6, Effective: 6, Heaviest: 700, Even: 2, Everywhere: few}, []int{0, 1}
		}, []string{"rps-hot"}, "are few for RPS over the CPUs of its masks"},
		"masks of three CPUs, and few flows": {[]uint64{2100, 1300, 600, 0}, func(t *Traffic) {
			t.Chance, t.Stack, t.Masked = halves, &StackInputs{Flows: 6, Distinct: 6, Effective: 6, Heaviest: 700, Even: 4. / 3, Everywhere: few}, []int{0, 1, 2}
		}, []string{"rps-hot"}, "these flows on random CPUs of the masks give 2.00 to 2.20 ×"},
		"masks of two CPUs, and a heavier flow": {[]uint64{3500, 500, 0, 0}, func(t *Traffic) {
			t.Stack, t.Masked = &StackInputs{Flows: 900, Distinct: 900, Effective: 3, Heaviest: 2900, Even: 2, Everywhere: &Chance{P50: 3.1}}, []int{0, 1}
			flow := on(0, 2900)
			t.Largest, t.LargestBytes, t.Heavy = &flow, &flow, []report.Flow{flow}
		}, []string{"elephant-flow"}, "whatever the masks of RPS"}, // 0.4 of 2.5 too much are the masks'
		"masks of two CPUs, and a lesser flow": {[]uint64{2500, 1500, 0, 0}, func(t *Traffic) {
			t.Stack, t.Masked = &StackInputs{Flows: 900, Distinct: 900, Effective: 6, Heaviest: 1400, Even: 2, Everywhere: &Chance{P50: 1.6}}, []int{0, 1}
			flow := on(0, 1400)
			t.Largest, t.LargestBytes, t.Heavy = &flow, &flow, []report.Flow{flow}
		}, []string{"rps-hot", "elephant-flow"}, "no mask has them"},
		"a heavy security association": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.Parted, t.MaskFull = true, true
			t.Chance = few
			t.Stack = &StackInputs{Flows: 6, Distinct: 6, Associations: 6, Effective: 2, Heaviest: 2000, HeaviestSPI: true, Even: 1, Everywhere: few}
		}, []string{"rps-hot"}, "the packets of one security association of ESP on one CPU, and one alone is 2.00 ×"},
		"few security associations": {[]uint64{2000, 1000, 500, 500}, func(t *Traffic) {
			t.Parted, t.MaskFull = true, true
			t.Chance = few
			t.Stack = &StackInputs{Flows: 6, Distinct: 6, Associations: 6, Effective: 6, Heaviest: 700, HeaviestSPI: true, Even: 1, Everywhere: few}
		}, []string{"rps-hot"}, "6 security associations of ESP, worth 6 of equal size, are few for RPS over 4 CPUs"},
		"few pairs of addresses": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.MaskFull, t.Steered, t.Chance = true, true, few
			t.Stack = &StackInputs{Flows: 900, Distinct: 40, Effective: 20, Heaviest: 700, Even: 1, Everywhere: few}
			t.Inputs.Portless = []Portless{{"udp", 900, 4000, 40}}
		}, []string{"rps-hot"}, "900 flows have 40 distinct hashes of the NIC's, which is of addresses alone: few for RPS over 4 CPUs"},
		"one pair of addresses": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.MaskFull, t.Steered, t.Chance = true, true, even
			t.Stack = &StackInputs{Flows: 900, Distinct: 40, Effective: 3, Heaviest: 2000, Even: 1, Everywhere: even}
			t.Inputs.Portless = []Portless{{"udp", 900, 4000, 40}}
		}, []string{"rps-hot"}, "The NIC's hash, which chooses, is of addresses alone: 900 flows have 40 distinct hashes."},
		"no mask of the default queue": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.Flows = 900
		}, []string{"unhashed"}, "all go to queue 0 on CPU 0"},
		"masks of two CPUs, and one EtherType by default queue": {[]uint64{2500, 1500, 0, 0}, func(t *Traffic) {
			t.Steered, t.Masked = true, []int{0, 1}
		}, []string{"rps-hot"}, "it has no more than the EtherType"},
		"a mask of the default queue alone": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.Steered = true
		}, []string{"rps-hot"}, "it has no more than the EtherType"},
		"packets without a hash": {[]uint64{2500, 500, 500, 500}, func(t *Traffic) {
			t.MaskFull, t.Steered = true, true
		}, []string{"rps-hot"}, "it has no more than the EtherType"},
	} {
		r := steered(test.packets...)
		r.Capture.Unhashed = report.Counts{{Name: "not_ip", Packets: map[bool]uint64{true: 1900}[strings.Contains(name, "without a hash") || strings.Contains(name, "default queue")]}}
		traffic := &Traffic{Flows: 900, WithPorts: report.Null, InnerBalance: report.Null, Inputs: &Inputs{Flows: 900, Distinct: 900, Effective: 9}}
		test.change(traffic)
		all := Diagnose(r, traffic)
		if d := cmp.Diff(test.want, ids(all)); d != "" {
			t.Errorf("%s: %s", name, d)
		} else if said := all[0].Summary + " " + all[0].Evidence; !strings.Contains(said, test.says) {
			t.Errorf("%s: %q", name, said)
		}
	}
}

// What masks of all CPUs take on by the stack's own hash is no fault of the NIC's queue.
func TestRPSTakesOnWhatHasNoHash(t *testing.T) {
	for _, takes := range []bool{true, false} {
		r := steered(1100, 1000, 1000, 900)
		if !takes { // as modes without RPS have none, whatever the masks
			r.Modes[0].RPS = nil
		}
		r.Capture.Unhashed = report.Counts{{Name: noHashTypeReason, Packets: 3000}}
		r.Capture.Encapsulations = report.Counts{{Name: "qinq", Packets: 3000}}
		got := ids(Diagnose(r, &Traffic{Steered: true, WithPorts: report.Null, InnerBalance: report.Null}))
		want := []string{"no-hash-type", "qinq"}
		if takes {
			want = nil
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("it takes them on: %v: %s", takes, d)
		}
	}
}

// Where a flow makes a window hot, it is not said that flows are few for RPS.
func TestRPSHotWindow(t *testing.T) {
	r := steered(1600, 800, 800, 800)
	oneHotWindow(r)
	few := &Chance{P10: 1.5, P50: 1.55, P90: 1.7, P95: 1.7, P999: report.Null}
	flow := on(0, 800)
	all := Diagnose(r, &Traffic{
		MaskFull: true, Steered: true, Chance: few, Stack: &StackInputs{Flows: 900, Distinct: 900, Effective: 20, Heaviest: 800, Even: 1, Everywhere: few},
		Largest: &flow, LargestBytes: &flow, Heavy: []report.Flow{flow}, WithPorts: report.Null, InnerBalance: report.Null,
	})
	if d := cmp.Diff([]string{"hot-window"}, ids(all)); d != "" {
		t.Error(d)
	}
	if !strings.Contains(all[0].Remedy, "No masks of RPS are right") {
		t.Error(all[0].Remedy)
	}
}

// A flow that RPS parts is no heavy one of the CPU that has most of it, but one that only moving
// tables brought to several CPUs is.
func TestHeavyOnBusiestUnderRPS(t *testing.T) {
	parted := report.Flow{Protocol: "esp", Packets: 900, Modes: []report.FlowMode{{Mode: "rss-msix", CPUs: []report.CPUPackets{{CPU: 0, Packets: 600}, {CPU: 1, Packets: 300}}}}}
	for _, test := range []struct {
		rps, moves bool
		flow       report.Flow
		want       int
	}{
		{true, false, parted, 0},
		{true, true, parted, 1},
		{false, false, parted, 1},
		{true, false, on(0, 600), 1},
	} {
		r := hot(1600, 800, 800, 800)
		if test.rps {
			r = steered(1600, 800, 800, 800)
		}
		if test.moves {
			r.Changes = &report.Changes{Moved: report.Moved{Moves: 1}}
		}
		if heavy := newDiagnosis(r, &Traffic{Heavy: []report.Flow{test.flow}}).heavyOnBusiest(); len(heavy) != test.want {
			t.Errorf("RPS %v, tables move %v, on %d CPUs: %d flows", test.rps, test.moves, len(test.flow.Modes[0].CPUs), len(heavy))
		}
	}
}
