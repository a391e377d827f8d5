package story

import (
	"cmp"
	"slices"
	"sync/atomic"

	"rssreplay/dispatch/engine"
)

// Stories follows one packet through every mode of a replay. Its memory is
// bounded by the rings: it knows the present interrupt cycles, not those before.
type Stories struct {
	chosen atomic.Int64 // number in the replay, modulo 2³²; -1 as long as it is not known
	modes  [engine.NumModes]*observer
}

// New follows a packet of a replay under cfg.
func New(cfg *engine.Config) *Stories {
	s := &Stories{}
	s.chosen.Store(-1)
	for mode := range engine.Mode(engine.NumModes) {
		s.modes[mode] = newObserver(cfg, mode, &s.chosen)
	}
	return s
}

// Choose says which packet to follow, by its number in the replay from 0. It
// may come while the replay runs, as late as the read that returns the packet.
func (s *Stories) Choose(packet int64) { s.chosen.Store(packet & (1<<32 - 1)) }

// Observe is the Observer to give to the replay.
func (s *Stories) Observe(e engine.Event) { s.modes[e.Mode].observe(e) }

// Of is the packet's story in a mode, once the replay is over; nil if the
// replay had no such mode or packet.
func (s *Stories) Of(mode engine.Mode) *Story { return s.modes[mode].story }

// partKinds are the parts that a mode's latencies have.
func partKinds(mode engine.Mode) []PartKind {
	kinds := []PartKind{WaitEnable, WaitDue, WaitISR, WaitISREnd}
	switch mode {
	case engine.RSSMSIX:
		kinds = append([]PartKind{WaitPublish}, append(kinds, WaitEarlier)...)
	case engine.NonRSS:
		kinds = append(kinds, WaitEarlier)
	case engine.RSSHWQueues:
		kinds = append([]PartKind{WaitPublish}, append(kinds, WaitIPI, WaitEarlier)...)
	case engine.RSSSingleQueue:
		kinds = append(kinds, WaitDeal, WaitIPI)
	}
	return append(kinds, WaitDPCCost, WaitBefore, WaitMigration, WaitOwn)
}

// observer is one mode's part. It mirrors, from events alone, what a story needs
// of the model's state.
type observer struct {
	cfg    *engine.Config
	mode   engine.Mode
	chosen *atomic.Int64

	story *Story // nil until the packet came
	told  bool   // nothing of it is still to come

	listed  int // packets in the NIC's list
	leaving int // of a list that is being published, those still to come
	rings   []ringMirror
	vectors []vectorMirror // one per CPU in RSSMSIX, else one
	cpus    []cpuMirror
	deal    dealMirror
	joined  int64 // when the packet that is followed joined a backlog
}

// ringMirror is one hardware queue's buffers.
type ringMirror struct {
	RingState
	busy    bool  // drain poll: a DPC works on one of its packets
	busyEnd int64 // until then
}

// vectorMirror is a vector and its present or latest cycle.
type vectorMirror struct {
	masked   bool
	raised   bool // at least once
	isrStart int64
	isrEnd   int64
	raise    RaiseState // but for Joined
	waiting  int        // packets in its queue
	from     int64      // when it last became both enabled and non-empty
	enabled  int64      // when it was last enabled
	framesAt int64      // the publish that last made it hold rx-frames
}

// cpuMirror is a CPU's DPC.
type cpuMirror struct {
	waiting  int // packets in the CPU's receive queue
	queued   int64
	start    int64 // of this DPC
	first    int64 // of the cycle's first DPC here
	costEnd  int64 // when the DPC begins to work on packets
	workEnd  int64 // of what it took last
	anew     int   // DPCs of the cycle here before this one
	indicate int   // packets taken by this DPC
	taken    []int // queues of the buffers that this DPC holds; not with drain poll
	ended    bool  // a DPC ended here, and the cycle did not
	remote   bool  // it was queued by another CPU's DPC or ISR
	backlog  bool  // the turn is the backlog's
	woken    int64 // when an IPI last woke the backlog
}

// dealMirror is the dealing DPC of RSSSingleQueue.
type dealMirror struct {
	start, end int64
	cpu        int
	packet     engine.Event // the Deal of the packet that is followed
}

func newObserver(cfg *engine.Config, mode engine.Mode, chosen *atomic.Int64) *observer {
	t := &observer{
		cfg: cfg, mode: mode, chosen: chosen, vectors: make([]vectorMirror, 1), cpus: make([]cpuMirror, len(cfg.CPUs)),
		rings: make([]ringMirror, 1),
	}
	if mode == engine.RSSMSIX {
		t.vectors = make([]vectorMirror, len(cfg.CPUs))
	}
	if t.lists() {
		t.rings = make([]ringMirror, cfg.Queues)
	}
	for q := range t.rings {
		t.rings[q].Size = cfg.RxRing
	}
	return t
}

// lists reports whether the mode's NIC has a list of completions, and a queue
// per CPU.
func (t *observer) lists() bool { return t.mode == engine.RSSMSIX || t.mode == engine.RSSHWQueues }

// polls reports whether buffers come back one by one.
func (t *observer) polls() bool {
	return t.cfg.Drain == engine.Poll && t.mode != engine.RSSSingleQueue || t.steers()
}

// steers reports whether packets may go on to other CPUs' backlogs.
func (t *observer) steers() bool { return t.cfg.RPS.Active(t.mode) }

// vector is the vector of CPU c.
func (t *observer) vector(c int) *vectorMirror {
	if t.mode == engine.RSSMSIX {
		return &t.vectors[c]
	}
	return &t.vectors[0]
}

func (t *observer) observe(e engine.Event) {
	if t.told {
		return
	}
	mine := e.Packet >= 0 && e.Packet == t.chosen.Load()
	if (e.Kind == engine.Publish || e.Kind == engine.More) && !t.lists() {
		e.CPU = -1 // the hardware queue is no CPU's
	}
	switch e.Kind {
	case engine.Drop, engine.Fill:
		t.arrive(e, mine)
	case engine.Hash, engine.More:
		if mine {
			t.story.Steps = append(t.story.Steps, e)
		}
	case engine.Deal:
		t.dealt(e, mine)
	case engine.Publish:
		t.publish(e, mine)
	case engine.Raise:
		t.raise(e)
	case engine.ISRStart:
		v := t.vector(e.CPU)
		v.isrStart, v.isrEnd = e.Time, e.Time+t.cfg.ISRCost
	case engine.DPCQueue:
		c := &t.cpus[e.CPU]
		c.queued, c.remote = e.Time, true
		t.deal.end = e.Time
	case engine.DPCStart:
		t.dpcStart(e)
	case engine.ShareStart:
		t.deal.end = e.Time
		c := &t.cpus[e.CPU]
		c.first, c.start, c.costEnd, c.workEnd = e.Time, e.Time, e.Time, e.Time
	case engine.BacklogStart:
		t.dpcStart(e)
		t.cpus[e.CPU].backlog = true
	case engine.IPI:
		t.cpus[e.CPU].woken = e.Time
	case engine.Steer:
		t.steer(e, mine)
	case engine.Join, engine.BacklogDrop:
		t.handedOver(e, mine)
	case engine.Take:
		t.take(e, mine)
	case engine.Indicate:
		t.indicate(e, mine)
	case engine.DPCEnd:
		t.dpcEnd(e)
	case engine.Enable:
		t.enable(e)
	case engine.RuleDrop:
		if mine {
			t.beginAndEnd(e, RuledOut, -1)
		}
	case engine.Send:
		if mine {
			t.beginAndEnd(e, SentPacket, e.Latest)
		}
	}
}

// beginAndEnd is the story of a packet that meets no ring: one event is all of it.
func (t *observer) beginAndEnd(e engine.Event, outcome Outcome, latest int) {
	t.story = &Story{
		Mode: t.mode, Outcome: outcome, Arrival: e.Time, Queue: -1, CPU: e.CPU, Latest: latest, SteeredBy: -1, Steps: []engine.Event{e},
	}
	t.told = true
}

// arrive is a packet's arrival: it takes a buffer, or is dropped.
func (t *observer) arrive(e engine.Event, mine bool) {
	r := &t.rings[e.Queue]
	if r.busy && r.busyEnd <= e.Time {
		r.giveBack()
	}
	if e.Kind == engine.Fill {
		r.Listed++
		t.listed++
	}
	if !mine {
		return
	}
	t.story = &Story{
		Mode: t.mode, Arrival: e.Time, Queue: e.Queue, CPU: -1, Ring: r.RingState, Steps: []engine.Event{e}, Latest: -1, SteeredBy: -1,
	}
	if e.Kind == engine.Drop {
		t.story.Outcome = Dropped
		cpu := 0
		if t.lists() {
			cpu = t.cfg.AffinityAt(e.Time)[e.Queue]
		}
		t.story.Vector = t.vector(cpu).at(e.Time)
		t.told = true
		return
	}
	t.story.List.Place = t.listed
}

// giveBack ends a poll DPC's work on a packet.
func (r *ringMirror) giveBack() {
	r.Taken--
	r.busy = false
}

// at is the vector's state at the time, before what happens then.
func (v *vectorMirror) at(time int64) VectorState {
	switch {
	case !v.masked && v.waiting == 0:
		return VectorState{Phase: VectorIdle}
	case !v.masked:
		return VectorState{Phase: VectorWaiting, Since: v.from}
	case time < v.isrStart:
		return VectorState{Phase: VectorRaised, Since: v.raise.Time}
	case time <= v.isrEnd: // the ISR's end comes after the arrivals of its instant
		return VectorState{Phase: VectorISR, Since: v.raise.Time}
	}
	return VectorState{Phase: VectorDPC, Since: v.raise.Time}
}

func (t *observer) publish(e engine.Event, mine bool) {
	v := t.vector(e.CPU)
	if t.leaving == 0 {
		t.leaving = t.listed
	}
	if mine {
		s := t.story
		s.Steps = append(s.Steps, e)
		s.Vector = v.at(e.Time)
		if t.lists() {
			s.List.Size = t.listed
			s.List.Full = t.listed == t.cfg.DMABatch
		} else {
			s.List = ListState{}
		}
	}
	if t.leaving--; t.leaving == 0 {
		t.listed = 0
	}
	r := &t.rings[e.Queue]
	r.Listed--
	r.Waiting++
	waiting := r.Waiting
	if t.lists() {
		c := &t.cpus[e.CPU]
		c.waiting++
		waiting = c.waiting
	}
	if mine {
		t.story.Waiting = waiting
	}
	if v.waiting == 0 && !v.masked {
		v.from = e.Time
	}
	if v.waiting++; v.waiting == t.cfg.RxFrames {
		v.framesAt = e.Time
	}
}

func (t *observer) raise(e engine.Event) {
	v := t.vector(e.CPU)
	last, again := v.raise.Time, v.raised
	v.masked, v.raised = true, true
	v.raise = RaiseState{Time: e.Time, CPU: e.CPU}
	switch {
	case e.Time == v.from:
		v.raise.Cause = RaisedAtOnce
	case again && t.cfg.ITR > 0 && e.Time == last+t.cfg.ITR:
		v.raise.Cause = RaisedByITR
	case t.cfg.RxFrames > 0 && v.waiting >= t.cfg.RxFrames && v.framesAt == e.Time:
		v.raise.Cause = RaisedByFrames
	default:
		v.raise.Cause = RaisedByUsecs
	}
}

func (t *observer) dpcStart(e engine.Event) {
	c := &t.cpus[e.CPU]
	c.indicate, c.backlog = 0, false
	if t.mode == engine.RSSSingleQueue && e.Queue >= 0 {
		t.deal = dealMirror{start: e.Time, cpu: e.CPU}
		return
	}
	if c.ended && !t.steers() { // by their turns, cycles can't be told apart
		c.anew++
	} else {
		c.first = e.Time
	}
	c.start, c.costEnd = e.Time, e.Time+t.cfg.DPCCost
	c.workEnd = c.costEnd
}

// dealt is a buffer that left the hardware queue for a CPU's.
func (t *observer) dealt(e engine.Event, mine bool) {
	if mine {
		t.deal.packet = e
	}
	t.vectors[0].waiting--
	r := &t.rings[0]
	r.Waiting--
	r.Taken++
}

func (t *observer) take(e engine.Event, mine bool) {
	c := &t.cpus[e.CPU]
	c.indicate++
	if t.mode != engine.RSSSingleQueue && !c.backlog {
		t.leave(e)
	}
	if !t.polls() {
		c.taken = append(c.taken, e.Queue)
	}
	c.workEnd = max(c.workEnd, e.Time)
	switch {
	case mine && c.backlog:
		t.takenFromBacklog(e)
	case mine:
		t.taken(e)
	}
}

// leave is a packet that a DPC takes from its hardware queue.
func (t *observer) leave(e engine.Event) {
	t.vector(e.CPU).waiting--
	r := &t.rings[e.Queue]
	if r.busy { // the packet before it; its end comes first
		r.giveBack()
	}
	r.Waiting--
	r.Taken++
	if t.lists() {
		t.cpus[e.CPU].waiting--
	}
}

// steer is a packet that a DPC takes, to hand it over.
func (t *observer) steer(e engine.Event, mine bool) {
	t.leave(e)
	c := &t.cpus[e.CPU]
	c.workEnd = max(c.workEnd, e.Time)
	if !mine {
		return
	}
	t.taken(e)
	s := t.story
	s.CPU, s.SteeredBy, s.Latest, s.DPC = -1, e.CPU, -1, DPCState{}
	s.Parts = s.Parts[:len(s.Parts)-2] // its own work is still to come
}

// handedOver is the end of that: the buffer comes back.
func (t *observer) handedOver(e engine.Event, mine bool) {
	t.rings[e.Queue].Taken--
	by := &t.cpus[e.Latest]
	if mine {
		s := t.story
		s.Steps = append(s.Steps, e)
		s.Parts = append(s.Parts, Part{WaitSteering, e.Time - by.workEnd})
		t.joined = e.Time
		if e.Kind == engine.BacklogDrop {
			s.Outcome, t.told = BacklogFull, true
		}
	}
	by.workEnd = e.Time
}

// takenFromBacklog tells the turn in which a packet was taken that had been steered.
func (t *observer) takenFromBacklog(e engine.Event) {
	s, c := t.story, &t.cpus[e.CPU]
	s.CPU, s.Latest = e.CPU, e.Latest
	s.DPC = DPCState{Position: c.indicate}
	if c.start >= t.joined {
		if c.woken >= t.joined {
			s.Steps = append(s.Steps, engine.Event{Mode: t.mode, Kind: engine.IPI, Time: c.woken, CPU: e.CPU, Queue: -1, Packet: -1})
		}
		s.Steps = append(s.Steps, engine.Event{Mode: t.mode, Kind: engine.BacklogStart, Time: c.start, CPU: e.CPU, Queue: -1, Packet: -1})
	}
	s.Steps = append(s.Steps, e)
	at := t.joined
	for _, part := range []struct {
		kind PartKind
		end  int64
	}{{WaitBacklog, c.start}, {WaitBacklogCost, c.costEnd}, {WaitBacklogBefore, c.workEnd}, {WaitMigration, 0}, {WaitOwn, 0}} {
		end := max(at, part.end)
		s.Parts = append(s.Parts, Part{part.kind, end - at})
		at = end
	}
}

// taken tells the interrupt cycle in which the packet was taken.
func (t *observer) taken(e engine.Event) {
	s, c, v := t.story, &t.cpus[e.CPU], t.vector(e.CPU)
	s.CPU, s.Latest = e.CPU, e.Latest
	s.Raise = v.raise
	s.DPC = DPCState{Position: c.indicate, Anew: c.anew}
	cycle := []engine.Event{
		{Kind: engine.Raise, Time: v.raise.Time, CPU: v.raise.CPU, Queue: -1},
		{Kind: engine.ISRStart, Time: v.isrStart, CPU: v.raise.CPU, Queue: -1},
		{Kind: engine.ISREnd, Time: v.isrEnd, CPU: v.raise.CPU, Queue: -1},
	}
	if t.mode == engine.RSSSingleQueue {
		cycle = append(cycle, engine.Event{Kind: engine.DPCStart, Time: t.deal.start, CPU: t.deal.cpu, Queue: 0}, t.deal.packet)
	}
	if c.remote {
		cycle = append(cycle, engine.Event{Kind: engine.DPCQueue, Time: c.queued, CPU: e.CPU, Queue: -1})
	}
	begin := engine.DPCStart
	if t.mode == engine.RSSSingleQueue && !c.remote {
		begin = engine.ShareStart
	}
	cycle = append(cycle, engine.Event{Kind: begin, Time: c.start, CPU: e.CPU, Queue: -1})
	for i := range cycle {
		cycle[i].Mode = t.mode
		if cycle[i].Kind != engine.Deal {
			cycle[i].Packet = -1
		}
	}
	cycle = append(cycle, e)
	s.Steps = mergeByTime(s.Steps, cycle)

	// Each part ends at one of these moments, none of which counts before the
	// packet was published: it may join a cycle that has begun.
	published := s.published()
	s.Raise.Joined = v.raise.Time < published
	ends := map[PartKind]int64{
		WaitPublish: published,
		WaitDue:     v.raise.Time,
		WaitISR:     v.isrStart,
		WaitISREnd:  v.isrEnd,
		WaitDeal:    t.deal.end,
		WaitIPI:     c.first,
		WaitEarlier: c.start,
		WaitDPCCost: c.costEnd,
		WaitBefore:  c.workEnd,
	}
	if v.raise.Time > published {
		ends[WaitEnable] = v.enabled
	}
	at := s.Arrival
	for _, kind := range partKinds(t.mode) {
		end := max(at, published, ends[kind])
		s.Parts = append(s.Parts, Part{kind, end - at})
		at = end
	}
}

// published is when the packet was published.
func (s *Story) published() int64 {
	for _, e := range s.Steps {
		if e.Kind == engine.Publish {
			return e.Time
		}
	}
	return s.Arrival
}

// mergeByTime merges the packet's own steps with those of a cycle, both in order; at one
// instant its own come first, as arrivals and publishing do.
func mergeByTime(own, cycle []engine.Event) []engine.Event {
	all := slices.Concat(own, cycle)
	slices.SortStableFunc(all, func(a, b engine.Event) int { return cmp.Compare(a.Time, b.Time) })
	return all
}

func (t *observer) indicate(e engine.Event, mine bool) {
	c := &t.cpus[e.CPU]
	if mine {
		s := t.story
		s.Steps = append(s.Steps, e)
		own := e.Time - c.workEnd
		if s.Latest >= 0 {
			s.Parts[len(s.Parts)-2].Time, own = t.cfg.MigrationCost, own-t.cfg.MigrationCost
		}
		s.Parts[len(s.Parts)-1].Time = own
	}
	c.workEnd = e.Time
	if t.polls() && !c.backlog {
		r := &t.rings[e.Queue]
		r.busy, r.busyEnd = true, e.Time
	}
}

func (t *observer) dpcEnd(e engine.Event) {
	c := &t.cpus[e.CPU]
	for _, queue := range c.taken {
		t.rings[queue].Taken--
	}
	c.taken = c.taken[:0]
	c.ended = true
	if t.story != nil && t.story.CPU == e.CPU && t.story.DPC.Packets == 0 {
		t.story.DPC.Packets = c.indicate
		t.story.Steps = append(t.story.Steps, e)
		t.told = t.story.SteeredBy >= 0
	}
}

func (t *observer) enable(e engine.Event) {
	v := t.vector(e.CPU)
	v.masked, v.enabled = false, e.Time
	if v.waiting > 0 {
		v.from = e.Time
	}
	if t.mode == engine.RSSMSIX {
		t.cpus[e.CPU].newCycle()
	} else {
		for c := range t.cpus {
			t.cpus[c].newCycle()
		}
	}
	if t.story != nil && t.story.CPU >= 0 && t.story.SteeredBy < 0 && t.vector(t.story.CPU) == v {
		t.story.Steps = append(t.story.Steps, e)
		t.told = true
	}
}

func (c *cpuMirror) newCycle() { c.anew, c.ended, c.remote = 0, false, false }
