package dispatch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
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

// benchBatches is the batches of chunks.
func benchBatches(s *nicmodel.Steering, chunks []*chunk) (batches []*engine.Batch) {
	table := newFlowTable(s)
	for i, c := range chunks {
		if i%(engine.BatchSize/chunkPackets) == 0 {
			batch := &engine.Batch{Nth: new([engine.BatchSize]uint32)}
			batch.Reset(uint32(i * chunkPackets))
			batches = append(batches, batch)
		}
		table.add(c, batches[len(batches)-1])
	}
	return batches
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
	const chunks = 512
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
				batches := benchBatches(steeringBy(b, cfg.Table, cfg.QueueCPU), benchChunks(chunks, input.flows, input.gap))
				modelAlone(b, cfg, mode, batches, chunks*chunkPackets)
			})
		}
	}
}

// modelAlone measures a model that gets batches of so many packets in all.
func modelAlone(b *testing.B, cfg *engine.Config, mode engine.Mode, batches []*engine.Batch, packets int) {
	b.ReportAllocs()
	for b.Loop() {
		e, _ := engine.New(engine.Setup{Config: cfg, Mode: mode})
		for _, batch := range batches {
			e.Process(batch)
		}
		e.Finish()
	}
	perPacket(b, packets)
}

// BenchmarkRPS is the model alone of each mode with a second hop, every CPU in each queue's
// mask, as BenchmarkEngine has it: with 8 CPUs and a packet each microsecond.
func BenchmarkRPS(b *testing.B) {
	const chunks, perBatch, cpus = 256, engine.BatchSize / chunkPackets, 8
	cfg := &engine.Config{
		Config:           nicmodel.Config{Queues: cpus, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
		InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 1000, IPILatency: 2000,
		ISRCPU: engine.LeastBusy, Interval: 100_000_000, RPS: &engine.RPS{Cost: 200, Backlog: 1000, Passed: rps.OnPorts},
	}
	for i := range cpus {
		cfg.CPUs, cfg.QueueCPU, cfg.Table = append(cfg.CPUs, i), append(cfg.QueueCPU, i), append(cfg.Table, uint16(i))
		cfg.RPS.CPUs = append(cfg.RPS.CPUs, []uint16{0, 1, 2, 3, 4, 5, 6, 7})
	}
	if err := cfg.Validate(); err != nil {
		b.Fatal(err)
	}
	for _, flows := range []int{1000, 100_000} {
		table := newFlowTable(steeringBy(b, cfg.Table, cfg.QueueCPU))
		var batches []*engine.Batch
		for i, c := range benchChunks(chunks, flows, 1000) {
			if i%perBatch == 0 {
				batch := &engine.Batch{Own: new([engine.BatchSize]uint32)}
				batch.NIC = new(engine.NICHashes)
				batch.Reset(uint32(i * chunkPackets))
				batches = append(batches, batch)
			}
			c.own = new([chunkPackets]uint32)
			table.add(c, batches[len(batches)-1])
		}
		for _, mode := range []engine.Mode{engine.RSSMSIX, engine.NonRSS} {
			b.Run(fmt.Sprintf("impl=%v/input=%d-flows", mode, flows), func(b *testing.B) {
				modelAlone(b, cfg, mode, batches, chunks*chunkPackets)
			})
		}
	}
}

// stagesCapture is a classic pcap of TCP packets over IPv4, of flows drawn evenly.
func stagesCapture(packets, flows int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := append(binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d), 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0) // ns, Ethernet
	frame := make([]byte, 66)
	copy(frame[12:], "\x08\x00\x45\x00\x00\x34")
	frame[22], frame[23], frame[46] = 64, pcaps.ProtoTCP, 0x50
	now := uint64(1_700_000_000_000_000_000)
	for range packets {
		now += uint64(r.IntN(2000))
		flow := uint32(r.IntN(flows))
		binary.BigEndian.PutUint32(frame[26:], 0x0a000000+flow)
		binary.BigEndian.PutUint16(frame[34:], uint16(flow))
		b = binary.LittleEndian.AppendUint32(b, uint32(now/1e9))
		b = binary.LittleEndian.AppendUint32(b, uint32(now%1e9))
		b = append(b, 66, 0, 0, 0, 66, 0, 0, 0)
		b = append(b, frame...)
	}
	return b
}

// BenchmarkStages is each of a replay's stages alone, the least of all times in ns a packet,
// and what they could reach together on more cores than one: each has a goroutine of its
// own and hands its packets on in order, so that the longest bounds them all, and below
// that they share the cores (Amdahl's law over the longest serial stage).
//
// Where that stage is to be shorter than it can be made, it has to be parted:
//
//   - Headers are walked in turns, for what the stage notes is in the order of the capture.
//     Record boundaries of a block are found in 2 ns a packet; from then on its parts could
//     be walked at once, each into chunks of its own, and only the times and facts (4 ns)
//     be put in order after.
//   - The flow table can be parted by the tuple's hash, each part with an owner: a chunk's
//     packets go to the parts by a list of places, which come back as (part, number in the
//     part). The models need numbers of the whole, in order of first appearance, which
//     one pass at the end gives: parts tell each flow's first packet. Until then an
//     affinity is of (part, number), so that it can be parted in the same way.
//   - A mode under RSS can be parted by CPUs, whose lines know nothing of each other, once
//     the NIC's lists are planned (schedule); non-rss can't: every packet waits for the same
//     vector.
func BenchmarkStages(b *testing.B) {
	const packets = 1 << 17
	names := []string{"walk", "flows", "rss-msix", "non-rss"}
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		b.Fatal(err)
	}
	for _, flows := range []int{1000, 100_000} {
		b.Run(fmt.Sprintf("input=%d-flows", flows), func(b *testing.B) {
			capture := stagesCapture(packets, flows)
			cfg := &engine.Config{
				Config:           nicmodel.Config{Queues: 8, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
				InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 800, ISRCPU: engine.LeastBusy, Interval: 100_000_000,
			}
			for i := range cfg.Queues {
				cfg.CPUs, cfg.QueueCPU, cfg.Table = append(cfg.CPUs, i), append(cfg.QueueCPU, i), append(cfg.Table, uint16(i))
			}
			if err := cfg.Validate(); err != nil {
				b.Fatal(err)
			}
			steering := steeringBy(b, cfg.Table, cfg.QueueCPU)
			chunks := make([]chunk, packets/chunkPackets)
			batches := make([]engine.Batch, packets/engine.BatchSize)
			recs := make([]pcaps.Record, chunkPackets)
			took := slices.Repeat([]time.Duration{math.MaxInt64}, len(names)) // the least
			for b.Loop() {
				begun := time.Now()
				lap := func(stage int) {
					took[stage] = min(took[stage], time.Since(begun))
					begun = time.Now()
				}
				o := &Options{Config: cfg, Steering: steering, Directions: direction.NewDirections(local)}
				s := &stage{o: o, r: newResult(o), maxTickTime: engine.MaxSpan}
				s.facts, s.long = newFacts(&s.r.Facts), longFrames{LongFrames: &s.r.Long}
				source, err := file.NewReader(bytes.NewReader(capture), "memory")
				if err != nil {
					b.Fatal(err)
				}
				for i, n := 0, 0; i < len(chunks); {
					got, err := source.Read(recs[n:])
					if n += got; err != nil && err != io.EOF {
						b.Fatal(err)
					}
					if n == chunkPackets || err == io.EOF {
						if err := s.walk(recs[:n], &chunks[i]); err != nil {
							b.Fatal(err)
						}
						i, n = i+1, 0
					}
				}
				lap(0)
				for range 2 { // of flows that it knows
					for i := range batches {
						batches[i].Reset(uint32(i * engine.BatchSize))
					}
					begun = time.Now()
					for i := range chunks {
						s.r.flows.add(&chunks[i], &batches[i*chunkPackets/engine.BatchSize])
					}
				}
				lap(1)
				for i, mode := range []engine.Mode{engine.RSSMSIX, engine.NonRSS} {
					e, _ := engine.New(engine.Setup{Config: cfg, Mode: mode})
					for i := range batches {
						e.Process(&batches[i])
					}
					e.Finish()
					lap(2 + i)
				}
			}
			perPacket := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / packets }
			var sum time.Duration
			for i, name := range names {
				b.ReportMetric(perPacket(took[i]), name+"-ns/packet")
				sum += took[i]
			}
			longest := slices.Max(took)
			for _, cores := range []int{1, 2, 4, 8, 16} {
				b.ReportMetric(perPacket(max(longest, sum/time.Duration(cores))), fmt.Sprintf("%d-cores-ns/packet", cores))
			}
		})
	}
}
