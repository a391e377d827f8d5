package plain

// reordered counts the indicated packets whose indication ended strictly later
// than that of a packet of their flow that arrived after them. Each counts once.
// Packets that were dropped, or have no flow, do not count.
func (e *machine) reordered() uint64 {
	n := uint64(0)
	earliest := make(map[int]int64) // flow → first end among what arrived later
	for p := len(e.packets) - 1; p >= 0; p-- {
		flow, in := e.packets[p].Flow, e.indicated[p]
		if flow == none || in.cpu == none {
			continue
		}
		first, any := earliest[flow]
		if any && in.end > first {
			n++
		}
		if !any || in.end < first {
			earliest[flow] = in.end
		}
	}
	return n
}
