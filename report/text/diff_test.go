package text

import (
	"strings"
	"testing"

	"rssreplay/report"
	"rssreplay/report/internal/fixture"
)

func TestDiffText(t *testing.T) {
	before, after := fixture.New(8, 300, "rss-msix", "non-rss"), fixture.New(8, 300, "rss-msix", "non-rss")
	after.Findings = []report.Finding{{ID: "ring-overflow", Severity: report.Problem, Summary: "The ring is full."}}
	for i := range before.Parameters {
		if before.Parameters[i].Name == "key" {
			before.Parameters[i].Source = report.DefaultSource
		}
	}
	var moved []report.MovedFlow
	for f := range after.Flows {
		moved = append(moved, report.MovedFlow{Flow: f, Was: 1, Now: 2})
	}
	c := &report.Compare{
		Capture: after.Capture, Diff: report.NewDiff(before, after, moved, uint64(len(moved)), false),
		Scenarios: []report.Scenario{
			{Name: "old.json", Compared: "rss-msix", Modes: before.Modes, Table: before.Table, Parameters: before.Parameters},
			{Name: "new.json", Compared: "rss-msix", Modes: after.Modes, Table: after.Table, Parameters: after.Parameters},
		},
	}
	var b strings.Builder
	if err := WriteCompare(&b, c, Options{}); err != nil {
		t.Fatal(err)
	}
	_, changes, _ := strings.Cut(b.String(), "CHANGES")
	changes, _, _ = strings.Cut(changes, "SHARES OF THE CPUS")
	fixture.Golden(t, "diff.txt", []byte("CHANGES"+changes))
}
