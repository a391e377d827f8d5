package engine

// fastRSSSingleQueue is rssSingleQueue where nobody observes, packets have a
// fixed cost, and none can be a sent one.
//
// Optimization: it equals rssSingleQueue.
type fastRSSSingleQueue struct {
	*Model
	line      fastLine
	dropBytes []uint64 // per CPU
}

func newFastRSSSingleQueue(m *Model) *fastRSSSingleQueue {
	e := &fastRSSSingleQueue{Model: m, line: newFastLine(m, nil), dropBytes: make([]uint64, len(m.cpus))}
	e.line.distributor = newDistributor(m)
	e.line.drain, e.line.budget = Snapshot, 0 // the others do not apply here
	m.derive = e.derive
	return e
}

func (e *fastRSSSingleQueue) Process(b *Batch) {
	m, l := e.Model, &e.line
	m.prepare(b)
	steered := b.steered(m.steering)
	var ref *VariedRef
	varied := variedRefs(steered.Varied)
	for i, t := range b.Time[:b.N] {
		entry := steered.Entry[i]
		if entry >= Dropped {
			m.FixedAffinity.Drop(b.Flow[i])
			continue
		}
		cpu := m.target(entry).cpu
		full := l.filled >= l.limit && l.full(t)
		if full {
			l.drops++
			e.dropBytes[cpu] += uint64(b.Length[i])
			m.FixedAffinity.Drop(b.Flow[i])
		} else {
			l.fill(t, b.Length[i], uint32(cpu))
			l.publish(t)
		}
		if ref, varied = varied.of(i); ref != nil && !full {
			m.metSeveral(ref, b.Flow[i], cpu)
		}
	}
	m.arrived(b)
}

func (e *fastRSSSingleQueue) Finish() {
	e.line.run()
	e.line.distributor.finish()
}

// derive counts the queue and the CPUs.
func (e *fastRSSSingleQueue) derive(entries []EntryLoad, unhashed uint64) {
	for c := range e.cpus {
		e.cpus[c].Bytes = 0
	}
	e.cpus[e.cfg.QueueCPU[e.cfg.DefaultQueue]].Bytes = unhashed
	total := unhashed
	for i, load := range entries {
		e.cpus[e.targets[i].cpu].Bytes += load.Bytes
		total += load.Bytes
	}
	for c := range e.cpus {
		e.cpus[c].Bytes -= e.dropBytes[c]
	}
	e.line.counted(&e.queues[0], total)
}

// distributor is the first DPC of each cycle of rss-single-queue, which deals out what
// it takes, with the DPCs that it sets off on other CPUs.
//
// Optimization: it equals rssSingleQueue's isrEnd and dealt, and dpcSet: all that
// they do is known when the first one starts.
type distributor struct {
	m      *Model
	moving *fastMovingSingleQueue // nil: flows do not move
	shares []share                // per CPU
}

// share is what was dealt to a CPU in the latest cycle.
type share struct {
	on   *cpu
	n    int   // packets
	back int64 // the first instant whose arrivals find its buffers free

	// In all cycles, of packets that deal itself counts: how many, and their latencies.
	all       uint64
	sum, most int64
}

func newDistributor(m *Model) *distributor {
	d := &distributor{m: m, shares: make([]share, len(m.cpus))}
	for c := range m.cpus {
		d.shares[c].on = &m.cpus[c]
	}
	return d
}

// deals reports whether a distributor can do what the configuration asks.
func (m *Model) deals() bool { return m.homeCPUs == nil && m.cfg.ByteCost == 0 }

// deal takes all that waits in l, from start, and returns when the last share is
// done, and the first instant whose arrivals find all buffers free.
func (d *distributor) deal(l *fastLine, start int64) (end, back int64) {
	cfg := d.m.cfg
	cost := cfg.DPCCost + cfg.DistributeCost*int64(l.published-l.taken)
	l.on.DPCTime += cost
	if d.moving != nil && !d.moving.alike(l, start) {
		end, back = d.moving.deal(l, start+cost)
	} else {
		end, back = d.dealAlike(l, start+cost)
	}
	l.taken = l.published
	return end, back
}

// dealAlike is deal of packets that all cost the same, to DPCs that begin from dealt on.
//
// Optimization: it goes through the packets in their order, as no CPU knows of the others, and
// then through all CPUs, so that no branch depends on which have a share; it could not be
// foretold.
func (d *distributor) dealAlike(l *fastLine, dealt int64) (end, back int64) {
	cfg, shares, own := d.m.cfg, d.shares, l.on.index
	begin := dealt + cfg.IPILatency
	for c := range shares {
		shares[c].n, shares[c].back = 0, begin+cfg.DPCCost
	}
	shares[own].back = dealt // it needs no other DPC
	arrivals, rest := l.arrival[l.taken:l.published], l.rest[l.taken:l.published]
	for i, arrival := range arrivals {
		of := rest[i].of
		s := &shares[of]
		s.n++
		s.back += cfg.PacketCost
		late := s.back - arrival
		s.sum, s.most = s.sum+late, max(s.most, late)
		s.on.latency.Count(late)
	}
	last := arrivals[len(arrivals)-1]
	for i := range shares {
		s := &shares[i]
		c := s.on
		n, has := uint64(s.n), int64(-s.n)>>63 // all ones if it has a share
		c.DPCs += uint64(has & 1)
		c.DPCTime += (s.back - begin) & has
		c.Packets += n
		c.MaxPerDPC = max(c.MaxPerDPC, n)
		s.all += n
		end = max(end, s.back&has)
		if last < c.series.until {
			c.series.counts[len(c.series.counts)-1] += n
		} else if n > 0 {
			for k, arrival := range arrivals {
				if int(rest[k].of) == i {
					d.m.inWindow(&c.series, arrival)
				}
			}
		}
	}
	has := int64(-shares[own].n) >> 63
	l.on.DPCs -= uint64(has & 1)
	l.on.DPCTime += cfg.IPILatency & has
	if cfg.PacketCost > 0 {
		return end, end
	}
	for i := range shares {
		s := &shares[i]
		if i == own || cfg.DPCCost == 0 {
			s.back++ // it begins in step (4), after the arrivals, and ends at once
		}
		if s.n > 0 {
			back = max(back, s.back)
		}
	}
	return end, back
}

// finish counts the latencies of dealAlike.
func (d *distributor) finish() {
	for i := range d.shares {
		s := &d.shares[i]
		h := &s.on.latency
		h.Add(s.all, s.sum, max(s.most, h.Max))
	}
}

// working is how many packets are dealt whose buffers the arrivals at now do not find free.
func (d *distributor) working(now int64) int {
	n := 0
	for i := range d.shares {
		if s := &d.shares[i]; now < s.back {
			n += s.n
		}
	}
	return n
}
