package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Heavy flows that meet as chance has it are no more than a note under a key that is assumed;
// under a given one they meet each time.
func TestCollidingByChance(t *testing.T) {
	for _, test := range []struct {
		source   string
		p90      report.Fraction
		severity string
		want     string
	}{
		{report.DefaultSource, 2, report.Note, "chance explains it, and under the NIC's own key"},
		{"--key", 2, report.Warning, "chance explains it, but with this key and table these flows load that CPU each time."},
		{report.DefaultSource, 1.3, report.Warning, "1.10 to 1.30 × (10th to 90th percentile)."},
	} {
		r := &report.Report{
			Capture:    report.Capture{Packets: 1000, Received: 1000, Duration: 1e9},
			Table:      report.TableReport{Size: 2, Entries: report.List[int]{0, 1}, QueueCPUs: report.List[int]{0, 1}},
			Parameters: report.Parameters{{Name: "key", Source: test.source}},
		}
		m := report.Mode{Mode: "rss-msix", Simulated: 1e9, CPUs: report.List[report.CPU]{{CPU: 0, Packets: 750}, {CPU: 1, Packets: 250}}}
		m.Derive()
		r.Modes = report.List[report.Mode]{m}
		heavy := func(packets uint64) report.Flow {
			return report.Flow{Protocol: "udp", HashWithheld: true, Packets: packets, Modes: []report.FlowMode{{Mode: "rss-msix", CPUs: []report.CPUPackets{{CPU: 0, Packets: packets}}}}}
		}
		traffic := &Traffic{
			Heavy: []report.Flow{heavy(210), heavy(200)}, WithPorts: report.Null, InnerBalance: report.Null,
			Inputs: &Inputs{Flows: 900, Distinct: 900, Effective: 50},
			Chance: &Chance{P5: 1.05, P10: 1.1, P50: 1.2, P90: test.p90, P95: 2.1, P999: report.Null},
		}
		said := false
		for _, f := range Diagnose(r, traffic) {
			if f.ID == "colliding-flows" {
				said = true
				if f.Severity != test.severity || !strings.Contains(f.Evidence, test.want) {
					t.Errorf("key of %s, 9 of 10 below %v: %s: %s", test.source, test.p90, f.Severity, f.Evidence)
				}
			}
		}
		if !said {
			t.Errorf("key of %s, 9 of 10 below %v: not found", test.source, test.p90)
		}
	}
}
