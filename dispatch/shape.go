package dispatch

import (
	"math/rand/v2"
	"net/netip"
	"slices"

	"rssreplay/hash"
	"rssreplay/pcaps"
)

// Shape is how the received packets lie in the flows, and what is hashed of them.
type Shape struct {
	Largest        uint32  // the flow with the most packets, NoFlow without flows
	EffectiveFlows float64 // 1 ÷ Σ share²: that many flows of equal size would be as uneven; 0 without flows
	// UDPOnAddresses are packets of UDP flows with ports whose hash leaves these out.
	UDPOnAddresses uint64
	// UDPFragments are packets of UDP flows without ports, FragmentsApart those of
	// them that are on another CPU than a flow with ports between the same ends.
	UDPFragments, FragmentsApart uint64
}

// addressPair is two ends, in their order.
type addressPair struct{ source, destination netip.Addr }

// Shape looks at each flow once.
func (r *Replayed) Shape() Shape {
	s := Shape{Largest: NoFlow}
	var most uint64
	var sum, squares float64
	var fragments map[addressPair]uint32 // the flow without ports between two ends
	for id := range r.flows.n {
		f, d := r.flows.records.at(id), r.flows.decision(r.steering, id)
		if f.packets > most || s.Largest == NoFlow {
			most, s.Largest = f.packets, id
		}
		x := float64(f.packets)
		sum += x
		squares += float64(x * x)
		if f.tuple.Protocol() != pcaps.ProtoUDP {
			continue
		}
		_, _, ports := f.tuple.Ports()
		switch {
		case !ports:
			s.UDPFragments += f.packets
			if fragments == nil {
				fragments = make(map[addressPair]uint32)
			}
			fragments[addressPair{f.tuple.Source(), f.tuple.Destination()}] = id
		case d.kind != hash.None && !d.kind.Ports():
			s.UDPOnAddresses += f.packets
		}
	}
	if squares > 0 {
		s.EffectiveFlows = sum * sum / squares
	}
	if fragments != nil {
		s.FragmentsApart = r.fragmentsApart(fragments)
	}
	return s
}

// fragmentsApart counts the packets of the fragments' flows that part from a flow
// with ports between the same ends.
func (r *Replayed) fragmentsApart(fragments map[addressPair]uint32) uint64 {
	apart := make(map[uint32]bool)
	for id := range r.flows.n {
		f := r.flows.records.at(id)
		if _, _, ports := f.tuple.Ports(); !ports || f.tuple.Protocol() != pcaps.ProtoUDP {
			continue
		}
		if fragment, ok := fragments[addressPair{f.tuple.Source(), f.tuple.Destination()}]; ok && r.steeredTo(id) != r.steeredTo(fragment) {
			apart[fragment] = true
		}
	}
	var packets uint64
	for id := range apart {
		packets += r.flows.records.at(id).packets
	}
	return packets
}

// steeredTo is the CPU that the flow's first packet is steered to.
func (r *Replayed) steeredTo(id uint32) int {
	return r.cfg.QueueCPU[r.cfg.queue(r.flows.decision(r.steering, id).entry)]
}

// chanceTrials are enough for a 99th percentile, and chanceFlows for the figures of
// a capture whose heaviest flows these are: smaller ones even out.
const (
	chanceTrials = 200
	chanceFlows  = 20_000
)

// Chance is the imbalance of packets, max ÷ mean over the CPUs in use, when each
// flow with a hash falls on an entry of the table at random: trials of it, in
// rising order. It is the same each time.
func (r *Replayed) Chance() []float64 {
	loads := make([]float64, len(r.cfg.CPUs)) // what stays where it is
	var packets []uint64
	var total float64
	for id := range r.flows.n {
		n := r.flows.records.at(id).packets
		total += float64(n)
		if r.flows.decision(r.steering, id).entry == Unhashed {
			loads[r.steeredTo(id)] += float64(n)
		} else {
			packets = append(packets, n)
		}
	}
	for _, n := range r.flows.notIP {
		loads[r.cfg.QueueCPU[r.cfg.queue(Unhashed)]] += float64(n)
		total += float64(n)
	}
	if total == 0 {
		return nil
	}
	slices.SortFunc(packets, func(a, b uint64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	cpus := make([]int, len(r.cfg.Table)) // per entry
	for i, queue := range r.cfg.Table {
		cpus[i] = r.cfg.QueueCPU[queue]
	}
	heavy := packets[:min(len(packets), chanceFlows)]
	var light float64
	for _, n := range packets[len(heavy):] {
		light += float64(n)
	}
	for _, cpu := range cpus {
		loads[cpu] += light / float64(len(cpus))
	}
	random := rand.New(rand.NewPCG(1, 2))
	trials := make([]float64, chanceTrials)
	trial := make([]float64, len(loads))
	for i := range trials {
		copy(trial, loads)
		for _, n := range heavy {
			trial[cpus[random.IntN(len(cpus))]] += float64(n)
		}
		trials[i] = slices.Max(trial) * float64(len(trial)) / total
	}
	slices.Sort(trials)
	return trials
}
