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

// TestSpreadUnderOtherQueues: a scenario may have fewer queues and CPUs than the one whose
// arrivals were counted, and its own default queue.
func TestSpreadUnderOtherQueues(t *testing.T) {
	arrivals := &dispatch.Arrivals{
		Interval: 1e6, DefaultQueue: 3,
		Windows: [][]uint32{{100, 200, 0, 0, 0, 0, 0, 300}}, // four entries, four queues
	}
	c := &engine.Config{CPUs: []int{0, 1}, QueueCPU: []int{0, 1}, Table: []uint16{0, 1, 0, 1}, DefaultQueue: 0}
	if got := SpreadUnder(arrivals, c); got.Mean != report.Fraction(400)/300 { // 100 and 300 on CPU 0, 200 on CPU 1
		t.Errorf("the imbalance is %v, want 4 ÷ 3", got.Mean)
	}
}
