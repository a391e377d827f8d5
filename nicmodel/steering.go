package nicmodel

import (
	"fmt"
	"math/bits"
	"reflect"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// SteeringConfig says how a NIC picks the queue of a packet.
type SteeringConfig struct {
	HashTypes hash.Types     // the enabled ones; none: no packet is hashed
	Key       hash.Key       // 4 bytes longer than the longest input of HashTypes
	Transform hash.Transform // of the hash's input, key and result
	// Function is FunctionToeplitz, or one that needs no Key.
	Function hash.Function
	// Fields are those that a type's input has where it has not all of its own: the NIC
	// packs them from the input's beginning on. 0: all.
	Fields [hash.NumTypes]Fields
	Table  IndirectionTable
	// Modulo: the entry is hash mod size, and the size may be any. Otherwise it
	// is hash & (size − 1), and the size must be a power of two.
	Modulo       bool
	DefaultQueue int   // of packets without a hash
	QueueCPU     []int // the CPU of each queue; its length is the number of queues
	Rules        Rules // how the NIC's parser differs from the model's

	NTuple   *steer.Rules    // asked before the table; nil: none
	Contexts map[int]Context // the tables that rules may lead to, by number
}

// Context is an RSS context beside the main one, which shares all but these with it.
type Context struct {
	Table     IndirectionTable
	Key       hash.Key        // nil: the main one
	Transform *hash.Transform // nil: the main one
}

// Rules are what one NIC's parser does otherwise than package walk and the NDIS hash types,
// in terms of the facts that the header walk found. The zero value is nothing.
type Rules struct {
	// AddressesOnly: a packet with any of these facts is hashed as if it had
	// no ports.
	AddressesOnly pcaps.Facts
	// NoHash: a packet with any of these facts is not hashed.
	NoHash pcaps.Facts
}

// Decision is what the NIC decides of one packet. Nothing downstream computes
// any of it again.
type Decision struct {
	Hash  uint32    // 0 without a hash; but 0 may also be one, so ask Type
	Entry int32     // of the indirection table; −1 without a hash
	Queue uint16    // the entry's; the default queue without a hash
	Type  hash.Type // None without a hash
	Why   Unhashed  // Hashed, or why not

	// Of ntuple rules, each by its place in Rules.All and 1; 0: none.
	Rule   uint16 // that decided: Entry is −1 then, and the hash is that of its context
	Woke   uint16 // a Wake-on-LAN rule that ended the search
	Other  uint16 // that matches, too, after the first, and would do something else
	Target int32  // where Rule is not 0: index of Steering.Targets; −1: dropped
}

// Steering picks the queue of each packet as package nicmodel says.
// It does not change after NewSteering and may be shared.
type Steering struct {
	config SteeringConfig // with copies of its slices
	sum    *hash.Table    // nil if no hash type is enabled
	mask   uint32         // size − 1 unless Modulo
	types  [2][3]hash.Type

	targets []Target
	rules   []ruleTargets // by rule
}

// The two indexes of Steering.types, and of preference.
const (
	family4 = iota
	family6
)
const (
	transportOther = iota // or without ports
	transportTCP
	transportUDP
)

// preference lists for each kind of packet the hash types that fit it, the most
// specific first. A type ending in _ex comes before the plain one of its
// transport: enabled, it is used whether or not the packet has the addresses
// that it looks for ("RSS Hashing Types", NDIS_HASH_TCP_IPV6_EX).
func preference(family, transport int) []hash.Type {
	switch {
	case family == family4 && transport == transportTCP:
		return []hash.Type{hash.TCPIPv4, hash.IPv4}
	case family == family4 && transport == transportUDP:
		return []hash.Type{hash.UDPIPv4, hash.IPv4}
	case family == family4:
		return []hash.Type{hash.IPv4}
	case transport == transportTCP:
		return []hash.Type{hash.TCPIPv6Ex, hash.TCPIPv6, hash.IPv6Ex, hash.IPv6}
	case transport == transportUDP:
		return []hash.Type{hash.UDPIPv6Ex, hash.UDPIPv6, hash.IPv6Ex, hash.IPv6}
	}
	return []hash.Type{hash.IPv6Ex, hash.IPv6}
}

// NewSteering checks the configuration and prepares the key. The errors name
// the flag at fault.
func NewSteering(config SteeringConfig) (*Steering, error) {
	config.Key = slices.Clone(config.Key)
	config.Table = slices.Clone(config.Table)
	config.QueueCPU = slices.Clone(config.QueueCPU)
	s := &Steering{config: config, mask: uint32(len(config.Table) - 1)}

	size, queues := len(config.Table), len(config.QueueCPU)
	switch {
	case queues < 1 || queues > MaxQueues:
		return nil, fmt.Errorf("--queues %d: give a number from 1 to %d", queues, MaxQueues)
	case size < 1 || size > MaxTableSize || !config.Modulo && bits.OnesCount(uint(size)) != 1:
		return nil, TableSizeError(size)
	case config.DefaultQueue < 0 || config.DefaultQueue >= queues:
		return nil, fmt.Errorf("--default-queue %d: there are only queues 0 to %d; choose one of them, or raise --queues", config.DefaultQueue, queues-1)
	case int(config.Transform) >= hash.NumTransforms:
		return nil, fmt.Errorf("unknown input %v", config.Transform)
	case config.Function == hash.FunctionSimpleXOR && config.HashTypes&^hash.TypesOf(hash.IPv4, hash.IPv6) != 0:
		return nil, fmt.Errorf("--hash-function %v: its rule is known for addresses alone: give --hash-types ipv4,ipv6, not %v", config.Function, config.HashTypes)
	}
	for i, cpu := range config.QueueCPU {
		if cpu < 0 {
			return nil, fmt.Errorf("--affinity: queue %d is on CPU %d; CPUs count from 0", i, cpu)
		}
	}
	for i, queue := range config.Table {
		if int(queue) >= queues {
			return nil, fmt.Errorf("entry %d of the table is queue %d, but there are only queues 0 to %d; raise --queues, or change the table", i, queue, queues-1)
		}
	}
	if longest := config.HashTypes.MaxInputLen(); longest > 0 && config.Function == hash.FunctionToeplitz {
		var err error
		longest = config.Transform.InputLen(longest)
		if s.sum, err = hash.NewTable(config.Transform.Key(config.Key), longest); err != nil {
			return nil, fmt.Errorf("--key: %w; give a longer key, or fewer --hash-types than %v", err, config.HashTypes)
		}
	}
	for family := range s.types {
		for transport := range s.types[family] {
			types := preference(family, transport)
			if i := slices.IndexFunc(types, config.HashTypes.Has); i >= 0 {
				s.types[family][transport] = types[i]
			}
		}
	}
	return s, s.setRules()
}

// Decide decides of one packet from its header, and from the extension
// addresses if the header's facts say that there are some (else ext may be nil). Rules
// know nothing of its frame: see DecideFrame.
func (s *Steering) Decide(h *pcaps.Header, ext *pcaps.Extension) Decision {
	return s.DecideFrame(h, ext, nil)
}

// DecideFrame is Decide where a rule may compare what frame has; nil: nothing is known
// of it.
func (s *Steering) DecideFrame(h *pcaps.Header, ext *pcaps.Extension, frame *pcaps.Frame) Decision {
	if s.config.NTuple == nil {
		return s.ByTable(h, ext)
	}
	first, other := s.config.NTuple.Match(h, frame)
	if first < 0 {
		return s.ByTable(h, ext)
	}
	rule, targets := &s.config.NTuple.All()[first], &s.rules[first]
	var d Decision
	switch rule.Action {
	case steer.WakeOnLAN:
		d = s.ByTable(h, ext)
		d.Woke = uint16(first + 1)
	case steer.ToContext:
		d = targets.context.ByTable(h, ext)
		if d.Target = targets.unhashed; d.Entry >= 0 {
			d.Target = targets.entries[d.Entry]
		}
		d.Rule = uint16(first + 1)
	default: // the NIC hashes the packet all the same
		d = s.ByTable(h, ext)
		d.Rule, d.Target = uint16(first+1), targets.only
	}
	if d.Rule != 0 {
		d.Entry = -1
		if d.Target >= 0 {
			d.Queue = s.targets[d.Target].Queue
		}
	}
	d.Other = uint16(other + 1)
	return d
}

// ByTable decides by hash and table alone, as if there were no rules.
func (s *Steering) ByTable(h *pcaps.Header, ext *pcaps.Extension) Decision {
	d := Decision{Queue: uint16(s.config.DefaultQueue)}
	d.Type, d.Why, d.Hash, d.Entry = s.HashAndEntry(h, ext)
	if d.Entry >= 0 {
		d.Queue = s.config.Table[d.Entry]
	}
	return d
}

// HashAndEntry is Type, Why, Hash and Entry of what ByTable decides.
//
// Optimization: a whole Decision, written field by field, is waited for each time that it
// is returned.
func (s *Steering) HashAndEntry(h *pcaps.Header, ext *pcaps.Extension) (t hash.Type, why Unhashed, sum uint32, entry int32) {
	if t, why = s.HashType(h); why != Hashed {
		return hash.None, why, 0, -1
	}
	var buffer [hash.MaxInputLen]byte
	sum = s.Sum(s.Hashed(AppendInput(buffer[:0], h, ext, t), t, h.Protocol))
	return t, why, sum, s.Entry(sum)
}

// Hashed is what the NIC hashes of a type's input of a packet of the IP protocol: the
// chosen fields, transformed. It is made in place, and may be 2 bytes longer.
func (s *Steering) Hashed(input []byte, t hash.Type, protocol uint8) []byte {
	if f := s.config.Fields[t]; f != 0 {
		input = f.pack(input, t)
	}
	return s.config.Transform.Apply(input, protocol)
}

// Sum is the hash of what Hashed has made.
func (s *Steering) Sum(hashed []byte) uint32 {
	if s.config.Function == hash.FunctionSimpleXOR {
		return s.config.Transform.Result(hash.SimpleXOR(hashed))
	}
	return s.config.Transform.Result(s.sum.Sum(hashed))
}

// HashType is the most specific enabled type that fits the packet, or why none.
func (s *Steering) HashType(h *pcaps.Header) (hash.Type, Unhashed) {
	if h.Reason != pcaps.IP {
		return hash.None, Unhashed(h.Reason)
	}
	var family int
	switch h.Version {
	case 4:
		family = family4
	case 6:
		family = family6
	default:
		return hash.None, NotIP
	}
	if h.Facts&s.config.Rules.NoHash != 0 {
		return hash.None, NICRule
	}
	transport := transportOther
	if h.Facts&pcaps.HasPorts != 0 && h.Facts&s.config.Rules.AddressesOnly == 0 {
		switch h.Protocol {
		case pcaps.ProtoTCP:
			transport = transportTCP
		case pcaps.ProtoUDP:
			transport = transportUDP
		}
	}
	t := s.types[family][transport]
	if t == hash.None {
		return hash.None, NoHashType
	}
	return t, Hashed
}

// AppendInput appends the hash input of the type, before any transformation:
// source address, destination address and, with a type that has them, source
// and destination port, all in network order. Under an _ex type a Home Address
// option replaces the source and a type-2 routing header's address the
// destination. Nothing is appended for hash.None.
func AppendInput(b []byte, h *pcaps.Header, ext *pcaps.Extension, t hash.Type) []byte {
	var n int // length of an address
	switch t.InputLen() {
	case 8, 12:
		n = 4
	case 32, 36:
		n = 16
	default:
		return b
	}
	src, dst := h.Src[:n], h.Dst[:n]
	if t.Ex() && ext != nil {
		if h.Facts&pcaps.HomeAddress != 0 {
			src = ext.Home[:]
		}
		if h.Facts&pcaps.RoutingType2 != 0 {
			dst = ext.Routing[:]
		}
	}
	b = append(append(b, src...), dst...)
	if t.Ports() {
		b = append(b, byte(h.SrcPort>>8), byte(h.SrcPort), byte(h.DstPort>>8), byte(h.DstPort))
	}
	return b
}

// Entry is the index of the table's entry that the hash picks.
func (s *Steering) Entry(sum uint32) int32 {
	if s.config.Modulo {
		return int32(sum % uint32(len(s.config.Table)))
	}
	return int32(sum & s.mask)
}

// PerPacketFacts are the facts that change the decision without being part of a
// flow's identity (IP version, addresses, protocol, ports where it has them).
// Of a flow's packets with none of them every decision is the same, and may be
// kept; a packet with any must be decided on its own.
func (s *Steering) PerPacketFacts() pcaps.Facts {
	facts := s.config.Rules.AddressesOnly | s.config.Rules.NoHash | s.config.NTuple.Facts()
	for _, t := range s.types[family6] {
		if t.Ex() {
			facts |= pcaps.HomeAddress | pcaps.RoutingType2
		}
	}
	return facts
}

// Varies reports whether packets of one flow may meet different decisions.
func (s *Steering) Varies() bool { return s.PerPacketFacts() != 0 || s.config.NTuple.PerPacket() }

// SameEntries reports whether both ways of steering give every packet the same
// hash and table entry, wherever the entries lead.
func (s *Steering) SameEntries(o *Steering) bool {
	return s.SameHashes(o) && s.sameRules(o) && len(s.config.Table) == len(o.config.Table) && s.config.Modulo == o.config.Modulo
}

// sameRules reports whether the same rules take the same packets to the same targets.
func (s *Steering) sameRules(o *Steering) bool {
	return len(s.rules) == 0 && len(o.rules) == 0 ||
		s.config.DefaultQueue == o.config.DefaultQueue && reflect.DeepEqual(s.config.NTuple, o.config.NTuple) &&
			reflect.DeepEqual(s.config.Contexts, o.config.Contexts) && !s.asksMain()
}

// asksMain reports whether a rule leads to the main table.
func (s *Steering) asksMain() bool {
	return slices.ContainsFunc(s.config.NTuple.All(), func(r steer.Rule) bool { return r.Action == steer.ToContext && r.Context == 0 })
}

// SameHashes reports whether both ways of steering give every packet the same
// hash, or none to the same packets.
func (s *Steering) SameHashes(o *Steering) bool {
	a, b := &s.config, &o.config
	return a.HashTypes == b.HashTypes && slices.Equal(a.Key, b.Key) && a.Transform == b.Transform && a.Function == b.Function && a.Fields == b.Fields && a.Rules == b.Rules
}

// Config is what the steering was made of. Its slices must not be changed.
func (s *Steering) Config() SteeringConfig { return s.config }

// TableSize is the number of the table's entries.
func (s *Steering) TableSize() int { return len(s.config.Table) }

// NTuple are the rules that are asked before the table; nil: none.
func (s *Steering) NTuple() *steer.Rules { return s.config.NTuple }

// Queues is the number of queues.
func (s *Steering) Queues() int { return len(s.config.QueueCPU) }

// CPU is the CPU of the queue, which must be below Queues.
func (s *Steering) CPU(queue uint16) int { return s.config.QueueCPU[queue] }
