package engine

import (
	"math"

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
		l := of[min(int(entries[i]), len(of)-1)] // see Model.target
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
	var ref *VariedRef
	varied, sends := variedRefs(b.steered(m.steering).Varied), b.Sends
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
		ref, varied = varied.of(i)
		if full {
			l.drop(length)
			m.FixedAffinity.Drop(flow)
			continue
		}
		if ref != nil {
			m.metSeveral(ref, flow, cpu)
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

// burst counts bursts of the packets from one to before another, which are not parted.
func (e *fastRSS) burst(in *arriving, from, to int) {
	if e.arrives && e.ownsBursts {
		e.bursts.Count(in.time[from:to], in.entry[from:to], Sent)
	}
}
