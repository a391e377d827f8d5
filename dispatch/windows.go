package dispatch

// series counts the packets that each CPU indicated, by time of arrival, as
// Windows has it. Each CPU's arrivals come in order, the CPUs among each other
// do not.
type series struct {
	interval int64
	cpus     []cpuSeries
}

type cpuSeries struct {
	counts []uint64
	until  int64 // end of the last window: earlier arrivals belong to it
}

func newSeries(interval int64, cpus int) series {
	return series{interval: interval, cpus: make([]cpuSeries, cpus)}
}

// add counts one packet of cpu that arrived at the given time, not before the
// CPU's last one.
func (s *series) add(cpu int, arrival int64) {
	c := &s.cpus[cpu]
	if arrival >= c.until {
		s.extend(cpu, arrival)
	}
	c.counts[len(c.counts)-1]++
}

// extend makes the window of arrival the last one of cpu.
func (s *series) extend(cpu int, arrival int64) {
	for arrival/s.interval >= MaxWindows {
		s.coarsen()
	}
	c := &s.cpus[cpu]
	w := int(arrival / s.interval)
	if missing := w + 1 - len(c.counts); missing > 0 {
		c.counts = append(c.counts, make([]uint64, missing)...)
	}
	c.until = (int64(w) + 1) * s.interval
}

// coarsen doubles the interval: two windows become one.
func (s *series) coarsen() {
	s.interval *= 2
	for i := range s.cpus {
		c := &s.cpus[i]
		for w := range (len(c.counts) + 1) / 2 {
			sum := c.counts[2*w]
			if 2*w+1 < len(c.counts) {
				sum += c.counts[2*w+1]
			}
			c.counts[w] = sum
		}
		c.counts = c.counts[:(len(c.counts)+1)/2]
		c.until = int64(len(c.counts)) * s.interval
	}
}

// windows is the finished series, each CPU's filled up to the longest.
func (s *series) windows() Windows {
	w := Windows{Interval: s.interval, Packets: make([][]uint64, len(s.cpus))}
	longest := 0
	for i := range s.cpus {
		longest = max(longest, len(s.cpus[i].counts))
	}
	for i := range s.cpus {
		c := s.cpus[i].counts
		w.Packets[i] = append(c, make([]uint64, longest-len(c))...)
	}
	return w
}
