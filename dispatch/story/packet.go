package story

import (
	"rssreplay/dispatch/engine"
)

// Story is what happened to one packet in one mode. Times are ns since the
// first packet; CPUs and queues are indexes.
type Story struct {
	Mode    engine.Mode
	Outcome Outcome

	// Steps are what happened to the packet, and the interrupt cycle in which it
	// was indicated, in order of time.
	Steps []engine.Event

	Arrival int64
	Queue   int         // hardware queue; -1 for a sent packet
	CPU     int         // that indicated or sent it; -1 for a dropped one
	Ring    RingState   // when it arrived; not of a sent packet
	List    ListState   // the DMA list that it was in; Size 0 where the mode has none
	Vector  VectorState // when it was published or dropped
	Waiting int         // packets in the receive queue once it was published, itself included
	Raise   RaiseState  // of the interrupt cycle in which it was indicated
	DPC     DPCState    // that indicated it
	Parts   []Part      // of its latency, in order of time; they sum up to it
	Latest  int         // of a sent packet, and of one that a DPC took: Event.Latest

	// SteeredBy is the CPU whose DPC handed the packet over to a backlog (RPS), which is
	// that of CPU; -1 if none did.
	SteeredBy int
}

// Latency is the packet's indication minus its arrival, in ns: the sum of the
// parts.
func (s *Story) Latency() int64 {
	var sum int64
	for _, p := range s.Parts {
		sum += p.Time
	}
	return sum
}

// Outcome is how a packet's story ends.
type Outcome uint8

const (
	Indicated   Outcome = iota // a DPC indicated it
	Dropped                    // it found no free buffer
	SentPacket                 // it was not received, but sent
	RuledOut                   // a rule of the NIC dropped it at its arrival
	BacklogFull                // it was steered to a CPU whose backlog was full (RPS)

	NumOutcomes = iota
)

var outcomeNames = [NumOutcomes]string{"indicated", "dropped", "sent", "dropped_by_rule", "dropped_in_backlog"}

// String is the outcome's name in reports, "indicated".
func (o Outcome) String() string { return outcomeNames[o] }

// RingState counts the buffers of one hardware queue that are in use: in the
// NIC's list of completions, published and waiting, or taken by a DPC.
type RingState struct {
	Size                   int
	Listed, Waiting, Taken int
}

// Used is the buffers in use.
func (r RingState) Used() int { return r.Listed + r.Waiting + r.Taken }

// ListState is a packet's place in the NIC's list of completions.
type ListState struct {
	Place, Size int  // the first place is 1
	Full        bool // published because it held dma-batch packets, else by dma-timeout
}

// VectorPhase is what a vector is doing at some moment.
type VectorPhase uint8

const (
	VectorIdle    VectorPhase = iota // enabled, and nothing queued before
	VectorWaiting                    // enabled; packets wait for it to be raised
	VectorRaised                     // masked: raised, and the ISR not called yet
	VectorISR                        // masked: the ISR runs
	VectorDPC                        // masked: its DPCs run, or are on their way

	NumVectorPhases = iota
)

var phaseNames = [NumVectorPhases]string{"enabled", "waiting", "raised", "isr", "dpc"}

// String is the phase's name in reports, "isr".
func (p VectorPhase) String() string { return phaseNames[p] }

// VectorState is a vector at some moment.
type VectorState struct {
	Phase VectorPhase
	Since int64 // VectorWaiting: when it could first have been raised; masked: when it was
}

// RaiseCause is what decided the moment at which a vector was raised.
type RaiseCause uint8

const (
	RaisedAtOnce   RaiseCause = iota // it was due when it became both enabled and non-empty
	RaisedByFrames                   // the queue held rx-frames packets
	RaisedByUsecs                    // rx-usecs after the oldest publish
	RaisedByITR                      // itr after the last raise

	NumRaiseCauses = iota
)

var causeNames = [NumRaiseCauses]string{"at_once", "rx-frames", "rx-usecs", "itr"}

// String is the cause's name in reports, "rx-usecs".
func (c RaiseCause) String() string { return causeNames[c] }

// RaiseState is how a vector came to be raised.
type RaiseState struct {
	Time   int64
	CPU    int // of the ISR
	Cause  RaiseCause
	Joined bool // it was raised before the packet was published
}

// DPCState is the DPC that indicated a packet.
type DPCState struct {
	Position int // among the packets that it indicated, from 1
	Packets  int // that it indicated
	Anew     int // DPCs of the cycle on the same CPU before it, by dpc-budget
}

// Part is a part of a packet's latency.
type Part struct {
	Kind PartKind
	Time int64 // ns
}

// PartKind says what a packet waits for.
type PartKind uint8

const (
	WaitPublish       PartKind = iota // for the list of completions
	WaitEnable                        // for the vector to be enabled
	WaitDue                           // for the vector to be due: itr, rx-usecs, rx-frames
	WaitISR                           // interrupt-latency
	WaitISREnd                        // isr-cost
	WaitDeal                          // the dealing DPC of RSSSingleQueue
	WaitIPI                           // ipi-latency
	WaitEarlier                       // for DPCs of the cycle before its own
	WaitDPCCost                       // dpc-cost
	WaitBefore                        // for packets before it in the same DPC
	WaitSteering                      // rps-cost
	WaitBacklog                       // in a backlog, for its turn
	WaitBacklogCost                   // dpc-cost of that
	WaitBacklogBefore                 // for packets before it in that turn
	WaitMigration                     // for its connection's state, from the cache of another CPU
	WaitOwn                           // its own packet-cost and byte-cost

	NumPartKinds = iota
)

var partNames = [NumPartKinds]string{
	"list", "masked", "moderation", "interrupt_latency", "isr", "deal", "ipi_latency", "earlier_dpcs",
	"dpc_cost", "packets_before", "rps_cost", "backlog", "backlog_dpc_cost", "backlog_packets_before", "migration_cost", "packet_cost",
}

// String is the part's name in reports, "packets_before".
func (p PartKind) String() string { return partNames[p] }
