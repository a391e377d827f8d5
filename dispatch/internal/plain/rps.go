package plain

import "rssreplay/dispatch/engine"

// RPS is receive packet steering: after the NIC and the interrupt have chosen a
// CPU, the stack moves packets to others by software. With it rss-msix and
// non-rss drain by poll, whatever was asked; the two other modes run as without.
type RPS struct {
	// CPUs is the mask of each queue: the CPUs in it, ascending, as indices into
	// Config.CPUs. An empty one steers nothing. In non-rss the one hardware queue is
	// rx-0, so the first mask decides for all packets.
	CPUs [][]int

	Cost    int64 // ns, of handing a packet over, instead of packet-cost
	Backlog int   // a packet is dropped where more than this wait
}

// secondHop reports whether this run has backlogs and turns: also when no queue
// has a mask.
func (e *machine) secondHop() bool {
	return e.setup.RPS != nil && (e.mode == engine.RSSMSIX || e.mode == engine.NonRSS)
}

// rpsCPU is the CPU that a packet is steered to: the high bits of its hash choose
// from its queue's mask. Without a mask, or with a hash of 0, it is not steered. It
// may be steered to the CPU where it is, and goes through the backlog there.
func (e *machine) rpsCPU(b buffer) (cpu int, steered bool) {
	cpus, hash := e.setup.RPS.CPUs[b.queue], e.packets[b.packet].RPSHash
	if len(cpus) == 0 || hash == 0 {
		return none, false
	}
	return cpus[reciprocalScale(hash, len(cpus))], true
}

// reciprocalScale is the kernel's: from 0 to n − 1, in proportion to h.
func reciprocalScale(h uint32, n int) int {
	return int(uint64(h) * uint64(n) >> 32)
}
