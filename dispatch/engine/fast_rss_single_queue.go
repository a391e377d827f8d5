package engine

import "slices"

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
	varied := steered.Varied
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
		if len(varied) > 0 && varied[0].Index == uint32(i) {
			if !full {
				m.FixedAffinity.Note(b.Flow[i], varied[0].Before, int(m.target(varied[0].Entry).cpu), int(cpu), len(m.cpus))
			}
			varied = varied[1:]
		}
	}
	m.arrived(b)
}

func (e *fastRSSSingleQueue) Finish() { e.line.run() }

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
	dealt  []int                  // the CPUs that have one; capacity for all
}

// share is what was dealt to a CPU in the latest cycle.
type share struct {
	arrival []int64
	packets []int // where flows move: their places among those of the cycle
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
	if d.moving != nil {
		d.moving.deal(l, d.shares, start)
	}
	cfg := d.m.cfg
	cost := cfg.DPCCost + cfg.DistributeCost*int64(n)
	l.on.DPCTime += cost
	dealt := start + cost
	for _, i := range d.order(l.on.index) {
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
		done := int64(0)
		if d.moving == nil || d.moving.alone {
			done = c.latency.Run(s.arrival, work, cfg.PacketCost)
		} else {
			done = d.moving.indicate(c, s, work)
		}
		if s.back = done; done == begin {
			s.back++ // it begins in step (4), after the arrivals
		}
		c.DPCTime += done - begin
		c.Packets += uint64(len(s.arrival))
		c.MaxPerDPC = max(c.MaxPerDPC, uint64(len(s.arrival)))
		end, back = max(end, done), max(back, s.back)
	}
	l.taken += n
	return end, back
}

// order is the CPUs that have a share, in the order in which they take it: its own CPU
// first, which needs no other DPC.
func (d *distributor) order(own int) []int {
	all := d.nonempty()
	if d.moving != nil {
		if at := slices.Index(all, own); at > 0 {
			copy(all[1:], all[:at])
			all[0] = own
		}
	}
	return all
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
