package dispatch

import (
	"errors"
	"slices"
	"sync"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/rps"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
)

// Source hands out the records of a capture, or of several one after the
// other: Read fills recs from the front, whose Data stay valid until the next
// Read, and returns io.EOF at the end, any other error where the capture is cut
// off or damaged.
type Source interface {
	Read(recs []pcaps.Record) (int, error)
	// SaysDirection reports whether a packet still to come may say itself that
	// it was sent.
	SaysDirection() bool
}

// Loader is a Source that several goroutines can read in turn, each with a block that
// it has loaded beforehand: see file.Set.
type Loader interface {
	Load(*file.Block)
	Lend(*file.Block)
}

// Options says what to replay and how.
type Options struct {
	Config     *engine.Config
	Steering   *nicmodel.Steering
	Modes      []engine.Mode
	More       []Scenario // replayed in the same pass
	Directions *direction.Directions
	// Repeatable: the caller can replay the capture again, with new Directions. Replay
	// then takes some things for granted, and returns ErrAgain if one of them proves
	// wrong: it is to be called again without this.
	//
	// If only packets themselves could say that they were sent, and none of the first
	// ones does, it takes it that none will: the models need not remember which CPU took
	// what, which is half of their work. And where packets of one flow may meet
	// different entries (nicmodel.Steering.Varies), it takes it that none do, as fragments
	// that a rule tells from the rest of their flow: the models need not look for packets
	// that overtake each other, which is more than half.
	Repeatable bool
	Filter     *file.Filter // nil: every packet
	// ATR: Result.ATR is asked for, of a NIC that has it.
	ATR bool
	// Inner: flows and hashes are those of the first inner headers, where they
	// can be read and NICs with tunnel offload do so (pcaps.Encapsulation.InnerHashed).
	Inner    bool
	From, To int64           // ns after the capture's first packet: only packets from From to before To; To 0: to the end
	Packets  uint64          // the first so many of what Filter, From and To leave; 0: all
	Before   int64           // packets of the capture that come before those of the source
	Tape     *Tape           // keeps the packets; nil: none does
	Cut      Cut             // into folds, which are counted one by one (Result.Folds)
	Arrivals ArrivalWindows  // which are counted (Result.Arrivals)
	Scale    Scale           // of the gaps between packets
	Secret   rps.Secret      // of the hashes that the stack makes itself, for RPS
	Observe  engine.Observer // nil: nobody; called from one goroutine per mode
	Arrive   func(Arrival)   // nil: nobody; called for each packet, before any event of it
}

// Arrival is a packet as the replay first sees it. Record, Header and Extension
// are valid during the call.
type Arrival struct {
	Frame     int64 // number in the capture, from 1, left out ones included
	Packet    int64 // number in the replay, from 0
	Time      int64 // ns since the first packet, never going back
	Record    *pcaps.Record
	Header    *pcaps.Header
	Extension *pcaps.Extension // valid by the header's Facts
	Outer     *pcaps.Header    // the outermost header; Header, unless that is an inner one
	Compared  *pcaps.Frame     // what rules compare besides; nil where none does
}

// Scenario is one way to steer and dispatch the packets of a capture.
type Scenario struct {
	Config   *engine.Config
	Steering *nicmodel.Steering
	Modes    []engine.Mode
}

// Result is a finished replay. Its flows are numbered in order of first
// appearance; Flow and Affinity read them in place.
type Result struct {
	Packets, Bytes uint64 // of the capture, filtered; bytes on the wire
	SentBytes      uint64
	Received, Sent uint64
	First          int64 // timestamp of the first packet, ns since the Unix epoch
	Offset         int64 // of the first packet after the capture's first, which From may have left out, ns
	Duration       int64 // ns from the first packet to the largest timestamp
	Span           int64 // the same as it was replayed, scaled
	Latest         int64 // largest timestamp that From and To were asked about, ns after the capture's first packet
	Regressions    uint64
	Behind         int64      // ns: the most that one of these lies before the largest time so far, but for TimeLeaps
	Restarts       uint64     // pieces after the first, whose clock was set back: see clock
	Leaps          uint64     // packets whose time lies more than MaxSpan after the first; clamped to it
	Snapped        uint64     // packets whose ports the capture cut off
	SnappedUDP     uint64     // of these, those of UDP
	HeadersCut     uint64     // packets of which it cut off the IP header, or what is before it
	OutOfRange     uint64     // packets outside From and To
	Filtered       uint64     // packets that the filter left out
	ATR            ATRPackets // none unless they were asked for
	Limited        bool       // Options.Packets was reached, and the rest not read
	Damage         error      // why the capture ended early; nil if it did not
	NumFlows       int
	Facts

	tunnels tunnels
	folds   *folds // nil: there are none
	marks   *marks // nil: none were asked for, or how many packets there are was known

	arrivals *arrivals // nil: none were asked for

	Replayed             // of the options' own scenario
	More     []*Replayed // of each further one
}

// Replayed is what one scenario made of the capture.
type Replayed struct {
	Unhashed  [nicmodel.NumUnhashed]uint64 // received packets without a hash, per reason
	HashTypes [hash.NumTypes]uint64        // received packets with a hash, per type
	Entries   []engine.EntryLoad
	Rules     []RuleLoad    // by the place of the rule among the steering's
	Contexts  []ContextLoad // to which rules lead
	RuleDrops engine.EntryLoad
	Ambiguous []Ambiguity
	Modes     []engine.Counters
	Summaries []Summary // per mode

	TablesMoved Moved   // by the tables that are given
	Rebalanced  []Moved // per mode: by its rebalancer
	AllMoved    []Moved // per mode: by both; a flow that both disturbed is one

	cfg      *engine.Config
	flows    *flowTable
	steering int // which of the flow table's
	models   []*engine.Model
}

// ErrAgain says that a capture has what Replay took it not to have: see
// Options.Repeatable.
var ErrAgain = errors.New("a packet was sent, or met another entry than its flow, which was not looked for")

// Replay runs the capture through the NIC and every mode, in one pass. The way
// of a packet is in the package comment; each stage owns its tables, and hands
// its packets on in order, so nothing depends on which goroutine runs when.
func Replay(src Source, o Options) (*Result, error) {
	r := newResult(&o)
	s := newStage(&o, r)
	err := s.run(src)
	s.tell()
	s.begin(src) // where reading failed before it did
	s.rest.finish()
	if err == nil && s.rest.varied.Load() {
		err = ErrAgain
	}
	if err != nil {
		return nil, err
	}
	if r.marks != nil {
		r.folds = r.marks.folds(r.flows, o.Cut.Folds, o.Config)
	}
	r.NumFlows = int(r.flows.n)
	back := sync.OnceValue(r.flows.reverses)
	var ahead fault.Group
	ahead.Go(func() { back() }) // while what does not need it is derived
	defer ahead.Wait()
	r.summarize(back)
	for _, one := range r.scenarios() {
		if err := one.checkLatencies(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// newResult is an empty result, whose scenarios share the ways of steering that
// are the same.
func newResult(o *Options) *Result {
	r := &Result{}
	r.cfg = o.Config
	ways := []*nicmodel.Steering{o.Steering}
	for _, s := range o.More {
		i := slices.IndexFunc(ways, s.Steering.SameEntries)
		if i < 0 {
			i = len(ways)
			ways = append(ways, s.Steering)
		}
		r.More = append(r.More, &Replayed{cfg: s.Config, steering: i})
	}
	r.flows = newFlowTable(o.Steering, ways[1:]...)
	switch {
	case o.Cut.Folds > 0 && o.Cut.Received > 0:
		r.folds = newFolds(o.Cut, o.Config)
	case o.Cut.Folds > 0:
		r.marks = newMarks()
	}
	if o.Arrivals.Most > 0 {
		r.arrivals = newArrivals(o.Arrivals, o.Config)
	}
	for _, replayed := range r.More {
		replayed.flows = r.flows
	}
	return r
}

// Passed is how many of the received packets no rule drops.
func (r *Result) Passed() uint64 { return r.Received - r.RuleDrops.Packets }

// scenarios is every scenario's, the options' own first.
func (r *Result) scenarios() []*Replayed {
	return append([]*Replayed{&r.Replayed}, r.More...)
}
