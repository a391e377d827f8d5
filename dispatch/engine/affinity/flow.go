package affinity

// NoFlow stands for a flow that a packet does not have.
const NoFlow = 0xffffffff

// CPUPackets counts packets on one CPU, by its index among the CPUs in use.
type CPUPackets struct {
	CPU     int
	Packets uint64
}
