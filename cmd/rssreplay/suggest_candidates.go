package main

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"rssreplay/dispatch"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/report"
)

// candidate is another way to steer, before it is judged.
type candidate struct {
	id, goal, summary string
	note              string
	commands          []string
	settings          *settings // the present ones, changed
	parameters        report.Parameters
	entriesMoved      *int // nil where entries can't be compared
}

// candidates looks for ways to steer that may be better.
type candidates struct {
	*suggester
	learned  *replayed         // the training part under the present way
	loads    dispatch.Loads    // its
	balance  *nicmodel.Balance // likewise
	list     []*candidate
	declined []report.Declined
}

// balanceOf is the task of spreading the loads over the CPUs in use.
func (s *suggester) balanceOf(l *dispatch.Loads, steering *nicmodel.Steering) *nicmodel.Balance {
	c := &s.settings.config
	b := newBalance(l, c, steering, s.weight)
	// Entries beyond these queues may be set, but RSS does not reach them.
	if p := s.settings.profile; p != nil && p.RSSQueues > 0 && len(b.QueueCPU) > p.RSSQueues && int(slices.Max(c.Table)) < p.RSSQueues {
		b.QueueCPU = b.QueueCPU[:p.RSSQueues]
	}
	return b
}

// newBalance is the task of spreading the loads of entries under the steering.
func newBalance(l *dispatch.Loads, c *dispatch.Config, steering *nicmodel.Steering, weight func(dispatch.EntryLoad) uint64) *nicmodel.Balance {
	b := &nicmodel.Balance{Fixed: make([]uint64, len(c.CPUs)), QueueCPU: c.QueueCPU}
	for _, load := range l.Entries {
		b.Entries = append(b.Entries, weight(load))
	}
	b.Fixed[c.QueueCPU[steering.Config().DefaultQueue]] += weight(l.Unhashed)
	return b
}

// weight is a load in the terms of the objective. Busy time is that of the
// packets' way up the stack; that of ISRs and DPCs depends on how they meet, and
// only a replay tells it. It counts in 2ⁿ ns so that no sum leaves 63 bits.
func (s *suggester) weight(l dispatch.EntryLoad) uint64 {
	switch s.by {
	case "bytes":
		return l.Bytes
	case "busy":
		c := &s.settings.config
		coarse := max(bits.Len64(uint64(c.PacketCost))-20, 0)
		hi, lo := bits.Mul64(min(l.Bytes, 1e15), uint64(c.ByteCost))
		perByte, _ := bits.Div64(hi, lo, 1000)
		return l.Packets*uint64(c.PacketCost)>>coarse + perByte>>coarse
	}
	return l.Packets
}

// find looks at each kind of change. Wrong usage is a target that can't be
// reached.
func (c *candidates) find() error {
	s := c.settings
	c.loads = c.learned.result.Resteer(s.steering)
	c.balance = c.balanceOf(&c.loads, s.steering)
	best := c.balance.Best(s.config.Table)
	if err := c.fewMoves(best); err != nil {
		return err
	}
	c.entries(best)
	if tool := s.tool(); tool == nicmodel.Ethtool {
		c.weights("weight", "", s, c.balance)
	}
	if s.tool() != nicmodel.Application {
		c.equal()
	}
	c.fields()
	c.symmetry()
	c.order()
	return nil
}

func (c *candidates) decline(id, format string, args ...any) {
	c.declined = append(c.declined, report.Declined{ID: id, Summary: fmt.Sprintf(format, args...)})
}

// imbalance is that of the table on the training part, in text.
func (c *candidates) imbalance(table nicmodel.IndirectionTable) string {
	return fmt.Sprintf("%.3f", c.balance.Imbalance(c.balance.Peak(table)))
}

// withTable adds a candidate that differs in its table alone. layout is as
// --layout takes it.
func (c *candidates) withTable(id, layout string, of *settings, table nicmodel.IndirectionTable) *candidate {
	made := of.changed(func(config *nicmodel.SteeringConfig) { config.Table = table })
	added := &candidate{id: id, goal: report.GoalBalance, settings: made}
	added.parameters = report.Parameters{{Name: "layout", Value: layout, Source: "suggested"}}
	if of == c.settings {
		moved := c.balance.Moves(of.config.Table, table)
		added.entriesMoved = &moved
	}
	c.list = append(c.list, added)
	return added
}

// changed is the settings with another way to steer.
func (s *settings) changed(change func(*nicmodel.SteeringConfig)) *settings {
	config := s.steering.Config()
	change(&config)
	made := *s
	made.config.Table = config.Table
	var err error
	if made.steering, err = nicmodel.NewSteering(config); err != nil {
		return nil // the key is too short for the hash types, say
	}
	return &made
}

// entries is the table with each entry free.
func (c *candidates) entries(best nicmodel.IndirectionTable) {
	now := c.settings.config.Table
	moves := c.balance.Moves(now, best)
	if moves == 0 {
		c.decline("entries", "No table was found that is better than the present one, which has %s on the part to find it on.", c.imbalance(now))
		return
	}
	added := c.withTable("entries", listLayout(best), c.settings, best)
	added.summary = fmt.Sprintf("Each entry free: %d of %d move to another CPU.", moves, len(now))
	c.setEntries(added, best)
}

// nearBest is how far above the best table found the default target is.
const nearBest = 1.05

// defaultTarget is the imbalance that is good enough where it can be reached.
const defaultTarget = 1.1

// fewMoves is a table with few entries moved: the fewest that reach the target,
// or the best with as many as allowed.
func (c *candidates) fewMoves(best nicmodel.IndirectionTable) error {
	b, now := c.balance, c.settings.config.Table
	bound := b.Imbalance(b.Bound())
	target := c.target
	most := c.maxMoves
	if most < 0 {
		most = len(now)
	}
	var found *nicmodel.Moved
	switch {
	case target > 0 && b.LimitOf(target) < b.Bound():
		return usagef("--target %g: no table reaches it: %s; the least possible is %.3f", target, c.whyBound(), bound)
	case target > 0:
		limit := b.LimitOf(target)
		if found = b.FewestMoves(now, limit, most); found == nil {
			hint := fmt.Sprintf("the best table found has %.3f", b.Imbalance(b.Peak(best)))
			if any := b.FewestMoves(now, limit, len(now)); any != nil {
				hint = fmt.Sprintf("%d do", any.Moves)
			}
			within := b.BestWithin(now, most)
			if c.maxMoves < 0 {
				return usagef("--target %g: no table was found that reaches it: %s", target, hint)
			}
			return usagef("--target %g is out of reach with --max-moves %d: %s, and %d reach %.3f", target, c.maxMoves, hint, c.maxMoves, b.Imbalance(b.Peak(within.Table)))
		}
	case c.maxMoves > 0:
		found = b.BestWithin(now, most)
		target = b.Imbalance(b.Peak(found.Table))
	default:
		target = max(defaultTarget, nearBest*b.Imbalance(b.Peak(best)))
		found = b.FewestMoves(now, b.LimitOf(target), b.Moves(now, best)-1)
		if found == nil || found.Moves == 0 {
			return nil // nothing was asked for, and entries says it
		}
	}
	if found.Moves == 0 {
		c.decline("few-moves", "The present table has %s already.", c.imbalance(now))
		return nil
	}
	added := c.withTable("few-moves", listLayout(found.Table), c.settings, found.Table)
	fewest := "the fewest found"
	if found.Fewest {
		fewest = "the fewest possible"
	}
	if c.maxMoves > 0 && c.target == 0 {
		added.summary = fmt.Sprintf("At most %s moved: the best found moves %d.", plural(uint64(c.maxMoves), "entry", "entries"), found.Moves)
	} else {
		added.summary = fmt.Sprintf("Few entries moved: %d, %s for an imbalance of at most %.3f.", found.Moves, fewest, target)
	}
	c.setEntries(added, found.Table)
	return nil
}

// whyBound says what the bound comes from.
func (c *candidates) whyBound() string {
	b := c.balance
	heaviest := b.Heaviest()
	switch bound := b.Bound(); {
	case bound == slices.Max(b.Fixed):
		return "that much has no hash, and goes to the default queue"
	case bound <= b.Total()/uint64(len(b.Fixed))+1:
		return "loads are whole packets, bytes or ns"
	default:
		return fmt.Sprintf("entry %d alone has %.3f of a CPU's fair share", heaviest, b.Imbalance(b.Entries[heaviest]))
	}
}

// weights is the best table that ethtool's weights can set.
func (c *candidates) weights(id, summary string, of *settings, b *nicmodel.Balance) {
	w, exact := b.BestWeights()
	table, err := fillLayout(w.Layout(), len(of.config.Table), of.config.Queues)
	if err != nil {
		c.decline(id, "%v", err)
		return
	}
	if of == c.settings && slices.Equal(table, of.config.Table) {
		c.decline(id, "The best weights, %s, are the present table.", w.Args())
		return
	}
	added := c.withTable(id, w.Layout(), of, table)
	added.summary = summary + "Contiguous blocks, the best that ethtool's weights can set."
	if !exact {
		added.summary = summary + "Contiguous blocks, the best found that ethtool's weights can set; queues share CPUs, so others may be better."
	}
	added.commands = []string{fmt.Sprintf("ethtool -X %s weight %s", c.device, w.Args())}
}

// fillLayout is the table of a layout of numbers alone.
func fillLayout(spec string, size, queues int) (nicmodel.IndirectionTable, error) {
	layout, err := nicmodel.ParseLayout(spec)
	if err != nil {
		return nil, err
	}
	return layout.Fill(size, queues)
}

// listLayout is the table as --layout takes it.
func listLayout(table nicmodel.IndirectionTable) string {
	return "list:" + joinEntries(table)
}

func joinEntries(table nicmodel.IndirectionTable) string {
	words := make([]string, len(table))
	for i, queue := range table {
		words[i] = fmt.Sprint(queue)
	}
	return strings.Join(words, ",")
}

// equal is the best round robin over some of the queues.
func (c *candidates) equal() {
	s := c.settings
	equal := c.balance.BestEqual()
	table, err := fillLayout(equal.Layout(), len(s.config.Table), s.config.Queues)
	if err != nil {
		c.decline("equal", "%v", err)
		return
	}
	if slices.Equal(table, s.config.Table) {
		c.decline("equal", "The best round robin, %s, is the present table.", equal.Args())
		return
	}
	added := c.withTable("equal", equal.Layout(), s, table)
	added.summary = fmt.Sprintf("Round robin over %d of %d queues, from queue %d.", equal.Queues, s.config.Queues, equal.Start)
	c.setEqual(added, equal)
}

// portKinds are ethtool's kinds of packets whose fields can be chosen.
var portKinds = []struct {
	name     string
	version  int
	protocol int
	ports    hash.Type
}{
	{"tcp4", 4, pcaps.ProtoTCP, hash.TCPIPv4}, {"udp4", 4, pcaps.ProtoUDP, hash.UDPIPv4},
	{"tcp6", 6, pcaps.ProtoTCP, hash.TCPIPv6}, {"udp6", 6, pcaps.ProtoUDP, hash.UDPIPv6},
}

// fields adds the ports to the hash of each kind of packet in the capture whose
// ports are not hashed.
func (c *candidates) fields() {
	s := c.settings
	types := s.steering.Config().HashTypes
	var added []string
	with := types
	for _, kind := range portKinds {
		if types.Has(kind.ports) || kind.version == 6 && (types.Has(hash.TCPIPv6Ex) && kind.protocol == pcaps.ProtoTCP || types.Has(hash.UDPIPv6Ex) && kind.protocol == pcaps.ProtoUDP) {
			continue
		}
		if c.packetsOf(kind.version, kind.protocol, true) > 0 {
			added = append(added, kind.name)
			with |= hash.TypesOf(kind.ports)
		}
	}
	if len(added) == 0 {
		c.decline("hash-fields", "The ports of all TCP and UDP packets in the capture are hashed already.")
		return
	}
	changed := c.withTypes("hash-fields", report.GoalBalance, with)
	if changed == nil {
		return
	}
	changed.summary = fmt.Sprintf("The ports hashed, too, of %s.", strings.Join(added, ", "))
	c.setFields(changed, added, "sdfn")
	if fragments := c.whole.result.Shape().UDPFragments; fragments > 0 && slices.ContainsFunc(added, func(kind string) bool { return strings.HasPrefix(kind, "udp") }) {
		changed.note = strings.TrimSpace(fmt.Sprintf("Danger: %s no ports, as fragments have none, and would stay hashed on addresses alone: apart from the other packets of their flow, they can overtake these. %s", plural(fragments, "UDP packet has", "UDP packets have"), changed.note))
	}
	loads := c.learned.result.Resteer(changed.settings.steering)
	if s.tool() != nicmodel.Ethtool || len(changed.commands) == 0 {
		return
	}
	c.weights(combined, changed.summary+" ", changed.settings, c.balanceOf(&loads, changed.settings.steering))
	if last := c.list[len(c.list)-1]; last.id == combined {
		last.commands = slices.Concat(changed.commands, last.commands)
		last.parameters = slices.Concat(changed.parameters, last.parameters)
		last.note = changed.note
	}
}

// plural is "1 packet has", "2 packets have".
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

// packetsOf counts the packets of one kind, with or without ports.
func (c *candidates) packetsOf(version, protocol int, ports bool) uint64 {
	var n uint64
	for id := range uint32(c.whole.result.NumFlows) {
		if f := c.whole.result.Flow(id); f.Version == version && f.Protocol == protocol && f.HasPorts == ports {
			n += f.Packets
		}
	}
	return n
}

// withTypes adds a candidate that hashes other types; nil if the key is too short
// for them.
func (c *candidates) withTypes(id, goal string, types hash.Types) *candidate {
	made := c.settings.changed(func(config *nicmodel.SteeringConfig) { config.HashTypes = types })
	if made == nil {
		c.decline(id, "The key is too short to hash ports, too: give all of it.")
		return nil
	}
	added := &candidate{id: id, goal: goal, settings: made}
	added.parameters = report.Parameters{{Name: "hash-types", Value: types.String(), Source: "suggested"}}
	c.list = append(c.list, added)
	return added
}

// symmetry makes the hash the same for both directions of a connection.
func (c *candidates) symmetry() {
	s := c.settings
	config := s.steering.Config()
	if config.Transform != hash.NoTransform || periodic(config.Key) || config.HashTypes == 0 {
		return // it is
	}
	key := slices.Repeat(hash.Key{0x6d, 0x5a}, (len(config.Key)+1)/2)[:len(config.Key)]
	made := s.changed(func(config *nicmodel.SteeringConfig) { config.Key = key })
	made.key = key
	byKey := &candidate{
		id: "symmetric-key", goal: report.GoalSymmetry, settings: made,
		summary:    "A key that hashes both directions of a connection alike, for an IDS or a proxy.",
		parameters: report.Parameters{{Name: "key", Value: key.String(), Text: keyText(key), Source: "suggested"}},
	}
	c.setKey(byKey, key)
	c.list = append(c.list, byKey)
	if s.tool() == nicmodel.Ethtool {
		byTransform := &candidate{
			id: "symmetric-xor", goal: report.GoalSymmetry,
			settings:   s.changed(func(config *nicmodel.SteeringConfig) { config.Transform = hash.SymmetricXOR }),
			summary:    "The input transformed so that both directions of a connection hash alike.",
			parameters: report.Parameters{{Name: "xfrm", Value: hash.SymmetricXOR.String(), Source: "suggested"}},
			commands:   []string{fmt.Sprintf("ethtool -X %s xfrm symmetric-xor", c.device)},
			note:       "Where the NIC can (Linux 6.8, ethtool 6.9; ice and iavf).",
		}
		c.list = append(c.list, byTransform)
	}
}

// periodic reports whether a key repeats every 16 bits, which makes it symmetric:
// addresses and ports are of 16 bits or a multiple.
func periodic(key hash.Key) bool {
	for i := range len(key) - 2 {
		if key[i] != key[i+2] {
			return false
		}
	}
	return true
}

// order hashes UDP on its addresses where there are fragments, which have
// nothing else.
func (c *candidates) order() {
	types := c.settings.steering.Config().HashTypes
	if c.whole.result.Shape().FragmentsApart == 0 {
		return
	}
	var kinds []string
	without := types
	for _, kind := range []struct {
		name         string
		ports, plain hash.Type
	}{{"udp4", hash.UDPIPv4, hash.IPv4}, {"udp6", hash.UDPIPv6, hash.IPv6}} {
		if types.Has(kind.ports) {
			kinds = append(kinds, kind.name)
			without = without&^hash.TypesOf(kind.ports) | hash.TypesOf(kind.plain)
		}
	}
	if len(kinds) == 0 {
		return
	}
	added := c.withTypes("addresses-only", report.GoalOrder, without)
	if added == nil {
		return
	}
	added.summary = "UDP hashed on its addresses alone, so that fragments stay with the other packets of their flow."
	c.setFields(added, kinds, "sd")
}

// largestFlow is the flow with the greatest load, and that.
func (c *candidates) largestFlow() (largest uint32, load uint64) {
	for id := range uint32(c.whole.result.NumFlows) {
		f := c.whole.result.Flow(id)
		if w := c.weight(dispatch.EntryLoad{Packets: f.Packets, Bytes: f.Bytes}); w > load {
			largest, load = id, w
		}
	}
	return largest, load
}

// fraction is an imbalance for the report; 0 is that of no load.
func fraction(imbalance float64) report.Fraction {
	if imbalance == 0 || math.IsNaN(imbalance) {
		return report.Null
	}
	return report.Fraction(imbalance)
}
