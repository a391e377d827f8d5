package profile

import (
	"fmt"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// Hypothesis is another way in which a NIC may steer than it is thought to.
type Hypothesis struct {
	ID      string // "hash-fields", "xfrm", "parser", "key", "hash-fields-parser", "table"
	Summary string // what it says of the NIC, as the end of a sentence
	Changes int    // settings that are other than claimed
	Config  nicmodel.SteeringConfig
}

// Hypotheses are the ways in which a NIC that is thought to steer as claimed may
// steer instead, the smallest change first: one that explains all packets is taken
// before those that come later.
//
//  1. other hash fields: UDP or TCP with or without ports
//  2. another input transformation
//  3. a parser with the rules of another profile
//  4. one of the known keys, or the claimed one as drivers have mistreated it
//  5. hash fields and parser rules together
//
// Of each a Steering can be made: keys that are too short are left out.
func Hypotheses(claimed nicmodel.SteeringConfig) []Hypothesis {
	var all []Hypothesis
	add := func(id, summary string, changes int, change func(*nicmodel.SteeringConfig)) {
		h := Hypothesis{id, summary, changes, claimed}
		change(&h.Config)
		if longest := h.Config.HashTypes.MaxInputLen(); longest == 0 || len(h.Config.Key) >= h.Config.Transform.InputLen(longest)+4 {
			all = append(all, h)
		}
	}
	fields := otherFields(claimed.HashTypes)
	for _, f := range fields {
		add("hash-fields", f.summary, 1, func(c *nicmodel.SteeringConfig) { c.HashTypes = f.value })
	}
	for x := range hash.Transform(hash.NumTransforms) {
		if x != claimed.Transform {
			add("xfrm", fmt.Sprintf("the hash %s (xfrm %v, not %v)", x.What(), x, claimed.Transform), 1, func(c *nicmodel.SteeringConfig) { c.Transform = x })
		}
	}
	rules := otherRules(claimed.Rules)
	for _, r := range rules {
		add("parser", r.summary, 1, func(c *nicmodel.SteeringConfig) { c.Rules = r.value })
	}
	for _, k := range otherKeys(claimed.Key) {
		add("key", k.summary, 1, func(c *nicmodel.SteeringConfig) { c.Key = hash.Key(k.value) })
	}
	for _, f := range fields {
		for _, r := range rules {
			add("hash-fields-parser", f.summary+", and "+r.summary, 2, func(c *nicmodel.SteeringConfig) { c.HashTypes, c.Rules = f.value, r.value })
		}
	}
	return all
}

// maxStartQueues bounds the queues of which a table may begin at any: NICs that let
// RSS begin at another queue than 0 share 64 or 128 among functions.
const maxStartQueues = 128

// TableHypotheses are other tables of the claimed one's size over at most so many
// queues, the likeliest first. All lead each hash to another queue, and change no
// hash.
//
//  1. equal, as a driver fills it that was told nothing
//  2. block, as igb and igc do
//  3. the claimed table reversed in groups of four, as DPDK wrote i40e's before 19.02
//  4. equal:N over fewer queues, and equal:N,start:S over those that begin at queue S
func TableHypotheses(claimed nicmodel.SteeringConfig, queues int) []Hypothesis {
	size := len(claimed.Table)
	queues = max(queues, len(claimed.QueueCPU))
	cpus := slices.Clone(claimed.QueueCPU)
	for len(cpus) < queues {
		cpus = append(cpus, 0)
	}
	var all []Hypothesis
	seen := map[string]bool{string(tableBytes(claimed.Table)): true}
	add := func(summary string, queue func(entry int) int) {
		table := make(nicmodel.IndirectionTable, size)
		for i := range table {
			table[i] = uint16(queue(i))
		}
		if key := string(tableBytes(table)); !seen[key] {
			seen[key] = true
			h := Hypothesis{"table", summary, 1, claimed}
			h.Config.Table, h.Config.QueueCPU = table, cpus
			all = append(all, h)
		}
	}
	equal := func(n, start int) {
		layout := fmt.Sprintf("equal:%d", n)
		if start > 0 {
			layout += fmt.Sprintf(",start:%d", start)
		}
		add(fmt.Sprintf("the table is %s: %s", layout, queueRange(n, start)), func(i int) int { return start + i%n })
	}
	equal(min(queues, nicmodel.MaxQueues), 0)
	add("the table is block: runs of entries for each queue in turn", func(i int) int { return i * queues / size })
	add("the table's entries are reversed in groups of four (DPDK on i40e before 19.02)", func(i int) int { return int(claimed.Table[min(i^3, size-1)]) })
	for n := queues - 1; n > 0; n-- {
		equal(n, 0)
	}
	if queues <= maxStartQueues {
		for n := queues - 1; n > 0; n-- {
			for start := 1; start+n <= queues; start++ {
				equal(n, start)
			}
		}
	}
	return all
}

func tableBytes(t nicmodel.IndirectionTable) []byte {
	b := make([]byte, 0, 2*len(t))
	for _, q := range t {
		b = append(b, byte(q>>8), byte(q))
	}
	return b
}

func queueRange(n, start int) string {
	if n == 1 {
		return fmt.Sprintf("all on queue %d", start)
	}
	return fmt.Sprintf("RSS uses queues %d to %d", start, start+n-1)
}

// other is a setting that is other than claimed, and what it says of the NIC.
type other[T comparable] struct {
	summary string
	value   T
}

// others adds settings to all, each once, and not the one that is claimed.
func others[T comparable](now T, all *[]other[T]) (add func(summary string, value T)) {
	return func(summary string, value T) {
		if value != now && !slices.ContainsFunc(*all, func(o other[T]) bool { return o.value == value }) {
			*all = append(*all, other[T]{summary, value})
		}
	}
}

// otherFields are other sets of hash types, that differ in whether UDP and TCP are
// hashed with their ports.
func otherFields(now hash.Types) (all []other[hash.Types]) {
	udp := hash.TypesOf(hash.UDPIPv4, hash.UDPIPv6)
	tcp := hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6)
	ip := hash.TypesOf(hash.IPv4, hash.IPv6)
	add := others(now, &all)
	add("UDP is hashed on addresses alone (sd)", now&^udp|ip)
	add("UDP is hashed with its ports (sdfn)", now|udp)
	add("UDP over IPv4 is hashed on addresses alone (udp4 sd)", now&^hash.TypesOf(hash.UDPIPv4)|ip)
	add("UDP over IPv6 is hashed on addresses alone (udp6 sd)", now&^hash.TypesOf(hash.UDPIPv6)|ip)
	add("UDP over IPv4 is hashed with its ports (udp4 sdfn)", now|hash.TypesOf(hash.UDPIPv4))
	add("UDP over IPv6 is hashed with its ports (udp6 sdfn)", now|hash.TypesOf(hash.UDPIPv6))
	add("TCP is hashed on addresses alone", now&^tcp|ip)
	add("ports are left out: everything is hashed on addresses alone", ip)
	add("TCP and UDP are hashed with their ports", now|tcp|udp)
	add("only TCP is hashed, and the rest has no hash", tcp)
	add("UDP has no hash of its own, nor one on addresses", now&^udp&^ip)
	return all
}

// otherRules are those of the profiles, and none.
func otherRules(now nicmodel.Rules) (all []other[nicmodel.Rules]) {
	add := others(now, &all)
	add("the NIC's parser has no rules of its own", nicmodel.Rules{})
	for _, p := range All() {
		add(fmt.Sprintf("the NIC's parser has the rules of %s", p.Name), p.Rules)
	}
	return all
}

// otherKeys are the known keys, and the claimed one as drivers have mistreated it; as
// strings, which can be compared.
func otherKeys(now hash.Key) (all []other[string]) {
	add := others(string(now), &all)
	for _, name := range hash.KeyNames() {
		if key, err := hash.ParseKey(name); err == nil {
			add(fmt.Sprintf("the key is %s", name), string(key))
		}
	}
	for _, moved := range hash.Mistreated(now) {
		add(moved.What, string(moved.Key))
	}
	return all
}
