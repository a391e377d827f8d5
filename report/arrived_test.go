package report

import (
	"strings"
	"testing"
)

// An overload does not look even because each CPU takes what it can.
func TestArrived(t *testing.T) {
	cpu := []int{0, 1}
	overloaded := func() (*Report, *Mode) {
		m := Mode{
			Mode: "rss-msix", Simulated: 1e9, CPUs: List[CPU]{{CPU: 0, Packets: 100, Bytes: 10000}, {CPU: 1, Packets: 100, Bytes: 20000}},
			Queues: List[Queue]{{Queue: 0, CPU: &cpu[0], Packets: 700, Bytes: 70000, Drops: 600}, {Queue: 1, CPU: &cpu[1], Packets: 300, Bytes: 60000, Drops: 200}},
		}
		m.Derive()
		r := &Report{Capture: Capture{Packets: 1000, Received: 1000, Duration: 1e9}, Evenness: &Evenness{Chance: Null, Largest: 300}, Modes: List[Mode]{m}}
		return r, &r.Modes[0]
	}
	r, m := overloaded()
	came := r.Arrived(m)
	if came.CPUs[0].Packets != 700 || came.CPUs[1].Packets != 300 || came.Totals.Packets != 1000 || came.Imbalance.Packets != 1.4 || came.CPUs[0].Bytes != 70000 || came.CPUs[0].PacketsPerSecond != 700 {
		t.Errorf("came %+v", came.CPUs)
	}
	if m.CPUs[0].Packets != 100 || m.Imbalance.Packets != 1 {
		t.Errorf("the mode itself is changed: %+v", m.CPUs)
	}
	if s, uneven := r.loadStatement(); !uneven || !strings.Contains(s.Text, "CPU 0 has 70.0% of the packets, dropped ones included, 1.40 × its fair share") {
		t.Errorf("%v: %s", uneven, s.Text)
	}
	r, m = overloaded() // 1.38 taken, and 1.4 that came: no more than noise
	m.CPUs[0].Packets, m.Queues[0].Drops, m.CPUs[1].Packets, m.Queues[1].Drops = 690, 10, 300, 0
	if m.Derive(); r.Arrived(m) != m || r.AllArrived(m).Imbalance.Packets != 1.4 {
		t.Errorf("%v arrived, and %v in all", r.Arrived(m).Imbalance.Packets, r.AllArrived(m).Imbalance.Packets)
	}
	for name, change := range map[string]func(m *Mode){
		"no drops": func(m *Mode) { m.Totals.Drops = 0 },
		"RPS":      func(m *Mode) { m.RPS = &RPS{} },
		"one ring": func(m *Mode) { m.Queues[1].CPU = nil },
	} {
		r, m := overloaded()
		if change(m); r.Arrived(m) != m {
			t.Errorf("%s: another mode", name)
		}
	}
}
