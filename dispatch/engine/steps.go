package engine

// Step is a numbered step of the document of a mode: the two in seeds, and
// their sibling pages in the NDIS documentation.
type Step uint8

const (
	NoStep Step = iota

	MSI1a // the NIC fills a buffer by DMA
	MSI1b // computes a hash
	MSI1c // queues the buffer to a CPU and tells the driver
	MSI1d // interrupts the CPU of a non-empty queue
	MSI2  // adds a buffer to the queue of a CPU that it may not interrupt
	MSI3  // the ISR is called on the current CPU
	MSI4  // it disables the interrupts and queues a DPC
	MSI5  // the DPC is called
	MSI5a // it indicates received data
	MSI5b // and enables the interrupts

	NON1 // the NIC fills a buffer by DMA and interrupts the system
	NON2 // fills a further one without an interrupt
	NON3 // the ISR is called on a system-determined CPU
	NON4 // it disables the interrupts and requests a DPC
	NON5 // the DPC is called on the current CPU
	NON6 // it indicates received data; the connection's sends run where it wants
	NON7 // it enables the interrupts

	HWQ1a // the NIC fills a buffer by DMA
	HWQ1b // computes the hash
	HWQ1c // queues it for a CPU and tells the driver, in a list
	HWQ1d // interrupts the system
	HWQ2  // the ISR is called on a system-determined CPU
	HWQ3  // a DPC is queued for each CPU with a non-empty queue
	HWQ4  // the DPC of a CPU is called
	HWQ4a // it indicates received data
	HWQ4b // the last one to complete enables the interrupts

	SQ1  // the NIC fills a buffer and interrupts the system
	SQ2  // fills a further one without an interrupt
	SQ3  // the ISR is called on a system-determined CPU
	SQ4  // it disables the interrupts and requests a DPC
	SQ5  // the DPC is called on the current CPU
	SQ5a // it assigns a buffer to the queue of a CPU by its hash
	SQ5b // queues a DPC for each other CPU with a share
	SQ5c // processes its own CPU's queue
	SQ6  // the DPC of another CPU is called
	SQ6a // a DPC indicates received data
	SQ6b // the last one to complete enables the interrupts

	NumSteps = iota
)

var stepNames = [NumSteps]string{
	"",
	"MSI-1a", "MSI-1b", "MSI-1c", "MSI-1d", "MSI-2", "MSI-3", "MSI-4", "MSI-5", "MSI-5a", "MSI-5b",
	"NON-1", "NON-2", "NON-3", "NON-4", "NON-5", "NON-6", "NON-7",
	"HWQ-1a", "HWQ-1b", "HWQ-1c", "HWQ-1d", "HWQ-2", "HWQ-3", "HWQ-4", "HWQ-4a", "HWQ-4b",
	"SQ-1", "SQ-2", "SQ-3", "SQ-4", "SQ-5", "SQ-5a", "SQ-5b", "SQ-5c", "SQ-6", "SQ-6a", "SQ-6b",
}

// String is the step's number by the document that it is of, "MSI-1a"; "" for NoStep.
func (s Step) String() string { return stepNames[s] }

// EventKind says what happened.
type EventKind uint8

const (
	Drop         EventKind = iota // a packet found no free buffer
	Fill                          // the NIC filled a buffer
	Hash                          // and computed its hash
	Publish                       // a buffer reached the receive queue of its CPU
	More                          // so did a further one, while the vector is masked
	Raise                         // the vector was raised, which masks it
	ISRStart                      // the ISR is called
	ISREnd                        // it disables interrupts and queues its DPC
	DPCQueue                      // a DPC is queued to another CPU
	DPCStart                      // a DPC is called
	Deal                          // the DPC assigned a buffer to a CPU
	ShareStart                    // the dealing DPC goes on with its own share
	Take                          // a DPC took a buffer, to indicate it
	Indicate                      // and has indicated it
	DPCEnd                        // a DPC ends
	Enable                        // the vector is enabled
	Send                          // a sent packet is processed
	RuleDrop                      // a rule of the NIC dropped a packet at its arrival
	Steer                         // a vector's DPC took a buffer, to hand the packet over to the CPU Latest (RPS)
	Join                          // and it joined the backlog of that CPU
	BacklogDrop                   // or found it full
	IPI                           // another CPU's DPC woke the backlog of this one
	BacklogStart                  // a backlog's turn starts, as a DPC does

	NumEventKinds = iota
)

var kindNames = [NumEventKinds]string{
	"drop", "fill", "hash", "publish", "more", "raise", "isr_start", "isr_end", "dpc_queue", "dpc_start",
	"deal", "share_start", "take", "indicate", "dpc_end", "enable", "send", "rule_drop",
	"steer", "join", "backlog_drop", "ipi", "backlog_start",
}

// String is the kind's name, "isr_start".
func (k EventKind) String() string { return kindNames[k] }

// steps are the numbers that each mode's document gives to what happens. The
// documents have none for a drop, for taking a buffer and for a DPC's end as
// such; non-RSS and the single queue publish by filling.
var steps = [NumModes][NumEventKinds]Step{
	RSSMSIX: {
		Fill: MSI1a, Hash: MSI1b, Publish: MSI1c, Raise: MSI1d, More: MSI2, ISRStart: MSI3, ISREnd: MSI4,
		DPCStart: MSI5, Indicate: MSI5a, Enable: MSI5b,
	},
	NonRSS: {
		Fill: NON1, More: NON2, Raise: NON1, ISRStart: NON3, ISREnd: NON4, DPCStart: NON5, Indicate: NON6, Send: NON6,
		Enable: NON7,
	},
	RSSHWQueues: {
		Fill: HWQ1a, Hash: HWQ1b, Publish: HWQ1c, Raise: HWQ1d, ISRStart: HWQ2, ISREnd: HWQ3, DPCQueue: HWQ3,
		DPCStart: HWQ4, Indicate: HWQ4a, Enable: HWQ4b,
	},
	RSSSingleQueue: {
		Fill: SQ1, More: SQ2, Raise: SQ1, ISRStart: SQ3, ISREnd: SQ4, DPCStart: SQ5, Deal: SQ5a, DPCQueue: SQ5b,
		ShareStart: SQ5c, Indicate: SQ6a, Enable: SQ6b,
	},
}

// Event is one thing that happened in one mode. CPU and Queue are indexes; -1,
// like Packet, where the event has none.
type Event struct {
	Mode   Mode
	Kind   EventKind
	Time   int64 // ns since the first packet
	CPU    int
	Queue  int
	Packet int64 // the packet's number in the replay, from 0, modulo 2³²

	// Latest is, of a Send, the CPU that most recently took a received packet of
	// its connection to indicate it; -1 where none was taken, so that the
	// connection has no home CPU yet. Of a Take it is the CPU that most recently
	// took a packet of the flow, if that is another one, so that this packet pays
	// migration-cost; else -1. Of a Steer it is the CPU that the packet is for, and of
	// a Join or BacklogDrop the CPU that handed it over.
	Latest int
}

// Step is the event's number in the mode's document, NoStep where it has none.
func (e Event) Step() Step {
	if e.Mode == RSSSingleQueue && e.Kind == DPCStart && e.Queue < 0 {
		return SQ6 // not the dealing DPC, which takes from the hardware queue
	}
	return steps[e.Mode][e.Kind]
}

// Observer is told everything that happens in a replay. Of one CPU, and of all
// CPUs in a mode whose NIC has one vector, it is told in order of time, but
// Indicate and Take come with the DPC that did them, and ISRStart with the
// raise; RSSMSIX works on one CPU after the other, and only their own order is
// kept.
type Observer func(Event)
