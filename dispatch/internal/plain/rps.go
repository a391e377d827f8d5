package plain

import (
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
)

// RPS is receive packet steering: after the NIC and the interrupt have chosen a
// CPU, the stack moves packets to others by software. With it rss-msix and
// non-rss drain by poll, whatever was asked; the two other modes run as without.
type RPS struct {
	// CPUs is the mask of each queue: the CPUs in it, ascending, as indices into
	// Config.CPUs; none in the place of one that went offline after the mask was
	// written. An empty one steers nothing. In non-rss the one hardware queue is rx-0,
	// so the first mask decides for all packets.
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
// from its queue's mask. Without a mask, with a hash of 0, or where the CPU chosen is
// offline, it is not steered. It may be steered to the CPU where it is, and goes through
// the backlog there.
func (e *machine) rpsCPU(b buffer) (cpu int, steered bool) {
	cpus, hash := e.setup.RPS.CPUs[b.queue], e.packets[b.packet].RPSHash
	if len(cpus) == 0 || hash == 0 {
		return none, false
	}
	cpu = cpus[reciprocalScale(hash, len(cpus))]
	return cpu, cpu != none
}

// reciprocalScale is the kernel's: from 0 to n − 1, in proportion to h.
func reciprocalScale(h uint32, n int) int {
	return int(uint64(h) * uint64(n) >> 32)
}

// HashChoice is which hash of a packet counts for RPS.
type HashChoice uint8

const (
	MixedHash    HashChoice = iota // the NIC's where ports were hashed, as most drivers pass it
	NICHash                        // the NIC's wherever there is one
	SoftwareHash                   // the stack's own
)

// RPSHash is the hash that a packet is steered by: the NIC's, of the kind that it
// hashed if any, or the stack's own. Only a NIC's can be 0; where it has none, the
// stack makes one.
func RPSHash(choice HashChoice, nic uint32, hashed bool, kind hash.Type, own uint32) uint32 {
	switch {
	case !hashed || choice == SoftwareHash:
		return own
	case choice == MixedHash:
		switch kind {
		case hash.TCPIPv4, hash.UDPIPv4, hash.TCPIPv6, hash.UDPIPv6, hash.TCPIPv6Ex, hash.UDPIPv6Ex:
		default:
			return own
		}
	}
	return nic
}
