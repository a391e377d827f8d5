package dispatch_test

import (
	"cmp"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// serverLocal is an address of random traffic's, as --local has it.
const serverLocal = "192.0.2.0/31,2001:db8::/127"

// localOf tells sent packets by addresses: local's, or, if it is "", as the packets say.
func localOf(t *testing.T, local string) *direction.Directions {
	t.Helper()
	l, err := direction.ParseLocal(strings.Split(cmp.Or(local, "auto"), ","))
	if err != nil {
		t.Fatal(err)
	}
	return direction.NewDirections(l)
}

// headroomOf replays a capture as the command does it for headroom; local is localOf's.
func headroomOf(t *testing.T, recs []pcaps.Record, o dispatch.Options, local ...string) (*dispatch.Result, []*dispatch.Headroom) {
	t.Helper()
	replay := func(o dispatch.Options) *dispatch.Result {
		o.Directions = localOf(t, strings.Join(local, ","))
		r, err := dispatch.Replay(&records{recs: recs, says: local == nil}, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	now := replay(o)
	tape, scale := new(dispatch.Tape), o.Scale
	o.Tape, o.Modes, o.Scale = tape, nil, dispatch.Scale{}
	kept := replay(o)
	return now, now.Headroom(kept, tape, scale)[0]
}

// scanned is what one replay says, by hand: which packets are dropped, and whether the
// serial unit has time left.
type scanned struct {
	dropped []int64
	spare   bool
}

// scan replays a capture at a factor on its rate.
func scan(t *testing.T, recs []pcaps.Record, o dispatch.Options, factor float64, mode engine.Mode, local ...string) scanned {
	t.Helper()
	inverse, _ := new(big.Rat).SetString(strconv.FormatFloat(factor, 'f', -1, 64))
	o.Scale = dispatch.ScaleOf(inverse.Inv(inverse))
	o.Modes = []engine.Mode{mode}
	o.Directions = localOf(t, strings.Join(local, ","))
	var s scanned
	o.Observe = func(e engine.Event) {
		if e.Kind == engine.Drop || e.Kind == engine.BacklogDrop {
			s.dropped = append(s.dropped, e.Packet)
		}
	}
	r, err := dispatch.Replay(&records{recs: recs, says: local == nil}, o)
	if err != nil {
		t.Fatal(err)
	}
	s.spare = float64(r.Modes[0].SerialTime) < 0.98*float64(r.Span)
	return s
}

// The search agrees with a scan of factors 5 % apart, or 20 %, each a replay of its own.
func TestHeadroomScan(t *testing.T) {
	seeds, step := uint64(12), 1.05
	if testing.Short() {
		seeds, step = 3, 1.2
	}
	limits := map[string]int{}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 15))
		cfg, steering := randomConfig(r)
		cfg.RxRing = []int{4, 1 << 16, 32}[seed%3]
		cfg.ISRCost, cfg.DPCCost, cfg.PacketCost = 1+r.Int64N(2000), 1+r.Int64N(2000), 1+r.Int64N(2000)
		cfg.ByteCost, cfg.InterruptLatency, cfg.ITR = 0, r.Int64N(2000), r.Int64N(2000)
		recs := traffic{packets: 600, hosts: 6, scale: 1 << (10 + r.IntN(8))}.capture(r).recs
		for i, at := 1, recs[0].Time; i < len(recs); i++ { // without the pauses that no factor fills
			step := min(recs[i].Time-at, 1e6)
			at, recs[i].Time = recs[i].Time, recs[i-1].Time+step
		}
		o := dispatch.Options{Config: cfg, Steering: steering, Modes: []engine.Mode{engine.Mode(r.IntN(engine.NumModes))}}
		var local []string
		if seed%2 == 0 { // addresses tell what is sent, and a closed form judges it
			local = []string{serverLocal}
			toClosedForm(cfg)
			o.Modes[0] = engine.RSSMSIX
		}
		_, found := headroomOf(t, recs, o, local...)
		h := found[0]
		base := scan(t, recs, o, dispatch.LeastHeadroom, o.Modes[0], local...)
		holds := func(f float64) bool {
			s := scan(t, recs, o, f, o.Modes[0], local...)
			return s.spare && !slices.ContainsFunc(s.dropped, func(p int64) bool { return !slices.Contains(base.dropped, p) })
		}
		var holding, failing []float64
		for f := dispatch.LeastHeadroom; f <= dispatch.MostHeadroom; f *= step {
			four, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 4, 64), 64)
			if holds(four) {
				holding = append(holding, four)
			} else {
				failing = append(failing, four)
			}
		}
		name := fmt.Sprintf("seed %d, %s: %+v; the scan fails first at %v", seed, o.Modes[0], h, failing[:min(len(failing), 3)])
		switch {
		case h == nil:
			limits["none"]++
			if len(failing) > 0 {
				t.Error(name)
			}
			continue
		case h.Limit == dispatch.CPULimit:
			limits["cpu"]++
		case h.Limit == dispatch.RingLimit:
			limits["ring"]++
		}
		if h.Factor > 0 && !holds(h.Factor) {
			t.Errorf("%s: the factor does not hold", name)
		}
		switch {
		case len(failing) == 0:
			if h.Factor != dispatch.MostHeadroom || h.Limit != dispatch.NoLimit {
				t.Error(name)
			}
		case len(holding) == 0:
			if h.Factor != 0 || h.Limit == dispatch.NoLimit {
				t.Error(name)
			}
		case holding[len(holding)-1] < failing[0]:
			if h.Factor > failing[0] || h.Factor < holding[len(holding)-1]/1.0205 {
				t.Error(name)
			}
		}
	}
	if limits["cpu"] == 0 || limits["ring"] == 0 {
		t.Errorf("too few kinds of limits were met: %v", limits)
	}
}

// Sent packets over several batches, which addresses tell: the limit is where a replay by
// hand finds it.
func TestHeadroomSends(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 15))
	cfg, steering := randomConfig(r)
	toClosedForm(cfg)
	cfg.RxRing, cfg.InterruptLatency, cfg.ITR, cfg.ISRCost, cfg.DPCCost, cfg.PacketCost = 64, 10, 0, 10, 10, 1000
	recs := traffic{packets: 2*engine.BatchSize + 300, hosts: 20, scale: 1000}.capture(r).recs
	for i := range recs {
		recs[i].Time = int64(i) * 20_000
	}
	o := dispatch.Options{Config: cfg, Steering: steering, Modes: []engine.Mode{engine.RSSMSIX}}
	now, found := headroomOf(t, recs, o, serverLocal)
	if now.Sent == 0 || found[0] == nil || found[0].Limit == dispatch.NoLimit {
		t.Fatalf("%d packets are sent, headroom %+v", now.Sent, found[0])
	}
	base := scan(t, recs, o, dispatch.LeastHeadroom, engine.RSSMSIX, serverLocal)
	for factor, want := range map[float64]bool{found[0].Factor: true, found[0].Factor * 1.05: false} {
		s := scan(t, recs, o, factor, engine.RSSMSIX, serverLocal)
		if holds := s.spare && len(s.dropped) <= len(base.dropped); holds != want {
			t.Errorf("at %g times the rate: %d packets dropped, time to spare %t", factor, len(s.dropped), s.spare)
		}
	}
}

// steady is packets of one flow, evenly spaced.
func steady(packets int, gap int64) (recs []pcaps.Record) {
	data := randomFrame()
	for i := range packets {
		recs = append(recs, pcaps.Record{Time: int64(i) * gap, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1, Data: data})
	}
	return recs
}

// bursting is 1,000 packets of one flow, evenly spaced but for 100 of them, gap apart.
func bursting(gap int64) []pcaps.Record {
	recs := steady(1000, 1_000_000)
	for i := range recs {
		switch {
		case i >= 600:
			recs[i].Time = 600*1_000_000 + int64(i)*1_000_000
		case i > 500:
			recs[i].Time = recs[500].Time + int64(i-500)*gap
		}
	}
	return recs
}

// randomFrame is any one frame that is hashed.
func randomFrame() []byte {
	for _, rec := range (traffic{packets: 50, hosts: 4, scale: 1}).capture(rand.New(rand.NewPCG(1, 1))).recs {
		if len(rec.Data) > 20 && rec.Data[12] == 8 && rec.Data[13] == 0 {
			return rec.Data
		}
	}
	panic("no frame")
}

// oneCPU works 1 µs on a packet, an interrupt for each that comes alone.
func oneCPU(t *testing.T) dispatch.Options {
	t.Helper()
	r := rand.New(rand.NewPCG(2, 2))
	for {
		cfg, steering := randomConfig(r)
		if len(cfg.CPUs) > 1 || cfg.Queues > 1 {
			continue
		}
		cfg.RxRing, cfg.DMABatch, cfg.DMATimeout, cfg.ITR, cfg.RxUsecs, cfg.RxFrames = 64, 1, 0, 0, 0, 1
		cfg.InterruptLatency, cfg.ISRCost, cfg.DPCCost, cfg.PacketCost, cfg.ByteCost = 0, 0, 0, 1000, 0
		cfg.Drain, cfg.DPCBudget = engine.Snapshot, 0
		if cfg.Validate() == nil {
			return dispatch.Options{Config: cfg, Steering: steering, Modes: []engine.Mode{engine.RSSMSIX}}
		}
	}
}

// A packet of 1 µs each 10 µs: the CPU is full at 98 % of ten times the rate.
func TestHeadroomBySum(t *testing.T) {
	o := oneCPU(t)
	_, found := headroomOf(t, steady(5000, 10000), o)
	h := found[0]
	if h == nil || h.Limit != dispatch.CPULimit || h.CPU != 0 || h.Factor > 9.8 || h.Factor < 9.8/1.02 {
		t.Errorf("%+v, want 9.8 by CPU 0", h)
	}
	// The factor is on the rate in force, not on the capture's.
	o.Scale = dispatch.ScaleOf(big.NewRat(1, 2))
	if _, found = headroomOf(t, steady(5000, 10000), o); found[0] == nil || found[0].Factor > 4.9 || found[0].Factor < 4.9/1.02 {
		t.Errorf("at twice the rate: %+v, want 4.9", found[0])
	}
}

// A burst of 100 packets, 100 ns apart at ten times the rate, overflows a ring of 64 long
// before the CPU is full; the packet that is dropped is one of the burst.
func TestHeadroomRing(t *testing.T) {
	recs := bursting(1500)
	_, found := headroomOf(t, recs, oneCPU(t))
	h := found[0]
	if h == nil || h.Limit != dispatch.RingLimit || h.Queue != 0 || h.CPU != -1 {
		t.Fatalf("%+v, want a ring", h)
	}
	if h.At <= recs[500].Time || h.At > recs[599].Time {
		t.Errorf("the first packet is dropped at %d, and the burst is from %d to %d", h.At, recs[500].Time, recs[599].Time)
	}
}

// A burst of 100 packets for one CPU overflows its backlog of 20 before anything is full:
// each takes 1 µs there, and 200 ns where the interrupt is.
func TestHeadroomBacklog(t *testing.T) {
	recs := bursting(3000)
	o := oneCPU(t)
	c := *o.Config
	c.CPUs = []int{4, 9}
	c.RPS = &engine.RPS{CPUs: [][]uint16{{1}}, Cost: 200, Backlog: 20}
	o.Config = &c
	_, found := headroomOf(t, recs, o)
	h := found[0]
	if h == nil || h.Limit != dispatch.BacklogLimit || h.CPU != 1 || h.Queue != -1 {
		t.Fatalf("%+v, want the backlog of the second CPU", h)
	}
	if h.At <= recs[500].Time || h.At > recs[599].Time {
		t.Errorf("the first packet is dropped at %d, and the burst is from %d to %d", h.At, recs[500].Time, recs[599].Time)
	}
	for factor, want := range map[float64]bool{h.Factor: false, h.Factor * 1.05: true} {
		if s := scan(t, recs, o, factor, engine.RSSMSIX); (len(s.dropped) > 0) != want {
			t.Errorf("at %g times the rate %d packets are dropped", factor, len(s.dropped))
		}
	}
}

// Packets that even the least rate drops, since they come at one instant, are no limit.
func TestHeadroomSparesDrops(t *testing.T) {
	recs := steady(5000, 10000)
	for i := range 200 { // a ring holds 64
		recs[2000+i].Time = recs[2000].Time
	}
	now, found := headroomOf(t, recs, oneCPU(t))
	if now.Modes[0].Queues[0].Drops == 0 {
		t.Fatal("nothing is dropped")
	}
	if h := found[0]; h == nil || h.Factor < 1 {
		t.Errorf("%+v, want a factor above 1", h)
	}
}

func TestHeadroomNone(t *testing.T) {
	o := oneCPU(t)
	if _, found := headroomOf(t, steady(100, 0), o); found[0] != nil {
		t.Errorf("packets at one instant: %+v, want none", found[0])
	}
	if _, found := headroomOf(t, nil, o); found[0] != nil {
		t.Errorf("no packets: %+v, want none", found[0])
	}
	if _, found := headroomOf(t, steady(50, 1e9), o); found[0] != nil {
		t.Errorf("fewer packets than buffers, 1 s apart: %+v, want none", found[0])
	}
	if _, found := headroomOf(t, steady(500, 1e9), o); found[0] == nil || found[0].Factor != dispatch.MostHeadroom || found[0].Limit != dispatch.NoLimit {
		t.Errorf("packets 1 s apart: %+v, want the most", found[0])
	}
	if _, found := headroomOf(t, steady(500, 1), o); found[0] == nil || found[0].Factor != 0 || found[0].Limit != dispatch.CPULimit {
		t.Errorf("packets 1 ns apart: %+v, want not even the least", found[0])
	}
}

// paced hands out packets that are made as they are read.
type paced struct {
	made, packets int
	data          []byte
	at            func(i int) int64
}

func (p *paced) Read(into []pcaps.Record) (int, error) {
	n := 0
	for ; n < len(into) && p.made < p.packets; n++ {
		into[n] = pcaps.Record{Time: p.at(p.made), Wire: 60, Link: pcaps.LinkEthernet, Queue: -1, Data: p.data}
		p.made++
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (p *paced) SaysDirection() bool { return false }

// Of more packets than are asked about, those around the busiest window are.
func TestHeadroomRange(t *testing.T) {
	const packets = dispatch.HeadroomPackets + 500_000
	busy := func(from, to int) func(int) int64 { // one each 1 µs from from on, before to; else each 10 µs
		return func(i int) int64 {
			in := int64(min(max(i-from, 0), to-from))
			return 10_000*(int64(i)-in) + 1_000*in
		}
	}
	for _, c := range []struct{ from, to int }{{0, 100_000}, {700_000, 800_000}, {packets - 100_000, packets}} {
		o := oneCPU(t)
		o.Config.Interval = 10_000_000
		o.Directions = direction.NewDirections(direction.Local{})
		src := &paced{packets: packets, data: randomFrame(), at: busy(c.from, c.to)}
		r, err := dispatch.Replay(src, o)
		if err != nil {
			t.Fatal(err)
		}
		span := r.HeadroomRange(o.Scale)
		first := 0
		for src.at(first) < span.From {
			first++
		}
		if !span.Cut || first+int(span.Packets) > packets || first > c.from || first+int(span.Packets) < c.to {
			t.Errorf("busy are packets %d to %d: asked about %d packets from %d on, of %d", c.from, c.to, span.Packets, first, packets)
		}
	}
}
