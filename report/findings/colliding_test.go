package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Heavy flows that meet are no more than a note under a key that is assumed, and where chance
// explains a little loss; under a given key they meet each time.
func TestCollidingByChance(t *testing.T) {
	for _, test := range []struct {
		source   string
		p50, p90 report.Fraction
		packets  uint64 // of the busiest CPU
		severity string
		want     string
		remedy   string
	}{
		{report.DefaultSource, 1.2, 2, 750, report.Note, "(10th to 90th percentile): under the NIC's own key", "Give the NIC's own key first"},
		{report.DefaultSource, 1.2, 1.3, 750, report.Note, "(10th to 90th percentile): under the NIC's own key", "Give the NIC's own key first"},
		{"--key", 1.2, 2, 750, report.Warning, "chance explains it, but with this key and table these flows load that CPU each time.", "Other source ports, or another key,"},
		{"--key", 1.2, 2, 740, report.Note, "chance explains it, but with this key", "Other source ports, or another key,"},
		{"--key", 1.5, 2, 740, report.Note, "chance explains it, but with this key", "Half of all keys at random are no better."},
		{"--key", 1.2, 1.3, 740, report.Warning, "1.10 to 1.30 × (10th to 90th percentile).", "Other source ports, or another key,"},
	} {
		r := &report.Report{
			Capture:    report.Capture{Packets: 1000, Received: 1000, Duration: 1e9},
			Table:      report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}},
			Parameters: report.Parameters{{Name: "key", Source: test.source}},
		}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: test.packets}, {CPU: 1, Packets: 1000 - test.packets}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		heavy := func(packets uint64) report.Flow {
			return report.Flow{Protocol: "udp", HashWithheld: true, Packets: packets, Modes: []report.FlowMode{{Mode: "rss-msix", CPUs: []report.CPUPackets{{CPU: 0, Packets: packets}}}}}
		}
		traffic := &Traffic{
			Heavy: []report.Flow{heavy(210), heavy(200)}, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 900, Distinct: 900, Effective: 50},
			Chance: &Chance{P5: 1.05, P10: 1.1, P50: test.p50, P90: test.p90, P95: 2.1, P999: report.Null},
		}
		said := false
		for _, f := range Diagnose(r, traffic) {
			if f.ID == "colliding-flows" {
				said = true
				if f.Severity != test.severity || !strings.Contains(f.Evidence, test.want) || !strings.HasPrefix(f.Remedy, test.remedy) {
					t.Errorf("%+v: %s: %s %s", test, f.Severity, f.Evidence, f.Remedy)
				}
			}
		}
		if !said {
			t.Errorf("%+v: not found", test)
		}
	}
}

// One heavy flow among small ones meets some of them under any key, so that none is advised.
// More of them meet by luck.
func TestCollidingUnderAnyKey(t *testing.T) {
	heavy := func(cpu int, packets uint64) report.Flow { return on(cpu, packets) }
	for _, test := range []struct {
		heavy  []report.Flow
		p10    report.Fraction
		better *report.FoundTable
		luck   bool
		want   string // of the remedy
	}{
		{[]report.Flow{heavy(0, 800)}, 1.6, nil, false, "Split it over several connections; or keep other flows off its CPU: "},
		{[]report.Flow{heavy(0, 800)}, 1.6, &report.FoundTable{Imbalance: 1.1, Judged: 1.8, Present: 1.7}, false, "Split it over several connections; or keep other flows off its CPU: "},
		{[]report.Flow{heavy(0, 800)}, 1.6, &report.FoundTable{Imbalance: 1.1, Judged: 1.2, Present: 1.7, Lasts: true}, false, "Split it over several connections; or keep other flows off its CPU: "},
		{[]report.Flow{heavy(0, 400), heavy(0, 400)}, 1.6, nil, false, "Split them over several connections; or keep other flows off their CPUs: "},
		{[]report.Flow{heavy(0, 400), heavy(0, 400)}, 1.4, nil, true, "Give the NIC's own key first"},
	} {
		r := hot(1700, 800, 750, 750)
		r.Parameters = report.Parameters{{Name: "key", Source: report.DefaultSource}}
		f := newDiagnosis(r, &Traffic{
			Heavy: test.heavy, Flows: 900, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 900, Distinct: 900, Effective: 50}, Better: test.better,
			Chance: &Chance{P10: test.p10, P50: 1.7, P90: 1.8, P95: 1.8, P999: report.Null},
		}).collidingFlows()
		if f == nil || !strings.HasPrefix(f.Remedy, test.want) {
			t.Errorf("%d, one key of ten below %v: %+v", len(test.heavy), test.p10, f)
			continue
		}
		if luck := strings.Contains(f.Evidence, "other flows may meet"); luck != test.luck || strings.Contains(f.Evidence, "so under most keys") == luck || f.Severity == report.Note != (luck || test.better != nil && !test.better.Lasts) {
			t.Errorf("%d, one key of ten below %v: %s: %s", len(test.heavy), test.p10, f.Severity, f.Evidence)
		}
	}
}

// A flow that is most of what its CPU has too much is named, though the rest there is a little
// more than a fair share, too: the flows are not few by chance.
func TestCollidingBesideALittleMore(t *testing.T) {
	for packets, want := range map[uint64]int{500: 1, 480: 0} { // of 550 too much
		r := hot(1550, 850, 800, 800)
		d := newDiagnosis(r, &Traffic{Heavy: []report.Flow{on(0, packets)}})
		if heavy := d.heavyOnBusiest(); len(heavy) != want {
			t.Errorf("%d of 550 too much: %d flows", packets, len(heavy))
		}
	}
}

// What one entry brings is called most of it where it is.
func TestOneEntryIsMostOfIt(t *testing.T) {
	for entry, want := range map[uint64]string{450: "One entry of the table does most of it: ", 200: "One entry of the table does a part of it: "} {
		r := hot(1800, 800, 700, 700)
		r.Table.Size, r.Table.Entries = 5, report.List[int]{0, 1, 2, 3, 0}
		r.Table.Packets = report.List[uint64]{1800 - entry, 800, 700, 700, entry}
		r.Parameters = report.Parameters{{Name: "key", Source: "--key"}}
		f := newDiagnosis(r, &Traffic{
			Heavy: []report.Flow{on(0, 450), on(0, 440)}, Inputs: &Inputs{Flows: 900, Distinct: 900}, WithPorts: report.Null, InnerBalance: report.Null,
		}).collidingFlows()
		if f == nil || !strings.HasPrefix(f.Remedy, want) {
			t.Errorf("an entry of %d: %+v", entry, f)
		}
	}
}
