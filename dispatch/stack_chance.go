package dispatch

import (
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/hash"
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

// StackInputs is Inputs of RPS: what the hash by which the stack steers tells apart. A flow is
// one, or those between the same addresses where the NIC's hash counts and is of addresses; of
// a tunnel that RPS parts, the inner flows are, and ESP's security associations.
type StackInputs struct {
	Inputs
	HeaviestSPI  bool   // the input with the most packets is a security association
	Associations uint64 // these, of Flows
	place        []int  // CPUs, by index: an input falls on each of these alike, some more than once
	cpus         int
}

// maxPlaces are as many places as make a distribution over CPUs.
const maxPlaces = 1 << 16

// StackInputs are those of a mode, an index into Modes. It is nil where that is not known: the
// stack's hash reads what makes no flow, as IPv6's flow labels; or masks differ, and packets of
// one hash of the NIC's, or of none, have one queue's mask alone.
func (r *Result) StackInputs(mode int) *StackInputs {
	var others uint64
	for _, n := range r.flows.notIP {
		others += n
	}
	parted, known := r.parted(mode)
	place, alike := r.rpsPlaces()
	if !known || place == nil || !alike && len(parted) > 0 {
		return nil
	}
	in := &StackInputs{place: place, cpus: len(r.cfg.CPUs)}
	shared := map[uint32]uint64{} // packets
	way := r.flows.way(r.steering)
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
		if !alike && (d.kind == hash.None || way.ruleOf(d.entry) >= 0) {
			others += f.packets
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
	if fewOthers*others > r.Received {
		return nil
	}
	spi := uint64(0)
	for kind := range parted {
		for _, packets := range r.tunnels.kinds[kind].parts() {
			in.Flows++
			in.Packets += packets
			in.add(packets)
			if kind == pcaps.ESP {
				in.Associations++
				spi = max(spi, packets)
			}
		}
	}
	for _, packets := range shared {
		in.add(packets)
	}
	in.setEffective()
	in.HeaviestSPI = spi > 0 && spi == in.Heaviest()
	return in
}

// parted is the tunnels that RPS parts in a mode; known is false where it parts another flow,
// or it is not known into what.
func (r *Result) parted(mode int) (kinds map[pcaps.Encapsulation]bool, known bool) {
	kinds = map[pcaps.Encapsulation]bool{}
	var on []affinity.CPUPackets
	for _, id := range r.Largest(partedAmong) {
		if on, _ = r.AppendAffinity(on[:0], mode, id); len(on) < 2 {
			continue
		}
		kind, ok := r.TunnelOf(id)
		if !ok || !kinds[kind] && r.tunnels.kinds[kind].parts() == nil || kind == pcaps.ESP && r.SPIs(id) < uint64(len(on)) {
			return nil, false
		}
		kinds[kind] = true
	}
	return kinds, true
}

// rpsPlaces is the CPUs of the queues' masks, each queue's as often as the table has it: of
// what has a hash, each alike. A packet stays on its queue's CPU without a mask, and where it
// chooses a CPU that is offline. alike tells whether all queues' are the same; nil are too many.
func (r *Result) rpsPlaces() (place []int, alike bool) {
	cfg := r.cfg
	of := func(queue int) []uint16 {
		if mask := cfg.RPS.CPUs[queue]; len(mask) > 0 {
			return mask
		}
		return []uint16{engine.OfflineCPU}
	}
	each, alike := 1, true // places of a queue
	for queue := range cfg.RPS.CPUs {
		mask := of(queue)
		each = each / gcd(each, len(mask)) * len(mask)
		if each > maxPlaces {
			return nil, false
		}
		alike = alike && slices.Equal(mask, of(0)) && (!slices.Contains(mask, engine.OfflineCPU) || cfg.QueueCPU[queue] == cfg.QueueCPU[0])
	}
	entries := cfg.Table
	if alike {
		entries = entries[:1]
	}
	if each*len(entries) > maxPlaces {
		return nil, false
	}
	for _, queue := range entries {
		mask := of(int(queue))
		for i := range each {
			cpu := int(mask[i%len(mask)])
			if mask[i%len(mask)] == engine.OfflineCPU {
				cpu = cfg.QueueCPU[queue]
			}
			place = append(place, cpu)
		}
	}
	return place, alike
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Chance is that of the masks; packets are what each CPU took.
func (in *StackInputs) Chance(packets []uint64) *Chance { return in.on(in.place, packets) }

// Everywhere is Chance if each queue's mask had all CPUs, without a deviation: nothing was
// replayed so.
func (in *StackInputs) Everywhere() *Chance {
	all := make([]int, in.cpus)
	for cpu := range all {
		all[cpu] = cpu
	}
	return in.on(all, make([]uint64, in.cpus))
}

func (in *StackInputs) on(place []int, packets []uint64) *Chance {
	if in.Packets == 0 {
		return nil
	}
	loads := make([]float64, len(packets))
	for cpu, n := range packets {
		loads[cpu] = float64(n)
	}
	return in.chance(place, make([]float64, len(packets)), loads, float64(in.Packets), chanceTrials)
}

// Even is max ÷ mean over the CPUs of even traffic.
func (in *StackInputs) Even() float64 {
	on := make([]int, in.cpus)
	for _, cpu := range in.place {
		on[cpu]++
	}
	return float64(slices.Max(on)*in.cpus) / float64(len(in.place))
}

// Heaviest is the packets of the input with the most; 0 without any.
func (in *Inputs) Heaviest() uint64 {
	if len(in.heaviest) == 0 {
		return 0
	}
	return in.heaviest[0]
}
