package nicmodel_test

import (
	"cmp"
	"strings"
	"testing"

	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
	"rssreplay/pcaps"
)

// ruledConfig has 16 queues, the table i mod 16 of 128 entries, the documentation's key,
// and a context 2 of i mod 4.
func ruledConfig(t *testing.T, words ...string) nicmodel.SteeringConfig {
	t.Helper()
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	c := nicmodel.SteeringConfig{HashTypes: hash.DefaultTypes, Key: key, DefaultQueue: 3}
	for i := range 128 {
		c.Table = append(c.Table, uint16(i%16))
	}
	for q := range 16 {
		c.QueueCPU = append(c.QueueCPU, q)
	}
	context := make(nicmodel.IndirectionTable, 128)
	for i := range context {
		context[i] = uint16(i % 4)
	}
	c.Contexts = map[int]nicmodel.Context{2: {Table: context}}
	var commands []steer.Command
	for _, w := range words {
		command, err := steer.ParseCommand(w)
		if err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	list, err := steer.Apply(nil, commands, 64)
	if err != nil {
		t.Fatal(err)
	}
	if c.NTuple, err = steer.New(list, steer.Options{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// documented is the first flow of the NDIS documentation, whose hash is 0x51ccc178, and
// index 120.
func documented() *pcaps.Header {
	return &pcaps.Header{
		Src: [16]byte{66, 9, 149, 187}, Dst: [16]byte{161, 142, 100, 80}, SrcPort: 2794, DstPort: 1766,
		Protocol: pcaps.ProtoTCP, Version: 4, Facts: pcaps.HasPorts,
	}
}

// A context hashes with its own key and input transformation where it has them, else with
// the main ones. The hashes are those of a program apart.
func TestDecideByContextsHash(t *testing.T) {
	own, xor, none := make(hash.Key, 40), hash.SymmetricXOR, hash.NoTransform
	for i := range own {
		own[i] = byte(i + 1)
	}
	for _, test := range []struct {
		name      string
		main      hash.Transform
		key       hash.Key
		transform *hash.Transform
		want      uint32
	}{
		{"nothing of its own", hash.NoTransform, nil, nil, 0x51ccc178},
		{"its transformation", hash.NoTransform, nil, &xor, 0xac2b58ca},
		{"both", hash.NoTransform, own, &xor, 0x833cf20e},
		{"its key, the main transformation", hash.SymmetricXOR, own, nil, 0x833cf20e},
		{"none, where the main one has one", hash.SymmetricXOR, nil, &none, 0x51ccc178},
	} {
		c := ruledConfig(t, "flow-type tcp4 context 2")
		c.Transform = test.main
		c.Contexts[2] = nicmodel.Context{Table: c.Contexts[2].Table, Key: test.key, Transform: test.transform}
		s, err := nicmodel.NewSteering(c)
		if err != nil {
			t.Fatal(err)
		}
		if d := s.Decide(documented(), nil); d.Hash != test.want || d.Queue != uint16(test.want%4) {
			t.Errorf("%s: hash %#08x, queue %d; want %#08x, queue %d", test.name, d.Hash, d.Queue, test.want, test.want%4)
		}
	}
}

// TestSameEntries changes one thing at a time. Where entries lead, and on which CPU a queue is,
// is no other hash or entry; where rules lead to a table's queues, a table is.
func TestSameEntries(t *testing.T) {
	const queue, context, main = "flow-type tcp4 action 5", "flow-type tcp4 context 2", "flow-type tcp4 context 0"
	move := func(c *nicmodel.SteeringConfig) { c.Table[0] = 7 }
	for _, test := range []struct {
		name, rule string
		change     func(*nicmodel.SteeringConfig)
		same       bool
	}{
		{"nothing", "", func(*nicmodel.SteeringConfig) {}, true},
		{"an entry", "", move, true},
		{"a queue's CPU", "", func(c *nicmodel.SteeringConfig) { c.QueueCPU[0] = 7 }, true},
		{"the default queue", "", func(c *nicmodel.SteeringConfig) { c.DefaultQueue = 4 }, true},
		{"a context without rules", "", func(c *nicmodel.SteeringConfig) { c.Contexts[2].Table[0] = 7 }, true},
		{"a smaller table", "", func(c *nicmodel.SteeringConfig) { c.Table = c.Table[:64] }, false},
		{"modulo", "", func(c *nicmodel.SteeringConfig) { c.Modulo = true }, false},
		{"hash types", "", func(c *nicmodel.SteeringConfig) { c.HashTypes = hash.TypesOf(hash.IPv4) }, false},
		{"a key", "", func(c *nicmodel.SteeringConfig) { c.Key = make(hash.Key, 40) }, false},
		{"a transformation", "", func(c *nicmodel.SteeringConfig) { c.Transform = hash.SymmetricXOR }, false},
		{"a function", "", func(c *nicmodel.SteeringConfig) { c.Function = hash.FunctionSimpleXOR }, false},
		{"fields", "", func(c *nicmodel.SteeringConfig) { c.Fields[hash.IPv4] = nicmodel.SourceAddress }, false},
		{"what has no hash", "", func(c *nicmodel.SteeringConfig) { c.Rules.NoHash = pcaps.Fragment }, false},
		{"an entry beside a rule", queue, move, true},
		{"an entry beside a context", context, move, true},
		{"an entry that a rule leads to", main, move, false},
		{"a context's entry", context, func(c *nicmodel.SteeringConfig) { c.Contexts[2].Table[0] = 7 }, false},
		{"the default queue beside a rule", queue, func(c *nicmodel.SteeringConfig) { c.DefaultQueue = 4 }, false},
		{"no rule", queue, func(c *nicmodel.SteeringConfig) { c.NTuple = nil }, false},
		{"a rule's queue", queue, func(c *nicmodel.SteeringConfig) { c.NTuple = ruledConfig(t, "flow-type tcp4 action 6").NTuple }, false},
		{"a rule's protocol", queue, func(c *nicmodel.SteeringConfig) { c.NTuple = ruledConfig(t, "flow-type udp4 action 5").NTuple }, false},
	} {
		var rules []string
		if test.rule != "" {
			rules = append(rules, test.rule)
		}
		one, other := ruledConfig(t, rules...), ruledConfig(t, rules...)
		one.HashTypes, other.HashTypes = hash.TypesOf(hash.IPv4, hash.IPv6), hash.TypesOf(hash.IPv4, hash.IPv6)
		test.change(&other)
		a, err1 := nicmodel.NewSteering(one)
		b, err2 := nicmodel.NewSteering(other)
		if err := cmp.Or(err1, err2); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if a.SameEntries(b) != test.same || b.SameEntries(a) != test.same {
			t.Errorf("%s: %v and %v, want %v", test.name, a.SameEntries(b), b.SameEntries(a), test.same)
		}
	}
}

func TestDecideByRule(t *testing.T) {
	const hashed = 0x51ccc178
	for _, test := range []struct {
		rule string
		want nicmodel.Decision
	}{
		{"flow-type udp4 action 5", nicmodel.Decision{Hash: hashed, Entry: 120, Queue: 8, Type: hash.TCPIPv4}},
		{"flow-type tcp4 action 5", nicmodel.Decision{Hash: hashed, Entry: -1, Queue: 5, Type: hash.TCPIPv4, Rule: 1}},
		{"flow-type tcp4 action -1", nicmodel.Decision{Hash: hashed, Entry: -1, Queue: 8, Type: hash.TCPIPv4, Rule: 1, Target: -1}},
		{"flow-type tcp4 vf 1 queue 2", nicmodel.Decision{Hash: hashed, Entry: -1, Queue: 8, Type: hash.TCPIPv4, Rule: 1, Target: -1}},
		{"flow-type tcp4 action -2", nicmodel.Decision{Hash: hashed, Entry: 120, Queue: 8, Type: hash.TCPIPv4, Woke: 1}},
		// Index 120 of the context is 0, and the base adds 8.
		{"flow-type tcp4 context 2 action 8", nicmodel.Decision{Hash: hashed, Entry: -1, Queue: 8, Type: hash.TCPIPv4, Rule: 1}},
		{"flow-type tcp4 context 2 action 9", nicmodel.Decision{Hash: hashed, Entry: -1, Queue: 9, Type: hash.TCPIPv4, Rule: 1}},
	} {
		s, err := nicmodel.NewSteering(ruledConfig(t, test.rule))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Decide(documented(), nil); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.rule, got, test.want)
		}
	}
}

// A context has a key of its own, if its text shows one; what has no hash goes to the
// default queue, without the base.
func TestContextKey(t *testing.T) {
	c := ruledConfig(t, "flow-type ip4 context 2 action 4")
	context := c.Contexts[2]
	context.Key = make(hash.Key, 40) // all hashes are 0
	c.Contexts[2] = context
	s, err := nicmodel.NewSteering(c)
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Decide(documented(), nil); d.Hash != 0 || d.Queue != 4 {
		t.Errorf("%+v", d)
	}
	c.HashTypes = hash.TypesOf(hash.TCPIPv6)
	if s, err = nicmodel.NewSteering(c); err != nil {
		t.Fatal(err)
	}
	if d := s.Decide(documented(), nil); d.Type != hash.None || d.Queue != 3 || d.Rule != 1 {
		t.Errorf("without a hash: %+v", d)
	}
}

func TestRulesToNowhere(t *testing.T) {
	for rule, want := range map[string]string{
		"flow-type tcp4 action 16":            "leads to queue 16",
		"flow-type tcp4 context 2 action 13":  "leads to queue 16",
		"flow-type tcp4 context 7":            "--context 7=FILE",
		"flow-type tcp4 dst-port 1 action 99": "leads to queue 99",
	} {
		if _, err := nicmodel.NewSteering(ruledConfig(t, rule)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", rule, err, want)
		}
	}
}
