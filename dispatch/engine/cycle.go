package engine

import "rssreplay/nicmodel"

// cycle is the interrupt cycle of a NIC with one vector whose DPCs run on
// several CPUs: raised on a system-determined CPU, it goes on with what the
// mode does at the ISR's end, and the vector is enabled when the last DPC ends.
// Like a line it is advanced lazily.
type cycle struct {
	*Model
	vector nicmodel.Vector
	set    dpcSet
	part   cyclePart
	state  lineState // idle, armed, raised, dealing, or snapshot while DPCs run
	time   int64     // of the next event
	ready  int64     // the first instant whose arrivals come after it
	cpu    int       // of the ISR of this cycle
	ended  int64     // when the last cycle did

	raisedAt int64 // when this cycle's vector was
}

// cyclePart is where the modes differ.
type cyclePart interface {
	// isrEnd is the ISR's end at t.
	isrEnd(t int64)
	// dealt is the end of the dealing at t, where the mode has one.
	dealt(t int64)
	// oldest is when the oldest buffer of the vector's queue was published, and
	// how many are in it, at least one.
	oldest() (published int64, waiting int)
}

func newCycle(m *Model, queues []nicmodel.Queue, part cyclePart) cycle {
	return cycle{
		Model: m, vector: nicmodel.NewVector(&m.cfg.Config), set: newDPCSet(m, queues), part: part,
		ready: nicmodel.Never,
	}
}

// next makes state last until t, where an event of step (3) or (4) ends it.
func (c *cycle) next(state lineState, t int64) {
	c.state, c.time, c.ready = state, t, t+1
}

// masked reports whether the vector is masked.
func (c *cycle) masked() bool { return c.state != idle && c.state != armed }

// advance does all work that comes before the arrivals at the instant now.
func (c *cycle) advance(now int64) {
	for c.ready <= now {
		switch c.state {
		case armed:
			c.raise(c.time)
		case raised:
			c.event(ISREnd, c.time, c.cpu, -1, -1)
			c.part.isrEnd(c.time)
		case dealing:
			c.part.dealt(c.time)
		case snapshot:
			t := c.set.advance()
			if c.run(); len(c.set.active) == 0 {
				c.enable(t)
			}
		}
	}
}

// filled is told that the vector's queue holds waiting buffers, the last of
// which was published at t.
func (c *cycle) filled(t int64, waiting int) {
	if c.state == idle || c.state == armed && c.vector.Fills(waiting) {
		c.arm(t)
	}
}

func (c *cycle) arm(now int64) {
	oldest, waiting := c.part.oldest()
	c.next(armed, c.vector.Due(now, oldest, waiting))
}

func (c *cycle) raise(t int64) {
	c.vector.Raise(t)
	c.raisedAt = t
	c.cpu = c.systemCPU()
	c.event(Raise, t, c.cpu, -1, -1)
	c.isr(c.cpu)
	start := t + c.cfg.InterruptLatency
	c.event(ISRStart, start, c.cpu, -1, -1)
	c.next(raised, start+c.cfg.ISRCost)
}

// run goes on with the DPCs of the set.
func (c *cycle) run() {
	c.state, c.ready = snapshot, c.set.ready()
}

// enable ends the cycle.
func (c *cycle) enable(t int64) {
	c.event(Enable, t, c.cpu, -1, -1)
	c.Model.masked += t - c.raisedAt
	c.ended = t
	if _, waiting := c.part.oldest(); waiting > 0 {
		c.arm(t)
	} else {
		c.state, c.ready = idle, nicmodel.Never
	}
}

// runOut runs the cycle to its end: every queue empty.
func (c *cycle) runOut() {
	for c.state != idle {
		c.advance(c.ready)
	}
	c.at(c.ended)
}
