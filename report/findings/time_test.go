package findings

import (
	"testing"

	"rssreplay/report"
)

// Where one queue drops all, it is not said twice how many that is.
func TestDroppedBy(t *testing.T) {
	d := &diagnosis{r: &report.Report{}, t: &Traffic{}, mode: &report.Mode{Totals: report.Totals{Drops: 23}}}
	cpu := 6
	for drops, want := range map[uint64]string{23: " by queue 6 on CPU 6", 20: ", 20 of them by queue 6 on CPU 6"} {
		if got := d.droppedBy(&report.Queue{Queue: 6, CPU: &cpu, Drops: drops}); got != want {
			t.Errorf("%d of 23: %q, want %q", drops, got, want)
		}
	}
}
