package profile

import (
	"fmt"
	"slices"

	"rssreplay/hash"
	"rssreplay/nicmodel"
)

// Hypothesis is another way in which a NIC may steer than it is thought to.
type Hypothesis struct {
	ID       string // "hash-fields", "xfrm", "parser", "key"
	Summary  string // what it says of the NIC, as the end of a sentence
	Steering *nicmodel.Steering
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
func Hypotheses(claimed nicmodel.SteeringConfig) []Hypothesis {
	var all []Hypothesis
	add := func(id, summary string, change func(*nicmodel.SteeringConfig)) {
		c := claimed
		change(&c)
		s, err := nicmodel.NewSteering(c)
		if err == nil { // a key may be too short for it
			all = append(all, Hypothesis{id, summary, s})
		}
	}
	fields := otherFields(claimed.HashTypes)
	for _, f := range fields {
		add("hash-fields", f.summary, func(c *nicmodel.SteeringConfig) { c.HashTypes = f.types })
	}
	for x := range hash.Transform(hash.NumTransforms) {
		if x != claimed.Transform {
			add("xfrm", fmt.Sprintf("the hash %s (xfrm %v, not %v)", x.What(), x, claimed.Transform), func(c *nicmodel.SteeringConfig) { c.Transform = x })
		}
	}
	rules := otherRules(claimed.Rules)
	for _, r := range rules {
		add("parser", r.summary, func(c *nicmodel.SteeringConfig) { c.Rules = r.rules })
	}
	for _, k := range otherKeys(claimed.Key) {
		add("key", k.summary, func(c *nicmodel.SteeringConfig) { c.Key = k.key })
	}
	for _, f := range fields {
		for _, r := range rules {
			add("hash-fields-parser", f.summary+", and "+r.summary, func(c *nicmodel.SteeringConfig) { c.HashTypes, c.Rules = f.types, r.rules })
		}
	}
	return all
}

type fieldsHypothesis struct {
	summary string
	types   hash.Types
}

// otherFields are other sets of hash types, that differ in whether UDP and TCP are
// hashed with their ports.
func otherFields(now hash.Types) []fieldsHypothesis {
	udp := hash.TypesOf(hash.UDPIPv4, hash.UDPIPv6)
	tcp := hash.TypesOf(hash.TCPIPv4, hash.TCPIPv6)
	ip := hash.TypesOf(hash.IPv4, hash.IPv6)
	var all []fieldsHypothesis
	add := func(summary string, types hash.Types) {
		if types != now && !slices.ContainsFunc(all, func(f fieldsHypothesis) bool { return f.types == types }) {
			all = append(all, fieldsHypothesis{summary, types})
		}
	}
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

type rulesHypothesis struct {
	summary string
	rules   nicmodel.Rules
}

// otherRules are those of the profiles, and none.
func otherRules(now nicmodel.Rules) []rulesHypothesis {
	var all []rulesHypothesis
	add := func(summary string, rules nicmodel.Rules) {
		if rules != now && !slices.ContainsFunc(all, func(r rulesHypothesis) bool { return r.rules == rules }) {
			all = append(all, rulesHypothesis{summary, rules})
		}
	}
	add("the NIC's parser has no rules of its own", nicmodel.Rules{})
	for _, p := range Profiles() {
		add(fmt.Sprintf("the NIC's parser has the rules of %s", p.Name), p.Rules)
	}
	return all
}

type keyHypothesis struct {
	summary string
	key     hash.Key
}

// otherKeys are the known keys, as long as the claimed one, and that one moved by
// a byte or more.
func otherKeys(now hash.Key) []keyHypothesis {
	var all []keyHypothesis
	add := func(summary string, key hash.Key) {
		if !slices.Equal(key, now) && !slices.ContainsFunc(all, func(k keyHypothesis) bool { return slices.Equal(k.key, key) }) {
			all = append(all, keyHypothesis{summary, key})
		}
	}
	for _, name := range hash.KeyNames() {
		if key, err := hash.ParseKey(name); err == nil {
			add(fmt.Sprintf("the key is %s", name), key)
		}
	}
	for _, moved := range hash.Mistreated(now) {
		add(moved.What, moved.Key)
	}
	return all
}
