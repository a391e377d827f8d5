package plain

// burst is the most packets that arrived within any window of so many ns: from
// a moment on and before window later. arrivals never fall.
//
// A window that holds the most can be moved left until it ends just after an
// arrival, and holds no fewer: so only such ones are looked at.
func burst(arrivals []int64, window int64) uint64 {
	most, first := 0, 0
	for last, time := range arrivals {
		for arrivals[first] <= time-window {
			first++
		}
		most = max(most, last-first+1)
	}
	return uint64(most)
}
