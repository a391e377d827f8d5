package engine

// distributor is the first DPC of each cycle of rss-single-queue, which deals out what
// it takes, with the DPCs that it sets off on other CPUs.
//
// Optimization: it equals rssSingleQueue's isrEnd and dealt, and spread: all that
// they do is known when the first one starts.
type distributor struct {
	m      *Model
	shares []share // per CPU
	dealt  []int   // the CPUs that have one; capacity for all
}

// share is what was dealt to a CPU in the latest cycle.
type share struct {
	arrival []int64
	back    int64 // the first instant whose arrivals find its buffers free
}

func newDistributor(m *Model) *distributor {
	return &distributor{m: m, shares: make([]share, len(m.cpus)), dealt: make([]int, len(m.cpus))}
}

// deals reports whether a distributor can do what the configuration asks.
func (m *Model) deals() bool { return m.homeCPUs == nil && m.cfg.ByteCost == 0 }

// deal takes all that waits in l, from start, and returns when the last share is
// done, and the first instant whose arrivals find all buffers free.
func (d *distributor) deal(l *fastLine, start int64) (end, back int64) {
	for c := range d.shares {
		d.shares[c].arrival = d.shares[c].arrival[:0]
	}
	n := l.published - l.taken
	rest := l.rest[l.taken:l.published]
	for i, arrival := range l.arrival[l.taken:l.published] {
		s := &d.shares[rest[i].of]
		s.arrival = append(s.arrival, arrival)
	}
	l.taken += n
	cfg := d.m.cfg
	cost := cfg.DPCCost + cfg.DistributeCost*int64(n)
	l.on.DPCTime += cost
	dealt := start + cost
	for _, i := range d.nonempty() {
		s, c := &d.shares[i], &d.m.cpus[i]
		begin, work := dealt, dealt
		if c != l.on {
			c.DPCs++
			begin += cfg.IPILatency
			work = begin + cfg.DPCCost
		}
		if !c.series.inLast(s.arrival) {
			d.m.crossWindows(&c.series, s.arrival)
		}
		done := c.latency.Run(s.arrival, work, cfg.PacketCost)
		if s.back = done; done == begin {
			s.back++ // it begins in step (4), after the arrivals
		}
		c.DPCTime += done - begin
		c.Packets += uint64(len(s.arrival))
		c.MaxPerDPC = max(c.MaxPerDPC, uint64(len(s.arrival)))
		end, back = max(end, done), max(back, s.back)
	}
	return end, back
}

// nonempty finds the CPUs that have a share.
func (d *distributor) nonempty() []int {
	// Optimization: no branch on which these are; it could not be foretold.
	all := d.dealt[:len(d.shares)]
	n := 0
	for i := range all {
		all[n] = i
		n += int(uint64(-len(d.shares[i].arrival)) >> 63)
	}
	return all[:n]
}

// working is how many packets are dealt whose buffers the arrivals at now do not find free.
func (d *distributor) working(now int64) int {
	n := 0
	for i := range d.shares {
		if s := &d.shares[i]; now < s.back {
			n += len(s.arrival)
		}
	}
	return n
}
