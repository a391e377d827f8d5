package engine

import "rssreplay/nicmodel"

// fastCycle is the interrupt cycle of a NIC with one vector for the fast lines of all
// CPUs (rss-hw-queues).
//
// Optimization: it equals cycle and dpcSet, with drain snapshot, no budget, a
// fixed cost of packets on the CPU of their flow, and a vector that the first packet raises. All DPCs but
// that of the ISR's own CPU start at one moment, and the vector is enabled when
// the last of them ends.
type fastCycle struct {
	m      *Model
	lines  []fastLine
	vector nicmodel.Vector

	// nextPoll is when DPCs next look at their queues: at the ISR's end that of its own
	// CPU, and ipi-latency later the others'; fastIdle as with fastLine.
	nextPoll int64
	spread   bool   // the others are to come
	others   []int  // their CPUs; capacity for all
	raise    int64  // of this cycle
	end      int64  // of the latest DPC
	epoch    uint64 // by which advance
}

// newFastCycle gives the fast lines one vector.
func newFastCycle(m *Model, lines []fastLine) {
	c := &fastCycle{m: m, lines: lines, others: make([]int, len(lines)), vector: nicmodel.NewVector(&m.cfg.Config), nextPoll: fastIdle}
	for i := range lines {
		lines[i].cycle, lines[i].plain = c, false
	}
}

// closesCycles reports whether a fastCycle can do what the configuration asks.
func (m *Model) closesCycles() bool { return m.homeCPUs == nil && m.takesAtOnce() }

// publishInCycle is publish. Up to the moment when DPCs next look, a publication
// changes nothing but the number of packets that wait.
func (l *fastLine) publishInCycle(t int64) {
	if t > l.cycle.nextPoll {
		l.cycle.meet(t)
	}
	l.published++
}

// meet does the work that comes before a publication at t, and finds when the
// vector is raised for it.
func (c *fastCycle) meet(t int64) {
	c.advance(t)
	if c.nextPoll == fastIdle {
		c.arm(max(t, c.end))
	}
}

// advance does all work that comes before the arrivals at the instant now.
func (c *fastCycle) advance(now int64) {
	c.epoch++
	for fastIdle < c.nextPoll && c.nextPoll < now {
		if c.spread {
			for _, cpu := range c.others {
				c.dpc(&c.lines[cpu], c.nextPoll)
			}
			c.enable()
		} else {
			c.isrEnd(c.nextPoll)
		}
	}
}

// isrEnd raises the vector and runs the ISR, at whose end HWQ-3 queues DPCs.
func (c *fastCycle) isrEnd(t int64) {
	c.vector.Raise(c.raise)
	own := c.m.systemCPU()
	c.m.isr(own)
	if l := &c.lines[own]; l.published > l.taken {
		c.dpc(l, t)
	}
	if c.others = c.waiting(c.others); len(c.others) == 0 {
		c.enable()
		return
	}
	c.spread, c.nextPoll = true, t+c.m.cfg.IPILatency
}

// waiting is the CPUs for which packets wait, in the array of into.
func (c *fastCycle) waiting(into []int) []int {
	// Optimization: no branch on which these are; it could not be foretold.
	into = into[:len(c.lines)]
	n := 0
	for cpu := range into {
		l := &c.lines[cpu]
		into[n] = cpu
		n += int(uint64(int64(l.taken-l.published)) >> 63)
	}
	return into[:n]
}

// dpc is a DPC that takes all that waits at start, at a fixed cost for each.
func (c *fastCycle) dpc(l *fastLine, start int64) {
	if l.epoch != c.epoch {
		l.epoch = c.epoch
		l.safe = l.held // as in fastLine.advance
	}
	on := l.on
	on.DPCs++
	waiting := l.published - l.taken
	l.deepen(waiting)
	l.held = l.taken
	end := l.indicate(waiting, start, start+c.m.cfg.DPCCost)
	on.DPCTime += end - start
	l.end, l.freed = end, end
	c.end = max(c.end, end)
}

// enable ends the cycle.
func (c *fastCycle) enable() {
	c.spread, c.nextPoll = false, fastIdle
	c.m.masked += c.end - c.raise
	waiting := 0
	for i := range c.lines {
		waiting += c.lines[i].published - c.lines[i].taken
	}
	if waiting > 0 {
		c.arm(c.end)
	}
}

func (c *fastCycle) arm(now int64) {
	c.raise = c.vector.Due(now, now, 1)
	c.nextPoll = c.raise + c.m.cfg.InterruptLatency + c.m.cfg.ISRCost
}
