package findings

import (
	"testing"

	"rssreplay/report"
)

func TestCPUMask(t *testing.T) {
	for _, test := range []struct {
		cpus []int
		want string
	}{
		{[]int{0}, "1"},
		{[]int{0, 1, 2, 3, 4, 5, 6, 7}, "ff"},
		{[]int{4, 33}, "2,00000010"},
		{[]int{64}, "1,00000000,00000000"},
	} {
		d := &diagnosis{mode: &report.Mode{}}
		for _, c := range test.cpus {
			d.mode.CPUs = append(d.mode.CPUs, report.CPU{CPU: c})
		}
		if got := d.cpuMask(); got != test.want {
			t.Errorf("%v: %s, want %s", test.cpus, got, test.want)
		}
	}
}

// RPS is replayed behind the mode that has an interrupt for each CPU alone: of the others no
// effect is promised.
func TestEffectOfRPSByMode(t *testing.T) {
	const sets = "`echo f >/sys/class/net/DEV/queues/rx-0/rps_cpus`"
	for mode, want := range map[string]string{
		"rss-msix":      sets + "; its effect: `rssreplay CAPTURE --rps 0-3`",
		"rss-hw-queues": sets,
	} {
		r := hot(250, 250, 250, 250)
		r.Modes[0].Mode = mode
		if got := newDiagnosis(r, &Traffic{}).byRPS("0"); got != want {
			t.Errorf("%s: %s", mode, got)
		}
	}
}
