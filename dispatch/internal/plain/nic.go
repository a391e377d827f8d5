package plain

import "rssreplay/dispatch/engine"

// ring is the buffers of one hardware queue.
type ring struct {
	inUse     int // from arrival until the driver gives it back
	published int // and not yet taken
	depthMax  int

	packets, bytes, drops uint64
	indicated             uint64
	lost                  uint64  // in a full backlog
	arrivals              []int64 // ns, of all packets, dropped ones too
}

// buffer is a filled one.
type buffer struct {
	packet    int
	queue     int   // whose ring it is of
	cpu       int   // that the hash chose; of no meaning in non-rss
	published int64 // ns
	migrated  bool  // when taken, another CPU had taken its flow's last
}

// vector is one of the NIC's interrupts.
type vector struct {
	// queue is the receive queue of its CPU (rss-msix), or the union of all, in the
	// order of publishing.
	queue []buffer

	masked    bool
	enabledAt int64 // ns: the last time; from the beginning it is enabled

	raises    uint64
	lastRaise int64 // ns; of no meaning before the first

	maskedTime int64 // ns, from each raise to its enable
	workTime   int64 // ns, of its ISRs and, under receive packet steering, its DPCs

	isrCPU  int // of this interrupt
	running int // DPCs (or shares) of this interrupt that have not ended
}

// steer is the queue and the CPU of a packet: a rule names a queue, or the table's
// entry does; unhashed packets go to default-queue, and the interrupt affinity
// gives a queue's CPU. In the two modes with one hardware queue that is queue 0, and the CPU is
// what software makes of the hash: a rule's queue stands for the table's there, and
// in non-rss for nothing. Both are decided at arrival, by the table and
// the affinity of that moment, and stay: also while the packet waits in a DMA list
// or to be dealt.
func (e *machine) steer(p int) (queue, cpu int) {
	packet := &e.packets[p]
	switch {
	case packet.Decision == ToQueue:
		queue = packet.Queue
	case packet.Entry != none:
		queue = int(e.table[packet.Entry])
	default:
		queue = e.cfg.DefaultQueue
	}
	cpu = e.queueCPU[queue]
	if e.oneQueue() {
		queue = 0
	}
	return queue, cpu
}

// arrive is MSI-1a, NON-1, HWQ-1a, SQ-1: the NIC fills a buffer; MSI-1b, HWQ-1b:
// it has hashed the packet.
func (e *machine) arrive(p int) {
	// What a rule drops is received, and an event of the simulated time, but nothing
	// behind the NIC sees it, in any mode: it takes no buffer and counts in no queue.
	if e.packets[p].Decision == ToDrop {
		e.ruleDrops++
		e.saw("rule drops p%d", p)
		return
	}
	queue, cpu := e.steer(p)
	e.countEntry(p)
	e.queueOf[p], e.steered[p] = queue, cpu
	ring := &e.rings[queue]
	ring.packets++
	ring.bytes += uint64(e.packets[p].Length)
	ring.arrivals = append(ring.arrivals, e.now)

	// "when none is free it is dropped there and counted"
	if ring.inUse == e.cfg.RxRing {
		ring.drops++
		e.saw("drop p%d q%d", p, queue)
		return
	}
	ring.inUse++
	e.saw("arrive p%d q%d", p, queue)
	b := buffer{packet: p, queue: queue, cpu: cpu}

	// "In the other two modes each buffer is published to the hardware queue at
	// its arrival."
	if e.oneQueue() {
		e.publish(b)
		return
	}

	// MSI-1c, HWQ-1c: one list for the whole NIC. "It publishes the list when it
	// holds dma-batch packets, at that packet's arrival"
	e.list = append(e.list, b)
	if len(e.list) == e.cfg.DMABatch {
		e.publishList()
	}
}

// dmaTimeout is when the list is published at the latest: "dma-timeout after
// the list's first packet".
func (e *machine) dmaTimeout() int64 {
	return e.packets[e.list[0].packet].Time + e.cfg.DMATimeout
}

// publishList appends each buffer to the receive queue of its CPU, in arrival
// order.
func (e *machine) publishList() {
	for _, b := range e.list {
		e.publish(b)
	}
	e.list = nil
}

func (e *machine) publish(b buffer) {
	b.published = e.now
	v := 0
	if e.mode == engine.RSSMSIX {
		v = b.cpu
	}
	e.vectors[v].queue = append(e.vectors[v].queue, b)

	ring := &e.rings[b.queue]
	ring.published++
	ring.depthMax = max(ring.depthMax, ring.published)
	e.saw("publish p%d v%d", b.packet, v)
}

// raiseTime is when vector v is raised if nothing else happens: "An enabled
// vector with something in its queue is raised at max(due, last raise + itr,
// now)".
func (e *machine) raiseTime(v int) (time int64, ok bool) {
	vector := &e.vectors[v]
	if vector.masked || len(vector.queue) == 0 {
		return 0, false
	}

	// "now is the moment it became both enabled and non-empty": while it is
	// enabled nothing is taken from its queue, so the oldest is what made it
	// non-empty, or was there already when it was enabled.
	oldest := vector.queue[0].published
	time = max(vector.enabledAt, oldest)

	// "due is the earlier of: oldest publish time in the queue + rx-usecs, if
	// rx-usecs > 0; the moment it holds rx-frames packets, if rx-frames > 0
	// (what is in the queue now; packets already taken do not count)"
	var due int64
	found := false
	if e.cfg.RxUsecs > 0 {
		due, found = oldest+e.cfg.RxUsecs, true
	}
	if frames := e.cfg.RxFrames; frames > 0 && len(vector.queue) >= frames {
		if held := vector.queue[frames-1].published; !found || held < due {
			due, found = held, true
		}
	}
	if !found {
		// rx-usecs 0 with more than one frame to wait for: Config refuses it.
		return 0, false
	}
	time = max(time, due)

	// "no such term before its first raise"
	if vector.raises > 0 {
		time = max(time, vector.lastRaise+e.cfg.ITR)
	}
	return time, true
}

// raise is MSI-1d, NON-1, HWQ-1d, SQ-1: the NIC interrupts. MSI-2, NON-2, SQ-2:
// it goes on filling, but does not raise the vector again until it is enabled.
func (e *machine) raise(v int) {
	vector := &e.vectors[v]
	e.invariant(!vector.masked, "vector %d is raised while masked", v)
	e.invariant(vector.running == 0, "vector %d is raised while %d of its DPCs run", v, vector.running)
	vector.masked = true
	vector.raises++
	vector.lastRaise = e.now

	cpu := e.isrCPU(v)
	vector.isrCPU = cpu
	e.saw("raise v%d", v)

	// Raised at t, the ISR runs on its CPU from t + interrupt-latency.
	//
	// Not specified: the step of an ISR's start. Only least-busy could see it,
	// and no vector that uses that is raised meanwhile.
	e.starts(e.now+e.cfg.InterruptLatency, cpu, isrs, func() { e.isr(v, cpu) })
}

// enable is MSI-5b, NON-7, HWQ-4b, SQ-6b: the vector's interrupts are enabled.
func (e *machine) enable(v int) {
	vector := &e.vectors[v]
	e.invariant(vector.masked, "vector %d is enabled twice", v)
	vector.masked = false
	vector.maskedTime += e.now - vector.lastRaise
	vector.enabledAt = e.now
	e.saw("enable v%d", v)
}

// holds tells how many buffers of the vector's queue a DPC on that CPU may take.
func (e *machine) holds(v, cpu int) int {
	n := 0
	for _, b := range e.vectors[v].queue {
		if e.isFor(b, cpu) {
			n++
		}
	}
	return n
}

// take removes the oldest n buffers that a DPC on that CPU may take.
func (e *machine) take(v, cpu, n int) []buffer {
	var taken, left []buffer
	for _, b := range e.vectors[v].queue {
		if len(taken) < n && e.isFor(b, cpu) {
			taken = append(taken, b)
			e.rings[b.queue].published--
		} else {
			left = append(left, b)
		}
	}
	e.vectors[v].queue = left
	return taken
}

// isFor says whether a DPC on that CPU may take b: without RSS, and for the DPC
// that deals the buffers, the CPU does not matter.
func (e *machine) isFor(b buffer, cpu int) bool {
	switch e.mode {
	case engine.NonRSS, engine.RSSSingleQueue:
		return true
	default:
		return b.cpu == cpu
	}
}

// giveBack returns buffers to their rings.
func (e *machine) giveBack(buffers []buffer) {
	for _, b := range buffers {
		ring := &e.rings[b.queue]
		ring.inUse--
		e.invariant(ring.inUse >= 0, "queue %d gets back a buffer that it has", b.queue)
	}
}
