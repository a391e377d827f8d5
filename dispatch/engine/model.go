package engine

import (
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/engine/measure"
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/nicmodel"
)

// Setup is what a model is to replay, and who watches.
type Setup struct {
	Config   *Config
	Mode     Mode
	Steering int      // which of the batches' ways of steering
	Varies   bool     // packets of one flow may meet several entries
	Sends    Sends    // which packets may be sent ones
	Observe  Observer // nil: nobody
}

// Model is what every mode has: the rings of its hardware queues, the CPUs and
// the counters. It reacts; the times come from the mode, which owns the clock.
type Model struct {
	cfg      *Config
	mode     Mode
	steering int
	varies   bool
	sending  Sends
	observe  Observer

	rings    nicmodel.Rings
	cpus     []cpu
	queues   []QueueCounters
	depth    []uint64 // per queue: buffers published and not yet taken
	interval int64    // of the time series
	end      int64    // time of the last event so far
	targets  []target // per table entry, then per queue that rules lead to, then of packets without a hash

	changes  *changes // nil: the table and the affinity stay
	changeAt int64    // when the next change is

	// How flows are told apart: by either of the two, or by FixedAffinity as long as each
	// flow has one CPU, and CountedAffinity afterwards. Where changes are, flows are
	// counted as they arrive.
	CountedAffinity *affinity.Counted
	FixedAffinity   *affinity.Fixed
	expects         bool // the engine itself expects flows of CountedAffinity, soon before they arrive

	// Where flows may meet several CPUs under RSS, else nil: which one took a flow's
	// latest packet, and 1; 0 without one. And in which order packets were indicated.
	latest *bigarray.Array[uint16]
	order  *affinity.Order

	masked int64 // how long the NIC's only vector was, where its DPCs run on several CPUs

	// With RPS: packets in order of arrival; the time of the vector's ISRs and DPCs in
	// NonRSS, and the packets whose CPU the stack's own hash chose from several.
	arrivals   *arrivalOrder
	vectorWork int64
	ownHashes  uint64

	bursts     *measure.Bursts
	ownsBursts bool // no other model counts them
	arrives    bool // the engine itself counts them, as packets arrive

	homeCPUs *affinity.HomeCPUs // nil if the capture can't hold sent packets, or a faster engine knows without
	taken    int64              // packets that CPUs took so far, where their order is what counts
	judged   uint64
	matches  uint64

	roundRobin int

	// derive counts what follows from the loads of the table's entries and the
	// bytes of packets without a hash, once all is done; nil where nothing does.
	derive func(entries []EntryLoad, unhashed uint64)
}

// cpu is one CPU's counters.
type cpu struct {
	CPUCounters
	index   int
	latency measure.Histogram
	series  cpuSeries
}

// target is where a table entry leads.
type target struct{ queue, cpu uint16 }

func newModel(s Setup) *Model {
	cfg, mode := s.Config, s.Mode
	queues := cfg.Queues
	if mode == NonRSS || mode == RSSSingleQueue {
		queues = 1
	}
	m := &Model{
		cfg: cfg, mode: mode, steering: s.Steering, varies: s.Varies, sending: s.Sends, observe: s.Observe,
		rings:    nicmodel.NewRings(queues, cfg.RxRing),
		cpus:     make([]cpu, len(cfg.CPUs)),
		queues:   make([]QueueCounters, queues),
		depth:    make([]uint64, queues),
		interval: cfg.Interval,
	}
	for c := range m.cpus {
		m.cpus[c].index = c
	}
	m.changeAt = nicmodel.Never
	if m.changes = newChanges(cfg, mode, s.Sends != NoSends); m.changes != nil {
		m.changeAt, _ = m.changes.next()
	}
	m.aim()
	queueOf := make([]uint16, len(m.targets))
	for entry, to := range m.targets {
		queueOf[entry] = to.queue
	}
	m.bursts = measure.NewBursts(queues, queueOf)
	m.ownsBursts, m.arrives = true, m.burstsMove()
	if mode == NonRSS || m.changes != nil || cfg.RPS.Active(mode) {
		m.CountedAffinity = affinity.NewCounted(len(cfg.CPUs))
	} else {
		m.FixedAffinity = affinity.NewFixed()
	}
	switch {
	case cfg.RPS.Active(mode):
		m.arrivals = new(arrivalOrder)
		m.latest, m.order = new(bigarray.Array[uint16]), affinity.NewOrder(1)
	case mode != NonRSS && (s.Varies || m.changes != nil) && len(cfg.CPUs) > 1:
		m.latest, m.order = new(bigarray.Array[uint16]), affinity.NewOrder(len(cfg.CPUs))
	}
	if s.Sends != NoSends {
		m.homeCPUs = &affinity.HomeCPUs{}
	}
	return m
}

// plain reports whether nobody observes, no CPU serves more than one hardware queue,
// and none depends on what the others do with a flow: then there are faster engines
// that count the same. What changes with NonRSS is but the CPU of some sent packets.
func (m *Model) plain() bool {
	if m.observe != nil || m.latest != nil || m.changes != nil && m.mode != NonRSS {
		return false
	}
	return len(m.queues) == 1 || m.ownQueues()
}

// ownQueues reports whether no CPU serves more than one hardware queue.
func (m *Model) ownQueues() bool {
	served := make([]bool, len(m.cpus))
	for _, c := range m.cfg.QueueCPU {
		if served[c] {
			return false
		}
		served[c] = true
	}
	return true
}

// prepare makes room for the flows of b, and counts its bursts.
func (m *Model) prepare(b *Batch) {
	if m.ownsBursts && !m.arrives {
		m.bursts.Count(b.Time[:b.N], b.steered(m.steering).Entry[:], Sent)
	}
	if m.CountedAffinity != nil {
		m.CountedAffinity.Grow(b.Flows)
		if m.FixedAffinity == nil && !m.expects {
			affinity.Expect(m.CountedAffinity, b.Flow[:b.N])
		}
	}
	if m.latest != nil {
		m.latest.Grow(b.Flows)
		m.order.Grow(b.Flows, b.N)
	}
	if m.homeCPUs != nil {
		m.homeCPUs.Grow(b.Flows)
		m.homeCPUs.Load(b.Flow[:b.N], b.Sends)
	}
	m.expectSends(b.Sends[:min(len(b.Sends), prefetch.Group+len(b.Sends)%prefetch.Group)])
}

// toSend expects what send will ask for soon, where the engine has these packets still to
// send.
//
// Optimization: it is a group at a time. Of a whole batch it is more than the second-level
// cache keeps until then.
func (m *Model) toSend(sends []affinity.SendRef) {
	const group = prefetch.Group
	if n := len(sends); n%group == 0 {
		m.expectSends(sends[min(group, n):min(2*group, n)])
	}
}

func (m *Model) expectSends(sends []affinity.SendRef) {
	if m.homeCPUs != nil {
		m.homeCPUs.Expect(sends)
	} else if m.CountedAffinity != nil {
		m.CountedAffinity.ExpectSends(sends)
	}
}

// at is called for each event that moves the simulated time.
func (m *Model) at(t int64) { m.end = max(m.end, t) }

// arrived moves the simulated time to the last packet of a batch: an arrival is
// an event also when the packet is dropped.
func (m *Model) arrived(b *Batch) {
	if b.N > 0 {
		m.at(b.Time[b.N-1])
	}
}

// target is where a received packet's Batch.Entry leads.
func (m *Model) target(entry uint16) target {
	return m.targets[min(int(entry), len(m.targets)-1)] // Unhashed is above all entries
}

// receive takes a buffer of queue for a packet at its arrival, or counts the
// packet as dropped. The rings must be up to date (see Full).
func (m *Model) receive(t int64, queue uint16, length, flow, packet uint32) bool {
	q := &m.queues[queue]
	q.Packets++
	q.Bytes += uint64(length)
	if m.rings.Full(queue) {
		m.drop(t, queue, flow, packet)
		return false
	}
	m.rings.Take(queue)
	return true
}

// drop counts a packet that found no free buffer.
func (m *Model) drop(t int64, queue uint16, flow, packet uint32) {
	m.queues[queue].Drops++
	if m.FixedAffinity != nil {
		m.FixedAffinity.Drop(flow)
	}
	m.event(Drop, t, -1, int(queue), int64(packet))
}

// ruledOut is a packet that a rule drops, at its arrival: it takes no buffer.
func (m *Model) ruledOut(t int64, flow, packet uint32) {
	if m.FixedAffinity != nil {
		m.FixedAffinity.Drop(flow)
	}
	m.event(RuleDrop, t, -1, -1, int64(packet))
}

// OwnHashes is the packets that were steered by the hash that the stack makes itself, to
// one of several CPUs.
func (m *Model) OwnHashes() uint64 { return m.ownHashes }

// published counts a buffer that reached its receive queue.
func (m *Model) published(queue uint16) {
	m.depth[queue]++
	if m.depth[queue] > m.queues[queue].DepthMax {
		m.queues[queue].DepthMax = m.depth[queue]
	}
}

// isr charges an ISR to a CPU.
func (m *Model) isr(c int) {
	m.cpus[c].Interrupts++
	m.cpus[c].ISRTime += m.cfg.ISRCost
}

// systemCPU is the CPU of the ISR where the system determines it (NON-3, HWQ-2,
// SQ-3). "Ideally, the ISR should go to the least busy CPU. However, in some
// systems, the system assigns the ISR to an available CPU or to a CPU that is
// associated with the NIC."
func (m *Model) systemCPU() int {
	switch m.cfg.ISRCPU {
	case LeastBusy:
		least, busy := 0, m.cpus[0].busy()
		for c := range m.cpus {
			if b := m.cpus[c].busy(); b < busy {
				least, busy = c, b
			}
		}
		return least
	case RoundRobin:
		c := m.roundRobin
		m.roundRobin = (c + 1) % len(m.cpus)
		return c
	}
	return m.cfg.ISRCPU
}

// indicate works on the n oldest buffers of q, which CPU c takes at the time
// taken, one after the other from start, and returns when the last of them is
// done.
func (m *Model) indicate(c int, q *nicmodel.Queue, n int, takenAt, start int64) int64 {
	cpu := &m.cpus[c]
	end := start
	bytes, sum, most := uint64(0), int64(0), cpu.latency.Max
	for i := range n {
		b := q.Peek(i)
		begun := end
		end += m.cfg.cost(b.Length)
		from := noCPU
		if last := m.took(b.Flow, c); last != 0 && last != c+1 {
			from = last - 1
			end += m.cfg.MigrationCost
			cpu.MigratedPackets++
		}
		if m.changes != nil && m.changes.begun != nil {
			m.changes.begin(c, i, begun, end-begun)
		}
		bytes += uint64(b.Length)
		late := end - b.Arrival
		sum, most = sum+late, max(most, late)
		cpu.latency.Count(late)
		if b.Arrival >= cpu.series.until {
			m.extend(&cpu.series, b.Arrival)
		}
		cpu.series.counts[len(cpu.series.counts)-1]++
		if m.order != nil {
			m.order.Indicated(c, b.Flow, b.Packet, end)
		}
		if m.observe != nil {
			m.observe(Event{Mode: m.mode, Kind: Take, Time: takenAt, CPU: c, Queue: int(b.Queue), Packet: int64(b.Packet), Latest: from})
			m.event(Indicate, end, c, int(b.Queue), int64(b.Packet))
		}
	}
	if m.order != nil {
		m.order.Passed(takenAt)
	}
	if m.homeCPUs != nil {
		for i := range n {
			m.takeOf(c, q.Peek(i).Flow, takenAt)
		}
	}
	q.Take(n)
	cpu.latency.Add(uint64(n), sum, most)
	cpu.Packets += uint64(n)
	cpu.Bytes += bytes
	cpu.DPCTime += end - start
	return end
}

// metSeveral counts an accepted packet, for cpu, of a flow that more than one entry has met.
func (m *Model) metSeveral(ref *VariedRef, flow uint32, cpu uint16) {
	m.FixedAffinity.Note(flow, ref.Before, int(m.target(ref.Entry).cpu), int(cpu), len(m.cpus))
}

// noCPU stands for a CPU that there is not.
const noCPU = -1

// took notes that CPU c takes a packet of flow, and returns the CPU that took the
// flow's packet before, and 1; 0 without one, and where it can be no other.
func (m *Model) took(flow uint32, c int) (last int) {
	switch {
	case m.mode == NonRSS:
		return m.CountedAffinity.Took(flow, c)
	case m.latest != nil && flow != NoFlow:
		on := m.latest.At(flow)
		last = int(*on)
		*on = uint16(c + 1)
	}
	return last
}

// dequeued counts the n oldest buffers of q as no longer waiting in their
// hardware queues.
func (m *Model) dequeued(q *nicmodel.Queue, n int) {
	if len(m.depth) == 1 {
		m.depth[0] -= uint64(n)
		return
	}
	for i := range n {
		m.depth[q.Peek(i).Queue]--
	}
}

// takeOf remembers where a packet of flow is taken.
func (m *Model) takeOf(c int, flow uint32, takenAt int64) {
	if flow == NoFlow {
		return
	}
	order := takenAt
	if m.mode != RSSMSIX {
		m.taken++
		order = m.taken
	}
	m.homeCPUs.Took(flow, order, c)
}

// send processes a sent packet at its time, on its connection's home CPU; the
// mode has run up to then.
func (m *Model) send(t int64, ref affinity.SendRef, packet uint32) {
	on := m.cfg.QueueCPU[m.cfg.DefaultQueue]
	if m.changes != nil {
		on = m.changes.queueCPU[m.cfg.DefaultQueue]
	}
	var home, last int
	var ok bool
	if m.homeCPUs != nil {
		home, last, ok = m.homeCPUs.Connection(ref.Answers, ref.Same)
	} else {
		home, last, ok = m.CountedAffinity.Connection(ref.Answers)
	}
	if ok {
		on = home
		m.judged++
		if home == last {
			m.matches++
		}
	}
	m.cpus[on].SendPackets++
	m.cpus[on].SendTime += m.cfg.SendCost
	if m.observe != nil {
		if !ok {
			last = -1
		}
		m.observe(Event{Mode: m.mode, Kind: Send, Time: t, CPU: on, Queue: -1, Packet: int64(packet), Latest: last})
	}
}

func (m *Model) event(kind EventKind, t int64, cpu, queue int, packet int64) {
	if m.observe != nil {
		m.observe(Event{Mode: m.mode, Kind: kind, Time: t, CPU: cpu, Queue: queue, Packet: packet})
	}
}

// Counters is what the model counted, once it has run to its end: see derive for
// the arguments, which are the same in every scenario that shares the model. It adds to
// the model, and so is to be called once.
func (m *Model) Counters(entries []EntryLoad, unhashed uint64) Counters {
	if m.derive != nil {
		m.derive(entries, unhashed)
	}
	c := Counters{
		Mode: m.mode, SimulatedTime: m.end,
		CPUs: make([]CPUCounters, len(m.cpus)), Queues: m.queues,
		SendsJudged: m.judged, SendMatches: m.matches,
		Windows: m.windows(),
	}
	for q := range m.queues {
		m.queues[q].Burst50us, m.queues[q].Burst500us = m.bursts.Most(q)
	}
	for i := range m.cpus {
		c.CPUs[i] = m.cpus[i].CPUCounters
		c.CPUs[i].Latency = m.cpus[i].latency.Latency()
		c.CPUs[i].MigrationTime = int64(c.CPUs[i].MigratedPackets) * m.cfg.MigrationCost
	}
	if m.CountedAffinity != nil {
		m.CountedAffinity.Enter()
	}
	if m.order != nil {
		m.order.Passed(nicmodel.Never)
		c.Reordered = m.order.Late
	}
	c.SerialTime = m.serialTime()
	if m.changes != nil {
		c.Rebalanced = m.changes.rebalanced()
		if m.mode != NonRSS && !m.changes.none {
			c.Arrived = m.changes.arrived.windows()
		}
	}
	return c
}

// serialTime is how long the busiest unit worked that can't run beside itself: see
// Counters.
func (m *Model) serialTime() int64 {
	if m.mode == RSSHWQueues || m.mode == RSSSingleQueue {
		return m.masked
	}
	together, busiest := int64(0), int64(0)
	for i := range m.cpus {
		t := m.cpus[i].ISRTime + m.cpus[i].DPCTime
		together, busiest = together+t, max(busiest, t)
	}
	switch {
	case m.mode != NonRSS:
		return busiest
	case m.cfg.RPS != nil: // CPUs work beside each other, and the vector is such a unit, too
		return max(busiest, m.vectorWork)
	}
	return together
}
