package nicmodel

import (
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

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

// Fields are some of a hash type's fields, in the letters of `ethtool -N IF
// rx-flow-hash`.
type Fields uint8

const (
	SourceAddress      Fields = 1 << iota // s
	DestinationAddress                    // d
	SourcePort                            // f: bytes 0 and 1 of the TCP or UDP header
	DestinationPort                       // n: bytes 2 and 3
)

const fieldLetters = "sdfn"

// ParseFields reads letters as "sdn", in any order.
func ParseFields(letters string) (Fields, error) {
	var f Fields
	for _, c := range letters {
		i := strings.IndexRune(fieldLetters, c)
		if i < 0 {
			return 0, fmt.Errorf("%q is none of the fields s and d (addresses), f and n (source and destination port)", c)
		}
		f |= 1 << i
	}
	if f == 0 {
		return 0, errors.New("no field is named; s and d are the addresses, f and n the source and destination port")
	}
	return f, nil
}

// String is the letters, in the order in which the NIC packs the fields.
func (f Fields) String() string {
	var b strings.Builder
	for i, c := range fieldLetters {
		if f>>i&1 != 0 {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// pack leaves of a type's whole input only the fields.
func (f Fields) pack(input []byte, t hash.Type) []byte {
	address := t.InputLen() / 2
	if t.Ports() {
		address = (t.InputLen() - 4) / 2
	}
	packed := input[:0]
	for i, at := range [...]struct{ from, to int }{
		{0, address}, {address, 2 * address}, {2 * address, 2*address + 2}, {2*address + 2, 2*address + 4},
	} {
		if f>>i&1 != 0 && at.to <= len(input) {
			packed = append(packed, input[at.from:at.to]...)
		}
	}
	return packed
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

// Unhashed is why a packet has no hash. The list is closed: each is reported,
// also when zero. It begins with the reasons of pcaps, under their names.
type Unhashed uint8

// The reasons of pcaps, and that there is none.
const (
	Hashed       = Unhashed(pcaps.IP) // it has one
	NotIP        = Unhashed(pcaps.NotIP)
	LLC          = Unhashed(pcaps.LLC)
	ShortLink    = Unhashed(pcaps.ShortLink)
	ShortIP      = Unhashed(pcaps.ShortIP)
	BadIPVersion = Unhashed(pcaps.BadIPVersion)
	BadIHL       = Unhashed(pcaps.BadIHL)
	UnknownLink  = Unhashed(pcaps.UnknownLink)
)

const (
	// NoHashType: IP, but no enabled hash type fits the packet.
	NoHashType Unhashed = pcaps.NumReasons + iota
	// NICRule: the NIC's parser gives packets of this kind no hash (Rules).
	NICRule

	NumUnhashed = pcaps.NumReasons + iota
)

// String is the reason's name in reports, "no_enabled_hash_type"; "hashed" for
// Hashed.
func (u Unhashed) String() string {
	switch {
	case u == Hashed:
		return "hashed"
	case u == NoHashType:
		return "no_enabled_hash_type"
	case u == NICRule:
		return "nic_parser_rule"
	case int(u) < pcaps.NumReasons:
		return pcaps.Reason(u).String()
	}
	return fmt.Sprintf("unhashed(%d)", uint8(u))
}

// Reasons lists every reason but Hashed, in the order of reports.
func Reasons() []Unhashed {
	var all []Unhashed
	for u := Hashed + 1; u < NumUnhashed; u++ {
		all = append(all, u)
	}
	return all
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

// Target is where a rule leads to: a queue of it. A rule to a context has one for
// each queue that packets may get to.
type Target struct {
	Rule  int // its place in Rules.All
	Queue uint16
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

// ruleTargets is where a rule leads to, ready to be looked up.
type ruleTargets struct {
	only     int32     // of a rule to a queue
	context  *Steering // of a rule to a context
	entries  []int32   // the target of each entry of the context's table
	unhashed int32     // and of packets without a hash
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

// RuleError is what is wrong with where the rules lead: with a rule, or with the table of
// a context.
type RuleError struct {
	Context int // 0: a rule
	Err     error
}

func (e *RuleError) Error() string {
	if e.Context > 0 {
		return fmt.Sprintf("--context %d: %v", e.Context, e.Err)
	}
	return e.Err.Error()
}

func (e *RuleError) Unwrap() error { return e.Err }

// maxTargets bounds the targets: see dispatch/engine, which has them behind the
// entries of the table.
const maxTargets = 1<<14 - 2

// setRules prepares the targets of the ntuple rules.
func (s *Steering) setRules() error {
	queues := len(s.config.QueueCPU)
	contexts := map[int]*Steering{}
	for i, rule := range s.config.NTuple.All() {
		targets := ruleTargets{only: -1}
		add := func(queue int) (int32, error) {
			if queue >= queues {
				return 0, &RuleError{Err: fmt.Errorf("filter %d leads to queue %d, but there are only queues 0 to %d; raise --queues, or change the rule", rule.Location, queue, queues-1)}
			}
			for t := len(s.targets) - 1; t >= 0 && s.targets[t].Rule == i; t-- {
				if int(s.targets[t].Queue) == queue {
					return int32(t), nil
				}
			}
			s.targets = append(s.targets, Target{Rule: i, Queue: uint16(queue)})
			return int32(len(s.targets) - 1), nil
		}
		var err error
		switch {
		case rule.Action == steer.ToQueue:
			targets.only, err = add(rule.Queue)
		case rule.Action == steer.ToContext:
			if targets.context = contexts[rule.Context]; targets.context == nil {
				if targets.context, err = s.context(&rule); err != nil {
					return err
				}
				contexts[rule.Context] = targets.context
			}
			for _, queue := range targets.context.config.Table {
				var t int32
				if t, err = add(rule.Queue + int(queue)); err != nil {
					return err
				}
				targets.entries = append(targets.entries, t)
			}
			targets.unhashed, err = add(s.config.DefaultQueue)
		}
		if err != nil {
			return err
		}
		s.rules = append(s.rules, targets)
	}
	if len(s.targets) > maxTargets {
		return fmt.Errorf("the rules lead to %d queues in all; at most %d are emulated", len(s.targets), maxTargets)
	}
	return nil
}

// context is the steering of the context that a rule leads to: the main one's, with
// the context's table, key and input transformation.
func (s *Steering) context(rule *steer.Rule) (*Steering, error) {
	config := s.config
	config.NTuple, config.Contexts = nil, nil
	if rule.Context != 0 {
		context, ok := s.config.Contexts[rule.Context]
		if !ok {
			return nil, &RuleError{Err: fmt.Errorf("filter %d leads to RSS context %d, whose table is not known: give it as --context %[2]d=FILE, the text of `ethtool -x DEV context %[2]d`", rule.Location, rule.Context)}
		}
		config.Table, config.Modulo = context.Table, false
		if context.Key != nil {
			config.Key = context.Key
		}
		if context.Transform != nil {
			config.Transform = *context.Transform
		}
	}
	made, err := NewSteering(config)
	if err != nil {
		return nil, &RuleError{Context: rule.Context, Err: err}
	}
	return made, nil
}

// Targets are the queues that rules lead to, by Decision.Target. They must not be
// changed.
func (s *Steering) Targets() []Target { return s.targets }

// Context is the steering of packets that the rule takes, by its place in Rules.All:
// nil unless it leads to an RSS context.
func (s *Steering) Context(rule int) *Steering { return s.rules[rule].context }

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
			reflect.DeepEqual(s.config.Contexts, o.config.Contexts) && slices.Equal(s.targets, o.targets) && !s.asksMain() && !o.asksMain()
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

// KeyStrength is what a key can do with inputs of one hash type. What the traffic's
// own addresses and ports leave unused is not looked at.
type KeyStrength struct {
	// Rank is how many bits of the table's index can differ on their own, of Wanted
	// that reach every entry. A key of zeros has rank 0, and sends all to one entry; one
	// of ones has rank 1.
	Rank, Wanted int
	// Heard is how many of the input's Bits change the index at all. One set bit in a
	// key hears as many as the index has.
	Heard, Bits int
}

// rankInputs are as many random inputs as KeyStrength looks at: their differences span
// what the hash of any can reach, but for one chance in 2²⁰⁰.
const rankInputs = 256

// KeyStrength judges the key for inputs of an enabled hash type.
func (s *Steering) KeyStrength(t hash.Type) KeyStrength {
	k := KeyStrength{Wanted: bits.Len(uint(len(s.config.Table) - 1)), Bits: 8 * t.InputLen()}
	mask := s.mask
	if s.config.Modulo {
		mask = ^uint32(0)
	}
	protocol := uint8(pcaps.ProtoTCP)
	if t == hash.UDPIPv4 || t == hash.UDPIPv6 || t == hash.UDPIPv6Ex {
		protocol = pcaps.ProtoUDP
	}
	var buffer [hash.MaxInputLen]byte
	index := func(fill func(input []byte)) uint32 {
		input := buffer[:t.InputLen()]
		clear(input)
		fill(input)
		return s.Sum(s.Hashed(input, t, protocol)) & mask
	}
	nothing := index(func([]byte) {})
	for i := range k.Bits {
		if index(func(input []byte) { input[i/8] = 0x80 >> (i % 8) }) != nothing {
			k.Heard++
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	var basis [32]uint32 // by highest bit
	for range rankInputs {
		v := nothing ^ index(func(input []byte) {
			for i := range input {
				input[i] = byte(random.Uint32())
			}
		})
		for v != 0 {
			top := bits.Len32(v) - 1
			if basis[top] == 0 {
				basis[top] = v
				k.Rank++
				break
			}
			v ^= basis[top]
		}
	}
	k.Rank = min(k.Rank, k.Wanted)
	return k
}
