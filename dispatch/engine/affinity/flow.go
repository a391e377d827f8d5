package affinity

// NoFlow stands for a flow that a packet does not have.
const NoFlow = 0xffffffff

// Flow is where one flow's packets were indicated in one mode.
type Flow struct {
	Packets    []CPUPackets // by ascending CPU, none with 0 packets
	Migrations uint64       // packets indicated on another CPU than the flow's indicated packet before it, in arrival order
}

// CPUPackets counts packets on one CPU, by its index among the CPUs in use.
type CPUPackets struct {
	CPU     int
	Packets uint64
}
