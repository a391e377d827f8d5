package dispatch

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// memory is a capture in memory.
type memory struct{ recs []pcaps.Record }

func (m *memory) Read(recs []pcaps.Record) (int, error) {
	n := copy(recs, m.recs)
	if n == 0 {
		return 0, io.EOF
	}
	m.recs = m.recs[n:]
	return n, nil
}

func (m *memory) SaysDirection() bool { return true }

// frameTo is a TCP packet of the n-th flow to 192.0.2.1 in a frame.
func frameTo(n int) []byte {
	b := make([]byte, 14+20+20)
	b[12], b[13] = 8, 0
	b[14], b[17], b[23] = 0x45, 40, pcaps.ProtoTCP
	binary.BigEndian.PutUint32(b[26:], 0x0a000000+uint32(n))
	binary.BigEndian.PutUint32(b[30:], 0xc0000201)
	binary.BigEndian.PutUint16(b[34:], uint16(1024+n))
	b[37], b[46] = 80, 0x50
	return b
}

// vxlanOf is the frame in a VXLAN tunnel of one outer flow.
func vxlanOf(frame []byte) []byte {
	b := make([]byte, 14+20+8+8, 50+len(frame))
	b[12], b[13] = 8, 0
	b[14], b[23] = 0x45, pcaps.ProtoUDP
	binary.BigEndian.PutUint16(b[16:], uint16(36+len(frame)))
	binary.BigEndian.PutUint32(b[26:], 0xc0000202)
	binary.BigEndian.PutUint32(b[30:], 0xc0000203)
	binary.BigEndian.PutUint16(b[34:], 50000)
	binary.BigEndian.PutUint16(b[36:], 4789)
	binary.BigEndian.PutUint16(b[38:], uint16(16+len(frame)))
	b[42] = 8
	return append(b, frame...)
}

func replayRecords(t *testing.T, inner bool, recs []pcaps.Record) *Result {
	t.Helper()
	return replayOf(t, Options{Inner: inner}, recs)
}

// replayOf is of one mode, with what o asks for beside: of a configuration the RPS.
func replayOf(t *testing.T, o Options, recs []pcaps.Record) *Result {
	t.Helper()
	steering := o.Steering
	if steering == nil {
		steering = testSteering(t)
	}
	cfg := &engine.Config{
		Config: nicmodel.Config{Queues: 4, RxRing: 512, DMABatch: 1, DMATimeout: 200, RxFrames: 1},
		CPUs:   []int{0, 1, 2, 3}, QueueCPU: []int{0, 1, 2, 3}, Table: steering.Config().Table,
		InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 1000, Interval: 1e8,
	}
	if o.Config != nil {
		cfg.RPS = o.Config.RPS
	}
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	o.Config, o.Steering, o.Modes, o.Directions = cfg, steering, []engine.Mode{engine.RSSMSIX}, direction.NewDirections(local)
	r, err := Replay(&memory{recs}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func recordOf(data []byte, at int64) pcaps.Record {
	return pcaps.Record{Time: at, Data: data, Wire: uint32(len(data)), Link: pcaps.LinkEthernet}
}

// With Inner a tunnelled capture is steered as what is inside would be; without, as
// the one flow outside. Either way Tunnels says what both are.
func TestInner(t *testing.T) {
	const flows, packets = 300, 2000
	var plain, tunnelled []pcaps.Record
	for i := range packets {
		frame := frameTo(i * i % flows)
		plain = append(plain, recordOf(frame, int64(i)*1000))
		tunnelled = append(tunnelled, recordOf(vxlanOf(frame), int64(i)*1000))
	}
	want, inner, outer := replayRecords(t, true, plain), replayRecords(t, true, tunnelled), replayRecords(t, false, tunnelled)
	if diff := cmp.Diff(want.HashTypes, inner.HashTypes); diff != "" {
		t.Errorf("hash types (-plain +inner):\n%s", diff)
	}
	if want.NumFlows != inner.NumFlows {
		t.Errorf("%d flows, want %d", inner.NumFlows, want.NumFlows)
	}
	for i := range want.Entries {
		if w, g := want.Entries[i], inner.Entries[i]; w.Packets != g.Packets || w.Flows != g.Flows {
			t.Errorf("entry %d: %+v, want %+v", i, g, w)
		}
	}
	for c := range want.Modes[0].CPUs {
		if w, g := &want.Modes[0].CPUs[c], &inner.Modes[0].CPUs[c]; w.Packets != g.Packets || w.Interrupts != g.Interrupts || w.Latency != g.Latency {
			t.Errorf("CPU %d: %+v, want %+v", c, g, w)
		}
	}
	if outer.NumFlows != 1 {
		t.Errorf("%d flows outside, want 1", outer.NumFlows)
	}
	if want.Tunnels != nil || want.Encapsulations != [pcaps.NumEncapsulations]uint64{} {
		t.Errorf("a plain capture has tunnels: %+v, %v", want.Tunnels, want.Encapsulations)
	}
	for _, r := range []*Result{inner, outer} {
		var innerCPUs, outerCPUs []uint64
		for c := range want.Modes[0].CPUs {
			innerCPUs = append(innerCPUs, want.Modes[0].CPUs[c].Packets)
			outerCPUs = append(outerCPUs, outer.Modes[0].CPUs[c].Packets)
		}
		expected := []Tunnel{{
			Kind: pcaps.VXLAN, Packets: packets, Bytes: packets * (50 + 54), OuterFlows: 1, InnerFlows: want.NumFlows,
			InnerPackets: packets, OuterCPUs: outerCPUs, InnerCPUs: innerCPUs,
		}}
		if diff := cmp.Diff(expected, r.Tunnels); diff != "" {
			t.Errorf("Tunnels (-want +got):\n%s", diff)
		}
		if r.Encapsulations[pcaps.VXLAN] != packets {
			t.Errorf("%d packets of VXLAN, want %d", r.Encapsulations[pcaps.VXLAN], packets)
		}
	}
	if kind, ok := outer.TunnelOf(0); !ok || kind != pcaps.VXLAN {
		t.Errorf("the outer flow is %v, %t, want a VXLAN tunnel", kind, ok)
	}
	if kind, ok := inner.TunnelOf(0); ok {
		t.Errorf("an inner flow is a tunnel of its own: %v", kind)
	}
}

// Sent packets are told by the outer headers, counted as encapsulated, and no part
// of Tunnels.
func TestTunnelsAreReceived(t *testing.T) {
	recs := []pcaps.Record{recordOf(vxlanOf(frameTo(1)), 0), recordOf(vxlanOf(frameTo(2)), 10)}
	recs[1].Direction = pcaps.Outbound
	r := replayRecords(t, true, recs)
	if r.Sent != 1 || r.Encapsulations[pcaps.VXLAN] != 2 || len(r.Tunnels) != 1 || r.Tunnels[0].Packets != 1 {
		t.Errorf("%d sent, %d encapsulated, tunnels %+v", r.Sent, r.Encapsulations[pcaps.VXLAN], r.Tunnels)
	}
}

func TestLinksAndCaptured(t *testing.T) {
	var recs []pcaps.Record
	for i := range 1000 {
		rec := recordOf(frameTo(i), int64(i))
		if rec.Link = pcaps.LinkType(math.MaxUint16); i >= 300 {
			rec.Link = pcaps.LinkEthernet
		}
		if i >= 900 {
			rec.Link = pcaps.LinkType(math.MaxUint16)
			rec.Wire = 100
		}
		recs = append(recs, rec)
	}
	r := replayRecords(t, false, recs)
	want := []LinkPackets{{math.MaxUint16, 400}, {pcaps.LinkEthernet, 600}}
	if diff := cmp.Diff(want, r.Links); diff != "" {
		t.Errorf("Links (-want +got):\n%s", diff)
	}
	if r.CapturedBytes != 54000 || r.Cut != 100 {
		t.Errorf("%d bytes captured, %d packets cut, want 54000, 100", r.CapturedBytes, r.Cut)
	}
}

// TestLinksChangeBetweenChunks has packets of another link from where a chunk begins.
func TestLinksChangeBetweenChunks(t *testing.T) {
	var recs []pcaps.Record
	for i := range 3*chunkPackets + 10 {
		rec := recordOf(frameTo(i), int64(i))
		if i >= chunkPackets && i < 3*chunkPackets {
			rec.Link = pcaps.LinkType(math.MaxUint16)
		}
		recs = append(recs, rec)
	}
	want := []LinkPackets{{pcaps.LinkEthernet, chunkPackets + 10}, {math.MaxUint16, 2 * chunkPackets}}
	if diff := cmp.Diff(want, replayRecords(t, false, recs).Links); diff != "" {
		t.Errorf("Links (-want +got):\n%s", diff)
	}
}

// TestHeadersCut counts packets whose IP header, or what is before it, the capture cut off: not
// those that are so short themselves, and not those that are no IP.
func TestHeadersCut(t *testing.T) {
	arp := append(make([]byte, 12), 8, 6, 0, 1, 8, 0)
	for _, test := range []struct {
		name string
		data []byte
		wire uint32
		want uint64
	}{
		{"whole", frameTo(1), 54, 0},
		{"cut behind the ports", frameTo(1)[:38], 54, 0},
		{"cut in the IP header", frameTo(1)[:30], 54, 1},
		{"cut in the link header", frameTo(1)[:10], 54, 1},
		{"short by itself", frameTo(1)[:30], 30, 0},
		{"ARP, cut", arp, 60, 0},
	} {
		rec := recordOf(test.data, 0)
		rec.Wire = test.wire
		if r := replayRecords(t, false, []pcaps.Record{rec}); r.HeadersCut != test.want || r.Snapped != 0 {
			t.Errorf("%s: %d headers and %d ports are cut off, want %d and 0", test.name, r.HeadersCut, r.Snapped, test.want)
		}
	}
}

// TestGaps has silences of a ns less than what counts, and of 10, 30, 20 and again 30 s: the
// longest is the first of equals.
func TestGaps(t *testing.T) {
	recs := []pcaps.Record{recordOf(frameTo(1), 0)}
	at := int64(0)
	for _, step := range []int64{longGap - 1, longGap, 3 * longGap, 2 * longGap, 3 * longGap, 5} {
		at += step
		recs = append(recs, recordOf(frameTo(1), at))
	}
	want := Gaps{Count: 4, Total: 9 * longGap, Longest: 3 * longGap, LongestFrame: 4, LongestStart: 2*longGap - 1}
	for _, o := range []Options{{}, {Arrive: func(Arrival) {}}} { // at once, and one by one
		if got := replayOf(t, o, recs).Gaps; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// TestInputs has flows of 5, 3, 1 and 1 packets: inputs of these weights, as uneven as
// 10² ÷ (5² + 3² + 1 + 1) of equal weight.
func TestInputs(t *testing.T) {
	var recs []pcaps.Record
	for flow, packets := range []int{1, 5, 1, 3} {
		for range packets {
			recs = append(recs, recordOf(frameTo(flow), int64(len(recs))))
		}
	}
	in := replayRecords(t, false, recs).Inputs()
	if in.Flows != 4 || in.Distinct != 4 || in.Packets != 10 || math.Abs(in.Effective-100./36) > 1e-12 {
		t.Errorf("%+v", in)
	}
	if !slices.Equal(in.heaviest, []uint64{5, 3, 1, 1}) {
		t.Errorf("the heaviest are %d", in.heaviest)
	}
}

// Both directions of a connection are one input where the hash is symmetric, by the key or
// by its function; their loads fall on one entry.
func TestInputsOfConnections(t *testing.T) {
	var recs []pcaps.Record
	for n := range 3 {
		there := frameTo(n)
		back := slices.Concat(there[:26], there[30:34], there[26:30], there[36:38], there[34:36], there[38:])
		for _, data := range [][]byte{there, back} {
			recs = append(recs, recordOf(data, int64(len(recs))))
		}
	}
	for _, test := range []struct {
		key      string
		types    hash.Types
		function hash.Function
		inputs   []uint64
	}{
		{"microsoft", hash.DefaultTypes, hash.FunctionToeplitz, []uint64{1, 1, 1, 1, 1, 1}},
		{"symmetric", hash.DefaultTypes, hash.FunctionToeplitz, []uint64{2, 2, 2}},
		{"microsoft", hash.Types(1 << hash.IPv4), hash.FunctionSimpleXOR, []uint64{2, 2, 2}},
	} {
		key, err := hash.ParseKey(test.key)
		if err != nil {
			t.Fatal(err)
		}
		steering, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
			HashTypes: test.types, Key: key, Function: test.function, Table: nicmodel.IndirectionTable{0, 1, 2, 3}, QueueCPU: []int{0, 1, 2, 3},
		})
		if err != nil {
			t.Fatal(err)
		}
		in := replayOf(t, Options{Steering: steering}, recs).Inputs()
		if in.Flows != 6 || in.Distinct != uint64(len(test.inputs)) || !slices.Equal(in.heaviest, test.inputs) {
			t.Errorf("%s, %s: %d flows, %d inputs, the heaviest of %d; want 6 and %d", test.key, test.function, in.Flows, in.Distinct, in.heaviest, test.inputs)
		}
	}
}

func TestLongFrames(t *testing.T) {
	of := func(wires ...uint32) []pcaps.Record {
		var recs []pcaps.Record
		for i, wire := range wires {
			rec := recordOf(frameTo(1), int64(i))
			rec.Wire = wire
			recs = append(recs, rec)
		}
		return recs
	}
	const gso = 14 + 40 // headers
	for _, test := range []struct {
		name string
		recs []pcaps.Record
		want LongFrames
	}{
		{"none", of(60, 1514, 1514), LongFrames{}},
		{"coalesced", of(gso+2*1460, gso+44*1460, gso+3000, 1514), LongFrames{
			Packets: 3, Bytes: 3*gso + 46*1460 + 3000, Received: 3, Largest: gso + 44*1460, OfLargest: 1, TCP: 3, Multiples: 2, Segments: 2 + 44 + 3, Kind: LongCoalesced}},
		{"coalesced on a link of jumbo frames", of(9014, 9014, 9014, 64014), LongFrames{
			Packets: 4, Bytes: 3*9014 + 64014, Received: 4, Largest: 64014, OfLargest: 1, TCP: 4, Segments: 3*7 + 44, Kind: LongCoalesced}},
		{"jumbo", of(9014, 3000, 9014, 9014, 2000), LongFrames{
			Packets: 5, Bytes: 3*9014 + 5000, Received: 5, Largest: 9014, OfLargest: 3, TCP: 5, Segments: 3*7 + 3 + 2, Kind: LongJumbo}},
		{"two", of(9014, 9014), LongFrames{Packets: 2, Bytes: 2 * 9014, Received: 2, Largest: 9014, OfLargest: 2, TCP: 2, Segments: 14, Kind: LongUnclear}},
		{"one", of(9014), LongFrames{Packets: 1, Bytes: 9014, Received: 1, Largest: 9014, OfLargest: 1, TCP: 1, Segments: 7, Kind: LongUnclear}},
		{"a length that no frame has", of(math.MaxUint32, math.MaxUint32-1), LongFrames{
			Packets: 2, Bytes: 2*math.MaxUint32 - 1, Received: 2, Largest: math.MaxUint32, OfLargest: 2, TCP: 2,
			Segments: 2 * ((math.MaxUint32 - gso + 1459) / 1460), Kind: LongCoalesced}},
	} {
		test.want.ReceivedFrames, test.want.LargestReceived = test.want.Segments, test.want.Largest
		if diff := cmp.Diff(test.want, replayRecords(t, false, test.recs).Long); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	datagram := of(14 + 20 + 8 + 4*1472)
	datagram[0].Data = slices.Clone(datagram[0].Data)
	datagram[0].Data[14+9] = 17 // UDP: what offload makes of it is not known
	if l := replayRecords(t, false, datagram).Long; l.Received != 1 || l.TCP != 0 || l.Segments != 0 || l.ReceivedFrames != 4 {
		t.Errorf("a long datagram: %+v", l)
	}
	sent := of(9014, 64014)
	sent[1].Direction = pcaps.Outbound
	if l := replayRecords(t, false, sent).Long; l.Packets != 2 || l.Received != 1 || l.ReceivedFrames != 7 || l.LargestReceived != 9014 {
		t.Errorf("%d long frames, of them received %d, which are %d frames, the largest %d; want 2, 1, 7, 9014", l.Packets, l.Received, l.ReceivedFrames, l.LargestReceived)
	}
}

// The steps are told by the packet's number, the same way whether or not packets
// are left out.
func TestTimeLeaps(t *testing.T) {
	const year = 365 * 24 * 3600 * 1e9
	stamps := []int64{1e18, 1e18 + year, 1e18 + 2*year + 1, 1e18, 1e18 - 1e9, 1e18 - 3e9, 1e18 + 2*year + 2, 1e18 + 3*year, -5e18, 9e18}
	var recs []pcaps.Record
	for _, stamp := range stamps {
		recs = append(recs, recordOf(frameTo(1), stamp))
	}
	want := TimeLeaps{Packets: 6, Back: 3, First: []TimeLeap{
		{3, year + 1, 2*year + 1}, {4, -2*year - 1, 2*year + 1}, {6, -2e9, 2*year + 1}, {7, 2*year + 3e9 + 2, 4*year + 3}, {9, math.MinInt64, 5*year + 1}, {10, math.MaxInt64, 8e18 + 2*year + 1},
	}}
	want.First[4].Step = -5e18 - (1e18 + 3*year)
	if diff := cmp.Diff(want, replayRecords(t, false, recs).TimeLeaps); diff != "" {
		t.Errorf("leaps (-want +got):\n%s", diff)
	}
	for i := range want.First {
		want.First[i].Frame += 1000
	}
	for _, o := range []Options{{Before: 1000}, {Before: 1000, Arrive: func(Arrival) {}}} { // at once, and one by one
		if diff := cmp.Diff(want, replayOf(t, o, recs).TimeLeaps); diff != "" {
			t.Errorf("leaps of a later part (-want +got):\n%s", diff)
		}
	}
	var slow, fast timeline
	var times [chunkPackets]int64
	fast.arriveAll(recs, &times, 0)
	for i := range recs {
		slow.arrive(recs[i].Time, int64(i+1))
		if times[i] > slow.scaled {
			t.Errorf("packet %d is at %d, want at most %d", i+1, times[i], slow.scaled)
		}
	}
	if diff := cmp.Diff(slow.jumps, fast.jumps); diff != "" {
		t.Errorf("leaps (-arrive +arriveAll):\n%s", diff)
	}
	many := TimeLeaps{}
	for i := range int64(25) {
		many.note(i, 1, i)
	}
	if many.Packets != 25 || len(many.First) != maxTimeLeaps {
		t.Errorf("%d leaps, %d kept", many.Packets, len(many.First))
	}
}
