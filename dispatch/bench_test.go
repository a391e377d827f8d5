package dispatch_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/layout"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
)

// benchCapture is a classic pcap of 66-byte TCP packets, a fifth IPv6, whose
// flows are drawn evenly.
func benchCapture(packets, flows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	frames := make([][]byte, flows)
	for i := range frames {
		k := uint32(i) * 2654435761
		src := end{netip.AddrFrom4([4]byte{10, byte(k >> 16), byte(k >> 8), byte(k)}), uint16(i)}
		dst := end{netip.AddrFrom4([4]byte{192, 0, 2, 1}), 80}
		if i%5 == 0 {
			src.addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 12: byte(k >> 24), 13: byte(k >> 16), 14: byte(k >> 8), 15: byte(k)})
			dst.addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: 1})
		}
		frames[i] = append(frame(src, dst, pcaps.ProtoTCP, netip.Addr{}), make([]byte, 16)...)[:66]
	}
	now := uint64(1_700_000_000_000_000_000)
	for range packets {
		now += uint64(r.IntN(2000))
		b = binary.LittleEndian.AppendUint32(b, uint32(now/1e9))
		b = binary.LittleEndian.AppendUint32(b, uint32(now%1e9))
		b = append(b, 66, 0, 0, 0, 66, 0, 0, 0)
		b = append(b, frames[r.IntN(flows)]...)
	}
	return b
}

func defaultConfig(cpus int) (*engine.Config, *nicmodel.Steering) {
	c := &engine.Config{
		Config:           nicmodel.Config{Queues: cpus, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
		InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 1000, IPILatency: 2000,
		DistributeCost: 50, SendCost: 500, ISRCPU: engine.LeastBusy, Interval: 100_000_000,
	}
	for i := range cpus {
		c.CPUs, c.QueueCPU = append(c.CPUs, i), append(c.QueueCPU, i)
	}
	layout, err := layout.Parse("equal")
	if err != nil {
		panic(err)
	}
	if c.Table, err = layout.Fill(128, cpus); err != nil {
		panic(err)
	}
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		panic(err)
	}
	s, err := nicmodel.NewSteering(nicmodel.SteeringConfig{HashTypes: hash.DefaultTypes, Key: key, Table: c.Table, QueueCPU: c.QueueCPU})
	if err != nil {
		panic(err)
	}
	return c, s
}

// BenchmarkReplay is the whole way of a packet, but for reading the file: the
// capture is in memory.
func BenchmarkReplay(b *testing.B) {
	const packets = 1_000_000
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		b.Fatal(err)
	}
	cfg, steering := defaultConfig(8)
	for _, flows := range []int{100, 100_000} {
		capture := benchCapture(packets, flows)
		for _, modes := range [][]engine.Mode{{engine.RSSMSIX}, {engine.NonRSS}, {engine.RSSMSIX, engine.NonRSS}, allModes} {
			b.Run(fmt.Sprintf("modes=%d-%s/flows=%d", len(modes), modes[0], flows), func(b *testing.B) {
				b.SetBytes(int64(len(capture)))
				b.ReportAllocs()
				for b.Loop() {
					r, err := file.NewReader(bytes.NewReader(capture), "memory")
					if err != nil {
						b.Fatal(err)
					}
					if _, err := dispatch.Replay(r, dispatch.Options{Config: cfg, Steering: steering, Modes: modes, Directions: direction.NewDirections(local)}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(packets*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
			})
		}
	}
}
