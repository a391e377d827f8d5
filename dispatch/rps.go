package dispatch

import (
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
)

// stackHashes makes the hashes that the stack makes of packets itself, where a scenario
// with RPS may ask for them.
type stackHashes struct {
	secret rps.Secret
	// spared are plain packets of which every scenario takes the NIC's hash: of each IP
	// version, of TCP and of UDP.
	spared    [2][2]bool
	sparesAll bool // of all plain packets
}

// newStackHashes is nil if no scenario has RPS.
func newStackHashes(secret rps.Secret, scenarios []Scenario) *stackHashes {
	var s *stackHashes
	for _, one := range scenarios {
		if one.Config.RPS == nil {
			continue
		}
		if s == nil {
			s = &stackHashes{secret: secret, spared: [2][2]bool{{true, true}, {true, true}}}
		}
		for i, version := range []uint8{4, 6} {
			for j, protocol := range []uint8{pcaps.ProtoTCP, pcaps.ProtoUDP} {
				h := pcaps.Header{Version: version, Protocol: protocol, Facts: pcaps.HasPorts}
				kind := rps.KindOf(one.Steering.ByTable(&h, nil).Type, protocol, h.Facts)
				s.spared[i][j] = s.spared[i][j] && one.Config.RPS.Passed&kind != 0
			}
		}
	}
	if s != nil {
		s.sparesAll = s.spared == [2][2]bool{{true, true}, {true, true}}
	}
	return s
}

// hash sets the chunk's own hashes, of the packets of recs: of those that some scenario
// takes no hash of the NIC's of.
func (s *stackHashes) hash(recs []pcaps.Record, c *chunk) {
	if s.sparesAll && !c.walks {
		return
	}
	for i := range recs {
		t := &c.tuples[i]
		if !c.walked[i] && s.spared[pcaps.VersionIndex(uint8(t.Version()))][udpIndex(t)] {
			continue
		}
		own, known := s.secret.OfFrame(recs[i].Link, recs[i].Data)
		if !known {
			own = s.secret.OfFlow(t)
		}
		c.own[i] = own
	}
}

// udpIndex is 1 of a plain packet that is UDP, 0 of TCP.
func udpIndex(t *pcaps.Tuple) int {
	if t.Protocol() == pcaps.ProtoUDP {
		return 1
	}
	return 0
}

// nicHashes has the hashes of the packets of c, which are the batch's from from on.
func (w *way) nicHashes(t *flowTable, steering int, c *chunk, b *engine.Batch, from int, into *engine.NICHashes) {
	if !c.walks && !c.sends {
		w.plainHashes(t, steering, c, b.Flow[from:b.N], into.Hash[from:b.N], into.Kind[from:b.N])
		return
	}
	for i, id := range b.Flow[from:b.N] {
		at := from + i
		if id == engine.NoFlow {
			into.Kind[at] = rps.NoHashes
			continue
		}
		d := t.decision(steering, id)
		kind, value := d.kind, d.hash
		if d.why >= flowOwn || c.has(i, w.varying) {
			again := c.decide(w.steering, i)
			kind, value = again.Type, again.Hash
		}
		facts := pcaps.HasPorts
		if c.walked[i] {
			facts = c.headers[i].Facts
		}
		into.Hash[at], into.Kind[at] = value, rps.KindOf(kind, uint8(c.tuples[i].Protocol()), facts)
	}
}

// plainHashes is nicHashes where all packets are plain and received.
//
// Optimization: most chunks are so, and a packet costs two loads then.
func (w *way) plainHashes(t *flowTable, steering int, c *chunk, flows, hashes []uint32, kinds []rps.Hashes) {
	tuples, hashes, kinds := c.tuples[:len(flows)], hashes[:len(flows)], kinds[:len(flows)]
	for i, id := range flows {
		d := t.decision(steering, id)
		hashes[i], kinds[i] = d.hash, plainKinds[d.kind%hash.NumTypes][udpIndex(&tuples[i])]
		if d.why >= flowOwn {
			again := c.decide(w.steering, i)
			hashes[i], kinds[i] = again.Hash, plainKinds[again.Type][udpIndex(&tuples[i])]
		}
	}
}

// plainKinds is the kind of each type's hash of a plain packet, of TCP and of UDP.
var plainKinds = func() (kinds [hash.NumTypes][2]rps.Hashes) {
	for t := range kinds {
		kinds[t] = [2]rps.Hashes{
			rps.KindOf(hash.Type(t), pcaps.ProtoTCP, pcaps.HasPorts),
			rps.KindOf(hash.Type(t), pcaps.ProtoUDP, pcaps.HasPorts),
		}
	}
	return kinds
}()

// hashes has the hashes by which RPS steers the packets of c, which are the batch's last
// ones.
func (t *flowTable) hashes(c *chunk, b *engine.Batch) {
	from := b.N - c.n
	copy(b.Own[from:], c.own[:c.n])
	if b.NIC != nil {
		t.first.nicHashes(t, 0, c, b, from, b.NIC)
	}
	for k, other := range t.more {
		if nic := b.More[k].NIC; nic != nil {
			other.nicHashes(t, k+1, c, b, from, nic)
		}
	}
	if t.odd = t.odd || c.walks && c.walksIP(); t.odd {
		b.Alike = false
	}
}

// walksIP reports whether a packet with an IP header is walked.
func (c *chunk) walksIP() bool {
	for i, walked := range c.walked[:c.n] {
		if walked && c.tuples[i].IsIP() {
			return true
		}
	}
	return false
}

// scenarios are the options' own scenario and the further ones.
func (o *Options) scenarios() []Scenario {
	return append([]Scenario{{o.Config, o.Steering, o.Modes}}, o.More...)
}

// OwnHashes is the packets of a mode, an index into Modes, that RPS steered to one of
// several CPUs by the hash that the stack makes itself: without the kernel's secret
// these CPUs are not the real ones, only how evenly they are taken.
func (r *Replayed) OwnHashes(mode int) uint64 { return r.models[mode].OwnHashes() }
