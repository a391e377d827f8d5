package dispatch_test

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net/netip"
	"reflect"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// records is a capture in memory.
type records struct {
	recs  []pcaps.Record
	at    int
	says  bool         // what SaysDirection says
	local string       // what is sent has a source there, and goes elsewhere; "": packets say it themselves
	rules *plain.Rules // of the NIC, as they are printed; nil: none
}

func (r *records) Read(into []pcaps.Record) (int, error) {
	n := copy(into, r.recs[r.at:])
	r.at += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *records) SaysDirection() bool { return r.says }

// end is one end of a flow.
type end struct {
	addr netip.Addr
	port uint16
}

// frame is an Ethernet frame of headers alone, between two ends of one IP
// version. With home, an IPv6 one has a Home Address option.
func frame(src, dst end, protocol byte, home netip.Addr) []byte {
	b := make([]byte, 12, 96)
	var transport []byte
	switch protocol {
	case pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP:
		transport = binary.BigEndian.AppendUint16(transport, src.port)
		transport = binary.BigEndian.AppendUint16(transport, dst.port)
	}
	transport = append(transport, make([]byte, 16)...)
	if src.addr.Is4() {
		b = append(b, 0x08, 0x00, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+len(transport)))
		b = append(b, 0, 0, 0, 0, 64, protocol, 0, 0)
	} else {
		next := protocol
		var options []byte
		if home.IsValid() {
			// A destination options header: Pad1 twice to align, Home Address.
			next = pcaps.ProtoDstOpts
			options = append([]byte{protocol, 2, 1, 2, 0, 0, 201, 16}, home.AsSlice()...)
		}
		b = append(b, 0x86, 0xdd, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(len(options)+len(transport)))
		b = append(b, next, 64)
		transport = append(options, transport...)
	}
	b = append(b, src.addr.AsSlice()...)
	b = append(b, dst.addr.AsSlice()...)
	return append(b, transport...)
}

// traffic makes a random capture: few hosts, so that connections meet, bursts
// and pauses, steps back in time, and packets of every kind that the model
// tells apart.
type traffic struct {
	packets int
	hosts   int
	sends   bool // packets say their direction
	homes   bool // some IPv6 packets have a home address
	scale   int64
}

func (t traffic) capture(r *rand.Rand) *records {
	c := &records{says: t.sends}
	now := int64(1_700_000_000_000_000_000)
	hosts := make([]end, t.hosts)
	for i := range hosts {
		if r.IntN(4) == 0 {
			hosts[i].addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)})
		} else {
			hosts[i].addr = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		}
	}
	pick := func(v4 bool) end {
		for {
			e := hosts[r.IntN(len(hosts))]
			if e.addr.Is4() == v4 || r.IntN(16) == 0 && e.addr.Is4() == v4 {
				e.port = uint16(80 + r.IntN(4))
				return e
			}
		}
	}
	has4, has6 := false, false
	for _, h := range hosts {
		has4 = has4 || h.addr.Is4()
		has6 = has6 || h.addr.Is6()
	}
	for range t.packets {
		switch r.IntN(8) {
		case 0, 1, 2:
		case 3, 4, 5:
			now += r.Int64N(t.scale)
		case 6:
			now += r.Int64N(8 * t.scale)
		default:
			now += r.Int64N(3) - 1
		}
		stamp := now
		switch r.IntN(300) {
		case 0: // the clock is set back, or on
			now += r.Int64N(4e9) - 3e9
			stamp = now
		case 1, 2: // for one packet
			stamp -= r.Int64N(3e9)
		}
		rec := pcaps.Record{Time: stamp, Wire: 60 + uint32(r.IntN(1500)), Link: pcaps.LinkEthernet, Queue: -1}
		if t.sends {
			rec.Direction = pcaps.Direction(r.IntN(3))
		}
		if r.IntN(40) == 0 {
			rec.Data = append(make([]byte, 12, 60), 0x08, 0x06) // ARP
			c.recs = append(c.recs, rec)
			continue
		}
		v4 := has4 && (!has6 || r.IntN(2) == 0)
		protocol := []byte{pcaps.ProtoTCP, pcaps.ProtoTCP, pcaps.ProtoUDP, pcaps.ProtoSCTP, pcaps.ProtoICMP}[r.IntN(5)]
		var home netip.Addr
		if t.homes && r.IntN(3) == 0 {
			home = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: 1, 15: byte(r.IntN(3))})
		}
		rec.Data = frame(pick(v4), pick(v4), protocol, home)
		c.recs = append(c.recs, rec)
	}
	return c
}

// setLarge gives one parameter a value near its limit, or far above the others.
func setLarge(r *rand.Rand, c *engine.Config) {
	counts := []*int{&c.RxRing, &c.DMABatch, &c.RxFrames, &c.DPCBudget}
	times := []*int64{
		&c.DMATimeout, &c.ITR, &c.RxUsecs, &c.InterruptLatency, &c.ISRCost, &c.DPCCost, &c.PacketCost, &c.MigrationCost,
		&c.IPILatency, &c.DistributeCost, &c.SendCost,
	}
	switch i := r.IntN(len(counts) + len(times) + 2); {
	case i < len(counts):
		if *counts[i] = nicmodel.MaxBuffers >> r.IntN(16); i == 2 {
			c.RxUsecs = max(c.RxUsecs, 1)
		}
	case i < len(counts)+len(times):
		*times[i-len(counts)] = nicmodel.MaxTime >> r.IntN(16)
	case i == len(counts)+len(times):
		c.ByteCost = engine.MaxByteCost >> r.IntN(8)
	default:
		c.Interval = engine.MaxInterval >> r.IntN(32)
	}
}

// randomConfig is any configuration that Validate accepts, with small numbers
// and zeros more often than not: that is where the rules meet. Now and then a
// time is a large one.
func randomConfig(r *rand.Rand) (*engine.Config, *nicmodel.Steering) {
	few := func(n int) int { return 1 + r.IntN(1+r.IntN(n)) }
	some := func(scale int64) int64 {
		switch r.IntN(40) {
		case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9:
			return 0
		case 10:
			return r.Int64N(1e9)
		}
		return r.Int64N(1 + r.Int64N(scale))
	}
	cpus := few(64)
	queues := cpus
	if r.IntN(3) == 0 {
		queues = few(2 * cpus)
	}
	size := 1 << r.IntN(9)
	c := &engine.Config{
		Config: nicmodel.Config{
			Queues: queues, RxRing: few(512), DMABatch: few(32), DMATimeout: some(4000),
			ITR: some(20000), RxFrames: 1,
		},
		DefaultQueue:     r.IntN(queues),
		InterruptLatency: some(3000), ISRCost: some(3000), DPCCost: some(3000), PacketCost: some(3000),
		ByteCost: min(some(3000), 1e6), MigrationCost: some(3000), IPILatency: some(4000), DistributeCost: some(200), SendCost: some(2000),
		Drain: engine.Drain(r.IntN(2)), ISRCPU: r.IntN(cpus+2) - 2,
		Interval: 1 + r.Int64N(1_000_000),
	}
	if r.IntN(2) == 0 {
		c.RxUsecs = 1 + some(20000)
		c.RxFrames = r.IntN(9)
	}
	if r.IntN(2) == 0 {
		c.DPCBudget = few(16)
	}
	base := r.IntN(4)
	for i := range cpus {
		c.CPUs = append(c.CPUs, base+i)
	}
	for q := range queues {
		cpu := q % cpus
		if r.IntN(4) == 0 {
			cpu = r.IntN(cpus)
		}
		c.QueueCPU = append(c.QueueCPU, cpu)
	}
	for range size {
		c.Table = append(c.Table, uint16(r.IntN(queues)))
	}
	key := make(hash.Key, 40)
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	types := hash.DefaultTypes
	if r.IntN(2) == 0 {
		types = hash.Types(r.Uint32()) & hash.TypesOf(hash.IPv4, hash.TCPIPv4, hash.UDPIPv4, hash.IPv6, hash.TCPIPv6,
			hash.UDPIPv6, hash.IPv6Ex, hash.TCPIPv6Ex, hash.UDPIPv6Ex)
	}
	if r.IntN(8) == 0 {
		setLarge(r, c)
	}
	if err := c.Validate(); err != nil {
		panic(err)
	}
	s, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: types, Key: key, Table: c.Table, DefaultQueue: c.DefaultQueue, QueueCPU: c.QueueCPU,
	})
	if err != nil {
		panic(err)
	}
	return c, s
}

// difference is cmp.Diff after a look whether there is anything to tell: of the same
// 10,000 windows that takes a tenth of the time.
func difference(want, got any, options ...cmp.Option) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, options...)
}

// resultDifference is what differs in what results tell.
func resultDifference(want, got *dispatch.Result) string {
	w, g := *want, *got
	w.Modes, g.Modes, w.Summaries, g.Summaries = nil, nil, nil, nil // the largest part
	return difference(want.Modes, got.Modes) + difference(want.Summaries, got.Summaries) +
		cmp.Diff(w, g, cmpopts.IgnoreUnexported(dispatch.Result{}, dispatch.Replayed{}))
}
