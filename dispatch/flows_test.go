package dispatch

import (
	"math/bits"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// flowTuple is what tells flows apart, by the rules of the model.
type flowTuple struct {
	src, dst     netip.Addr
	protocol     int // -1: unknown
	ports        bool
	sport, dport uint16
}

func (k flowTuple) back() flowTuple {
	k.src, k.dst, k.sport, k.dport = k.dst, k.src, k.dport, k.sport
	return k
}

// header is what the walk finds in a packet of the flow.
func (k flowTuple) header() pcaps.Header {
	h := pcaps.Header{Version: 4, Protocol: uint8(max(k.protocol, 0)), SrcPort: k.sport, DstPort: k.dport}
	if k.src.Is6() {
		h.Version = 6
	}
	copy(h.Src[:], k.src.AsSlice())
	copy(h.Dst[:], k.dst.AsSlice())
	if k.ports {
		h.Facts |= pcaps.HasPorts
	}
	if k.protocol < 0 {
		h.Facts |= pcaps.ProtocolUnknown
	}
	return h
}

func testSteering(t testing.TB) *nicmodel.Steering {
	t.Helper()
	return steeringBy(t, nicmodel.IndirectionTable{0, 1, 2, 3}, []int{0, 1, 2, 3})
}

// steeringBy is the default steering over a table.
func steeringBy(t testing.TB, table nicmodel.IndirectionTable, queueCPU []int) *nicmodel.Steering {
	t.Helper()
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	s, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: hash.DefaultTypes, Key: key, Table: table, QueueCPU: queueCPU,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mapTable is the flow table with maps: the reference.
type mapTable struct {
	steering       *nicmodel.Steering
	ids            map[flowTuple]uint32
	keys           []flowTuple
	packets, bytes []uint64
	decisions      []nicmodel.Decision // on the first packet
}

func (m *mapTable) find(k flowTuple) uint32 {
	if id, ok := m.ids[k]; ok {
		return id
	}
	return engine.NoFlow
}

func (m *mapTable) receive(k flowTuple, length uint32) uint32 {
	id, ok := m.ids[k]
	if !ok {
		id = uint32(len(m.keys))
		h := k.header()
		m.ids[k] = id
		m.keys = append(m.keys, k)
		m.packets, m.bytes = append(m.packets, 0), append(m.bytes, 0)
		m.decisions = append(m.decisions, m.steering.Decide(&h, new(pcaps.Extension)))
	}
	m.packets[id]++
	m.bytes[id] += uint64(length)
	return id
}

// packetsOf feeds packets of random tuples to a flow table and to the reference,
// in chunks of random size, and compares what they say of each packet. A quarter
// answer an earlier one, an eighth are sent ones, and some have no IP header.
func packetsOf(t *testing.T, r *rand.Rand, table *flowTable, tuple func() flowTuple, packets int) *mapTable {
	t.Helper()
	m := &mapTable{steering: table.first.steering, ids: map[flowTuple]uint32{}}
	var c chunk
	c.sends = true
	var b engine.Batch
	for done := 0; done < packets; done += c.n {
		b.Reset(uint32(done))
		c.n = 1 + r.IntN(chunkPackets)
		var flows []uint32
		var entries []uint16
		var sends []affinity.SendRef
		for i := range c.n {
			c.times[i], c.wire[i] = int64(done+i), 60+uint32(r.IntN(1400))
			c.sent[i] = r.IntN(8) == 0
			k := tuple()
			if len(m.keys) > 0 && r.IntN(4) == 0 {
				k = m.keys[r.IntN(len(m.keys))].back()
			}
			h, known := k.header(), r.IntN(50) > 0
			if !known {
				h = pcaps.Header{Reason: pcaps.NotIP}
			}
			c.put(i, h)
			switch {
			case c.sent[i] && known:
				flows, entries = append(flows, engine.NoFlow), append(entries, engine.Sent)
				sends = append(sends, affinity.SendRef{Answers: m.find(k.back()), Same: m.find(k)})
			case c.sent[i]:
				flows, entries = append(flows, engine.NoFlow), append(entries, engine.Sent)
				sends = append(sends, affinity.SendRef{Answers: engine.NoFlow, Same: engine.NoFlow})
			case !known:
				flows, entries = append(flows, engine.NoFlow), append(entries, engine.Unhashed)
			default:
				id := m.receive(k, c.wire[i])
				flows, entries = append(flows, id), append(entries, uint16(m.decisions[id].Entry))
			}
		}
		table.add(&c, &b)
		type batch struct {
			N, Flows uint32
			Time     []int64
			Length   []uint32
			Flow     []uint32
			Entry    []uint16
			Sends    []affinity.SendRef
		}
		want := batch{uint32(c.n), uint32(len(m.keys)), c.times[:c.n], c.wire[:c.n], flows, entries, append([]affinity.SendRef{}, sends...)}
		got := batch{uint32(b.N), b.Flows, b.Time[:b.N], b.Length[:b.N], b.Flow[:b.N], b.Entry[:b.N], append([]affinity.SendRef{}, b.Sends...)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("packets from %d on (-map +table):\n%s", done, diff)
		}
		if len(b.Varied) > 0 {
			t.Fatalf("packets from %d on: %d of flows that vary, but none does", done, len(b.Varied))
		}
	}
	return m
}

// configOf has the queues of the table's first way of steering.
func configOf(table *flowTable) *engine.Config {
	c := table.way(0).steering.Config()
	return &engine.Config{Table: c.Table, DefaultQueue: c.DefaultQueue}
}

// compareFlows compares every flow with the reference, and which is whose reverse.
func compareFlows(t *testing.T, table *flowTable, m *mapTable) {
	t.Helper()
	back := table.reverses()
	if int(table.n) != len(m.keys) || len(back) != len(m.keys) {
		t.Fatalf("%d flows, %d reverses, want %d of both", table.n, len(back), len(m.keys))
	}
	cfg := configOf(table)
	pairs := 0
	for i, k := range m.keys {
		id, d := uint32(i), m.decisions[i]
		want := Flow{
			Version: 4, Protocol: k.protocol, Source: k.src, Destination: k.dst,
			HasPorts: k.ports, SourcePort: k.sport, DestinationPort: k.dport,
			Packets: m.packets[i], Bytes: m.bytes[i], HashType: d.Type, Hash: d.Hash, Entry: int(d.Entry), Queue: int(d.Queue),
		}
		if k.src.Is6() {
			want.Version = 6
		}
		if got := table.flow(cfg, 0, id); got != want {
			t.Fatalf("flow %d is\n%+v, want\n%+v", id, got, want)
		}
		other := m.find(k.back())
		if other == id {
			other = engine.NoFlow // it is its own reverse
		}
		if back[id] != other {
			t.Fatalf("flow %d: the reverse is %d, want %d", id, int32(back[id]), int32(other))
		}
		if other != engine.NoFlow {
			pairs++
		}
	}
	if pairs == 0 {
		t.Error("no flow has a reverse: the case shows too little")
	}
}

// randomTuple is of few enough hosts that reverses, and a host that talks to
// itself, turn up.
func randomTuple(r *rand.Rand, hosts, ports int) flowTuple {
	address := func(six bool) netip.Addr {
		n := r.IntN(hosts)
		if six {
			return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)})
		}
		return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	six := r.IntN(3) == 0
	k := flowTuple{src: address(six), dst: address(six)}
	k.protocol = []int{pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP, pcaps.ProtoICMP, 0}[r.IntN(5)]
	if six && r.IntN(8) == 0 {
		k.protocol = -1
	}
	switch k.protocol {
	case pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP:
		// A fragment of them has none, which is another flow than ports 0 and 0.
		if k.ports = r.IntN(8) > 0; k.ports {
			k.sport, k.dport = uint16(r.IntN(ports)), uint16(r.IntN(ports))
		}
	}
	return k
}

// put makes h what the walk found in packet i; a plain packet keeps its tuple alone.
func (c *chunk) put(i int, h pcaps.Header) {
	c.tuples[i].Set(&h)
	var plain pcaps.Header
	c.tuples[i].Header(&plain)
	if c.walked[i] = h != plain; c.walked[i] {
		c.headers[i], c.walks = h, true
	} else {
		c.headers[i] = pcaps.Header{Facts: 0xffff} // means nothing
	}
}

// TestFlowTable compares the flow table with a map.
func TestFlowTable(t *testing.T) {
	tests := []struct {
		name                  string
		hosts, ports, packets int
		collide               bool // every seed 0, with which IPv4 keys have one hash
		flows                 uint32
	}{
		{"few", 4, 3, 20_000, false, 100},
		{"growth", 3000, 50, 20_000, false, 10_000},
		{"more than 65,536", 3000, 3000, 100_000, false, 1<<16 + 1},
		{"collisions", 6, 4, 4000, true, 300},
		{"collisions and growth", 200, 4, 4500, true, 3000},
	}
	for i, test := range tests {
		if testing.Short() && test.packets > 50_000 {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(i), 9))
			table := newFlowTable(testSteering(t))
			size := len(table.slots)
			if test.collide {
				table.seed = [len(table.seed)]uint64{}
			}
			m := packetsOf(t, r, table, func() flowTuple { return randomTuple(r, test.hosts, test.ports) }, test.packets)
			compareFlows(t, table, m)
			// Or the case is not what it is called.
			if table.n < test.flows {
				t.Errorf("%d flows, want at least %d", table.n, test.flows)
			}
			if test.flows > uint32(size) && len(table.slots) == size {
				t.Errorf("%d flows in a table that never grew", table.n)
			}
			var tuples []pcaps.Tuple
			for id := range table.n {
				tuples = append(tuples, table.records.At(id).tuple)
			}
			hashes := make([]uint32, len(tuples))
			table.hash(hashes, tuples)
			of, most := map[uint32]int{}, 0
			for _, hash := range hashes {
				of[hash]++
				most = max(most, of[hash])
			}
			if test.collide && most < int(table.n)/3 {
				t.Errorf("of %d flows no more than %d have one hash", table.n, most)
			}
			if !test.collide && most > 3 {
				t.Errorf("of %d flows %d have one hash", table.n, most)
			}
		})
	}
}

// TestFlowTablesDiffer: the seed is drawn anew, and what a table says does not
// depend on it.
func TestFlowTablesDiffer(t *testing.T) {
	a, b := newFlowTable(testSteering(t)), newFlowTable(testSteering(t))
	if a.seed == b.seed {
		t.Error("two tables have one seed")
	}
	feed := func(table *flowTable) *mapTable {
		r := rand.New(rand.NewPCG(1, 10))
		return packetsOf(t, r, table, func() flowTuple { return randomTuple(r, 20, 3) }, 3000)
	}
	feed(a)
	feed(b)
	cfg := configOf(a)
	for id := range a.n {
		if a, b := a.flow(cfg, 0, id), b.flow(cfg, 0, id); a != b {
			t.Fatalf("flow %d is %+v and %+v", id, a, b)
		}
	}
}

// TestFlowsSpreadOverTable: whatever the seed, flows that differ in one port, address or half
// of an address lie near their place in a table that is half full: 0.5 places behind it on the
// mean, where chance decides.
func TestFlowsSpreadOverTable(t *testing.T) {
	const flows, size, seeds = 8000, 1 << 14, 200
	kinds := map[string]func(tuple *pcaps.Tuple, i uint64){
		"source port":      func(tuple *pcaps.Tuple, i uint64) { tuple[4] ^= uint64(bits.ReverseBytes16(uint16(i))) },
		"destination port": func(tuple *pcaps.Tuple, i uint64) { tuple[4] ^= uint64(bits.ReverseBytes16(uint16(i))) << 16 },
		"source":           func(tuple *pcaps.Tuple, i uint64) { tuple[0] ^= uint64(bits.ReverseBytes32(uint32(i))) },
		"destination":      func(tuple *pcaps.Tuple, i uint64) { tuple[2] ^= uint64(bits.ReverseBytes32(uint32(i))) },
		"interface":        func(tuple *pcaps.Tuple, i uint64) { tuple[1] ^= bits.ReverseBytes64(i) },
	}
	tuples, hashes, used := make([]pcaps.Tuple, flows), make([]uint32, flows), make([]bool, size)
	for name, differ := range kinds {
		for i := range tuples {
			k := flowTuple{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), 6, true, 0, 80}
			if name == "interface" {
				k.src, k.dst = netip.MustParseAddr("2001:db8::"), netip.MustParseAddr("2001:db8::1")
			}
			h := k.header()
			tuples[i].Set(&h)
			differ(&tuples[i], uint64(i))
		}
		for seed := range uint64(seeds) {
			r := rand.New(rand.NewPCG(seed, 71))
			table := &flowTable{}
			for i := range table.seed {
				table.seed[i] = r.Uint64()
			}
			table.hash(hashes, tuples)
			clear(used)
			behind := 0
			for _, hash := range hashes {
				at := hash % size
				for ; used[at]; at = (at + 1) % size {
					behind++
				}
				used[at] = true
			}
			if behind > flows {
				t.Errorf("%s, seed %d: %d flows are %d places behind theirs", name, seed, flows, behind)
			}
		}
	}
}
