package findings

import (
	"strings"
	"testing"

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
			Inputs: &Inputs{Flows: 90, Distinct: 90, Effective: 9}, Masked: []int{0, 1}, MaskFull: true,
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
