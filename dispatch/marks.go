package dispatch

import (
	"math"
	"slices"

	"rssreplay/dispatch/engine"
)

const (
	// maxMarks is how often the flows' packets are noted: half of it, and more, where
	// the capture has that many chunks.
	maxMarks = 64
	// marksPerFold are so many that no fold has a quarter more packets than another, or
	// less, as long as few are sent.
	marksPerFold = 4
	// maxMarkedFlows bounds what marks cost: 2 MB, and less than 1 ms each time that a capture
	// becomes twice as long.
	maxMarkedFlows = 1 << 13
)

// marks notes now and then how many packets each flow has by then, so that a capture
// whose length nobody knows beforehand can be cut into folds afterwards. No packet
// costs anything: it is counted with its flow anyway.
//
// Where maxMarks are noted, each second one goes, and the next ones are twice as far
// apart.
type marks struct {
	every, next uint64 // packets, sent ones included
	seen        uint64
	noted       []mark
	off         bool // more flows than maxMarkedFlows, or more packets than a uint32 holds
}

// mark is the packets received up to a moment.
type mark struct {
	received uint64
	notIP    uint64
	flows    []uint32 // of each flow that was there
}

func newMarks() *marks { return &marks{every: chunkPackets, next: chunkPackets} }

// passed tells of the next n packets, which the table has counted.
func (m *marks) passed(t *flowTable, n int) {
	m.seen += uint64(n)
	if m.seen < m.next || m.off {
		return
	}
	if m.off = t.n > maxMarkedFlows; m.off {
		m.noted = nil
		return
	}
	if len(m.noted) == maxMarks {
		m.every *= 2
		kept := m.noted[:0]
		for i := 1; i < maxMarks; i += 2 {
			kept = append(kept, m.noted[i])
		}
		m.noted = kept
	}
	m.noted = append(m.noted, m.mark(t))
	m.next = m.seen + m.every
}

func (m *marks) mark(t *flowTable) mark {
	now := mark{flows: make([]uint32, t.n)}
	for _, packets := range t.notIP {
		now.notIP += packets
	}
	now.received = now.notIP
	for id := range t.n {
		packets := t.records.At(id).packets
		m.off = m.off || packets > math.MaxUint32
		now.flows[id] = uint32(packets)
		now.received += packets
	}
	return now
}

// folds is the capture in n folds, which end at the marks that are nearest to equal
// numbers of received packets. They have packets alone, no bytes and no times. It is nil
// where there are too few marks, or a flow met more entries than one: when
// it met which is not noted.
func (m *marks) folds(t *flowTable, n int, cfg *engine.Config) *folds {
	if t.n > maxMarkedFlows || len(t.first.varied.of) > 0 {
		return nil
	}
	end := m.mark(t)
	if m.off || len(m.noted) < marksPerFold*n {
		return nil
	}
	p := newFolds(Cut{Folds: n, Received: end.received}, cfg)
	p.packets.Grow(t.n)
	var from mark
	for k := range n {
		to := end
		if k < n-1 {
			to = m.nearest(end.received * uint64(k+1) / uint64(n))
		}
		if to.received <= from.received {
			return nil
		}
		p.between(t, k, &from, &to)
		from = to
	}
	return p
}

// nearest is the mark by which the number of packets received is nearest to this.
func (m *marks) nearest(received uint64) mark {
	return slices.MinFunc(m.noted, func(a, b mark) int {
		distance := func(c *mark) int64 {
			return max(int64(c.received-received), int64(received-c.received))
		}
		return int(distance(&a) - distance(&b))
	})
}

// between makes fold k of what came between two marks.
func (p *folds) between(t *flowTable, k int, from, to *mark) {
	of := &p.of[k]
	of.Packets = to.received - from.received
	of.Unhashed.Packets = to.notIP - from.notIP
	for id, packets := range to.flows {
		if id < len(from.flows) {
			packets -= from.flows[id]
		}
		if packets == 0 {
			continue
		}
		of.Flows++
		p.packets.At(uint32(id))[k] = packets
		if load := of.load(t.records.At(uint32(id)).entry); load != nil {
			load.Packets += uint64(packets)
		}
	}
}
