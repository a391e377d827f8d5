package plain

// poller is what has turns on a CPU: the DPC of a vector whose ISR ran there, or
// the CPU's backlog.
type poller struct {
	backlog bool
	vector  int // of no meaning for a backlog
}

// turns is a CPU's run list and its backlog.
type turns struct {
	turn *turn    // that it is at; one at a time
	list []poller // that wait for one, first in, first out

	backlog   []buffer
	scheduled bool // the backlog has its turn, waits for one, or an IPI for it is under way

	steeredAway, fromBacklog, backlogDrops, ipis uint64
	backlogMax                                   int
}

// turn is one, which counts as a DPC of the CPU.
type turn struct {
	poller poller
	dpc    dpc
	taken  int          // packets, against the budget: steered ones too
	joined map[int]bool // backlogs that a packet of it joined
}

// defaultBacklogBudget is a backlog's where dpc-budget is 0. A vector's DPC has no
// limit then.
const defaultBacklogBudget = 64

// schedule gives a poller its turn at once if none has one on that CPU; else it
// goes to the end of the list.
func (e *machine) schedule(cpu int, p poller) {
	c := &e.cpus[cpu]
	if c.turn != nil {
		c.list = append(c.list, p)
		return
	}
	e.startTurn(cpu, p)
}

// startTurn works dpc-cost; then comes the first decision.
func (e *machine) startTurn(cpu int, p poller) {
	c := &e.cpus[cpu]
	t := &turn{poller: p, dpc: dpc{vector: p.vector, cpu: cpu}, joined: make(map[int]bool)}
	if p.backlog {
		e.saw("backlog c%d", cpu)
	}
	e.begin(cpu, dpcWork)
	c.turn = t
	c.dpcs++
	e.charge(t, e.cfg.DPCCost)
	e.starts(e.now+e.cfg.DPCCost, cpu, decisions, func() { e.decide(t) })
}

// charge notes work of a turn beside what indicating costs.
func (e *machine) charge(t *turn, cost int64) {
	e.cpus[t.dpc.cpu].dpcTime += cost
	if !t.poller.backlog {
		e.vectors[t.poller.vector].workTime += cost
	}
}

// decide takes the oldest packet. The turn ends when there is none, or when the
// budget is spent and more wait.
func (e *machine) decide(t *turn) {
	cpu := t.dpc.cpu
	c := &e.cpus[cpu]
	waiting, budget := len(c.backlog), defaultBacklogBudget
	if !t.poller.backlog {
		waiting, budget = e.holds(t.poller.vector, cpu), 0
	}
	if e.cfg.DPCBudget > 0 {
		budget = e.cfg.DPCBudget
	}
	switch {
	case waiting == 0:
		e.turnEnds(t, false)
	case budget > 0 && t.taken == budget:
		e.turnEnds(t, true)
	case t.poller.backlog:
		b := c.backlog[0]
		c.backlog = c.backlog[1:]
		c.fromBacklog++
		e.takeToIndicate(t, []buffer{b})
	default:
		oldest := e.take(t.poller.vector, cpu, 1)
		if target, steered := e.rpsCPU(oldest[0]); steered {
			e.takeToSteer(t, oldest, target)
		} else {
			e.takeToIndicate(t, oldest)
		}
	}
}

// takeToIndicate works on a packet and indicates it. One from a vector's queue
// gives its buffer back then; one from a backlog did when it joined.
func (e *machine) takeToIndicate(t *turn, one []buffer) {
	t.taken++
	cpu := t.dpc.cpu
	e.taken(one, cpu)
	cost := e.work(cpu, one[0])
	if !t.poller.backlog {
		e.vectors[t.poller.vector].workTime += cost
	}
	e.ends(e.now+cost, cpu, func() {
		e.indicate(&t.dpc, one[0])
		if !t.poller.backlog {
			e.giveBack(one)
		}
		e.starts(e.now, cpu, decisions, func() { e.decide(t) })
	})
}

// takeToSteer works rps-cost on a packet. At the end its buffer comes back, and it
// joins the backlog of target, or is dropped there if more than the limit wait. It
// was not taken to be indicated: that is for the backlog to do.
func (e *machine) takeToSteer(t *turn, one []buffer, target int) {
	t.taken++
	cpu := t.dpc.cpu
	e.cpus[cpu].steeredAway++
	e.saw("steer p%d c%d", one[0].packet, target)
	e.charge(t, e.setup.RPS.Cost)
	e.ends(e.now+e.setup.RPS.Cost, cpu, func() {
		e.giveBack(one)
		to := &e.cpus[target]
		if len(to.backlog) > e.setup.RPS.Backlog {
			to.backlogDrops++
			e.rings[one[0].queue].lost++
			e.saw("backlog drops p%d c%d", one[0].packet, target)
		} else {
			to.backlog = append(to.backlog, one[0])
			to.backlogMax = max(to.backlogMax, len(to.backlog))
			t.joined[target] = true
			e.saw("join p%d c%d", one[0].packet, target)
		}
		e.starts(e.now, cpu, decisions, func() { e.decide(t) })
	})
}

// turnEnds ends a turn, with the queue empty or the budget spent.
//
// A vector's DPC then schedules the backlogs that its packets joined, the lowest
// CPU first, if they are neither scheduled nor empty: its own CPU's ahead of
// itself, another's by an IPI, from whose sending on it counts as scheduled. Last,
// the head of the list starts its turn, as part of this event.
func (e *machine) turnEnds(t *turn, spent bool) {
	cpu := t.dpc.cpu
	c := &e.cpus[cpu]
	e.dpcEnds(&t.dpc)
	c.turn = nil

	if t.poller.backlog {
		c.scheduled = spent
	} else {
		for other := range e.cpus {
			if to := &e.cpus[other]; t.joined[other] && !to.scheduled && len(to.backlog) > 0 {
				to.scheduled = true
				if other == cpu {
					c.list = append(c.list, poller{backlog: true})
				} else {
					e.interrupt(other)
				}
			}
		}
		if !spent {
			e.oneDone(t.poller.vector)
		}
	}

	if spent {
		c.list = append(c.list, t.poller)
	}
	if len(c.list) > 0 {
		head := c.list[0]
		c.list = c.list[1:]
		e.startTurn(cpu, head)
	}
}

// interrupt sends an IPI that schedules another CPU's backlog.
func (e *machine) interrupt(cpu int) {
	e.starts(e.now+e.cfg.IPILatency, cpu, dpcStarts, func() {
		e.cpus[cpu].ipis++
		e.saw("ipi c%d", cpu)
		e.schedule(cpu, poller{backlog: true})
	})
}
