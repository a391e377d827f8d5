package plain

// burst is the most packets that arrived within any window of so many ns: from
// a moment on and before window later. arrivals never fall.
//
// A window that holds the most can be moved right until it begins with an
// arrival, and holds no fewer: so only such ones are looked at.
func burst(arrivals []int64, window int64) uint64 {
	most := 0
	for i, from := range arrivals {
		n := 0
		for _, time := range arrivals[i:] {
			if time >= from+window {
				break
			}
			n++
		}
		most = max(most, n)
	}
	return uint64(most)
}
