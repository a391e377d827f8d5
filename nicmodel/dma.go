package nicmodel

// DMAList is the NIC's list of completions, which it publishes together
// (MSI-1a to 1c): for each buffer, in arrival order, the CPU
// whose receive queue holds it, filled and not yet published.
type DMAList struct {
	batch   int
	timeout int64
	first   int64    // arrival of the list's first packet
	cpus    []uint16 // indexes of CPUs
}

// NewDMAList is an empty list of the given batch and timeout.
func NewDMAList(c *Config) DMAList {
	return DMAList{batch: c.DMABatch, timeout: c.DMATimeout}
}

// Overdue reports whether the list holds packets and its timeout passed before
// now, and the moment of the timeout. At the very instant of the timeout
// arrivals come first, so it is not overdue then.
func (l *DMAList) Overdue(now int64) (at int64, yes bool) {
	at = l.first + l.timeout
	return at, at < now && len(l.cpus) > 0
}

// Add notes a buffer that arrived now for a CPU, and reports whether the list
// is full and must be published at that packet's arrival.
func (l *DMAList) Add(cpu uint16, now int64) (full bool) {
	if len(l.cpus) == 0 {
		l.first = now
	}
	l.cpus = append(l.cpus, cpu)
	return len(l.cpus) >= l.batch
}

// Len is the number of buffers in the list.
func (l *DMAList) Len() int { return len(l.cpus) }

// Empty takes the noted CPUs, for publishing; they are valid until the next Add.
func (l *DMAList) Empty() []uint16 {
	cpus := l.cpus
	l.cpus = l.cpus[:0]
	return cpus
}

// Deadline is the moment of the list's timeout; it means nothing when the list
// is empty.
func (l *DMAList) Deadline() (at int64, pending bool) {
	return l.first + l.timeout, len(l.cpus) > 0
}
