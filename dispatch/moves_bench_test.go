package dispatch

import (
	"fmt"
	"slices"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
)

// BenchmarkMoves is what changes of the table and the affinity cost a model, on batches made
// beforehand: 8 CPUs and a packet each microsecond.
func BenchmarkMoves(b *testing.B) {
	const chunks, flows, cpus, entries, soon = 1024, 100_000, 8, 128, 10_000_000
	inputs := []struct {
		name   string
		queues int
		change func(*engine.Config)
	}{
		{"static", cpus, func(*engine.Config) {}},
		{"ticks", cpus, func(c *engine.Config) {
			c.Rebalance = &rebalance.Options{Every: 10_000_000, Max: 10_000_000, Threshold: 0.02}
		}},
		{"one-entry", cpus, func(c *engine.Config) {
			table := slices.Clone(c.Table)
			table[0] = 1
			c.Tables = []engine.TableAt{{Time: soon, Table: table}}
		}},
		{"half-of-entries", cpus, func(c *engine.Config) {
			table := slices.Clone(c.Table)
			for i := range table {
				table[i] = (table[i] + uint16(i/cpus%2)) % uint16(c.Queues)
			}
			c.Tables = []engine.TableAt{{Time: soon, Table: table}}
		}},
		{"all-entries", cpus, func(c *engine.Config) {
			table := slices.Clone(c.Table)
			for i := range table {
				table[i] = (table[i] + 1) % uint16(c.Queues)
			}
			c.Tables = []engine.TableAt{{Time: soon, Table: table}}
		}},
		{"all-queues", cpus, func(c *engine.Config) {
			c.Affinities = []engine.AffinityAt{{Time: soon, QueueCPU: slices.Concat(c.QueueCPU[1:], c.QueueCPU[:1])}}
		}},
		{"2-queues-a-cpu", 2 * cpus, func(*engine.Config) {}},
	}
	for _, mode := range []engine.Mode{engine.RSSMSIX, engine.RSSHWQueues, engine.RSSSingleQueue} {
		for _, input := range inputs {
			b.Run(fmt.Sprintf("impl=%v/input=%s", mode, input.name), func(b *testing.B) {
				cfg := &engine.Config{
					Config:           nicmodel.Config{Queues: input.queues, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
					InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 800, IPILatency: 2000, DistributeCost: 50,
					ISRCPU: engine.LeastBusy, Interval: 100_000_000,
				}
				for i := range cpus {
					cfg.CPUs = append(cfg.CPUs, i)
				}
				for q := range cfg.Queues {
					cfg.QueueCPU = append(cfg.QueueCPU, q%cpus)
				}
				for i := range entries {
					cfg.Table = append(cfg.Table, uint16(i%cfg.Queues))
				}
				input.change(cfg)
				if err := cfg.Validate(); err != nil {
					b.Fatal(err)
				}
				batches := benchBatches(steeringBy(b, cfg.Table, cfg.QueueCPU), benchChunks(chunks, flows, 1000))
				modelAlone(b, cfg, mode, batches, chunks*chunkPackets)
			})
		}
	}
}
