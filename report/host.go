package report

import "slices"

// Host is what a host's own texts tell of the machine around the NIC, where they were
// given: where its CPUs are, what it counted, and what moves work to other CPUs than the
// interrupts'.
type Host struct {
	NICNode *int `json:"nic_node"` // NUMA node of the NIC; null: not shown, or there is one node only

	ThreadedNAPI       bool `json:"threaded_napi"`
	BusyPolling        bool `json:"busy_polling"`
	DeferredInterrupts bool `json:"deferred_interrupts"`

	Window *int64        `json:"window_ns"` // between the snapshots whose counts the CPUs have; null: counts since the host booted
	CPUs   List[HostCPU] `json:"cpus"`
}

// HostCPU is one CPU of the host. What was not shown is null.
type HostCPU struct {
	CPU    int  `json:"cpu"`
	Core   *int `json:"core"` // SMT siblings have one
	Socket *int `json:"socket"`
	Node   *int `json:"node"`

	Processed    *uint64 `json:"processed"`     // packets, /proc/net/softnet_stat
	BacklogDrops *uint64 `json:"backlog_drops"` // packets
	TimeSqueezes *uint64 `json:"time_squeezes"`
	FromRPS      *uint64 `json:"from_rps"`    // times that another CPU's RPS woke it
	NetRXRuns    *uint64 `json:"net_rx_runs"` // /proc/softirqs
}

// PlaceColumn is a column of where CPUs are.
type PlaceColumn struct {
	Head string
	Of   func(*CPU) *int
}

// PlaceColumns are what the host's texts say of where the mode's CPUs are: lscpu alone
// knows nodes, and no cores.
func (m *Mode) PlaceColumns() []PlaceColumn {
	columns := []PlaceColumn{{"core", func(c *CPU) *int { return c.Core }}, {"node", func(c *CPU) *int { return c.Node }}}
	return slices.DeleteFunc(columns, func(p PlaceColumn) bool {
		return !slices.ContainsFunc(m.CPUs, func(c CPU) bool { return p.Of(&c) != nil })
	})
}

// At is the CPU of a number, nil where nothing is told of it, or of the host.
func (h *Host) At(cpu int) *HostCPU {
	if h == nil {
		return nil
	}
	return find(h.CPUs, func(c *HostCPU) bool { return c.CPU == cpu })
}

// groupImbalance is max ÷ mean of the packets of groups of CPUs, as cores are and NUMA
// nodes; nil where a CPU's group is not known, or where each CPU is one, or all are.
func groupImbalance(cpus List[CPU], group func(*CPU) *int) *Fraction {
	var numbers []int
	var packets []uint64
next:
	for i := range cpus {
		of := group(&cpus[i])
		if of == nil {
			return nil
		}
		for at, number := range numbers {
			if number == *of {
				packets[at] += cpus[i].Packets
				continue next
			}
		}
		numbers, packets = append(numbers, *of), append(packets, cpus[i].Packets)
	}
	if len(numbers) < 2 || len(numbers) == len(cpus) {
		return nil
	}
	return new(MaxOverMean(packets))
}
