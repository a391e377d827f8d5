package plain

import (
	"testing"

	"rssreplay/dispatch/engine"
)

// Without RSS, the ISR on one CPU after the other, a migration 9. Three packets
// of one flow: p0 on CPU 0; p1 and p2 in one snapshot on CPU 1, where only the
// first of them pays. ISR 170–190, DPC to 220, p1 to 329, p2 to 429.
func TestMigrationCost(t *testing.T) {
	cfg := testConfig()
	cfg.ISRCPU = engine.RoundRobin
	cfg.MigrationCost = 9
	noFlow := Packet{Time: 430, Length: 60, Flow: none, Conn: none, Entry: none}
	packets := []Packet{rx(0, 0), rx(100, 0), rx(110, 0), tx(425, 0), noFlow}
	got, e := timeline(t, cfg, engine.NonRSS, packets)
	checkTimeline(t, got, `
0 arrive p0 q0, publish p0 v0, raise v0
10 isr c0
30 isr ends c0, dpc c0, take p0 c0
100 arrive p1 q0, publish p1 v0
110 arrive p2 q0, publish p2 v0
160 indicate p0 c0, dpc ends c0, enable v0, raise v0
170 isr c1
190 isr ends c1, dpc c1, take p1 c1, take p2 c1
329 indicate p1 c1
425 send p3 c0
429 indicate p2 c1, dpc ends c1, enable v0
430 arrive p4 q0, publish p4 v0, raise v0
440 isr c0
460 isr ends c0, dpc c0, take p4 c0
590 indicate p4 c0, dpc ends c0, enable v0
`)
	c := e.counters().CPUs
	if c[0].MigratedPackets != 0 || c[0].MigrationTime != 0 || c[0].DPCTime != 2*(30+100) {
		t.Errorf("CPU 0: %+v", c[0])
	}
	if c[1].MigratedPackets != 1 || c[1].MigrationTime != 9 || c[1].DPCTime != 30+2*100+9 {
		t.Errorf("CPU 1: %+v", c[1])
	}
}

// A flow's own CPU counts, not its connection's: flow 1, the reverse of flow 0,
// is new to CPU 1 and pays nothing there.
func TestMigrationGoesByFlow(t *testing.T) {
	cfg := testConfig()
	cfg.MigrationCost = 9
	reverse := rx(0, 1)
	reverse.Conn = 0
	_, e := timeline(t, cfg, engine.RSSMSIX, []Packet{rx(0, 0), reverse})
	for i, c := range e.counters().CPUs {
		if c.MigratedPackets != 0 || c.DPCTime != 130 {
			t.Errorf("CPU %d: %+v", i, c)
		}
	}
}

// What polls pays too, when it takes: dealt shares as well, on the CPU dealt to.
func TestMigrationInEachMode(t *testing.T) {
	first, second := rx(0, 0), rx(2000, 1)
	second.Flow = 0 // its table entry changed, as with a home address
	for mode := range engine.Mode(engine.NumModes) {
		for _, drain := range []engine.Drain{engine.Snapshot, engine.Poll} {
			cfg := testConfig()
			cfg.MigrationCost, cfg.Drain, cfg.ISRCPU = 9, drain, engine.RoundRobin
			_, e := timeline(t, cfg, mode, []Packet{first, second})
			c := e.counters().CPUs
			if c[0].MigratedPackets != 0 || c[1].MigratedPackets != 1 || c[1].MigrationTime != 9 {
				t.Errorf("%v, %v: %+v", mode, drain, c)
			}
		}
	}
}

// Of a snapshot with two flows that come from another CPU each one's first packet
// pays.
func TestMigrationOfTwoFlows(t *testing.T) {
	cfg := testConfig()
	cfg.ISRCPU = engine.RoundRobin
	cfg.MigrationCost = 9
	_, e := timeline(t, cfg, engine.NonRSS, []Packet{rx(0, 0), rx(1, 1), rx(100, 0), rx(101, 1), rx(102, 0)})
	c := e.counters().CPUs
	if c[0].MigratedPackets != 0 || c[1].MigratedPackets != 2 || c[1].DPCTime != 30+3*100+2*9 {
		t.Errorf("%+v", c)
	}
}
