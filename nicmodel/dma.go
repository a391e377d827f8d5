package nicmodel

// DMAList is the NIC's list of completions: (buffer, CPU) pairs noted one by
// one and published together (MODEL.md section 4, MSI-1a to 1c).
type DMAList struct {
	batch   int
	timeout int64
	first   int64 // arrival of the list's first packet
	bufs    []Buffer
}

// NewDMAList is an empty list of the given batch and timeout.
func NewDMAList(c *Config) DMAList {
	return DMAList{batch: c.DMABatch, timeout: c.DMATimeout}
}

// Overdue reports whether the list holds packets and its timeout passed before
// now, and the moment of the timeout. At the very instant of the timeout
// arrivals come first (section 6), so it is not overdue then.
func (l *DMAList) Overdue(now int64) (at int64, yes bool) {
	at = l.first + l.timeout
	return at, len(l.bufs) > 0 && at < now
}

// Add notes a buffer, and reports whether the list is full and must be
// published at that packet's arrival.
func (l *DMAList) Add(b Buffer) (full bool) {
	if len(l.bufs) == 0 {
		l.first = b.Arrival
	}
	l.bufs = append(l.bufs, b)
	return len(l.bufs) >= l.batch
}

// Empty takes the noted buffers, in arrival order, for publishing; they are
// valid until the next Add.
func (l *DMAList) Empty() []Buffer {
	bufs := l.bufs
	l.bufs = l.bufs[:0]
	return bufs
}

// Deadline is the moment of the list's timeout; it means nothing when the list
// is empty.
func (l *DMAList) Deadline() (at int64, pending bool) {
	return l.first + l.timeout, len(l.bufs) > 0
}
