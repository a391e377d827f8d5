package engine

import "rssreplay/dispatch/engine/measure"

// Counters is what one mode counted: the same struct
// whichever engine filled it. CPUs are indexed as Config.CPUs.
type Counters struct {
	Mode          Mode
	SimulatedTime int64 // ns: the time of the last event
	CPUs          []CPUCounters
	Queues        []QueueCounters // one in NonRSS and RSSSingleQueue
	SendsJudged   uint64          // sent packets whose connection had had a received packet taken
	SendMatches   uint64          // of those, sent on the CPU that most recently took one of it
	Windows       Windows

	// SerialTime is the time of the busiest unit that can't run beside itself, in
	// ns. RSSMSIX: the most ISR and DPC time of one CPU. NonRSS: that of all CPUs
	// together, since only one of them works at a time. RSSHWQueues and
	// RSSSingleQueue: how long the vector was masked, from each raise to its enable.
	SerialTime int64

	// Reordered is the indicated packets whose indication ended strictly later than
	// that of a packet of their flow that arrived after them (a reordered packet of
	// RFC 4737). Each counts once.
	Reordered uint64

	Rebalanced *Rebalanced // nil without a rebalancer

	// Arrived is the packets that arrived for each CPU, as Windows but with those that
	// found no buffer; nil where neither table nor affinity changes, and in NonRSS.
	Arrived *Windows
}

// CPUCounters is what happened on one CPU. Times in ns.
type CPUCounters struct {
	Packets, Bytes uint64 // indicated
	Interrupts     uint64 // ISRs run
	DPCs           uint64
	MaxPerDPC      uint64 // most packets indicated by one DPC
	ISRTime        int64
	DPCTime        int64
	SendPackets    uint64
	SendTime       int64
	Latency        measure.Latency

	// Packets that paid migration-cost: another CPU had most recently taken a packet
	// of their flow. MigrationTime is part of DPCTime.
	MigratedPackets uint64
	MigrationTime   int64

	// Under receive packet steering, else 0.
	SteeredAway  uint64 // packets that vectors' DPCs on this CPU gave to a backlog, its own included, whether they fitted or not
	FromBacklog  uint64 // packets taken from its backlog
	BacklogMax   uint64 // most that waited there, just after one joined
	BacklogDrops uint64 // packets that its backlog had no room for
	IPIs         uint64 // received for its backlog
}

// busy is the CPU's ISR, DPC and send time, in ns.
func (c *CPUCounters) busy() int64 { return c.ISRTime + c.DPCTime + c.SendTime }

// QueueCounters is what happened to one hardware queue.
type QueueCounters struct {
	Packets, Bytes uint64 // steered to it, dropped ones included
	Drops          uint64 // no free buffer at arrival
	DepthMax       uint64 // most of its buffers published and not yet taken

	// Most packets that arrived for it, dropped ones too, from a moment on and
	// before 50 µs (500 µs) after it.
	Burst50us, Burst500us uint64
}

// MaxWindows bounds the time series.
const MaxWindows = 10000

// Windows is the packets that each CPU indicated, by time of arrival: window i
// holds the arrivals from i × Interval to before (i+1) × Interval. When a
// capture needs more than MaxWindows, Interval is doubled until it does not.
type Windows struct {
	Interval int64      // ns
	Packets  [][]uint64 // [cpu][window]; all CPUs have equally many
}

// cpuSeries counts the packets that one CPU indicated, by time of arrival, as
// Windows has it. Its arrivals come in order; those of different CPUs do not.
type cpuSeries struct {
	counts []uint64
	until  int64 // end of the last window: earlier arrivals belong to it
}

// extend makes the window of arrival the last one of s, a CPU's series.
func (m *Model) extend(s *cpuSeries, arrival int64) {
	for arrival/m.interval >= MaxWindows {
		m.coarsen()
	}
	w := int(arrival / m.interval)
	if missing := w + 1 - len(s.counts); missing > 0 {
		s.counts = append(s.counts, make([]uint64, missing)...)
	}
	s.until = (int64(w) + 1) * m.interval
}

// inLast counts packets that the CPU of s indicated, by their arrivals, if all lie in
// the last window; else crossWindows is to count them.
//
// Optimization: it is inlined. Arrivals are in order, and most runs lie there.
func (s *cpuSeries) inLast(arrivals []int64) bool {
	n := len(arrivals)
	if arrivals[n-1] >= s.until {
		return false
	}
	s.counts[len(s.counts)-1] += uint64(n)
	return true
}

func (m *Model) crossWindows(s *cpuSeries, arrivals []int64) {
	for _, arrival := range arrivals {
		if arrival >= s.until {
			m.extend(s, arrival)
		}
		s.counts[len(s.counts)-1]++
	}
}

// inWindow counts a packet that the CPU of s indicated, by its arrival, which need not
// be in order.
func (m *Model) inWindow(s *cpuSeries, arrival int64) {
	if arrival >= s.until {
		m.extend(s, arrival)
	}
	w := len(s.counts) - 1
	if arrival < s.until-m.interval {
		w = int(arrival / m.interval)
	}
	s.counts[w]++
}

// uncount takes back that these packets, the latest ones of s, were counted.
func (m *Model) uncount(s *cpuSeries, arrivals []int64) {
	for _, arrival := range arrivals {
		s.counts[arrival/m.interval]--
	}
	if len(arrivals) > 0 {
		w := arrivals[0] / m.interval
		s.counts, s.until = s.counts[:w+1], (w+1)*m.interval
	}
}

// coarsen doubles the interval: two windows become one.
func (m *Model) coarsen() {
	m.interval *= 2
	for i := range m.cpus {
		s := &m.cpus[i].series
		n := (len(s.counts) + 1) / 2
		for w := range n {
			sum := s.counts[2*w]
			if 2*w+1 < len(s.counts) {
				sum += s.counts[2*w+1]
			}
			s.counts[w] = sum
		}
		s.counts = s.counts[:n]
		s.until = int64(n) * m.interval
	}
}

// windows is the finished series, each CPU's filled up to the longest.
func (m *Model) windows() Windows {
	w := Windows{Interval: m.interval, Packets: make([][]uint64, len(m.cpus))}
	longest := 0
	for i := range m.cpus {
		longest = max(longest, len(m.cpus[i].series.counts))
	}
	for i := range m.cpus {
		c := m.cpus[i].series.counts
		w.Packets[i] = append(c, make([]uint64, longest-len(c))...)
	}
	return w
}

// EntryLoad is what met one entry of the indirection table: received packets
// with a hash.
type EntryLoad struct{ Packets, Bytes, Flows uint64 }
