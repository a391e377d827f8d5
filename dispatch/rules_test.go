package dispatch_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/walk"
)

// diversify gives the frames of a capture MAC addresses, classes, tags, and some of
// them fragment offsets: what packets of one flow need not have in common.
func diversify(r *rand.Rand, c *records) {
	for i := range c.recs {
		rec := &c.recs[i]
		b := slices.Clone(rec.Data)
		b[5], b[11] = byte(r.IntN(3)), byte(r.IntN(3))
		if len(b) > 30 {
			switch {
			case b[12] == 0x08 && b[13] == 0:
				b[15] = byte(r.IntN(3))
				if r.IntN(12) == 0 {
					b[21] = byte(r.IntN(4)) // an offset
				}
			case b[12] == 0x86:
				b[15] = byte(r.IntN(3) << 4)
			}
		}
		if r.IntN(3) == 0 {
			tag := binary.BigEndian.AppendUint16([]byte{0x81, 0x00}, uint16(r.IntN(8)<<13|r.IntN(3)))
			b = slices.Insert(b, 12, tag...)
		}
		rec.Data = b
	}
}

// randomRules are some of every kind, field and action, with masks of every kind.
func randomRules(r *rand.Rand, queues int, addresses []pcaps.Header) []steer.Rule {
	var rules []steer.Rule
	for location := range r.IntN(7) {
		rule := steer.Rule{
			Location: location, Kind: steer.Kind(1 + r.IntN(int(steer.ESP6))),
			Action: steer.Action(r.IntN(int(steer.ToVF) + 1)), Queue: r.IntN(queues),
		}
		if rule.Action == steer.ToContext {
			rule.Context, rule.Queue = 1+r.IntN(2), r.IntN(queues/2+1)
		}
		fields := []steer.Field{steer.Class, steer.Tag, steer.SourceMAC, steer.DestinationMAC, steer.EtherType, steer.L4Bytes}
		if rule.Kind.Version() != 0 {
			fields = append(fields, steer.SourceIP, steer.DestinationIP, steer.SourceIP)
		}
		if rule.Kind.HasPorts() {
			fields = append(fields, steer.SourcePort, steer.DestinationPort, steer.DestinationPort)
		}
		for range r.IntN(3) {
			c := steer.Compare{Field: fields[r.IntN(len(fields))]}
			n := c.Field.Bytes(rule.Kind)
			h := addresses[r.IntN(len(addresses))]
			switch c.Field {
			case steer.SourceIP:
				c.Value = h.Src
			case steer.DestinationIP:
				c.Value = h.Dst
			case steer.SourcePort, steer.DestinationPort:
				binary.BigEndian.PutUint16(c.Value[:], uint16(80+r.IntN(4)))
			case steer.EtherType:
				copy(c.Value[:], []byte{0x08, byte(6 * r.IntN(2))})
			default:
				c.Value[n-1] = byte(r.IntN(3))
			}
			for b := range n {
				c.Mask[b] = []byte{0xff, 0xff, byte(r.Uint32()), 0}[r.IntN(4)]
			}
			rule.Add(c)
		}
		rules = append(rules, rule)
	}
	return rules
}

// ruledCase is a random case with rules.
func ruledCase(seed uint64) (*records, *engine.Config, *nicmodel.Steering, error) {
	c, cfg, s := randomCase(seed)
	r := rand.New(rand.NewPCG(seed, 20))
	if seed%2 == 1 {
		toClosedForm(cfg)
		cfg.PacketCost = max(cfg.PacketCost, 1)
	}
	diversify(r, c)
	headers := []pcaps.Header{{}}
	for i := range c.recs {
		var h pcaps.Header
		walk.Walk(&c.recs[i], &h, new(pcaps.Extension))
		headers = append(headers, h)
	}
	config := s.Config()
	config.QueueCPU = cfg.QueueCPU
	rules, err := steer.New(randomRules(r, cfg.Queues, headers), steer.Options{
		Order: steer.Order(r.IntN(2)), IP: steer.IPKind(r.IntN(3)), Any: r.IntN(8) == 0,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	config.NTuple = rules
	config.Contexts = map[int]nicmodel.Context{}
	for context := 1; context <= 2; context++ {
		table := make(nicmodel.IndirectionTable, 1<<r.IntN(5))
		for i := range table {
			table[i] = uint16(r.IntN(cfg.Queues - cfg.Queues/2))
		}
		config.Contexts[context] = nicmodel.Context{Table: table}
		if context == 2 {
			key := slices.Clone(config.Key)
			key[3] ^= 0x55
			config.Contexts[context] = nicmodel.Context{Table: table, Key: key}
		}
	}
	if s, err = nicmodel.NewSteering(config); err != nil {
		return nil, nil, nil, err
	}
	cfg.SetRules(s)
	return c, cfg, s, cfg.Validate()
}

// TestRulesEqualPlain compares the engines where rules take some packets with the
// plain one, packet by packet, and what each rule takes with a count of its own.
func TestRulesEqualPlain(t *testing.T) {
	cases := uint64(100)
	if testing.Short() {
		cases = 10
	}
	took, dropped := uint64(0), uint64(0)
	for seed := range cases {
		c, cfg, s, err := ruledCase(seed)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := compare(c, cfg, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		a, b, err := countRules(c, cfg, s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		took, dropped = took+a, dropped+b
	}
	if took == 0 || dropped == 0 {
		t.Errorf("%d packets taken by rules, %d of them dropped: the cases try nothing", took, dropped)
	}
}

// countRules compares what a replay says of rules and entries with a plain count.
func countRules(c *records, cfg *engine.Config, s *nicmodel.Steering) (took, dropped uint64, err error) {
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		return 0, 0, err
	}
	c.at = 0
	got, err := dispatch.Replay(c, dispatch.Options{Config: cfg, Steering: s, Modes: allModes[:1], Directions: direction.NewDirections(local)})
	if err != nil {
		return 0, 0, err
	}
	rules := make([]dispatch.RuleLoad, len(s.NTuple().All()))
	entries := make([]engine.EntryLoad, len(cfg.Table))
	type meeting struct {
		flow tuple
		at   int
	}
	met := map[meeting]bool{}
	ambiguous := uint64(0)
	for i := range c.recs {
		var h pcaps.Header
		var ext pcaps.Extension
		var frame pcaps.Frame
		rec := &c.recs[i]
		walk.WalkFrame(rec, &h, &ext, &frame)
		if h.Direction == pcaps.Outbound {
			continue
		}
		count := func(to *engine.EntryLoad, at int) {
			to.Packets++
			to.Bytes += uint64(rec.Wire)
			m := meeting{tuple{h.Version, h.Protocol, h.Src, h.Dst, h.SrcPort, h.DstPort, h.Facts&pcaps.HasPorts != 0, h.Facts&pcaps.ProtocolUnknown != 0}, at}
			if h.Version != 0 && !met[m] {
				met[m] = true
				to.Flows++
			}
		}
		d := s.DecideFrame(&h, &ext, &frame)
		if rule, _ := s.NTuple().Match(&h, &frame); rule >= 0 {
			count(&rules[rule], -1-rule)
			took++
		}
		if d.Other != 0 {
			ambiguous++
		}
		switch {
		case d.Entry >= 0:
			count(&entries[d.Entry], int(d.Entry))
		case d.Rule != 0 && d.Target < 0:
			dropped++
		}
	}
	for _, a := range got.Ambiguous {
		ambiguous -= a.Packets
	}
	switch {
	case !slices.Equal(rules, got.Rules):
		return 0, 0, fmt.Errorf("rules took %v, want %v", got.Rules, rules)
	case !slices.Equal(entries, got.Entries):
		return 0, 0, fmt.Errorf("entries met %v, want %v", got.Entries, entries)
	case got.RuleDrops.Packets != dropped:
		return 0, 0, fmt.Errorf("%d packets dropped by rules, want %d", got.RuleDrops.Packets, dropped)
	case ambiguous != 0:
		return 0, 0, fmt.Errorf("%d ambiguous packets too few", int64(ambiguous))
	}
	// What it would be under the very same steering is what it is.
	loads := got.LoadsUnder(s)
	if !slices.Equal(loads.Entries, entries) || loads.Moved != (engine.EntryLoad{}) {
		return 0, 0, fmt.Errorf("steered again: entries met %v, want %v; moved %v", loads.Entries, entries, loads.Moved)
	}
	queues := loads.Queues(s)
	for q, load := range got.Modes[0].Queues {
		if queues[q].Packets != load.Packets || queues[q].Bytes != load.Bytes {
			return 0, 0, fmt.Errorf("steered again: queue %d gets %v, want %d packets of %d bytes", q, queues[q], load.Packets, load.Bytes)
		}
	}
	return took, dropped, nil
}

// TestRuledScenarios compares scenarios with rules of their own, in one pass, with
// replays of their own.
func TestRuledScenarios(t *testing.T) {
	for seed := range uint64(8) {
		c, cfg, s, err := ruledCase(2 * seed)
		if err != nil {
			t.Fatal(err)
		}
		o := dispatch.Options{Config: cfg, Steering: s, Modes: allModes}
		for other := range uint64(2) {
			_, cfg, s, err := ruledCase(1000*seed + other)
			if err != nil {
				t.Fatal(err)
			}
			o.More = append(o.More, dispatch.Scenario{Config: cfg, Steering: s, Modes: allModes})
		}
		without := *cfg
		without.Ruled, without.RuleDrops = nil, false
		config := s.Config()
		config.NTuple = nil
		plainly, err := nicmodel.NewSteering(config)
		if err != nil {
			t.Fatal(err)
		}
		o.More = append(o.More, dispatch.Scenario{Config: &without, Steering: plainly, Modes: allModes})
		together := replay(t, c, o)
		for i, scenario := range o.More {
			alone := replay(t, c, dispatch.Options{Config: scenario.Config, Steering: scenario.Steering, Modes: allModes})
			got := together.More[i]
			for _, same := range []error{
				differs("modes", alone.Modes, got.Modes), differs("entries", alone.Entries, got.Entries), differs("rules", alone.Rules, got.Rules),
				differs("drops", alone.RuleDrops, got.RuleDrops), differs("summaries", alone.Summaries, got.Summaries), differs("ambiguous", alone.Ambiguous, got.Ambiguous),
			} {
				if same != nil {
					t.Fatalf("seed %d: scenario %d: %v", seed, i, same)
				}
			}
		}
	}
}

func differs(what string, alone, together any) error {
	if diff := difference(alone, together); diff != "" {
		return fmt.Errorf("%s (-alone +together):\n%s", what, diff)
	}
	return nil
}
