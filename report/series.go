package report

import (
	"cmp"
	"slices"
)

// busiestWindow is the window in which the CPUs together indicated the most
// packets, the earliest of equals; nil when they indicated none.
func busiestWindow(s Series) *Window {
	packets, _ := s.loads()
	best, most := -1, uint64(0)
	for w, n := range packets {
		if n > most {
			best, most = w, n
		}
	}
	return s.window(best)
}

// PeakWindow is the window with the greatest imbalance, the earliest of equals;
// nil when no packet was indicated. It is sought only among the windows that
// hold at least as many packets as the mean window: in one with a single packet
// the imbalance is the number of CPUs, so near-empty windows would always win.
func PeakWindow(s Series) *Window {
	packets, greatest := s.loads()
	mean := s.meanWindow()
	best, most := -1, Fraction(0)
	for w, n := range packets {
		if n == 0 || float64(n) < float64(mean) {
			continue
		}
		if imbalance := imbalanceOf(greatest[w], n, len(s.CPUs)); imbalance > most {
			best, most = w, imbalance
		}
	}
	return s.window(best)
}

// busyShare is the share of all packets that the busiest windows have together.
const busyShare = 10

// busyWindows is the mean imbalance of the windows with the most packets that
// together hold a tenth of all, each by its packets; Null without any.
func busyWindows(s Series) Fraction {
	packets, greatest := s.loads()
	var total uint64
	for _, n := range packets {
		total += n
	}
	var sum, peaks uint64
	for _, w := range MostFirst(len(packets), func(w int) uint64 { return packets[w] }) {
		if sum*busyShare >= total {
			break
		}
		sum += packets[w]
		peaks += greatest[w]
	}
	if sum == 0 {
		return Null
	}
	return imbalanceOf(peaks, sum, len(s.CPUs))
}

// MostFirst is the numbers of n things in the order of their packets, the most first; those with
// as many stay as they are.
func MostFirst(n int, packets func(i int) uint64) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(packets(b), packets(a)) })
	return order
}

// imbalanceOf is MaxOverMean of values of which the greatest and the sum are known.
func imbalanceOf(greatest, sum uint64, values int) Fraction {
	return Fraction(float64(greatest) * float64(values) / float64(sum))
}

// Windows is how many windows the series has.
func (s *Series) Windows() int {
	n := 0
	for i := range s.CPUs {
		n = max(n, len(s.CPUs[i].Packets))
	}
	return n
}

// loads is what the CPUs together indicated in each window, and the CPU with
// the most. It goes row by row: a column has an element in each of maybe
// hundreds of slices.
func (s *Series) loads() (packets, greatest []uint64) {
	windows := s.Windows()
	packets, greatest = make([]uint64, windows), make([]uint64, windows)
	for i := range s.CPUs {
		for w, n := range s.CPUs[i].Packets {
			packets[w] += n
			greatest[w] = max(greatest[w], n)
		}
	}
	return packets, greatest
}

// meanWindow is the packets of a window, empty ones included; Null without one.
func (s *Series) meanWindow() Fraction {
	var sum uint64
	for i := range s.CPUs {
		sum += s.CPUs[i].Total()
	}
	return Ratio(sum, s.Windows())
}

// window describes the window with number w; nil when that is below 0.
func (s *Series) window(w int) *Window {
	if w < 0 {
		return nil
	}
	column := make([]uint64, len(s.CPUs))
	var sum uint64
	for i := range s.CPUs {
		column[i] = s.CPUs[i].At(w)
		sum += column[i]
	}
	return &Window{Start: int64(w) * s.Interval, Packets: sum, Imbalance: MaxOverMean(column)}
}

// hottest is the CPU with the most packets in the window that starts at start,
// the first of equals, and their number.
func (s *Series) hottest(start int64) (cpu int, packets uint64) {
	w := 0
	if s.Interval > 0 {
		w = int(start / s.Interval)
	}
	for i := range s.CPUs {
		if n := s.CPUs[i].At(w); i == 0 || n > packets {
			cpu, packets = s.CPUs[i].CPU, n
		}
	}
	return cpu, packets
}

// Columns is each CPU's row with its windows summed, per of them to a column,
// so that at most limit columns are left; the last may hold fewer windows.
func (s *Series) Columns(limit int) (rows [][]uint64, per int) {
	windows := s.Windows()
	per = max((windows+limit-1)/limit, 1)
	rows = make([][]uint64, len(s.CPUs))
	for i := range s.CPUs {
		rows[i] = make([]uint64, (windows+per-1)/per)
		for w, n := range s.CPUs[i].Packets {
			rows[i][w/per] += n
		}
	}
	return rows, per
}

// At is the packets of window w; 0 beyond the row's end.
func (c *SeriesCPU) At(w int) uint64 {
	if w < 0 || w >= len(c.Packets) {
		return 0
	}
	return c.Packets[w]
}

// Total is the sum of the row.
func (c *SeriesCPU) Total() uint64 {
	var sum uint64
	for _, n := range c.Packets {
		sum += n
	}
	return sum
}
