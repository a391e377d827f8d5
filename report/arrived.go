package report

import "slices"

// Arrived is the mode with the packets that came for each CPU: those that its rings drop are
// counted as if it had taken them, so that an overload does not look even because each CPU
// takes what it can. It is the mode itself where what is dropped makes no CPU hotter by more
// than noise, or where it is not known for which CPU that came: under receive packet steering,
// without queues of its own for each CPU, and where entries or queues move.
func (r *Report) Arrived(m *Mode) *Mode {
	if came := r.AllArrived(m); !(came.Imbalance.Packets < (1+markedFrom)*m.Imbalance.Packets) {
		return came
	}
	return m
}

// AllArrived is Arrived also where what is dropped makes no CPU hotter by more than noise.
func (r *Report) AllArrived(m *Mode) *Mode {
	if m.Totals.Drops == 0 || m.RPS != nil || r.Moves() {
		return m
	}
	came := *m
	came.CPUs = slices.Clone(m.CPUs)
	bytes := make([]uint64, len(m.CPUs))
	for i := range m.Queues {
		q := &m.Queues[i]
		at := -1
		if q.CPU != nil {
			at = slices.IndexFunc(came.CPUs, func(c CPU) bool { return c.CPU == *q.CPU })
		}
		if at < 0 {
			return m
		}
		c := &came.CPUs[at]
		if taken := m.CPUs[at].Packets; taken > 0 && !c.PacketsPerSecond.IsNull() {
			c.PacketsPerSecond += m.CPUs[at].PacketsPerSecond * Ratio(q.Drops, taken)
		}
		c.Packets += q.Drops
		came.Totals.Packets += q.Drops
		bytes[at] += q.Bytes
	}
	packets := make([]uint64, len(m.CPUs))
	for i := range came.CPUs {
		came.CPUs[i].Bytes, packets[i] = bytes[i], came.CPUs[i].Packets
	}
	came.Imbalance.Packets, came.Imbalance.Bytes = MaxOverMean(packets), MaxOverMean(bytes)
	return &came
}
