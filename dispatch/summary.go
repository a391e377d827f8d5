package dispatch

import (
	"fmt"
	"math"
	"slices"
	"time"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/dispatch/fault"
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps/grouped"
)

// Summary is what a mode did to flows and connections.
type Summary struct {
	CPUFlows   []uint64 // per CPU: flows with at least one packet indicated there
	TopFlow    []int64  // per CPU: the flow with the most packets there, -1: none
	Flows      uint64   // flows with at least one packet indicated
	SingleCPU  uint64   // of those, all on one CPU
	Migrations uint64
	// Connections both of whose directions had packets indicated, and those of
	// them that had all on one CPU.
	Connections, Symmetric uint64
}

// summarize derives from the flows what was not counted per packet, for all scenarios.
// back gives the flow in the other direction of each.
func (r *Result) summarize(back func() []uint32) {
	scenarios := r.scenarios()
	loads := make([][]engine.EntryLoad, len(scenarios))
	unhashed := make([]uint64, len(scenarios)) // bytes
	var counted fault.Group
	for i, one := range scenarios {
		counted.Go(func() { loads[i], unhashed[i] = one.countFlows(r.Bytes - r.SentBytes) })
	}
	counted.Wait()
	type figures struct {
		engine.Counters
		Summary
	}
	of := map[*engine.Model]*figures{} // scenarios may share the model
	var summed fault.Group
	for i, one := range scenarios {
		for mode, m := range one.models {
			if of[m] != nil {
				continue
			}
			f := new(figures)
			of[m] = f
			summed.Go(func() { f.Counters, f.Summary = m.Counters(loads[i], unhashed[i]), one.summary(mode, back) })
		}
	}
	for _, one := range scenarios {
		summed.Go(one.countTablesMoved)
	}
	summed.Wait()
	for _, one := range scenarios {
		for _, m := range one.models {
			one.Modes, one.Summaries = append(one.Modes, of[m].Counters), append(one.Summaries, of[m].Summary)
		}
		one.countMoved()
	}
}

// countFlows counts the flows by what decided where their packets go, and returns what the
// table's entries, then those that rules lead to, have, and how many bytes no hash has. bytes
// are those of all received packets.
func (r *Replayed) countFlows(bytes uint64) (loads []engine.EntryLoad, unhashed uint64) {
	t := r.flows
	copy(r.Unhashed[:], t.notIP[:])
	w := t.way(r.steering)
	loads = make([]engine.EntryLoad, len(r.cfg.Table)+len(r.cfg.Ruled))
	r.Entries = loads[:len(r.cfg.Table):len(r.cfg.Table)]
	met := newTally(r, w, loads)
	for _, v := range w.noFlow() {
		met.count(flowDecisionOf(w.steering, &v.decision), v.packets, v.bytes)
		met.countAside(asideOf(&v.decision), v.packets, v.bytes)
	}
	for id := range t.n {
		f, d := t.records.At(id), t.decision(r.steering, id)
		packets, bytes := f.packets, f.bytes
		if int(d.entry) < len(r.Entries) && !d.varies() && len(w.asides) == 0 {
			// Optimization: it equals what follows, and nearly all flows are so.
			load := &loads[d.entry]
			countEntry(load, packets, bytes)
			load.Flows++
			r.hashed(d.kind, d.reason(), packets)
			continue
		}
		met.beginFlow()
		if d.varies() {
			for _, v := range w.varied.of[id] {
				met.count(flowDecisionOf(w.steering, &v.decision), v.packets, v.bytes)
				met.countAside(asideOf(&v.decision), v.packets, v.bytes)
				r.hashed(v.decision.Type, v.decision.Why, v.packets)
				packets -= v.packets
				bytes -= v.bytes
			}
		}
		met.count(*d, packets, bytes)
		if len(w.asides) > 0 {
			met.countAside(w.asides[id], packets, bytes)
		}
		r.hashed(d.kind, d.reason(), packets)
		met.endFlow()
	}
	unhashed = bytes - r.RuleDrops.Bytes
	for _, load := range loads {
		unhashed -= load.Bytes
	}
	return loads, unhashed
}

// checkLatencies reports latencies whose sum may be no int64.
func (r *Replayed) checkLatencies() error {
	for _, mode := range r.Modes {
		for i, c := range mode.CPUs {
			if float64(c.Latency.Max)*float64(c.Packets) > math.MaxInt64 {
				return fmt.Errorf("the latencies of the %s packets on CPU %d come to as much as %v each, more than can be added up in ns: give a smaller --rx-ring, or smaller costs",
					grouped.Int(c.Packets), r.cfg.CPUs[i], time.Duration(c.Latency.Max))
			}
		}
	}
	return nil
}

// hashed counts packets by how they are hashed, or why not; also those that rules took.
func (r *Replayed) hashed(kind hash.Type, why nicmodel.Unhashed, packets uint64) {
	if kind == hash.None {
		r.Unhashed[why] += packets
	} else {
		r.HashTypes[kind] += packets
	}
}

// summary is a mode's, an index into Modes.
func (r *Replayed) summary(mode int, back func() []uint32) Summary {
	cpus := len(r.cfg.CPUs)
	s := summing{
		Summary: Summary{CPUFlows: make([]uint64, cpus), TopFlow: slices.Repeat([]int64{-1}, cpus)},
		most:    make([]uint64, cpus), home: make([]int16, r.flows.n),
	}
	switch m := r.models[mode]; {
	case m.FixedAffinity != nil && m.FixedAffinity.OneCPUEach():
		s.fixed(r, m.FixedAffinity)
	case m.FixedAffinity == nil && m.CountedAffinity.Few:
		s.few(r, func(id uint32, on *affinity.PerCPU) uint64 {
			migrations, _ := m.CountedAffinity.Packets(id, on)
			return migrations
		})
	case m.FixedAffinity != nil && m.FixedAffinity.MovesOnFew():
		s.few(r, func(id uint32, on *affinity.PerCPU) uint64 {
			return m.FixedAffinity.Moved(id, r.flows.records.At(id).packets, r.entryCPU(id), on)
		})
	default:
		s.each(r, mode)
	}
	for id, other := range back() {
		if other == engine.NoFlow || uint32(id) > other || s.home[id] == onNone || s.home[other] == onNone {
			continue
		}
		s.Connections++
		if s.home[id] != onSeveral && s.home[id] == s.home[other] {
			s.Symmetric++
		}
	}
	return s.Summary
}

// summing gathers a Summary flow by flow.
type summing struct {
	Summary
	most []uint64 // per CPU: packets of its TopFlow
	home []int16  // per flow: its only CPU, onNone or onSeveral
}

const onNone, onSeveral = -1, -2

// each takes the flows, whatever the mode.
func (s *summing) each(r *Replayed, mode int) {
	var scratch []affinity.CPUPackets
	for id := range r.flows.n {
		var migrations uint64
		scratch, migrations = r.AppendAffinity(scratch[:0], mode, id)
		s.Migrations += migrations
		only := 0
		for _, p := range scratch {
			s.CPUFlows[p.CPU]++
			if p.Packets > s.most[p.CPU] {
				s.most[p.CPU], s.TopFlow[p.CPU] = p.Packets, int64(id)
			}
			only = p.CPU
		}
		s.met(id, len(scratch), only)
	}
}

// met notes how many CPUs a flow met, and which if there is one.
func (s *summing) met(id uint32, cpus, only int) {
	switch cpus {
	case 0:
		s.home[id] = onNone
		return
	case 1:
		s.home[id] = int16(only)
		s.SingleCPU++
	default:
		s.home[id] = onSeveral
	}
	s.Flows++
}

// fixed is each where a flow is on the CPU of its entry.
//
// Optimization: it equals each, as few does, which takes two to three times as long.
func (s *summing) fixed(r *Replayed, w *affinity.Fixed) {
	for id := range r.flows.n {
		packets := r.flows.records.At(id).packets - w.Dropped(id)
		if packets == 0 {
			s.met(id, 0, 0)
			continue
		}
		cpu := r.entryCPU(id)
		s.CPUFlows[cpu]++
		if packets > s.most[cpu] {
			s.most[cpu], s.TopFlow[cpu] = packets, int64(id)
		}
		s.met(id, 1, cpu)
	}
}

// few is each where any of few CPUs takes packets: on is set to a flow's packets on each, and its
// migrations are returned.
func (s *summing) few(r *Replayed, packetsOf func(id uint32, on *affinity.PerCPU) (migrations uint64)) {
	var on affinity.PerCPU
	cpuFlows, most := s.CPUFlows, s.most[:len(s.CPUFlows)]
	for id := range r.flows.n {
		s.Migrations += packetsOf(id, &on)
		cpus, only := 0, 0
		for cpu, packets := range on[:len(cpuFlows)] {
			met := min(packets, 1) // 1 or 0: no branch on it, which could not be foretold
			cpuFlows[cpu] += met
			cpus += int(met)
			only += int(met) * cpu
			if packets > most[cpu] {
				most[cpu], s.TopFlow[cpu] = packets, int64(id)
			}
		}
		s.met(id, cpus, only)
	}
}

// Flow is flow id, from 0 to the result's NumFlows-1 in order of first appearance.
func (r *Replayed) Flow(id uint32) Flow { return r.flows.flow(r.cfg, r.steering, id) }

// FlowPackets is flow id's Packets alone.
func (r *Replayed) FlowPackets(id uint32) uint64 { return r.flows.records.At(id).packets }

// Expect prefetches what Flow and AppendAffinity will read of these flows: few enough for
// the nearest caches.
func (r *Replayed) Expect(ids []uint32) {
	prefetch.Records(r.flows.records.Chunks, ids)
	for _, m := range r.models {
		if m.FixedAffinity == nil {
			affinity.Expect(m.CountedAffinity, ids)
		}
	}
}

// AppendAffinity appends flow id's packets per CPU in a mode, an index into
// Modes, to into by ascending CPU, and returns its migrations.
func (r *Replayed) AppendAffinity(into []affinity.CPUPackets, mode int, id uint32) ([]affinity.CPUPackets, uint64) {
	m := r.models[mode]
	if m.FixedAffinity == nil {
		return m.CountedAffinity.AppendTo(into, id)
	}
	return m.FixedAffinity.AppendTo(into, id, r.flows.records.At(id).packets, r.entryCPU(id))
}

// entryCPU is the CPU that the entry of flow id leads to at first.
func (r *Replayed) entryCPU(id uint32) int {
	return r.cfg.QueueCPU[r.cfg.Queue(r.flows.decision(r.steering, id).entry)]
}

// MainCPU tells the CPU that has most of a flow's packets in a mode, an index into Modes: an
// index into the configuration's, the lowest of equals, -1 where none was indicated. What
// it returns is for one goroutine.
func (r *Replayed) MainCPU(mode int) func(id uint32) int {
	if fixed := r.models[mode].FixedAffinity; fixed != nil && fixed.OneCPUEach() {
		// Optimization: it equals what follows.
		return func(id uint32) int {
			if fixed.Dropped(id) == r.flows.records.At(id).packets {
				return -1
			}
			return r.entryCPU(id)
		}
	}
	var scratch []affinity.CPUPackets
	return func(id uint32) int {
		scratch, _ = r.AppendAffinity(scratch[:0], mode, id)
		cpu, most := -1, uint64(0)
		for _, on := range scratch {
			if on.Packets > most {
				cpu, most = on.CPU, on.Packets
			}
		}
		return cpu
	}
}

// OnCPU tells the flows with packets indicated on a CPU, an index into the
// configuration's, in a mode, an index into Modes.
func (r *Replayed) OnCPU(mode, cpu int) func(id uint32) bool {
	var scratch []affinity.CPUPackets
	return func(id uint32) bool {
		scratch, _ = r.AppendAffinity(scratch[:0], mode, id)
		return slices.ContainsFunc(scratch, func(p affinity.CPUPackets) bool { return p.CPU == cpu })
	}
}

// OnEntry tells the flows with packets that met an entry of the indirection
// table that keep keeps; -1 stands for packets without a hash.
func (r *Replayed) OnEntry(keep func(entry int) bool) func(id uint32) bool {
	w := r.flows.way(r.steering)
	return r.onEntry(func(entry uint16) bool {
		switch {
		case entry == engine.Unhashed:
			return keep(-1)
		case w.ruleOf(entry) >= 0:
			return false
		}
		return keep(int(entry))
	})
}

// OnQueue tells the flows with packets that a rule, the first table or, without a hash, the
// default queue leads to a queue that keep keeps; -1 stands for packets that a rule drops.
func (r *Replayed) OnQueue(keep func(queue int) bool) func(id uint32) bool {
	return r.onEntry(func(entry uint16) bool { return keep(queueOf(r.cfg, entry)) })
}

// onEntry tells the flows with packets of an entry, as Batch.Entry has it, that at is true of.
func (r *Replayed) onEntry(at func(entry uint16) bool) func(id uint32) bool {
	w := r.flows.way(r.steering)
	return func(id uint32) bool {
		return at(r.flows.decision(r.steering, id).entry) ||
			slices.ContainsFunc(w.varied.of[id], func(v variedCount) bool { return at(entryOf(w.steering, &v.decision)) })
	}
}
