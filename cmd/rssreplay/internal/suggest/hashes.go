package suggest

import (
	"fmt"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/settings"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/profile"
	"rssreplay/report"
)

// This file is the candidates that hash otherwise.

// fields adds the ports to the hash of each kind of packet in the capture whose
// ports are not hashed.
func (c *candidates) fields() error {
	s := c.settings
	types := s.Steering.Config().HashTypes
	var added []string
	with := types
	for i := range settings.FlowKinds {
		if kind := &settings.FlowKinds[i]; !types.Has(kind.Ports) && !types.Has(kind.Ex) && c.packetsOf(kind) > 0 {
			added, with = append(added, kind.Name), kind.WithPorts(with)
		}
	}
	if len(added) == 0 {
		c.decline("hash-fields", "The ports of all TCP and UDP packets in the capture are hashed already.")
		return nil
	}
	changed := c.withTypes("hash-fields", report.GoalBalance, with)
	if changed == nil {
		return nil
	}
	changed.Summary = fmt.Sprintf("The ports hashed, too, of %s.", strings.Join(added, ", "))
	c.setFields(changed, added, "sdfn")
	if fragments := c.whole.Result.Shape().UDPFragments; fragments > 0 && slices.ContainsFunc(added, func(kind string) bool { return strings.HasPrefix(kind, "udp") }) {
		changed.Danger = true
		changed.Note = strings.TrimSpace(fmt.Sprintf("Danger: %s no ports, as fragments have none, and would stay hashed on addresses alone: apart from the other packets of their flow, they can overtake these. %s", report.Plural(fragments, "UDP packet has", "UDP packets have"), changed.Note))
	}
	var err error
	changed.Median, err = c.fieldsMedian(func(config *nicmodel.SteeringConfig) { config.HashTypes = with })
	return err
}

// packetsOf counts the packets of one kind that have ports.
func (c *candidates) packetsOf(kind *settings.FlowKind) uint64 {
	var n uint64
	for id := range uint32(c.whole.Result.NumFlows) {
		if f := c.whole.Result.Flow(id); f.Version == kind.Version && f.Protocol == kind.Protocol && f.HasPorts {
			n += f.Packets
		}
	}
	return n
}

// withTypes adds a candidate that hashes other types; nil if the key is too short
// for them.
func (c *candidates) withTypes(id, goal string, types hash.Types) *candidate {
	made := changed(c.settings, func(config *nicmodel.SteeringConfig) { config.HashTypes = types })
	if made == nil {
		c.decline(id, "The key is too short to hash ports, too: give all of it.")
		return nil
	}
	added := &candidate{Suggestion: report.Suggestion{ID: id, Goal: goal, Parameters: suggested("hash-types", types.String())}, settings: made, sets: profile.SetFields}
	c.list = append(c.list, added)
	return added
}

// brokenKey draws a key in the place of one that can't reach all entries, whatever the
// flows.
func (c *candidates) brokenKey() error {
	s := c.settings
	config := s.Steering.Config()
	k := s.Steering.KeyStrength(&c.whole.Result.HashTypes)
	if k.Rank == k.Wanted {
		return nil
	}
	added := c.withKey("random-key", report.GoalBalance, randomKeys(1, len(config.Key), c.keySeed())[0])
	added.Summary = fmt.Sprintf("A random key (seed %d): with the present one hashes reach %d of %d entries, whatever the flows.", c.keySeed(), 1<<k.Rank, len(config.Table))
	var err error
	added.Median, err = c.keyMedian()
	return err
}

// withKey adds a candidate that differs in its key alone, which is as long as the present one.
func (c *candidates) withKey(id, goal string, key hash.Key) *candidate {
	added := &candidate{
		Suggestion: report.Suggestion{ID: id, Goal: goal, Parameters: suggested("key", key.String())},
		sets:       profile.SetKey, settings: changed(c.settings, func(config *nicmodel.SteeringConfig) { config.Key = key }),
	}
	added.Parameters[0].Text = settings.KeyText(key)
	added.settings.Key = key
	c.setKey(added, key)
	c.list = append(c.list, added)
	return added
}

// keySeed is that of random keys.
func (c *candidates) keySeed() uint64 {
	if c.keys.n > 0 {
		return c.keys.seed
	}
	return 1
}

// symmetry makes the hash the same for both directions of a connection.
func (c *candidates) symmetry() {
	s := c.settings
	config := s.Steering.Config()
	if config.Transform.Symmetric() || config.Key.Symmetric() || config.Function != hash.FunctionToeplitz || config.HashTypes == 0 {
		return // it is
	}
	byKey := c.withKey("symmetric-key", report.GoalSymmetry, slices.Repeat(hash.Key{0x6d, 0x5a}, (len(config.Key)+1)/2)[:len(config.Key)])
	byKey.Summary = "A key that hashes both directions of a connection alike, for an IDS or a proxy."
	if s.Tool() == profile.Ethtool && config.Transform == hash.NoTransform {
		byTransform := &candidate{
			Suggestion: report.Suggestion{
				ID: "symmetric-xor", Goal: report.GoalSymmetry, Summary: "The input transformed so that both directions of a connection hash alike.",
				Parameters: suggested("xfrm", hash.SymmetricXOR.String()),
				Commands:   []string{fmt.Sprintf("ethtool -X %s xfrm symmetric-xor", c.device)},
				Note:       "Since Linux 6.8 and ethtool 6.9.",
			},
			sets: profile.SetTransform, settings: changed(s, func(config *nicmodel.SteeringConfig) { config.Transform = hash.SymmetricXOR }),
		}
		if s.Profile == nil {
			byTransform.Note = "Where the NIC can (Linux 6.8, ethtool 6.9; ice and iavf)."
		}
		c.list = append(c.list, byTransform)
	}
}

// order hashes UDP on its addresses where there are fragments, which have
// nothing else.
func (c *candidates) order() {
	types := c.settings.Steering.Config().HashTypes
	if c.whole.Result.Shape().FragmentsApart == 0 {
		return
	}
	var kinds []string
	without := types
	for _, name := range []string{"udp4", "udp6"} {
		if kind := settings.FlowKindNamed(name); types.Has(kind.Ports) {
			kinds, without = append(kinds, name), kind.OnAddresses(without)
		}
	}
	if len(kinds) == 0 {
		return
	}
	added := c.withTypes("addresses-only", report.GoalOrder, without)
	if added == nil {
		return
	}
	added.Summary = "UDP hashed on its addresses alone, so that fragments stay with the other packets of their flow."
	c.setFields(added, kinds, "sd")
}
