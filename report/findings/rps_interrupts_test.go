package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// worked is a report under RPS of CPUs with these packets and times in ms of a second: CPU 0
// takes interrupts, as do those without packets.
func worked(packets []uint64, ms []int64) *report.Report {
	r := steered(packets...)
	r.Parameters = append(r.Parameters, report.Parameter{Name: "packet-cost", Value: 100000, Source: "default"})
	for i := range r.Modes[0].CPUs {
		c := &r.Modes[0].CPUs[i]
		c.DPCTime, c.Backlog = ms[i]*1e6, &report.Backlog{FromBacklog: c.Packets}
		if i == 0 || packets[i] == 0 {
			c.SteeredAway = 4000
		}
	}
	return r
}

// Where packets are even and the CPU that steers them has its full share besides, it is told to be
// left out of the masks, if that relieves it; once it is, nothing says that it is missed.
func TestInterruptsUnderRPS(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets []uint64
		ms      []int64
		masked  []int
		want    string // severity; "" for no finding
	}{
		{"a full share besides", []uint64{1000, 1000, 1000, 1000}, []int64{400, 100, 100, 100}, []int{0, 1, 2, 3}, report.Note},
		{"hardly anything to do", []uint64{100, 100, 100, 100}, []int64{99, 10, 10, 10}, []int{0, 1, 2, 3}, ""},
		{"half of its time", []uint64{1000, 1000, 1000, 1000}, []int64{600, 100, 100, 100}, []int{0, 1, 2, 3}, report.Warning},
		{"its packets are little of that", []uint64{1000, 1000, 1000, 1000}, []int64{1200, 100, 100, 100}, []int{0, 1, 2, 3}, ""},
		{"the others have as much", []uint64{1000, 1000, 1000, 1000}, []int64{220, 200, 200, 200}, []int{0, 1, 2, 3}, ""},
		{"two CPUs, of which the other would have all", []uint64{1000, 1000}, []int64{250, 110}, []int{0, 1}, report.Note},
		{"two CPUs, and much to move", []uint64{2000, 2000}, []int64{400, 210}, []int{0, 1}, ""},
		{"half of the CPUs are left out, and would be the busiest with their share", []uint64{0, 0, 1000, 1000}, []int64{60, 60, 100, 100}, []int{2, 3}, ""},
		{"half are left out, and would not", []uint64{0, 0, 1000, 1000}, []int64{40, 40, 100, 100}, []int{2, 3}, report.Warning},
		{"it is left out", []uint64{0, 1340, 1330, 1330}, []int64{300, 130, 130, 130}, []int{1, 2, 3}, ""},
		{"it is left out, and has little to do", []uint64{0, 1340, 1330, 1330}, []int64{20, 130, 130, 130}, []int{1, 2, 3}, report.Warning},
	} {
		r := worked(test.packets, test.ms)
		got := ""
		for _, f := range Diagnose(r, &Traffic{Masked: test.masked, MaskFull: len(test.masked) == len(test.packets), WithPorts: report.Null, InnerBalance: report.Null}) {
			if f.ID == "rps-hot" {
				got = f.Severity
				if in := test.packets[0] > 0; in && (!strings.Contains(f.Remedy, "Leave the interrupts' CPUs out of the masks: `for f in /sys/class/net/DEV/queues/rx-*/rps_cpus; do echo ") || !strings.Contains(f.Remedy, "--rps 1")) {
					t.Errorf("%s: %s", test.name, f.Remedy)
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// What bytes cost goes with the packets that are handed on.
func TestBytesUnderRPS(t *testing.T) {
	r := worked([]uint64{1000, 1000, 1000, 1000}, []int64{400, 200, 200, 200})
	r.Parameters = append(r.Parameters, report.Parameter{Name: "byte-cost", Value: 100.0})
	for i := range r.Modes[0].CPUs {
		r.Modes[0].CPUs[i].Bytes = 1_000_000 // 100 ms of 200
	}
	d := newDiagnosis(r, &Traffic{})
	if got := d.busiestOver([]int{1, 2, 3}); got != 800_000_000/3 {
		t.Errorf("the busiest of the others works %d ns", got)
	}
}
