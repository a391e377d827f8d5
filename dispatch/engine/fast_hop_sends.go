package engine

import "rssreplay/dispatch/engine/affinity"

// hopSends is the sent packets of a fastHop, which are those of whole flows (FlowSends).
//
// Optimization: they equal Model.send and affinity.HomeCPUs. All packets of a flow are taken
// by one CPU, so that it is both the home CPU of the connection and the one of its latest
// take, from when the first is taken; and nothing but the choice of the least busy CPU
// depends on what was sent.
type hopSends struct {
	homes *affinity.HomeCPUs // that are not kept; nil: no packet may be sent
	later []hopSend          // that are not charged yet: an interrupt may come before them
}

// hopSend is a packet that a CPU sends at a time.
type hopSend struct {
	time int64
	cpu  int
}

// send processes a sent packet at its time; those that arrived before are published.
func (e *fastHop) send(t int64, ref affinity.SendRef, _ uint32) {
	on := e.cfg.QueueCPU[e.cfg.DefaultQueue]
	if ref.Answers != NoFlow && e.takenBefore(ref.Answers, t) {
		on = e.wayTo(ref.Answers)
		e.judged++
		e.matches++
	}
	if e.mode == NonRSS && e.cfg.ISRCPU == LeastBusy {
		e.sent.later = append(e.sent.later, hopSend{time: t, cpu: on})
		return
	}
	e.chargeSend(on)
}

func (e *fastHop) chargeSend(on int) {
	e.cpus[on].SendPackets++
	e.cpus[on].SendTime += e.cfg.SendCost
}

// chargeSends charges what was sent up to now.
func (e *fastHop) chargeSends(now int64) {
	later, n := e.sent.later, 0
	for ; n < len(later) && later[n].time <= now; n++ {
		e.chargeSend(later[n].cpu)
	}
	if n > 0 {
		e.sent.later = later[:copy(later, later[n:])]
	}
}

// takenBefore reports whether a packet of the flow was taken to be indicated before the
// arrivals at t, up to which nothing more is to be published.
func (e *fastHop) takenBefore(flow uint32, t int64) bool {
	way := *e.ways.At(flow)
	if e.hasMet(flow) || way == 0 { // no vector's DPC, and no CPU, has got to t
		return way != 0
	}
	e.advance(t)
	if to := way.cpu(); to != notSteered {
		e.interruptBefore(e.vectorOn(int(to)), t)
		e.run(int(to), t)
		e.count(e.lines[to])
	}
	return e.hasMet(flow)
}
