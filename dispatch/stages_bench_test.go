package dispatch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// benchChunks is packets of TCP flows, a fifth of them IPv6, gap ns apart on
// average: one of each flow, as far as they go, then drawn evenly.
func benchChunks(chunks, flows int, gap int64) []*chunk {
	r := rand.New(rand.NewPCG(1, 13))
	headers := make([]pcaps.Header, flows)
	for i := range headers {
		h := &headers[i]
		*h = pcaps.Header{Version: 4, Protocol: pcaps.ProtoTCP, SrcPort: uint16(i), DstPort: 80, Facts: pcaps.HasPorts}
		h.Src, h.Dst = [16]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}, [16]byte{192, 0, 2, 1}
		if i%5 == 0 {
			h.Version = 6
			h.Src, h.Dst = [16]byte{0x20, 1, 0xd, 0xb8, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, [16]byte{0x20, 1, 0xd, 0xb8, 15: 1}
		}
	}
	all := make([]*chunk, chunks)
	var now int64
	for i := range all {
		c := &chunk{n: chunkPackets}
		for j := range c.n {
			now += r.Int64N(2 * gap)
			flow := i*chunkPackets + j
			if flow >= flows {
				flow = r.IntN(flows)
			}
			c.put(j, headers[flow])
			c.times[j], c.wire[j] = now, 66
		}
		all[i] = c
	}
	return all
}

func perPacket(b *testing.B, packets int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*packets), "ns/packet")
	b.ReportMetric(float64(b.N*packets)/b.Elapsed().Seconds(), "packets/s")
}

// BenchmarkFlowTableAdd is the stage that finds each packet's flow; an operation
// is all packets through a table that knows their flows.
func BenchmarkFlowTableAdd(b *testing.B) {
	for _, flows := range []int{100, 10_000, 100_000, 600_000} {
		b.Run(fmt.Sprintf("impl=table/input=%d-flows", flows), func(b *testing.B) {
			chunks := benchChunks(1024, flows, 1000)
			table := newFlowTable(testSteering(b))
			var batch engine.Batch
			pass := func() {
				for _, c := range chunks {
					batch.Reset(0)
					table.add(c, &batch)
				}
			}
			pass()
			b.ReportAllocs()
			for b.Loop() {
				pass()
			}
			perPacket(b, len(chunks)*chunkPackets)
		})
	}
}

// BenchmarkFlowTableNew is the same where each packet is of a new flow, and the
// table grows from nothing.
func BenchmarkFlowTableNew(b *testing.B) {
	const chunks = 256
	all := benchChunks(chunks, 1, 1000)
	for i, c := range all {
		for j := range c.n {
			n := i*chunkPackets + j
			h := *c.header(j)
			h.Src = [16]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}
			c.put(j, h)
		}
	}
	b.Run(fmt.Sprintf("impl=table/input=%d-flows", chunks*chunkPackets), func(b *testing.B) {
		steering := testSteering(b)
		var batch engine.Batch
		b.ReportAllocs()
		for b.Loop() {
			table := newFlowTable(steering)
			for _, c := range all {
				batch.Reset(0)
				table.add(c, &batch)
			}
		}
		perPacket(b, chunks*chunkPackets)
	})
}

// BenchmarkEngine is each mode's model alone, on batches made beforehand: with
// little to do, where each packet is a cycle of its own; with 4 CPUs at work,
// where many share one; with rings that overflow; and with 8 CPUs and a packet
// each microsecond, too many for one of them.
func BenchmarkEngine(b *testing.B) {
	const chunks, perBatch = 512, engine.BatchSize / chunkPackets
	inputs := []struct {
		name  string
		flows int
		gap   int64 // ns, mean
		drain engine.Drain
		cpus  int
	}{
		{"idle", 1000, 20_000, engine.Snapshot, 4},
		{"busy", 1000, 250, engine.Snapshot, 4},
		{"busy-many-flows", 100_000, 250, engine.Snapshot, 4},
		{"busy-poll", 1000, 250, engine.Poll, 4},
		{"overload", 1000, 50, engine.Snapshot, 4},
		{"spread", 100_000, 1000, engine.Snapshot, 8},
		{"spread-poll", 100_000, 1000, engine.Poll, 8},
	}
	for mode := range engine.Mode(engine.NumModes) {
		for _, input := range inputs {
			b.Run(fmt.Sprintf("impl=%v/input=%s", mode, input.name), func(b *testing.B) {
				cfg := &engine.Config{
					Config:           nicmodel.Config{Queues: input.cpus, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
					InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 800, IPILatency: 2000, DistributeCost: 50,
					ISRCPU: engine.LeastBusy, Interval: 100_000_000, Drain: input.drain,
				}
				for i := range input.cpus {
					cfg.CPUs, cfg.QueueCPU, cfg.Table = append(cfg.CPUs, i), append(cfg.QueueCPU, i), append(cfg.Table, uint16(i))
				}
				if err := cfg.Validate(); err != nil {
					b.Fatal(err)
				}
				table := newFlowTable(steeringBy(b, cfg.Table, cfg.QueueCPU))
				var batches []*engine.Batch
				for i, c := range benchChunks(chunks, input.flows, input.gap) {
					if i%perBatch == 0 {
						batch := new(engine.Batch)
						batch.Reset(uint32(i * chunkPackets))
						batches = append(batches, batch)
					}
					table.add(c, batches[len(batches)-1])
				}
				b.ReportAllocs()
				for b.Loop() {
					e, _ := engine.New(cfg, mode, engine.NoSends, false, nil)
					for _, batch := range batches {
						e.Process(batch)
					}
					e.Finish()
				}
				perPacket(b, chunks*chunkPackets)
			})
		}
	}
}
