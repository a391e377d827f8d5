package dispatch

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"

	"rssreplay/dispatch/engine"
)

// HeadroomPackets is the most packets that Headroom is to be asked about: it replays
// them up to headroomReplays times for each mode.
const HeadroomPackets = 1_000_000

// The factors on the rate among which Headroom looks for the greatest that holds, how
// near it comes to it, and in how many replays.
const (
	LeastHeadroom   = 0.01
	MostHeadroom    = 1000
	headroomGrain   = 1.02
	headroomReplays = 14
)

// fullShare is the share of the packets' duration from which on a unit that works for
// so long is taken to be full: what it has left is less than the model is worth.
const fullShare = 0.98

// Limit is what ends a headroom.
type Limit uint8

const (
	NoLimit      Limit = iota // nothing, up to MostHeadroom
	CPULimit                  // the unit that can't run beside itself has no time left
	RingLimit                 // a ring overflows, and that unit has time left
	BacklogLimit              // a CPU's backlog does (receive packet steering), likewise
)

// Headroom is how much faster the packets may come in one mode: the greatest factor on
// their rate at which the serial unit (engine.Counters.SerialTime) has time left, and
// no packet is dropped but those that are at LeastHeadroom, too.
type Headroom struct {
	Factor float64 // at most 4 digits; 0: not even LeastHeadroom holds
	Limit  Limit
	CPU    int   // of CPULimit and BacklogLimit, an index into Config.CPUs; -1 where the unit is no CPU
	Queue  int   // of RingLimit
	At     int64 // of RingLimit and BacklogLimit, when the first packet comes that is dropped, in the replay's time

	Packets int   // that were asked about
	Start   int64 // when the first of them comes, in the replay's time
}

// HeadroomRange says which packets of a replay fill a tape for Headroom: those from From
// on, ns after the capture's first packet, Packets at most. It is all of them if they are
// no more than HeadroomPackets, else those around the busiest window of the first mode.
type HeadroomRange struct {
	From    int64
	Packets uint64
	Cut     bool // there are more
}

// HeadroomRange is the range of r, whose gaps were scaled by scale.
func (r *Result) HeadroomRange(scale Scale) HeadroomRange {
	all := HeadroomRange{From: r.Offset, Packets: HeadroomPackets}
	if r.Packets <= HeadroomPackets || len(r.Modes) == 0 {
		return all
	}
	all.Cut = true
	w := &r.Modes[0].Windows
	var sums []uint64
	for _, packets := range w.Packets {
		if sums == nil {
			sums = make([]uint64, len(packets))
		}
		for i, n := range packets {
			sums[i] += n
		}
	}
	if len(sums) == 0 {
		return all
	}
	begin := 0
	after := uint64(0) // packets behind the window
	for i, n := range sums {
		if after += n; n > sums[begin] {
			begin, after = i, 0
		}
	}
	// Of sent packets the windows know nothing.
	room := HeadroomPackets*r.Received/r.Packets - min(sums[begin], HeadroomPackets*r.Received/r.Packets)
	before := room - min(room/2, after)
	for ; begin > 0 && sums[begin-1] <= before; begin-- {
		before -= sums[begin-1]
	}
	all.From += scale.inverse(int64(begin) * w.Interval)
	return all
}

// inverse is the time whose scaled time is t, rounded up.
func (s Scale) inverse(t int64) int64 {
	if s.Num == s.Den {
		return t
	}
	n := new(big.Int).Mul(big.NewInt(t), new(big.Int).SetUint64(s.Den))
	n.Add(n, new(big.Int).SetUint64(s.Num-1))
	n.Quo(n, new(big.Int).SetUint64(s.Num))
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return n.Int64()
}

// Headroom finds the headroom of each scenario of r, its own first, in each of its
// modes. kept is the result of the replay, with the same scenarios and without modes or
// a scale, that filled the tape; scale is that of r's gaps, to which the factors are
// relative. nil stands for a mode of which nothing can be said: the packets span no
// time, or nothing ends it and they are fewer than the rings hold.
func (r *Result) Headroom(kept *Result, tape *Tape, scale Scale) [][]*Headroom {
	found := make(map[*engine.Model]*Headroom) // scenarios may share a model
	var all [][]*Headroom
	for i, replayed := range r.scenarios() {
		var of []*Headroom
		for j, m := range replayed.models {
			if _, ok := found[m]; !ok {
				found[m] = newTrial(kept, i, replayed.Modes[j].Mode, tape, scale, kept.Offset-r.Offset).headroom()
			}
			of = append(of, found[m])
		}
		all = append(all, of)
	}
	return all
}

// trial runs one mode of a scenario on a tape, at one rate after the other.
type trial struct {
	tape     *Tape
	scale    Scale
	mode     engine.Mode
	replayed *Replayed
	varies   bool   // packets of one flow may meet different entries
	unhashed uint64 // bytes of received packets without a hash
	start    int64  // unscaled, of the tape's first packet after the replay's

	replays  int // so far
	verdicts map[float64]verdict
	spared   map[uint32]bool // packets dropped at LeastHeadroom; none as a rule
}

// verdict is what a replay at one factor says.
type verdict struct {
	full  bool // the serial unit has no time left
	drops bool // packets are dropped that are not at LeastHeadroom
	cpu   int  // that is the serial unit, an index; -1 where it is none
}

func newTrial(kept *Result, scenario int, mode engine.Mode, tape *Tape, scale Scale, start int64) *trial {
	if scale.Den == 0 {
		scale = Scale{1, 1}
	}
	t := &trial{
		tape: tape, scale: scale, mode: mode, replayed: kept.scenarios()[scenario], unhashed: kept.Bytes - kept.SentBytes,
		start: start, verdicts: map[float64]verdict{},
	}
	t.varies = kept.flows.way(t.replayed.steering).steering.Varies()
	for _, load := range t.replayed.Entries {
		t.unhashed -= load.Bytes
	}
	return t
}

// headroom is what the search finds; nil where nothing can be said.
func (t *trial) headroom() *Headroom {
	if t.tape.duration(Scale{1, 1}) == 0 {
		return nil
	}
	if least := t.judge(LeastHeadroom); least.drops {
		dropped, _ := t.dropped(LeastHeadroom)
		t.spared = make(map[uint32]bool, len(dropped))
		for _, d := range dropped {
			t.spared[d.packet] = true
		}
		least.drops = false
		t.verdicts[LeastHeadroom] = least
	}
	// The first replay is done; the last one is to find the packet that is dropped.
	held, failed := greatestFactor(func(factor float64) bool {
		v := t.judge(factor)
		return !v.full && !v.drops
	}, headroomReplays-t.replays)
	h := &Headroom{Factor: held, CPU: -1, Queue: -1, Packets: t.tape.packets, Start: t.scale.clamped(t.start)}
	switch v := t.verdicts[failed]; {
	case failed == 0:
		if t.tape.packets < t.buffers() {
			return nil
		}
	case v.full:
		h.Limit, h.CPU = CPULimit, v.cpu
	default:
		dropped, _ := t.dropped(failed)
		first := dropped[0]
		h.At = t.scale.clamped(t.start + t.tape.time(first.packet))
		if h.Limit, h.Queue = RingLimit, first.queue; first.backlog >= 0 {
			h.Limit, h.CPU, h.Queue = BacklogLimit, first.backlog, -1
		}
	}
	return h
}

// buffers is how many the mode's rings have together.
func (t *trial) buffers() int {
	if t.mode == engine.NonRSS || t.mode == engine.RSSSingleQueue {
		return t.replayed.cfg.RxRing
	}
	return t.replayed.cfg.RxRing * t.replayed.cfg.Queues
}

// judge replays the tape at a factor, unless that is done.
func (t *trial) judge(factor float64) verdict {
	if v, ok := t.verdicts[factor]; ok {
		return v
	}
	v := verdict{cpu: -1}
	var counters engine.Counters
	if len(t.spared) > 0 { // numbers of drops don't tell which packets they are
		var dropped []droppedPacket
		dropped, counters = t.dropped(factor)
		v.drops = len(dropped) > 0
	} else {
		counters = t.run(factor, nil)
		v.drops = slices.ContainsFunc(counters.Queues, func(q engine.QueueCounters) bool { return q.Drops > 0 }) ||
			slices.ContainsFunc(counters.CPUs, func(c engine.CPUCounters) bool { return c.BacklogDrops > 0 })
	}
	v.full = float64(counters.SerialTime) >= fullShare*float64(t.tape.duration(t.at(factor)))
	rps := t.replayed.cfg.RPS.Active(t.mode)
	if t.mode == engine.RSSMSIX || rps {
		for c := range counters.CPUs {
			if v.cpu < 0 || worked(&counters.CPUs[c]) > worked(&counters.CPUs[v.cpu]) {
				v.cpu = c
			}
		}
		if counters.SerialTime > worked(&counters.CPUs[v.cpu]) { // the one vector works longer
			v.cpu = -1
		}
	}
	t.verdicts[factor] = v
	return v
}

// worked is the time in which a CPU could take no further interrupt.
func worked(c *engine.CPUCounters) int64 { return c.ISRTime + c.DPCTime }

// droppedPacket is one that found no free buffer, or a full backlog.
type droppedPacket struct {
	packet  uint32 // its number on the tape
	queue   int
	backlog int // the CPU whose backlog was full, an index; -1: a ring was
}

// dropped are the packets that are dropped at a factor, in the order in which they
// come, without those that are spared.
func (t *trial) dropped(factor float64) (dropped []droppedPacket, counters engine.Counters) {
	counters = t.run(factor, func(e engine.Event) {
		if packet := uint32(e.Packet); (e.Kind == engine.Drop || e.Kind == engine.BacklogDrop) && !t.spared[packet] {
			d := droppedPacket{packet, e.Queue, -1}
			if e.Kind == engine.BacklogDrop {
				d.backlog = e.CPU
			}
			dropped = append(dropped, d)
		}
	})
	slices.SortFunc(dropped, func(a, b droppedPacket) int { return cmp.Compare(a.packet, b.packet) })
	return dropped, counters
}

// run is one replay.
func (t *trial) run(factor float64, observe engine.Observer) engine.Counters {
	t.replays++
	set := engine.NewModelSet()
	m := set.Add(engine.Setup{
		Config: t.replayed.cfg, Mode: t.mode, Steering: t.replayed.steering, Varies: t.varies, Sends: t.tape.sends, Observe: observe,
	})
	t.tape.play(set, t.at(factor))
	return m.Counters(t.replayed.Entries, t.unhashed)
}

// at is the scale of the gaps at a factor on the rate: what --speed makes of the same
// digits.
func (t *trial) at(factor float64) Scale {
	r, _ := new(big.Rat).SetString(strconv.FormatFloat(factor, 'f', -1, 64))
	r.Inv(r)
	return ScaleOf(r.Mul(r, new(big.Rat).SetFrac(new(big.Int).SetUint64(t.scale.Num), new(big.Int).SetUint64(t.scale.Den))))
}

// greatestFactor is the greatest factor from LeastHeadroom to MostHeadroom that is known
// to hold below the lowest that is known to fail, with that one; 0 stands for none. It
// asks about at most that many: whether the present rate holds, then by bisection of the
// factors' logarithm until the two are less than headroomGrain apart. More packets a DPC
// cost less each, so that a factor may fail below one that holds: with what is left it
// asks about some just below, too.
func greatestFactor(holds func(factor float64) bool, most int) (held, failed float64) {
	var holding []float64
	next := []float64{LeastHeadroom, 1, MostHeadroom}
	below := []float64{1.1, 1.3}
	for ; most > 0; most-- {
		var factor float64
		switch {
		case failed == 0:
			if len(next) == 0 {
				return held, 0
			}
			factor, next = next[0], next[1:]
		case held == 0:
			return 0, failed
		case failed > held*headroomGrain:
			factor = fourDigits(math.Sqrt(held * failed))
		default:
			if len(below) == 0 {
				return held, failed
			}
			factor, below = fourDigits(held/below[0]), below[1:]
		}
		if holds(factor) {
			holding = append(holding, factor)
		} else {
			failed = factor
		}
		held = 0
		for _, f := range holding {
			if failed == 0 || f < failed {
				held = max(held, f)
			}
		}
	}
	return held, failed
}

// fourDigits rounds a factor to what a person can type.
func fourDigits(factor float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(factor, 'g', 4, 64), 64)
	return rounded
}
