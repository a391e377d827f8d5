package dispatch

import (
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
)

const (
	// partedAmong are as many flows as are asked whether RPS parts them: the heaviest.
	partedAmong = 512
	// fewOthers is the share of the packets that may be of no flow, so that what the
	// stack's hash tells apart is known: 1 in so many.
	fewOthers = 100
)

// StackInputs is Inputs of RPS in a mode, an index into Modes, where the mask of each queue
// has all CPUs: what the hash by which the stack steers tells apart. A flow is one, or those
// between the same addresses where the NIC's hash counts and is of addresses; of a tunnel
// that RPS parts, the inner flows are. It is nil where that is not known: masks differ, or
// the stack's hash reads what makes no flow, as an SPI.
func (r *Result) StackInputs(mode int) *Inputs {
	var others uint64
	for _, n := range r.flows.notIP {
		others += n
	}
	parted, known := r.parted(mode)
	if !known || !r.cfg.RPS.Full(len(r.cfg.CPUs)) || fewOthers*others > r.Received {
		return nil
	}
	in := &Inputs{}
	shared := map[uint32]uint64{} // packets
	for id := range r.flows.n {
		f, d := r.flows.records.At(id), r.flows.decision(r.steering, id)
		if d.entry >= engine.Dropped {
			continue
		}
		if len(parted) > 0 {
			if kind, ok := r.TunnelOf(id); ok && parted[kind] {
				continue
			}
		}
		in.Flows++
		in.Packets += f.packets
		facts, protocol := pcaps.Facts(0), f.tuple.Protocol()
		if _, _, ports := f.tuple.Ports(); !ports && (protocol == pcaps.ProtoTCP || protocol == pcaps.ProtoUDP || protocol == pcaps.ProtoSCTP) {
			facts = pcaps.Fragment
		}
		if !d.kind.Ports() && rps.KindOf(d.kind, uint8(protocol), facts)&r.cfg.RPS.Passed != 0 {
			shared[d.hash] += f.packets
			continue
		}
		in.add(f.packets)
	}
	for kind := range parted {
		for _, packets := range r.tunnels.kinds[kind].inner {
			in.Flows++
			in.Packets += packets
			in.add(packets)
		}
	}
	for _, packets := range shared {
		in.add(packets)
	}
	in.setEffective()
	return in
}

// parted is the tunnels that RPS parts in a mode, by the inner flows; known is false where
// it parts another flow.
func (r *Result) parted(mode int) (kinds map[pcaps.Encapsulation]bool, known bool) {
	kinds = map[pcaps.Encapsulation]bool{}
	var on []affinity.CPUPackets
	for _, id := range r.Largest(partedAmong) {
		if on, _ = r.AppendAffinity(on[:0], mode, id); len(on) < 2 {
			continue
		}
		kind, ok := r.TunnelOf(id)
		if !ok || r.tunnels.kinds[kind].InnerPackets < r.tunnels.kinds[kind].Packets {
			return nil, false
		}
		kinds[kind] = true
	}
	return kinds, true
}

// StackChance is Chance where the stack's hash spreads its inputs over all CPUs; packets are
// what each CPU took.
func (in *Inputs) StackChance(packets []uint64) *Chance {
	if in.Packets == 0 {
		return nil
	}
	place, loads := make([]int, len(packets)), make([]float64, len(packets))
	for cpu, n := range packets {
		place[cpu], loads[cpu] = cpu, float64(n)
	}
	return in.chance(place, make([]float64, len(packets)), loads, float64(in.Packets))
}

// Heaviest is the packets of the input with the most; 0 without any.
func (in *Inputs) Heaviest() uint64 {
	if len(in.heaviest) == 0 {
		return 0
	}
	return in.heaviest[0]
}
