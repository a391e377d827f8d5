package engine

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
