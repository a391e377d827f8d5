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
