package engine

import (
	"cmp"
	"slices"

	"rssreplay/nicmodel"
)

// movingSends judges the sent packets of a fastMoving where they are those of whole flows
// (FlowSends).
//
// Optimization: it equals Model.send in step. The home CPU of a connection, and the one of its
// latest take, are known from those takes of the flow that is answered which another CPU did
// than the one before. These are noted: of a plain line when the packet is published, of
// another one when it is taken. So sent packets can wait until all that arrives up to the next
// change has arrived, and are merged with the takes by time.
type movingSends struct {
	model   *Model
	entries receivedEntries
	takes   []flowTake // those below told are told of
	told    int
}

// flowTake is a packet of a flow that a CPU takes.
type flowTake struct {
	at   int64
	flow uint32
	cpu  uint16
}

// take notes that cpu takes a packet of a flow at a time. Of what waits at a move it is told
// twice: the second time, when it is taken, changes nothing.
func (s *movingSends) take(flow uint32, at int64, cpu int) {
	s.takes = append(s.takes, flowTake{at, flow, uint16(cpu)})
}

// sort is to be called between take and tell: it puts the takes in their order.
func (s *movingSends) sort() {
	s.takes, s.told = s.takes[:copy(s.takes, s.takes[s.told:])], 0
	slices.SortFunc(s.takes, func(a, b flowTake) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.cpu, b.cpu))
	})
}

// tell tells the model of the takes before a time.
func (s *movingSends) tell(t int64) {
	for ; s.told < len(s.takes) && s.takes[s.told].at < t; s.told++ {
		p := &s.takes[s.told]
		s.model.takeOf(int(p.cpu), p.flow, p.at)
	}
}

// received is the packets of b that are to arrive, and when others are sent that judge is to
// process.
func (e *fastMoving) received(b *Batch) (in arriving, sentAt []int64) {
	if e.beside == nil || len(b.Sends) == 0 {
		return b.arriving(e.steering), nil
	}
	in = e.plan.received(b)
	in.entry = e.beside.entries.received(b.steered(e.steering).Entry[:b.N])
	return in, e.plan.without.sentAt[:len(b.Sends)]
}

// judge processes the next sent packets, at these times, where all that arrives before the last
// of them has arrived.
func (e *fastMoving) judge(times []int64) {
	if len(times) == 0 {
		return
	}
	last := times[len(times)-1]
	e.overdue(last)
	if e.unsettled || !e.plain {
		e.advance(last)
	}
	e.beside.sort()
	for _, t := range times {
		e.beside.tell(t)
		e.toSend(e.sends)
		e.send(t, e.sends[0], 0) // nobody observes which it is
		e.sends = e.sends[1:]
	}
}

// firstOf is the first of two lists of times, each from some place on; Never if there is none.
func firstOf(a, b []int64) int64 {
	t := int64(nicmodel.Never)
	for _, times := range [][]int64{a, b} {
		if len(times) > 0 {
			t = min(t, times[0])
		}
	}
	return t
}
