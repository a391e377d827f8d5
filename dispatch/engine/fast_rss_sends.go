package engine

import (
	"rssreplay/dispatch/internal/bigarray"
	"rssreplay/dispatch/internal/prefetch"
	"rssreplay/nicmodel"
)

// fastSends judges the sent packets of a fastRSS where they are those of whole flows
// (FlowSends), a flow keeps its CPU, and a DPC takes all that waits at its start.
//
// Optimization: it equals Model.send and affinity.HomeCPUs. A connection's home CPU and
// the one of its latest take are both the CPU of the flow that is answered, from when the
// first packet of that flow is taken; and this is known when it is published. So sent
// packets can wait until the batch is done with, and nothing is noted of a packet but of
// its flow's first one.
type fastSends struct {
	model *Model

	// before is a flow: it and those above may have to be taken still, those below were,
	// before the times to come. firsts has the times of the former from the place begun
	// on, Never where they are not known. Flows are numbered as they arrive, so that
	// these are few, unless the first packets of one are dropped.
	before uint32
	begun  int
	firsts []int64
	cpu    bigarray.Array[uint16] // per flow that was taken

	entries receivedEntries
}

// newFastRSSSends is a fastRSS with sent packets, as fastSends wants them.
func newFastRSSSends(m *Model) *fastRSS {
	m.homeCPUs = nil
	e := newFastRSS(m)
	for c := range e.lines {
		l := &e.lines[c]
		l.rest = make([]fastPacket, len(l.arrival)) // of which the flows are asked for
	}
	e.sent = &fastSends{model: m}
	e.parting, m.arrives = nil, false
	return e
}

// begin makes room for the flows of a batch.
func (s *fastSends) begin(b *Batch) {
	s.cpu.Grow(b.Flows)
	for b.N > 0 && s.begun < len(s.firsts) && s.firsts[s.begun] < b.Time[0] {
		s.begun++
		s.before++
	}
	if s.begun > len(s.firsts)/2 {
		s.firsts = s.firsts[:copy(s.firsts, s.firsts[s.begun:])]
		s.begun = 0
	}
	for s.before+uint32(len(s.firsts)-s.begun) < b.Flows { // a last batch of none may have fewer
		s.firsts = append(s.firsts, nicmodel.Never)
	}
}

// take notes that cpu takes a packet of a flow from before on, at a time.
func (s *fastSends) take(flow uint32, at int64, cpu int) {
	if flow == NoFlow {
		return
	}
	if first := &s.firsts[s.begun+int(flow-s.before)]; *first == nicmodel.Never {
		*first, *s.cpu.At(flow) = at, uint16(cpu)
	}
}

// taken reports whether a packet of the flow was taken before a time of this batch.
func (s *fastSends) taken(flow uint32, t int64) bool {
	return flow < s.before || flow != NoFlow && s.firsts[s.begun+int(flow-s.before)] < t
}

// judge processes the sent packets of a batch, at these times, once the packets before
// them are published.
func (s *fastSends) judge(b *Batch, times []int64) {
	m := s.model
	for i, t := range times {
		if i%prefetch.Group == 0 {
			prefetch.Records(s.cpu.Chunks, b.Sends[i:min(i+prefetch.Group, len(times))])
		}
		on, flow := m.cfg.QueueCPU[m.cfg.DefaultQueue], b.Sends[i].Answers
		if s.taken(flow, t) {
			on = int(*s.cpu.At(flow))
			m.judged++
			m.matches++
		}
		m.cpus[on].SendPackets++
		m.cpus[on].SendTime += m.cfg.SendCost
	}
}
