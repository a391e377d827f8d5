package packets

import (
	"rssreplay/dispatch/engine"
	"rssreplay/report/trace"
)

// turns writes what happens in a mode where the stack steers packets on (RPS): CPUs have
// turns of DPCs and of backlogs, and ISRs, which may run during those, stand on their
// vector's track.
func (t *tracer) turns(e engine.Event) {
	if e.CPU < 0 {
		return
	}
	c, track := &t.cpus[e.CPU], cpusTrack+e.CPU
	switch e.Kind {
	case engine.Raise:
		v, vectorTrack := t.vector(e.CPU)
		if v.in = t.inRange(e.Time); v.in {
			t.write(trace.Begin, vectorTrack, "masked", e.Time)
		}
	case engine.ISRStart:
		if v, vectorTrack := t.vector(e.CPU); v.in {
			t.slice(vectorTrack, "ISR", e.Time, e.Time+t.cfg.ISRCost, [4]trace.Arg{{Name: "CPU", Value: int64(t.cfg.CPUs[e.CPU])}})
		}
	case engine.Enable:
		if v, vectorTrack := t.vector(e.CPU); v.in {
			t.write(trace.End, vectorTrack, "", e.Time)
		}
	case engine.DPCStart, engine.BacklogStart:
		c.backlog, c.shown = e.Kind == engine.BacklogStart, t.inRange(e.Time)
		c.workEnd = e.Time + t.cfg.DPCCost
		name := "DPC"
		if c.backlog {
			name = "backlog"
		}
		if c.shown {
			t.write(trace.Begin, track, name, e.Time)
		}
	case engine.DPCEnd:
		if c.shown {
			t.write(trace.End, track, "", e.Time)
		}
	case engine.Steer:
		t.deepen(e, -1)
		c.workEnd = e.Time
	case engine.Take:
		if !c.backlog {
			t.deepen(e, -1)
		}
		c.workEnd, c.from = e.Time, e.Latest
	case engine.Indicate:
		if c.shown {
			t.slice(track, "packet", c.workEnd, e.Time, t.about(e, c))
		}
	case engine.Join, engine.BacklogDrop:
		t.handedOver(e)
	case engine.IPI:
		t.mark(track, "IPI", e.Time, [4]trace.Arg{})
	}
}

// handedOver writes that a packet went on to a CPU's backlog, or was dropped there.
func (t *tracer) handedOver(e engine.Event) {
	by := &t.cpus[e.Latest]
	if !by.shown {
		return
	}
	name := "steer"
	if e.Kind == engine.BacklogDrop {
		name = "backlog drop"
	}
	t.slice(cpusTrack+e.Latest, name, by.workEnd, e.Time, [4]trace.Arg{packetArg(e), {Name: "to CPU", Value: int64(t.cfg.CPUs[e.CPU])}})
}
