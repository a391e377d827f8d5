package dispatch

// Step is a numbered step of the document of a mode: the two in seeds, and
// their sibling pages in the NDIS documentation (MODEL.md section 10).
type Step uint8

const (
	MSI1a Step = iota // the NIC fills a buffer by DMA
	MSI1b             // computes a hash
	MSI1c             // queues the buffer to a CPU and tells the driver
	MSI1d             // interrupts the CPU of a non-empty queue
	MSI2              // adds a buffer to the queue of a CPU that it may not interrupt
	MSI3              // the ISR is called on the current CPU
	MSI4              // it disables the interrupts and queues a DPC
	MSI5a             // the DPC indicates received data
	MSI5b             // and enables the interrupts

	NON1 // the NIC fills a buffer by DMA and interrupts the system
	NON2 // fills a further one without an interrupt
	NON3 // the ISR is called on a system-determined CPU
	NON4 // it disables the interrupts and requests a DPC
	NON5 // the DPC is called on the current CPU
	NON6 // it indicates received data
	NON7 // and enables the interrupts

	HWQ1a // the NIC fills a buffer by DMA
	HWQ1b // computes the hash
	HWQ1c // queues it for a CPU and tells the driver, in a list
	HWQ1d // interrupts the system
	HWQ2  // the ISR is called on a system-determined CPU
	HWQ3  // a DPC is queued for each CPU with a non-empty queue
	HWQ4a // the DPC indicates received data
	HWQ4b // the last one to complete enables the interrupts

	SQ1  // the NIC fills a buffer and interrupts the system
	SQ2  // fills a further one without an interrupt
	SQ3  // the ISR is called on a system-determined CPU
	SQ4  // it disables the interrupts and requests a DPC
	SQ5a // the DPC assigns a buffer to the queue of a CPU by its hash
	SQ5b // queues a DPC for each other CPU with a share
	SQ5c // processes its own CPU's queue
	SQ6a // the DPC indicates received data
	SQ6b // the last one to complete enables the interrupts

	NumSteps = iota
)

var stepNames = [NumSteps]string{
	"MSI-1a", "MSI-1b", "MSI-1c", "MSI-1d", "MSI-2", "MSI-3", "MSI-4", "MSI-5a", "MSI-5b",
	"NON-1", "NON-2", "NON-3", "NON-4", "NON-5", "NON-6", "NON-7",
	"HWQ-1a", "HWQ-1b", "HWQ-1c", "HWQ-1d", "HWQ-2", "HWQ-3", "HWQ-4a", "HWQ-4b",
	"SQ-1", "SQ-2", "SQ-3", "SQ-4", "SQ-5a", "SQ-5b", "SQ-5c", "SQ-6a", "SQ-6b",
}

// String is the step's number as MODEL.md writes it, "MSI-1a".
func (s Step) String() string { return stepNames[s] }

// Event is one step as it happened. CPU and Queue are indexes, -1 where the
// step has none; Packet is the packet's number in the replay, from 0.
type Event struct {
	Mode   Mode
	Step   Step
	Time   int64 // ns since the first packet
	CPU    int
	Queue  int
	Packet int64 // -1 for a step of no single packet
}

// Observer is called at every step of a replay, in the order in which the
// engine takes them: per CPU in order of time. One of a mode that has a vector
// per CPU may run ahead of another CPU's.
type Observer func(Event)
