package engine

import "rssreplay/nicmodel"

// dpcSet is the DPCs of one interrupt cycle on several CPUs, in the modes whose
// NIC has one vector for all of them (HWQ-3, SQ-5b). The vector is enabled when
// the last of them ends.
type dpcSet struct {
	m       *Model
	dpcs    []dpc // per CPU
	active  []int // CPUs whose DPC has not ended
	next    int   // the active CPU whose event is next
	waiting int   // buffers published to the CPUs' queues and not yet taken
}

// dpc is one CPU's part of the cycle.
type dpc struct {
	queue *nicmodel.Queue
	state dpcState
	time  int64 // of the next event
	taken int   // packets that this DPC took
	again bool  // snapshot: some buffers remained when the DPC started
}

type dpcState uint8

const (
	dpcStart    dpcState = iota // starts at time, step (4)
	dpcSnapshot                 // ends at time, step (0)
	dpcDeciding                 // poll decides at time, step (4)
	dpcPolling                  // the packet ends at time, step (0)
)

// newDPCSet is the DPCs of the CPUs, each with its receive queue.
func newDPCSet(m *Model, queues []nicmodel.Queue) dpcSet {
	s := dpcSet{m: m, dpcs: make([]dpc, len(queues))}
	for c := range queues {
		s.dpcs[c].queue = &queues[c]
	}
	return s
}

// ends reports whether the next event is of step (0), which comes before the
// arrivals of its instant.
func (d *dpc) ends() bool { return d.state == dpcSnapshot || d.state == dpcPolling }

// add queues CPU c's DPC to start at t; CPUs are added in any order.
func (s *dpcSet) add(c int, t int64) {
	s.dpcs[c].state, s.dpcs[c].time = dpcStart, t
	s.active = append(s.active, c)
}

// ready finds the next event, and returns the first instant whose arrivals
// come after it: Never without one.
func (s *dpcSet) ready() int64 {
	s.next = -1
	ready := int64(nicmodel.Never)
	for _, c := range s.active {
		d := &s.dpcs[c]
		// One number orders (time, step): the steps after the arrivals belong
		// to the next instant's.
		r := d.time
		if !d.ends() {
			r++
		}
		if s.next < 0 || r < ready || r == ready && s.before(c, s.next) {
			ready, s.next = r, c
		}
	}
	return ready
}

// before orders two events that the same arrivals come after: one of step (4)
// at t comes before one of step (0) at t+1; of one step the lowest CPU is first.
func (s *dpcSet) before(a, b int) bool {
	ta, tb := s.dpcs[a].time, s.dpcs[b].time
	if ta != tb {
		return ta < tb
	}
	return a < b
}

// advance does the event that ready found, and returns its time.
func (s *dpcSet) advance() int64 {
	c := s.next
	d := &s.dpcs[c]
	t := d.time
	switch d.state {
	case dpcStart:
		s.start(c, t)
	case dpcSnapshot:
		d.queue.ReturnTo(&s.m.rings)
		s.m.event(DPCEnd, t, c, -1, -1)
		if d.again {
			d.state = dpcStart
		} else {
			s.end(c)
		}
	case dpcDeciding:
		s.decide(c, t)
	case dpcPolling:
		d.queue.ReturnTo(&s.m.rings)
		d.state = dpcDeciding
	}
	return t
}

// start starts CPU c's DPC.
func (s *dpcSet) start(c int, t int64) {
	m, d := s.m, &s.dpcs[c]
	m.event(DPCStart, t, c, -1, -1)
	m.cpus[c].DPCs++
	m.cpus[c].DPCTime += m.cfg.DPCCost
	if m.mode == RSSSingleQueue {
		s.share(c, t, t+m.cfg.DPCCost)
		return
	}
	if m.cfg.Drain == Poll {
		d.taken = 0
		d.state, d.time = dpcDeciding, t+m.cfg.DPCCost
		return
	}
	n := d.queue.Waiting()
	d.again = false
	if budget := m.cfg.DPCBudget; budget > 0 && n > budget {
		n, d.again = budget, true
	}
	m.dequeued(d.queue, n)
	s.waiting -= n
	s.snapshot(c, n, t, t+m.cfg.DPCCost)
}

// share takes all that was dealt to CPU c, and indicates it from start.
func (s *dpcSet) share(c int, takenAt, start int64) {
	s.snapshot(c, s.dpcs[c].queue.Waiting(), takenAt, start)
}

func (s *dpcSet) snapshot(c, n int, takenAt, start int64) {
	m, d := s.m, &s.dpcs[c]
	m.cpus[c].MaxPerDPC = max(m.cpus[c].MaxPerDPC, uint64(n))
	d.state, d.time = dpcSnapshot, m.indicate(c, d.queue, n, takenAt, start)
}

// decide is a poll DPC after its start and after each packet.
func (s *dpcSet) decide(c int, t int64) {
	m, d := s.m, &s.dpcs[c]
	switch {
	case d.queue.Waiting() == 0:
		m.event(DPCEnd, t, c, -1, -1)
		s.end(c)
	case m.cfg.DPCBudget > 0 && d.taken == m.cfg.DPCBudget:
		m.event(DPCEnd, t, c, -1, -1)
		s.start(c, t)
	default:
		d.taken++
		m.cpus[c].MaxPerDPC = max(m.cpus[c].MaxPerDPC, uint64(d.taken))
		m.dequeued(d.queue, 1)
		s.waiting--
		d.state, d.time = dpcPolling, m.indicate(c, d.queue, 1, t, t)
	}
}

func (s *dpcSet) end(c int) {
	for i, a := range s.active {
		if a == c {
			s.active[i] = s.active[len(s.active)-1]
			s.active = s.active[:len(s.active)-1]
			return
		}
	}
}
