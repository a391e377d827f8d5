package plain

import (
	"maps"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
)

// counters are what is measured, of a run that is over.
func (e *machine) counters() engine.Counters {
	// The simulated time is that of the last event.
	counters := engine.Counters{
		Mode:          e.mode,
		SimulatedTime: e.lastEvent,
		SendsJudged:   e.sends.judged,
		SendMatches:   e.sends.matches,
		Windows:       e.windows(),
		SerialTime:    e.serialTime(),
		Reordered:     e.reordered(),
	}
	for i := range e.cpus {
		c := &e.cpus[i]
		counters.CPUs = append(counters.CPUs, engine.CPUCounters{
			Packets:     c.packets,
			Bytes:       c.bytes,
			Interrupts:  c.interrupts,
			DPCs:        c.dpcs,
			MaxPerDPC:   c.maxPerDPC,
			ISRTime:     c.isrTime,
			DPCTime:     c.dpcTime,
			SendPackets: c.sendPackets,
			SendTime:    c.sendTime,
			Latency:     latency(c.latencies),

			MigratedPackets: c.migrated,
			MigrationTime:   c.migrationTime,

			SteeredAway:  c.steeredAway,
			FromBacklog:  c.fromBacklog,
			BacklogMax:   uint64(c.backlogMax),
			BacklogDrops: c.backlogDrops,
			IPIs:         c.ipis,
		})
	}
	for i := range e.rings {
		r := &e.rings[i]
		counters.Queues = append(counters.Queues, engine.QueueCounters{
			Packets:  r.packets,
			Bytes:    r.bytes,
			Drops:    r.drops,
			DepthMax: uint64(r.depthMax),

			Burst50us:  burst(r.arrivals, 50_000),
			Burst500us: burst(r.arrivals, 500_000),
		})
	}
	return counters
}

// windows counts the packets that each CPU indicated by time of arrival. There
// are as many as the last indicated arrival needs, 0 without one.
//
// Not specified: whether packets that were dropped or sent make the windows
// coarser. Here they do not, having no window.
func (e *machine) windows() engine.Windows {
	last := int64(none)
	for p, in := range e.indicated {
		if in.cpu != none {
			last = e.packets[p].Time
		}
	}
	w := engine.Windows{Interval: e.cfg.Interval, Packets: make([][]uint64, len(e.cpus))}
	n := int64(0)
	if last != none {
		for last/w.Interval+1 > engine.MaxWindows {
			w.Interval *= 2
		}
		n = last/w.Interval + 1
	}
	for c := range w.Packets {
		w.Packets[c] = make([]uint64, n)
	}
	for p, in := range e.indicated {
		if in.cpu != none {
			w.Packets[in.cpu][e.packets[p].Time/w.Interval]++
		}
	}
	return w
}

// Flow is where one flow's packets were indicated in one mode.
type Flow struct {
	Packets    []affinity.CPUPackets // by ascending CPU, none with 0 packets
	Migrations uint64                // packets indicated on another CPU than the flow's indicated packet before it, in arrival order
}

// affinity is where each flow's packets were indicated. "Dropped packets, and
// flows with none indicated, do not count."
func (e *machine) affinity(flows int) []Flow {
	of := make([]Flow, flows)
	perCPU := make([]map[int]uint64, flows)
	before := make([]int, flows)
	for f := range flows {
		perCPU[f] = make(map[int]uint64)
		before[f] = none
	}
	for p, in := range e.indicated {
		f, cpu := e.packets[p].Flow, in.cpu
		if f == none || cpu == none {
			continue
		}
		perCPU[f][cpu]++
		if before[f] != none && before[f] != cpu {
			of[f].Migrations++
		}
		before[f] = cpu
	}
	for f := range of {
		for _, cpu := range slices.Sorted(maps.Keys(perCPU[f])) {
			of[f].Packets = append(of[f].Packets, affinity.CPUPackets{CPU: cpu, Packets: perCPU[f][cpu]})
		}
	}
	return of
}
