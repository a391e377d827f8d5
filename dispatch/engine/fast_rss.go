package engine

import (
	"math"

	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/nicmodel"
)

// fastRSS is RSS that hashes in hardware, rssMSIX and rssHWQueues, where each
// CPU has at most one queue and nobody observes.
//
// Optimization: it equals those. As long as the rings have room, a packet's
// arrival and its publication are one step, in the order of arrivals: the NIC's
// list of completions is planned beforehand (schedule), and nothing else that
// arrivals do is seen by others.
type fastRSS struct {
	*Model
	list  nicmodel.DMAList
	plan  *schedule   // nil if packets may be sent ones that step is to judge
	lines []fastLine  // per CPU
	of    []*fastLine // as the model's targets

	admits  *admitted  // nil: no rule drops packets
	sent    *fastSends // what judges sent packets beside step; nil: nothing
	parting *parting   // nil: packets are published in their order

	// soonest is a moment up to which no fast line has anything to do, where packets may be
	// sent ones.
	soonest int64
}

func newFastRSS(m *Model) *fastRSS {
	e := &fastRSS{Model: m, list: nicmodel.NewDMAList(&m.cfg.Config), lines: make([]fastLine, len(m.cpus))}
	for c := range m.cpus {
		e.lines[c] = newFastLine(m, &m.cpus[c])
	}
	for _, to := range m.targets {
		e.of = append(e.of, &e.lines[to.cpu])
	}
	if m.mode == RSSHWQueues {
		newFastCycle(m, e.lines)
	}
	m.derive = e.derive
	if m.cfg.RuleDrops {
		e.admits = new(admitted)
	}
	if m.homeCPUs == nil {
		e.plan = newSchedule(&m.cfg.Config)
		e.parting = newParting(m, e.lines)
		m.arrives = e.parting != nil
	}
	return e
}

// plans is what plans the lists.
func (e *fastRSS) plans() *fastRSS { return e }

// sharesPlan reports whether another engine can share the plan.
func (e *fastRSS) sharesPlan(other *fastRSS) bool {
	return e.plan != nil && other.plan != nil && e.admits == nil && other.admits == nil &&
		e.cfg.DMABatch == other.cfg.DMABatch && e.cfg.DMATimeout == other.cfg.DMATimeout
}

func (e *fastRSS) Process(b *Batch) {
	e.prepare(b)
	in := b.arriving(e.steering)
	if e.admits != nil {
		in = e.admits.of(&in, e.FixedAffinity)
	}
	if e.sent != nil {
		e.sent.begin(b)
		if len(b.Sends) > 0 {
			in = e.plan.received(b)
			in.entry = e.sent.entries.received(b.steered(e.steering).Entry[:b.N])
		}
	}
	from, burst := 0, 0 // and the first packet that is not counted among the bursts
	if e.follows(b, &in) {
		from = e.plan.begin
		e.step(b, &in, 0, from)
		if e.clear(&in, from) {
			if e.parting != nil {
				e.burst(&in, 0, from)
				from = e.parted(&in, from, e.plan.open)
				burst = from
			}
			from = e.together(&in, from, e.plan.open)
		}
	}
	e.step(b, &in, from, len(in.time))
	e.burst(&in, burst, len(in.time))
	if e.sent != nil && len(b.Sends) > 0 {
		if at, overdue := e.list.Overdue(b.Time[b.N-1]); overdue {
			e.publish(at)
		}
		e.sent.judge(b, e.plan.without.sentAt[:len(b.Sends)])
	}
	e.arrived(b)
}

// arriving is the packets of a batch that step has to deal with, as parallel arrays: all,
// or the received ones.
type arriving struct {
	time   []int64
	length []uint32
	flow   []uint32
	entry  []uint16
	nth    []uint32 // Batch.Nth, where the batch has it
}

// arriving is all packets of the batch, by the i-th way of steering.
func (b *Batch) arriving(i int) arriving {
	in := arriving{time: b.Time[:b.N], length: b.Length[:b.N], flow: b.Flow[:b.N], entry: b.steered(i).Entry[:b.N]}
	if b.Nth != nil {
		in.nth = b.Nth[:b.N]
	}
	return in
}

// follows reports whether the batch can follow a plan: nothing is decided packet
// by packet, and half of each ring is free.
func (e *fastRSS) follows(b *Batch, in *arriving) bool {
	if e.plan == nil || len(b.steered(e.steering).Varied) > 0 {
		return false
	}
	half := max(e.cfg.DMABatch, e.cfg.RxRing/2)
	for c := range e.lines {
		if l := &e.lines[c]; l.filled+half > l.held+e.cfg.RxRing {
			return false
		}
	}
	return e.plan.plan(b, in.time, &e.list)
}

// clear reports whether the plan can be followed from a packet on, where it has
// a list begin: the list is empty, and each ring has room for the packets of
// one.
func (e *fastRSS) clear(in *arriving, from int) bool {
	if from == len(in.time) {
		return false
	}
	if at, overdue := e.list.Overdue(in.time[from]); overdue {
		e.publish(at)
	}
	if e.list.Len() > 0 {
		return false
	}
	for c := range e.lines {
		if e.lines[c].tight(e.cfg.DMABatch) {
			return false
		}
	}
	return true
}

// together lets the packets from one to before another arrive and be published,
// whole lists, as long as there is room for one more; it returns the first that
// it left out.
func (e *fastRSS) together(in *arriving, from, to int) int {
	entries, times, flows, at := in.entry[:to], in.time[:to], in.flow[:to], e.plan.at[:to]
	of, sent := e.of, e.sent
	more := e.cfg.DMABatch + 1 // this packet and a list
	for i := from; i < to; i++ {
		l := of[min(int(entries[i]), len(of)-1)] // see model.target
		if l.filled+more > l.limit && l.tight(more) {
			to = e.plan.next(i + 1) // the rest of this list has room still
		}
		switch {
		case l.plain:
			l.filled++ // nothing asks for its arrival any more
			l.publishPlain(at[i], times[i])
			if sent != nil && flows[i] >= sent.before {
				sent.take(flows[i], l.nextPoll, l.on.index)
			}
		case l.cycle != nil:
			l.fill(times[i], in.length[i], flows[i])
			l.publishInCycle(at[i])
		default:
			l.fill(times[i], in.length[i], flows[i])
			l.publish(at[i])
		}
	}
	return to
}

// step lets the packets of b from one to before another of those in in arrive one by one.
func (e *fastRSS) step(b *Batch, in *arriving, from, to int) {
	m := e.Model
	varied, sends := b.steered(m.steering).Varied, b.Sends
	for i := from; i < to; i++ {
		t := in.time[i]
		if at, overdue := e.list.Overdue(t); overdue {
			e.publish(at)
		}
		entry, length, flow := in.entry[i], in.length[i], in.flow[i]
		if entry == Sent {
			if e.soonest < t {
				e.advance(t)
			}
			m.send(t, sends[0], b.First+uint32(i))
			sends = sends[1:]
			continue
		}
		cpu := m.target(entry).cpu
		l := &e.lines[cpu]
		full := l.filled >= l.limit && l.full(t)
		if full {
			l.drop(length)
			m.FixedAffinity.Drop(flow)
		}
		if len(varied) > 0 && varied[0].Index == uint32(i) {
			if !full {
				m.FixedAffinity.Note(flow, varied[0].Before, int(m.target(varied[0].Entry).cpu), int(cpu), len(m.cpus))
			}
			varied = varied[1:]
		}
		if full {
			continue
		}
		l.fill(t, length, flow)
		if e.list.Add(cpu, t) {
			e.publish(t)
		}
	}
}

// advance does all work of all fast lines that comes before the arrivals at now.
func (e *fastRSS) advance(now int64) {
	e.soonest = math.MaxInt64
	for c := range e.lines {
		l := &e.lines[c]
		if l.advance(now); l.nextPoll != fastIdle {
			e.soonest = min(e.soonest, l.nextPoll)
		}
	}
}

func (e *fastRSS) publish(t int64) {
	for _, cpu := range e.list.Empty() {
		switch l := &e.lines[cpu]; {
		case l.plain:
			at := l.published
			l.publishPlain(t, l.arrival[at])
			if e.sent != nil && l.rest[at].of >= e.sent.before {
				e.sent.take(l.rest[at].of, l.nextPoll, l.on.index)
			}
		case l.cycle != nil:
			l.publishInCycle(t)
		default:
			l.publish(t)
			e.soonest = min(e.soonest, l.nextPoll)
		}
	}
}

func (e *fastRSS) Finish() {
	if at, pending := e.list.Deadline(); pending {
		e.publish(at)
	}
	for c := range e.lines {
		e.lines[c].run()
	}
}

// derive counts queues and CPUs.
func (e *fastRSS) derive(entries []EntryLoad, unhashed uint64) {
	bytes := make([]uint64, len(e.queues))
	bytes[e.cfg.DefaultQueue] = unhashed
	for i, load := range entries {
		bytes[e.targets[i].queue] += load.Bytes
	}
	for q, c := range e.cfg.QueueCPU {
		e.lines[c].counted(&e.queues[q], bytes[q])
	}
}

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
	late    [BatchSize]int64
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
		times, ends := in.time[from:end], p.ends
		at := e.plan.at[from:end][:len(times)]
		for i, cpu := range p.cpus[:len(times)] {
			k := ends[cpu]
			ends[cpu] = k + 1
			p.at[k], p.time[k] = at[i], times[i]
		}
		begin := 0
		for c, end := range p.ends {
			if end > begin {
				times := p.time[begin:end]
				e.lines[c].publishRun(p.at[begin:end], times, p.late[:end-begin])
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

// burst counts bursts of the packets from one to before another, which are not parted.
func (e *fastRSS) burst(in *arriving, from, to int) {
	if e.arrives && e.ownsBursts {
		e.bursts.Count(in.time[from:to], in.entry[from:to], Sent)
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
		cpu := cpuOf[min(int(entry), last)] // see model.target
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

// fastSends judges the sent packets of a fastRSS where they are those of whole flows
// (FlowSends), a flow keeps its CPU, and a DPC takes all that waits at its start.
//
// Optimization: it equals Model.send and affinity.HomeCPUs. A connection's home CPU and
// the one of its latest take are both the CPU of the flow that is answered, from when the
// first packet of that flow is taken; and this is known when it is published. So sent
// packets can wait until the batch is done with, and nothing is noted of a packet but of
// its flow's first one.
type fastSends struct {
	model *Model

	// before is a flow: it and those above may have to be taken still, those below were,
	// before the times to come. firsts has the times of the former from the place begun
	// on, Never where they are not known. Flows are numbered as they arrive, so that
	// these are few, unless the first packets of one are dropped.
	before uint32
	begun  int
	firsts []int64
	cpu    bigarray.Array[uint16] // per flow that was taken

	entries receivedEntries
}

// receivedEntries is room for the entries of the received packets of a batch.
type receivedEntries [BatchSize]uint16

// takesAtOnce reports whether a DPC of a fast line takes all that waits, at one time that
// is known when the first of it is published.
func (m *Model) takesAtOnce() bool {
	c := m.cfg
	return c.Drain == Snapshot && c.DPCBudget == 0 && c.ByteCost == 0 && c.RxFrames == 1
}

// newFastRSSSends is a fastRSS with sent packets, as fastSends wants them.
func newFastRSSSends(m *Model) *fastRSS {
	m.homeCPUs = nil
	e := newFastRSS(m)
	for c := range e.lines {
		l := &e.lines[c]
		l.rest = make([]fastPacket, len(l.arrival)) // of which the flows are asked for
	}
	e.sent = &fastSends{model: m}
	e.parting, m.arrives = nil, false
	return e
}

// begin makes room for the flows of a batch.
func (s *fastSends) begin(b *Batch) {
	s.cpu.Grow(b.Flows)
	for b.N > 0 && s.begun < len(s.firsts) && s.firsts[s.begun] < b.Time[0] {
		s.begun++
		s.before++
	}
	if s.begun > len(s.firsts)/2 {
		s.firsts = s.firsts[:copy(s.firsts, s.firsts[s.begun:])]
		s.begun = 0
	}
	for s.before+uint32(len(s.firsts)-s.begun) < b.Flows { // a last batch of none may have fewer
		s.firsts = append(s.firsts, nicmodel.Never)
	}
}

// received is those of these entries whose packets were received.
func (r *receivedEntries) received(entries []uint16) []uint16 {
	n := 0
	for _, entry := range entries {
		r[n] = entry
		n += isReceived(entry)
	}
	return r[:n]
}

// take notes that cpu takes a packet of a flow from before on, at a time.
func (s *fastSends) take(flow uint32, at int64, cpu int) {
	if flow == NoFlow {
		return
	}
	if first := &s.firsts[s.begun+int(flow-s.before)]; *first == nicmodel.Never {
		*first, *s.cpu.At(flow) = at, uint16(cpu)
	}
}

// taken reports whether a packet of the flow was taken before a time of this batch.
func (s *fastSends) taken(flow uint32, t int64) bool {
	return flow < s.before || flow != NoFlow && s.firsts[s.begun+int(flow-s.before)] < t
}

// judge processes the sent packets of a batch, at these times, once the packets before
// them are published.
func (s *fastSends) judge(b *Batch, times []int64) {
	m := s.model
	for i, t := range times {
		if i%prefetch.Group == 0 {
			prefetch.Records(s.cpu.Chunks, b.Sends[i:min(i+prefetch.Group, len(times))])
		}
		on, flow := m.cfg.QueueCPU[m.cfg.DefaultQueue], b.Sends[i].Answers
		if s.taken(flow, t) {
			on = int(*s.cpu.At(flow))
			m.judged++
			m.matches++
		}
		m.cpus[on].SendPackets++
		m.cpus[on].SendTime += m.cfg.SendCost
	}
}
