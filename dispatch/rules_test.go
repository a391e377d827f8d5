package dispatch_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
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

// plainly is what the NIC makes of a packet: by the plain reading of its rules, and by
// hash and table where none takes it.
type plainly struct {
	rule, other *plain.ListedRule // nil: none
	drops       bool
	steers      bool              // the rule names the queue
	table       nicmodel.Decision // by hash and table, a context's if the rule leads to one
	queue       int
}

// packet is the decision as the plain engine has it.
func (d plainly) packet() (by plain.Decision, queue, entry int) {
	switch {
	case d.drops:
		return plain.ToDrop, 0, -1
	case d.steers:
		return plain.ToQueue, d.queue, -1
	}
	return plain.ByTable, 0, int(d.table.Entry)
}

func plainDecision(c *records, s *nicmodel.Steering, rec *pcaps.Record) plainly {
	var h pcaps.Header
	var ext pcaps.Extension
	walk.Walk(rec, &h, &ext)
	d := plainly{table: s.ByTable(&h, &ext)}
	if c.rules == nil {
		return d
	}
	if d.rule, d.other = c.rules.Match(rec.Data); d.rule == nil {
		return d
	}
	context, base := 0, 0
	switch action := d.rule.Action; {
	case action == "Wake-on-LAN":
	case action == "Drop", strings.HasPrefix(action, "Direct to VF"):
		d.drops = true
	case reads(action, "Direct to queue %d", &d.queue):
		d.steers = true
	case reads(action, "Direct to RSS Context %d (queue base offset: %d)", &context, &base), reads(action, "Direct to RSS Context %d", &context):
		d.steers = true
		config := s.Config()
		of := config.Contexts[context]
		config.NTuple, config.Contexts, config.Table = nil, nil, of.Table
		if of.Key != nil {
			config.Key = of.Key
		}
		way, err := nicmodel.NewSteering(config)
		if err != nil {
			panic(err)
		}
		d.table = way.ByTable(&h, &ext)
		if d.queue = config.DefaultQueue; d.table.Entry >= 0 {
			d.queue = int(of.Table[d.table.Entry]) + base
		}
	default:
		panic("no action: " + action)
	}
	return d
}

// reads reports whether all of text is of the format, and reads it.
func reads(text, format string, into ...any) bool {
	n, err := fmt.Sscanf(text, format, into...)
	return err == nil && n == len(into)
}

// draw gives the capture's NIC rules, and makes what the shipped readers make of one of
// the two ways of saying them.
func (r *records) draw(from *rand.Rand, most, queues int, frames [][]byte) (*steer.Rules, error) {
	drawn := drawRules(from, most, queues, frames)
	r.rules = plain.NewRules(drawn.listing)
	options := steer.Options{Order: steer.Order(from.IntN(2)), IP: steer.IPKind(from.IntN(3)), Any: from.IntN(8) == 0}
	r.rules.MostFields, r.rules.Any = options.Order == steer.MostFields, options.Any
	r.rules.IP = []string{"all", "other", "bnxt"}[options.IP]
	listed, err := nictext.ReadRules(strings.NewReader(drawn.listing), "rules.txt")
	if err != nil {
		return nil, fmt.Errorf("%w:\n%s", err, drawn.listing)
	}
	rules := listed.List
	if from.IntN(2) == 0 {
		var commands []steer.Command
		for _, words := range drawn.words {
			c, err := steer.ParseCommand(words)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", words, err)
			}
			commands = append(commands, c)
		}
		if rules, err = steer.Apply(nil, commands, 1024); err != nil {
			return nil, err
		}
	}
	return steer.New(rules, options)
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
	frames := make([][]byte, 0, len(c.recs)+1)
	for i := range c.recs {
		if seed%4 > 1 && r.IntN(3) > 0 {
			c.recs[i].Data = oddFrame(r)
		}
		frames = append(frames, c.recs[i].Data)
	}
	rules, err := c.draw(r, 7, cfg.Queues, append(frames, oddFrame(r)))
	if err != nil {
		return nil, nil, nil, err
	}
	config := s.Config()
	config.QueueCPU = cfg.QueueCPU
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

// compareMatches compares which rule takes a frame, and which other one would, by the
// shipped readers and match with the plain reading of the text, on random frames.
func compareMatches(seed uint64) (took, contended int, err error) {
	r := rand.New(rand.NewPCG(seed, 23))
	c := &records{}
	var frames [][]byte
	for range 60 {
		frames = append(frames, oddFrame(r))
	}
	rules, err := c.draw(r, 12, 16, frames)
	if err != nil {
		return 0, 0, err
	}
	filter := func(rule int) int {
		if rule < 0 {
			return -1
		}
		return rules.All()[rule].Location
	}
	listed := func(rule *plain.ListedRule) int {
		if rule == nil {
			return -1
		}
		return rule.Filter
	}
	var h pcaps.Header
	var frame pcaps.Frame // whatever the one before left is no longer there
	for _, data := range frames {
		walk.WalkFrame(&pcaps.Record{Data: data, Link: pcaps.LinkEthernet}, &h, new(pcaps.Extension), &frame)
		rule, other := rules.Match(&h, &frame)
		first, second := c.rules.Match(data)
		if filter(rule) != listed(first) || filter(other) != listed(second) {
			return 0, 0, fmt.Errorf("frame % x: filters %d and %d, want %d and %d of\n%+v", data, filter(rule), filter(other), listed(first), listed(second), *c.rules)
		}
		if first != nil {
			took++
		}
		if second != nil {
			contended++
		}
	}
	return took, contended, nil
}

// TestRulesEqualReading compares rules of every kind with the plain reading of them.
func TestRulesEqualReading(t *testing.T) {
	cases := uint64(400)
	if testing.Short() {
		cases = 60
	}
	took, contended := 0, 0
	for seed := range cases {
		a, b, err := compareMatches(seed)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		took, contended = took+a, contended+b
	}
	if took < 10*int(cases) || contended < int(cases) {
		t.Errorf("of %d frames rules take %d, of which two contend for %d: the cases try little", 60*cases, took, contended)
	}
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
		if seed%3 == 2 {
			r := rand.New(rand.NewPCG(seed, 24))
			cfg.RPS = randomRPS(r, cfg)
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
	type inContext struct{ context, base, entry int }
	contexts := map[inContext]*engine.EntryLoad{}
	type meeting struct {
		flow tuple
		at   any
	}
	met := map[meeting]bool{}
	ambiguous := uint64(0)
	for i := range c.recs {
		var h pcaps.Header
		rec := &c.recs[i]
		walk.Walk(rec, &h, new(pcaps.Extension))
		if h.Direction == pcaps.Outbound {
			continue
		}
		count := func(to *engine.EntryLoad, at any) {
			to.Packets++
			to.Bytes += uint64(rec.Wire)
			m := meeting{tuple{h.Version, h.Protocol, h.Src, h.Dst, h.SrcPort, h.DstPort, h.Facts&pcaps.HasPorts != 0, h.Facts&pcaps.ProtocolUnknown != 0}, at}
			if h.Version != 0 && !met[m] {
				met[m] = true
				to.Flows++
			}
		}
		d := plainDecision(c, s, rec)
		if d.rule != nil {
			rule := slices.IndexFunc(s.NTuple().All(), func(r steer.Rule) bool { return r.Location == d.rule.Filter })
			count(&rules[rule], -1-rule)
			took++
			if r := s.NTuple().All()[rule]; r.Action == steer.ToContext {
				at := inContext{r.Context, r.Queue, int(d.table.Entry)}
				if contexts[at] == nil {
					contexts[at] = new(engine.EntryLoad)
				}
				count(contexts[at], at)
			}
		}
		if d.other != nil {
			ambiguous++
		}
		switch by, _, entry := d.packet(); {
		case entry >= 0:
			count(&entries[entry], entry)
		case by == plain.ToDrop:
			dropped++
		}
	}
	for _, a := range got.Ambiguous {
		ambiguous -= a.Packets
	}
	for _, c := range got.Contexts {
		for entry, load := range append(slices.Clone(c.Entries), c.Unhashed) {
			at := inContext{c.Context, c.Base, entry}
			if entry == len(c.Entries) {
				at.entry = -1
			}
			if want := contexts[at]; want != nil && *want != load || want == nil && load != (engine.EntryLoad{}) {
				return 0, 0, fmt.Errorf("%+v met %v, want %v", at, load, want)
			}
			delete(contexts, at)
		}
	}
	if len(contexts) > 0 {
		return 0, 0, fmt.Errorf("loads of contexts are missing: %v", contexts)
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

// TestDropsUnobservedEqualObserved compares the engines that run where rules drop packets
// and nobody observes with those that an observer gets, on captures of several batches.
func TestDropsUnobservedEqualObserved(t *testing.T) {
	cases := uint64(20)
	if testing.Short() {
		cases = 4
	}
	for seed := range cases {
		r := rand.New(rand.NewPCG(seed, 25))
		cfg, s := defaultConfig(1 + r.IntN(8))
		cfg.RxRing, cfg.PacketCost = 1<<(2+r.IntN(8)), 1+r.Int64N(3000)
		if r.IntN(4) == 0 {
			cfg.Drain = engine.Poll
		}
		var commands []steer.Command
		rules := []string{"tcp4 dst-port 81 action -1", "udp4 action -1", "ip6 action 0", "tcp6 action -1", "tcp4 dst-port 82 action 0"}[r.IntN(4):]
		r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] }) // that of any place may drop
		for _, rule := range rules {
			c, err := steer.ParseCommand("flow-type " + rule)
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, c)
		}
		list, err := steer.Apply(nil, commands, 1024)
		if err != nil {
			t.Fatal(err)
		}
		config := s.Config()
		if config.NTuple, err = steer.New(list, steer.Options{}); err != nil {
			t.Fatal(err)
		}
		config.QueueCPU = cfg.QueueCPU
		if s, err = nicmodel.NewSteering(config); err != nil {
			t.Fatal(err)
		}
		cfg.SetRules(s)
		if !cfg.RuleDrops {
			t.Fatalf("seed %d: no rule drops packets", seed)
		}
		capture := traffic{packets: 15_000, hosts: 2 + r.IntN(40), scale: 1 + r.Int64N(1+r.Int64N(20_000))}.capture(r)
		if err := unobserved(capture, cfg, s); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
