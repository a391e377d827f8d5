package findings

import (
	"testing"

	"rssreplay/report"
)

// Over which time a host's counts are, where its snapshots say it.
func TestCounted(t *testing.T) {
	for window, want := range map[int64]string{-1: "between the snapshots", 0: "between the snapshots", 1: "in the 1 ns between the snapshots", 2e9: "in the 2.00 s between the snapshots"} {
		d := newDiagnosis(&report.Report{Host: &report.Host{Window: &window}}, &Traffic{})
		if got := d.counted(); got != want {
			t.Errorf("%d ns: %s, want %s", window, got, want)
		}
	}
	if got := newDiagnosis(&report.Report{Host: &report.Host{}}, &Traffic{}).counted(); got != "since the host booted" {
		t.Errorf("without snapshots: %s", got)
	}
}
