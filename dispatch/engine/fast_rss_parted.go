package engine

// parting is packets of a batch by the CPU that they go to.
//
// Optimization: lines know nothing of each other once the plan says when what is published,
// so that each takes its packets in one go, with what it counts in registers.
type parting struct {
	cpuOf   []uint16 // as the model's targets
	queueOf []uint16 // per CPU: its queue
	most    int      // packets that are parted at once
	ends    []int    // per CPU: where its packets end in at and time
	cpus    [BatchSize]uint16
	at      [BatchSize]int64 // when they are published
	time    [BatchSize]int64 // when they arrive
	doneAt  [BatchSize]int64 // when their CPUs are done with them
}

// partedPerCPU is how many packets a CPU gets at once on average: enough to hide that lines
// alternate, and a small part of a ring.
const partedPerCPU = 64

// newParting is nil if not all lines are plain.
func newParting(m *Model, lines []fastLine) *parting {
	p := &parting{queueOf: make([]uint16, len(lines)), ends: make([]int, len(lines)), most: min(partedPerCPU*len(lines), BatchSize)}
	for c := range lines {
		if !lines[c].plain || lines[c].cycle != nil {
			return nil
		}
	}
	p.aim(m, m.cfg.QueueCPU)
	return p
}

// aim finds where entries lead as it is now.
func (p *parting) aim(m *Model, queueCPU []int) {
	p.cpuOf = p.cpuOf[:0]
	for _, to := range m.targets {
		p.cpuOf = append(p.cpuOf, to.cpu)
	}
	for q, c := range queueCPU {
		p.queueOf[c] = uint16(q)
	}
}

// parted is together, as far as there is room for what every CPU gets; it returns the
// first packet that it left out.
func (e *fastRSS) parted(in *arriving, from, to int) int {
	for p := e.parting; from < to; {
		end := min(from+p.most, to)
		if !e.hasRoom(in.entry[from:end]) {
			break
		}
		p.part(e.plan.at[from:end], in.time[from:end])
		begin := 0
		for c, end := range p.ends {
			if end > begin {
				times := p.time[begin:end]
				e.lines[c].publishRun(p.at[begin:end], times, p.doneAt[:end-begin])
				if e.ownsBursts {
					e.bursts.ArriveAll(p.queueOf[c], times)
				}
				begin = end
			}
		}
		from = end
	}
	return from
}

// part parts packets that are published and arrive at these times, whose CPUs hasRoom has
// found.
func (p *parting) part(at, times []int64) {
	ends, at := p.ends, at[:len(times)]
	for i, cpu := range p.cpus[:len(times)] {
		k := ends[cpu]
		ends[cpu] = k + 1
		p.at[k], p.time[k] = at[i], times[i]
	}
}

// hasRoom finds the CPUs of packets with these entries, and where those of each begin
// among all. It reports whether each ring has room for its packets, and a list more.
func (e *fastRSS) hasRoom(entries []uint16) bool {
	p := e.parting
	cpuOf, ends, cpus := p.cpuOf, p.ends, p.cpus[:len(entries)]
	clear(ends)
	last := len(cpuOf) - 1
	for i, entry := range entries {
		cpu := cpuOf[min(int(entry), last)] // see Model.target
		cpus[i] = cpu
		ends[cpu]++
	}
	begin := 0
	for c, n := range p.ends {
		more := n + e.cfg.DMABatch
		if l := &e.lines[c]; n > 0 && l.filled+more > l.limit && l.tight(more) {
			return false
		}
		p.ends[c] = begin
		begin += n
	}
	return true
}
