package dispatch

import (
	"net/netip"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/pcaps"
)

// Shape is how the received packets lie in the flows, and what is hashed of them.
type Shape struct {
	Largest      uint32 // the flow with the most packets, of those that no rule drops; NoFlow without such
	LargestBytes uint32 // and with the most bytes
	// UDPOnAddresses are packets of UDP flows with ports whose hash leaves these out.
	UDPOnAddresses uint64
	// UDPFragments are packets of UDP flows without ports, FragmentsApart those of
	// them that are on another CPU than a flow with ports between the same ends.
	UDPFragments, FragmentsApart uint64
	RoCE                         uint64 // packets of UDP flows to RoCEv2's port
}

// portRoCE is UDP's port of RDMA over converged Ethernet, version 2.
const portRoCE = 4791

// addressPair is two ends, in their order.
type addressPair struct{ source, destination netip.Addr }

// Shape looks at each flow once.
func (r *Replayed) Shape() Shape {
	s := Shape{Largest: engine.NoFlow, LargestBytes: engine.NoFlow}
	var most, mostBytes uint64
	var fragments map[addressPair]uint32 // the flow without ports between two ends
	for id := range r.flows.n {
		f, d := r.flows.records.At(id), r.flows.decision(r.steering, id)
		comes := d.entry < engine.Dropped
		if comes && (f.packets > most || s.Largest == engine.NoFlow) {
			most, s.Largest = f.packets, id
		}
		if comes && (f.bytes > mostBytes || s.LargestBytes == engine.NoFlow) {
			mostBytes, s.LargestBytes = f.bytes, id
		}
		if f.tuple.Protocol() != pcaps.ProtoUDP {
			continue
		}
		_, to, ports := f.tuple.Ports()
		if ports && to == portRoCE {
			s.RoCE += f.packets
		}
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
		f := r.flows.records.At(id)
		if _, _, ports := f.tuple.Ports(); !ports || f.tuple.Protocol() != pcaps.ProtoUDP {
			continue
		}
		if fragment, ok := fragments[addressPair{f.tuple.Source(), f.tuple.Destination()}]; ok && r.steeredTo(id) != r.steeredTo(fragment) {
			apart[fragment] = true
		}
	}
	var packets uint64
	for id := range apart {
		packets += r.flows.records.At(id).packets
	}
	return packets
}

// steeredTo is the CPU that the flow's first packet is steered to.
func (r *Replayed) steeredTo(id uint32) int {
	return r.cfg.QueueCPU[r.cfg.Queue(r.flows.decision(r.steering, id).entry)]
}
