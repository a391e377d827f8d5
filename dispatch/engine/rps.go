package engine

import (
	"fmt"

	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
)

// RPS is receive packet steering: after the NIC and the interrupt have chosen a CPU,
// the stack moves packets to others by software. RSSMSIX and NonRSS get a second hop
// by it, and drain by poll, whatever Config.Drain says; the two other modes run as
// without.
type RPS struct {
	// CPUs is the mask of each queue: the CPUs in it, ascending, as indices into
	// Config.CPUs. An empty one steers nothing. In NonRSS the one hardware queue is
	// rx-0, so the first mask decides for all packets.
	CPUs [][]uint16

	Cost    int64      // ns, of handing a packet over, instead of packet-cost
	Backlog int        // a packet is dropped where more than this wait
	Passed  rps.Hashes // kinds of the NIC's hashes that count; else the stack makes its own
}

// validate reports what makes no sense of so many queues and CPUs.
func (r *RPS) validate(queues, cpus int) error {
	if err := nicmodel.CheckTime("rps-cost", r.Cost); err != nil {
		return err
	}
	if err := nicmodel.CheckCount("backlog", r.Backlog, 0, nicmodel.MaxBuffers, ""); err != nil {
		return err
	}
	if len(r.CPUs) != queues {
		return fmt.Errorf("--rps has the masks of %d queues, but there are %d", len(r.CPUs), queues)
	}
	for q, mask := range r.CPUs {
		for i, cpu := range mask {
			if int(cpu) >= cpus || i > 0 && cpu <= mask[i-1] {
				return fmt.Errorf("--rps gives queue %d a CPU that is not in use, or one twice", q)
			}
		}
	}
	return nil
}

// Active tells the modes that have a second hop.
func (r *RPS) Active(mode Mode) bool { return r != nil && (mode == RSSMSIX || mode == NonRSS) }

// notSteered stands for the CPU that a packet is steered to where it is not.
const notSteered = 0xffff

// target is the CPU that a packet of the queue is steered to, which may be the one where
// it is: it goes through the backlog there. own tells that the stack's own hash chose
// it from several.
func (r *RPS) target(queue uint16, b *Batch, nic *NICHashes, i int) (cpu uint16, own bool) {
	mask := r.CPUs[queue]
	if len(mask) == 0 {
		return notSteered, false
	}
	hash := nic.Hash[i]
	if r.Passed&nic.Kind[i] == 0 {
		hash, own = b.Own[i], len(mask) > 1
	}
	if hash == 0 {
		return notSteered, false
	}
	return mask[rps.Choose(hash, len(mask))], own
}

// NICHashes are the hashes that the NIC gives the packets of a batch, and their kinds, by
// one way of steering.
type NICHashes struct {
	Hash [BatchSize]uint32
	Kind [BatchSize]rps.Hashes
}
