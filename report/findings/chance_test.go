package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Chance is measured against what the table's own shares make of any traffic.
func TestFewFlowsLeavesOutTheTable(t *testing.T) {
	for _, test := range []struct {
		entries report.List[int]
		chance  report.Fraction
		want    string // "" for no finding
	}{
		{report.List[int]{0, 1, 2, 3}, 1.4, "gives the busiest 1.40 × its fair share."},
		{report.List[int]{0, 1, 2, 3}, 1.2, ""},
		{report.List[int]{0, 0, 0, 0, 0, 1, 2, 3}, 2.51, ""}, // weight:5,1,1,1
		{report.List[int]{0, 0, 1, 2, 3}, 2.01, "gives the busiest 2.01 × its fair share; even traffic under this table gives it 1.60 ×."},
		{report.List[int]{0, 0, 1, 2, 3}, 1.99, ""},
	} {
		m := report.Mode{Mode: "rss-msix", CPUs: report.List[report.CPU]{{CPU: 0, Packets: 700}, {CPU: 1, Packets: 100}, {CPU: 2, Packets: 100}, {CPU: 3, Packets: 100}}}
		m.Derive()
		d := newDiagnosis(&report.Report{Capture: report.Capture{Packets: 1000, Received: 1000}, Table: report.TableReport{Size: len(test.entries), Entries: test.entries, QueueCPUs: report.List[int]{0, 1, 2, 3}}, Modes: report.List[report.Mode]{m}},
			&Traffic{Flows: 30, Inputs: &Inputs{Flows: 9, Distinct: 9, Effective: 9}, Chance: &Chance{P50: test.chance, P999: report.Null}})
		f := d.fewFlows()
		switch {
		case f == nil && test.want != "", f != nil && test.want == "":
			t.Errorf("%v, chance %v: found %v", test.entries, test.chance, f)
		case f != nil && !strings.HasSuffix(f.Summary, test.want):
			t.Errorf("%v, chance %v: %q does not end in %q", test.entries, test.chance, f.Summary, test.want)
		case f != nil && (!strings.HasPrefix(f.Summary, "9 flows") || f.Figures["flows"] != uint64(9)): // rules take the others
			t.Errorf("%v: %q, flows: %v", test.entries, f.Summary, f.Figures["flows"])
		}
	}
}

// A load that is worse than chance has the hash to blame, not the number of flows, unless these
// are few indeed.
func TestFewFlowsLeavesOutTheHash(t *testing.T) {
	for _, test := range []struct {
		flows     uint64
		deviation report.Fraction
		p999      report.Fraction
		want      string
	}{
		{256, 6, 1.9, "uneven-hash"},
		{256, 6, 2.9, "few-flows"}, // chance makes as much
		{256, 3, 1.9, "few-flows"},
		{30, 6, 1.9, "few-flows"},
	} {
		r := hot(800, 400, 200, 200) // 2.00 ×
		many := func() uint64 { return test.flows }
		d := newDiagnosis(r, &Traffic{
			Flows: test.flows, Inputs: &Inputs{Flows: test.flows, Distinct: test.flows, Hashes: many, Effective: report.Fraction(test.flows)},
			Chance: &Chance{P50: 1.3, P999: test.p999, Deviation: test.deviation},
		})
		found := "none"
		for _, find := range []func() *report.Finding{d.fewFlows, d.unevenHash} {
			if f := find(); f != nil && found == "none" {
				found = f.ID
				d.found = append(d.found, *f)
			}
		}
		if found != test.want {
			t.Errorf("%+v: %s", test, found)
		}
	}
}

// An assumed key is no NIC's fault.
func TestUnevenHashOfAnAssumedKey(t *testing.T) {
	for source, want := range map[string]string{report.DefaultSource: report.Note, "--key": report.Problem} {
		r := hot(800_000, 400_000, 200_000, 200_000)
		r.Parameters = report.Parameters{{Name: "key", Value: "x", Source: source}}
		f := newDiagnosis(r, &Traffic{Inputs: &Inputs{Flows: 256, Distinct: 256, Hashes: func() uint64 { return 256 }}, Chance: &Chance{P50: 1.3, P999: 1.9, Deviation: 6}}).unevenHash()
		if f == nil || f.Severity != want || strings.HasPrefix(f.Remedy, "Give the NIC's own key first") != (want == report.Note) {
			t.Errorf("%s: %+v", source, f)
		}
	}
}
