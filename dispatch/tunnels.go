package dispatch

import (
	"slices"

	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/walk"
)

// Tunnel is the received packets of an encapsulation that hides the flows inside
// it, and how RSS spreads them by the outer headers and by the inner ones.
type Tunnel struct {
	Kind           pcaps.Encapsulation
	Packets, Bytes uint64 // bytes on the wire
	OuterFlows     int    // of the packets, by their outermost IP headers; 0 where that is inside
	InnerFlows     int
	InnerPackets   uint64   // packets of which the inner IP header can be read
	OuterCPUs      []uint64 // packets by index into Config.CPUs, as the outer headers send them
	InnerCPUs      []uint64 // the same by the inner headers; where none can be read, by the outer ones
}

// tunnelled is a packet of a chunk that Walk ended inside of.
type tunnelled struct {
	at                 int // in the chunk
	kind               pcaps.Encapsulation
	outer, inner       pcaps.Header
	outerExt, innerExt pcaps.Extension
	opened             bool // inner is there
	hashed             bool // and takes the place of outer
	spi                [4]byte
	hasSPI             bool
}

// open notes what is inside packet i, that of rec, of which Walk has recognised an
// encapsulation. It returns the header that is hashed: with inner the inner one,
// where NICs do so.
func (c *chunk) open(i int, rec *pcaps.Record, inner bool) *pcaps.Header {
	h := &c.headers[i]
	kind, ok := h.Encapsulations.Tunnel()
	if !ok {
		return h
	}
	c.tunnels = append(c.tunnels, tunnelled{at: i, kind: kind, outer: *h, outerExt: c.exts[i]})
	p := &c.tunnels[len(c.tunnels)-1]
	if kind == pcaps.ESP {
		var frame pcaps.Frame
		walk.WalkFrame(rec, &p.inner, &p.innerExt, &frame)
		p.spi, p.hasSPI = frame.L4, frame.Has&pcaps.FrameL4 != 0
		return h
	}
	p.opened = walk.WalkInner(rec, &p.inner, &p.innerExt)
	if p.hashed = inner && p.opened && kind.InnerHashed(); p.hashed {
		return &p.inner
	}
	return h
}

// inner is packet i if its inner header is hashed, else nil.
func (c *chunk) inner(i int) *tunnelled {
	at, ok := slices.BinarySearchFunc(c.tunnels, i, func(p tunnelled, i int) int { return p.at - i })
	if !ok || !c.tunnels[at].hashed {
		return nil
	}
	return &c.tunnels[at]
}

// settle counts the chunk's long frames and tunnelled packets, now that it is known
// which were sent, by the outer headers; then it puts the inner headers that are
// hashed in their place.
func (s *stage) settle(c *chunk) {
	for _, f := range c.long {
		s.long.add(f, c.wasSent(f.at))
	}
	for i := range c.tunnels {
		p := &c.tunnels[i]
		if !c.wasSent(p.at) {
			s.r.tunnels.add(p, c.wire[p.at])
		}
		if p.hashed {
			c.headers[p.at], c.exts[p.at] = p.inner, p.innerExt
			c.tuples[p.at].Set(&p.inner)
		}
	}
}

// tunnels gathers the Tunnels, by the first scenario's steering.
type tunnels struct {
	steering *nicmodel.Steering
	cpus     int
	kinds    [pcaps.NumEncapsulations]*tunnelFlows
}

type tunnelFlows struct {
	Tunnel
	outer map[pcaps.Tuple]struct{}
	inner map[pcaps.Tuple]uint64             // packets
	spis  map[pcaps.Tuple]map[[4]byte]uint64 // packets of ESP's security associations, by outer flow and index
}

// add counts a received packet of the given length on the wire.
func (t *tunnels) add(p *tunnelled, wire uint32) {
	k := t.kinds[p.kind]
	if k == nil {
		k = &tunnelFlows{
			Tunnel: Tunnel{Kind: p.kind, OuterCPUs: make([]uint64, t.cpus), InnerCPUs: make([]uint64, t.cpus)},
			outer:  map[pcaps.Tuple]struct{}{}, inner: map[pcaps.Tuple]uint64{}, spis: map[pcaps.Tuple]map[[4]byte]uint64{},
		}
		t.kinds[p.kind] = k
	}
	k.Packets++
	k.Bytes += uint64(wire)
	var tuple pcaps.Tuple
	if p.outer.Version != 0 {
		tuple.Set(&p.outer)
		k.outer[tuple] = struct{}{}
	}
	if p.hasSPI {
		if k.spis[tuple] == nil {
			k.spis[tuple] = map[[4]byte]uint64{}
		}
		k.spis[tuple][p.spi]++
	}
	cpu := t.steering.CPU(t.steering.Decide(&p.outer, &p.outerExt).Queue)
	k.OuterCPUs[cpu]++
	if p.opened {
		k.InnerPackets++
		tuple.Set(&p.inner)
		k.inner[tuple]++
		cpu = t.steering.CPU(t.steering.Decide(&p.inner, &p.innerExt).Queue)
	}
	k.InnerCPUs[cpu]++
}

// list is those that packets were counted of.
func (t *tunnels) list() []Tunnel {
	var list []Tunnel
	for _, k := range t.kinds {
		if k != nil {
			k.OuterFlows, k.InnerFlows = len(k.outer), len(k.inner)
			list = append(list, k.Tunnel)
		}
	}
	return list
}

// SPIs is how many security associations of ESP a flow is, by their indices; 0 if it is none,
// or not all of its packets have one in the capture.
func (r *Result) SPIs(id uint32) uint64 {
	k, f := r.tunnels.kinds[pcaps.ESP], r.flows.records.At(id)
	if k == nil {
		return 0
	}
	var packets uint64
	for _, of := range k.spis[f.tuple] {
		packets += of
	}
	if packets < f.packets {
		return 0
	}
	return uint64(len(k.spis[f.tuple]))
}

// parts is the packets of what the stack's hash tells apart in tunnels of the kind, if it
// looks into them; nil where the capture does not have it of all packets.
func (k *tunnelFlows) parts() (packets []uint64) {
	var all uint64
	add := func(n uint64) {
		packets = append(packets, n)
		all += n
	}
	for _, n := range k.inner {
		add(n)
	}
	for _, of := range k.spis {
		for _, n := range of {
			add(n)
		}
	}
	if all < k.Packets {
		return nil
	}
	return packets
}

// TunnelOf is the encapsulation that the flow's first packets were, if its own
// headers are a tunnel's outer ones.
func (r *Result) TunnelOf(id uint32) (kind pcaps.Encapsulation, ok bool) {
	tuple := r.flows.records.At(id).tuple
	for _, k := range r.tunnels.kinds {
		if k == nil {
			continue
		}
		if _, ok := k.outer[tuple]; ok {
			return k.Kind, true
		}
	}
	return 0, false
}
