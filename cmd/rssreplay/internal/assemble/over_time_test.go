package assemble

import (
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/report"
)

// TestFirstTableMayStay: of 16 windows each has its own four entries, one on each CPU, the
// first of them half as heavy again. A table that spreads the whole evenly puts two of a
// window on one CPU. So the first table is the best that stays, and a replay that keeps to
// it nearly always is no proof that moving helps.
func TestFirstTableMayStay(t *testing.T) {
	const cpus, windows = 4, 16
	c := &engine.Config{}
	for cpu := range cpus {
		c.CPUs = append(c.CPUs, cpu)
		c.QueueCPU = append(c.QueueCPU, cpu)
	}
	arrivals := &dispatch.Arrivals{Interval: 1e6}
	for w := range windows {
		window := make([]uint32, cpus*windows+cpus)
		for cpu := range cpus {
			c.Table = append(c.Table, uint16(cpu))
			window[cpus*w+cpu] = 40
		}
		window[cpus*w] = 60
		arrivals.Windows = append(arrivals.Windows, window)
	}
	judged, whole := windowTasks(arrivals, c)
	if even := spreadOf(judged, whole.Even(c.Table)); even.Mean < 1.5 {
		t.Fatalf("the table that is even on the whole has %v on average: not what is tested", even.Mean)
	}
	o := OverTime(arrivals, c)
	if o.Best != o.Static || o.Best.Mean > 1.34 {
		t.Errorf("the best table that stays has %+v, the first one %+v", o.Best, o.Static)
	}
	moved := o.Static
	moved.Mean += 0.03
	if verdict := o.Judge(moved, false); verdict != report.MovingDoesNot {
		t.Errorf("%q of %v beside %v", verdict, moved.Mean, o.Static.Mean)
	}
}
