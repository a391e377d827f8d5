package plain

import (
	"fmt"
	"slices"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
)

// Packet is one packet as the model sees it.
type Packet struct {
	Time   int64  // ns since the first packet; clamped, so never falling, and not negative
	Length uint32 // bytes on the wire
	Sent   bool   // by the machine itself: does not reach the NIC model
	Flow   int    // −1: none
	Conn   int    // a flow and its reverse share one; −1: none
	Entry  int    // index into the indirection table; −1: unhashed

	// Decision is what the NIC's rules made of a received packet before the table
	// was asked; Queue is of meaning with ToQueue alone.
	Decision Decision
	Queue    int

	RPSHash uint32 // that the stack steers a received packet by: the NIC's or its own; 0: not steered
}

// Decision is who decides on a received packet's queue.
type Decision uint8

const (
	ByTable Decision = iota // the indirection table, by Entry
	ToQueue                 // a rule, or the table of a context that a rule names: Queue
	ToDrop                  // a rule drops it, or sends it to a virtual function
)

// Setup is all that a run is told.
type Setup struct {
	Config  *engine.Config // valid; its table and affinity are the first ones
	Mode    engine.Mode
	Packets []Packet // in file order
	Flows   int      // numbered from 0; every Packet.Flow is below

	Tables     []TableAt    // by time
	Affinities []AffinityAt // by time

	Rebalance *rebalance.Options // nil: none. Only rss-msix has a rebalancer.
	RPS       *RPS               // nil: none. Only rss-msix and non-rss have a second hop.
}

// Result is what a run counted.
type Result struct {
	Counters  engine.Counters
	Flows     []Flow      // by number
	Tables    Moved       // by Setup.Tables
	Moved     Moved       // by those and the rebalancer together
	Rebalance *Rebalanced // nil: none
	RuleDrops uint64      // packets with ToDrop
}

// Run emulates one mode. Every Packet.Entry must be below the table's size. Times
// plus all costs must fit an int64.
func Run(s Setup) Result {
	e := newMachine(s)
	e.run()
	return Result{
		Counters:  e.counters(),
		Flows:     e.affinity(s.Flows),
		Tables:    e.movedByTables(),
		Moved:     e.movedByAll(),
		Rebalance: e.rebalanced(),
		RuleDrops: e.ruleDrops,
	}
}

// machine is the whole state of one mode's emulation.
type machine struct {
	setup   Setup
	cfg     *engine.Config
	mode    engine.Mode
	packets []Packet

	now       int64   // ns: the time of what happens
	lastEvent int64   // ns: the simulated time so far
	pending   []event // begun work, at most a few pieces per CPU; in no order
	next      int     // index in packets of the next arrival or send

	table        nicmodel.IndirectionTable // as they are now
	queueCPU     []int
	nextTable    int // index of the next change
	nextAffinity int
	balancer     *balancer
	queueOf      []int // per packet that took a buffer or found none: its queue and its CPU
	steered      []int

	rings      []ring // one per hardware queue
	ruleDrops  uint64
	list       []buffer // filled by the NIC, not yet published (MSI-1c)
	vectors    []vector
	roundRobin int // raises so far, for the isr-cpu round-robin

	cpus      []cpu
	flowTaken map[int]int // flow → CPU that most recently took a packet of it
	connTaken map[int]int // connection → the same
	home      map[int]int // connection → its home CPU

	indicated []indication // per packet
	sends     struct{ judged, matches uint64 }

	trace  func(line string) // sees every step, for tests; may be nil
	broken []string          // invariants seen broken, for tests
}

// indication is where and when a packet was handed to the stack.
type indication struct {
	cpu int   // none: dropped, sent, or not yet
	end int64 // ns: of the work on it
}

const none = -1

func newMachine(s Setup) *machine {
	cfg, mode, packets := s.Config, s.Mode, s.Packets
	e := &machine{
		setup:     s,
		cfg:       cfg,
		mode:      mode,
		packets:   packets,
		table:     slices.Clone(cfg.Table),
		queueCPU:  cfg.QueueCPU,
		queueOf:   make([]int, len(packets)),
		steered:   make([]int, len(packets)),
		rings:     make([]ring, 1),
		vectors:   make([]vector, 1),
		cpus:      make([]cpu, len(cfg.CPUs)),
		flowTaken: make(map[int]int),
		connTaken: make(map[int]int),
		home:      make(map[int]int),
		indicated: make([]indication, len(packets)),
	}
	// non-rss and rss-single-queue have one hardware queue. rss-msix has one vector
	// per CPU; the others have one for the NIC.
	if !e.oneQueue() {
		e.rings = make([]ring, cfg.Queues)
	}
	if mode == engine.RSSMSIX {
		e.vectors = make([]vector, len(cfg.CPUs))
	}
	for p := range e.indicated {
		e.indicated[p].cpu = none
		e.queueOf[p], e.steered[p] = none, none
	}
	if s.Rebalance != nil && mode == engine.RSSMSIX {
		e.balancer = newBalancer(s)
	}
	return e
}

// oneQueue reports whether the NIC has one hardware queue in this mode.
func (e *machine) oneQueue() bool {
	return e.mode == engine.NonRSS || e.mode == engine.RSSSingleQueue
}

// saw tells the trace of one step at this instant.
func (e *machine) saw(format string, args ...any) {
	if e.trace != nil {
		e.trace(fmt.Sprintf("%d ", e.now) + fmt.Sprintf(format, args...))
	}
}

// invariant notes one that does not hold: a bug of this package, since no
// input can break them.
func (e *machine) invariant(holds bool, format string, args ...any) {
	if !holds {
		e.broken = append(e.broken, fmt.Sprintf("at %d ns: ", e.now)+fmt.Sprintf(format, args...))
	}
}
