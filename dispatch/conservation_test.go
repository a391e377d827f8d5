package dispatch_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/internal/plain"
)

// run is one mode's replay of a capture: what was told, what was counted, and
// the packets as the plain engine has them.
type run struct {
	cfg      *engine.Config
	mode     engine.Mode
	packets  []plain.Packet
	events   []engine.Event // as told
	counters *engine.Counters
}

// queue is the hardware queue of a received packet.
func (r *run) queue(p plain.Packet) int {
	switch {
	case r.mode == engine.NonRSS || r.mode == engine.RSSSingleQueue:
		return 0
	case p.Entry < 0:
		return r.cfg.DefaultQueue
	}
	return int(r.cfg.Table[p.Entry])
}

// steered is the CPU that RSS sends a received packet to.
func (r *run) steered(p plain.Packet) int {
	if p.Entry < 0 {
		return r.cfg.QueueCPU[r.cfg.DefaultQueue]
	}
	return r.cfg.QueueCPU[r.cfg.Table[p.Entry]]
}

// packetStory is what happened to one packet: when, and where in the telling;
// -1 for what did not.
type packetStory struct {
	time [engine.NumEventKinds]int64
	told [engine.NumEventKinds]int
	cpu  int // that indicated it
}

// stories gathers what names a packet; nothing happens to one twice.
func (r *run) stories() ([]packetStory, error) {
	all := make([]packetStory, len(r.packets))
	for i := range all {
		for k := range all[i].time {
			all[i].time[k], all[i].told[k] = -1, -1
		}
	}
	for at, e := range r.events {
		if e.Packet < 0 {
			continue
		}
		s := &all[e.Packet]
		if s.told[e.Kind] >= 0 {
			return nil, fmt.Errorf("packet %d: two times %v: at %d and %d", e.Packet, e.Kind, s.time[e.Kind], e.Time)
		}
		s.time[e.Kind], s.told[e.Kind] = e.Time, at
		if e.Kind == engine.Indicate {
			s.cpu = e.CPU
		}
		if e.Kind != engine.Send && e.Queue != r.queue(r.packets[e.Packet]) {
			return nil, fmt.Errorf("packet %d: %v names queue %d, not %d", e.Packet, e.Kind, e.Queue, r.queue(r.packets[e.Packet]))
		}
	}
	return all, nil
}

// checkPackets: each sent packet is sent, each received one is dropped at its
// arrival, or goes its whole way, forward in time.
func (r *run) checkPackets(stories []packetStory) error {
	way := []engine.EventKind{engine.Fill, engine.Publish, engine.Take, engine.Indicate}
	if r.mode == engine.RSSSingleQueue {
		way = slices.Insert(way, 2, engine.Deal)
	}
	for i := range stories {
		p, s := r.packets[i], &stories[i]
		var want []engine.EventKind // but for More, which may be
		switch {
		case p.Sent:
			want = []engine.EventKind{engine.Send}
		case s.told[engine.Drop] >= 0:
			want = []engine.EventKind{engine.Drop}
		default:
			want = append(want, way...)
			if (r.mode == engine.RSSMSIX || r.mode == engine.RSSHWQueues) && p.Entry >= 0 {
				want = append(want, engine.Hash)
			}
			if s.told[engine.More] >= 0 {
				want = append(want, engine.More)
				if s.time[engine.More] != s.time[engine.Publish] {
					return fmt.Errorf("packet %d: published at %d, while masked at %d", i, s.time[engine.Publish], s.time[engine.More])
				}
			}
		}
		for k := range engine.EventKind(engine.NumEventKinds) {
			if told := s.told[k] >= 0; told != slices.Contains(want, k) {
				return fmt.Errorf("packet %d: %v: %v, want %v", i, k, told, !told)
			}
		}
		for _, k := range []engine.EventKind{engine.Send, engine.Drop, engine.Fill, engine.Hash} {
			if s.told[k] >= 0 && s.time[k] != p.Time {
				return fmt.Errorf("packet %d: %v at %d, but it arrived at %d", i, k, s.time[k], p.Time)
			}
		}
		if s.told[engine.Fill] < 0 {
			continue
		}
		for j, k := range way[1:] {
			if before := way[j]; s.time[k] < s.time[before] || s.told[k] < s.told[before] {
				return fmt.Errorf("packet %d: %v at %d, %v at %d", i, before, s.time[before], k, s.time[k])
			}
		}
		if r.mode != engine.NonRSS && s.cpu != r.steered(p) {
			return fmt.Errorf("packet %d: indicated on CPU %d, its hash says %d", i, s.cpu, r.steered(p))
		}
	}
	return nil
}

// checkConservation: received = indicated + dropped, per queue and over all, in
// the events and in the counters.
func (r *run) checkConservation(stories []packetStory) error {
	type totals struct{ received, dropped, indicated uint64 }
	queues := make([]totals, len(r.counters.Queues))
	var sum totals
	for i := range stories {
		if r.packets[i].Sent {
			continue
		}
		q := &queues[r.queue(r.packets[i])]
		q.received++
		sum.received++
		if stories[i].told[engine.Drop] >= 0 {
			q.dropped++
			sum.dropped++
		}
		if stories[i].told[engine.Indicate] >= 0 {
			q.indicated++
			sum.indicated++
		}
	}
	for i, q := range queues {
		c := r.counters.Queues[i]
		if q.received != q.indicated+q.dropped || c.Packets != q.received || c.Drops != q.dropped {
			return fmt.Errorf("queue %d: %+v, counted %+v", i, q, c)
		}
	}
	var counted uint64
	for _, c := range r.counters.CPUs {
		counted += c.Packets
	}
	if sum.received != sum.indicated+sum.dropped || counted != sum.indicated {
		return fmt.Errorf("over all: %+v, counted %d indicated", sum, counted)
	}
	return nil
}

// checkCycles: on each vector every raise is followed by one ISR, that by its
// DPCs, one after the other on a CPU, and when the last has ended the vector is
// enabled, once; it is never raised in between.
func (r *run) checkCycles() error {
	type vector struct {
		state   engine.EventKind // Enable: enabled; Raise, ISRStart: as far as the cycle is; ISREnd: its DPCs run
		time    int64            // of the last event
		raised  int64
		ever    bool
		cpu     int
		dpcs    int          // that started
		running map[int]bool // CPUs whose DPC has not ended
		queued  map[int]int64
	}
	vectors := map[int]*vector{}
	for _, e := range r.events {
		if e.Kind < engine.Raise || e.Packet >= 0 {
			continue
		}
		id := 0
		if r.mode == engine.RSSMSIX {
			id = e.CPU
		}
		v := vectors[id]
		if v == nil {
			v = &vector{state: engine.Enable, running: map[int]bool{}, queued: map[int]int64{}}
			vectors[id] = v
		}
		if e.Time < v.time {
			return fmt.Errorf("vector %d: %v at %d, after an event at %d", id, e.Kind, e.Time, v.time)
		}
		bad := fmt.Errorf("vector %d: %v on CPU %d at %d does not follow %v on CPU %d at %d", id, e.Kind, e.CPU, e.Time, v.state, v.cpu, v.time)
		ok := true
		switch e.Kind {
		case engine.Raise:
			ok = v.state == engine.Enable && (!v.ever || e.Time >= v.raised+r.cfg.ITR)
			v.state, v.cpu, v.raised, v.ever, v.dpcs = e.Kind, e.CPU, e.Time, true, 0
		case engine.ISRStart:
			ok = v.state == engine.Raise && e.CPU == v.cpu && e.Time == v.time+r.cfg.InterruptLatency
			v.state = e.Kind
		case engine.ISREnd:
			ok = v.state == engine.ISRStart && e.CPU == v.cpu && e.Time == v.time+r.cfg.ISRCost
			v.state = e.Kind
		case engine.DPCQueue:
			_, twice := v.queued[e.CPU]
			ok = v.state == engine.ISREnd && e.CPU != v.cpu && !twice
			v.queued[e.CPU] = e.Time
		case engine.DPCStart:
			ok = v.state == engine.ISREnd && !v.running[e.CPU]
			if queued, other := v.queued[e.CPU]; other {
				ok = ok && e.Time == queued+r.cfg.IPILatency
				delete(v.queued, e.CPU)
			}
			v.running[e.CPU] = true
			v.dpcs++
		case engine.DPCEnd:
			ok = v.state == engine.ISREnd && v.running[e.CPU]
			delete(v.running, e.CPU)
		case engine.ShareStart:
			ok = v.state == engine.ISREnd && v.running[e.CPU] && e.CPU == v.cpu
		case engine.Enable:
			// The vector is enabled when the last DPC ends.
			ok = v.state == engine.ISREnd && v.dpcs > 0 && len(v.running) == 0 && len(v.queued) == 0 && e.Time == v.time
			v.state = e.Kind
		default:
			return fmt.Errorf("%v names no packet", e.Kind)
		}
		if !ok {
			return bad
		}
		v.time = e.Time
	}
	for id, v := range vectors {
		if v.state != engine.Enable {
			return fmt.Errorf("vector %d is left after %v at %d", id, v.state, v.time)
		}
	}
	return nil
}

// checkCPUs: no CPU has two pieces of work at once (one may begin as another
// ends), each is counted, and all together are the CPU's busy time.
func (r *run) checkCPUs() error {
	type work struct{ start, end int64 }
	works := make([][]work, len(r.cfg.CPUs))
	begun := map[[2]int]int64{} // by CPU and kind
	counted := make([]engine.CPUCounters, len(r.cfg.CPUs))
	for _, e := range r.events {
		switch e.Kind {
		case engine.ISRStart, engine.DPCStart:
			begun[[2]int{e.CPU, int(e.Kind)}] = e.Time
		case engine.ISREnd:
			start := begun[[2]int{e.CPU, int(engine.ISRStart)}]
			works[e.CPU] = append(works[e.CPU], work{start, e.Time})
			counted[e.CPU].Interrupts++
			counted[e.CPU].ISRTime += e.Time - start
		case engine.DPCEnd:
			start := begun[[2]int{e.CPU, int(engine.DPCStart)}]
			works[e.CPU] = append(works[e.CPU], work{start, e.Time})
			counted[e.CPU].DPCs++
			counted[e.CPU].DPCTime += e.Time - start
		case engine.Send:
			counted[e.CPU].SendPackets++
			counted[e.CPU].SendTime += r.cfg.SendCost
		}
	}
	for c := range works {
		slices.SortFunc(works[c], func(a, b work) int {
			return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
		})
		for i, w := range works[c] {
			if i > 0 && w.start < works[c][i-1].end {
				return fmt.Errorf("CPU %d: works at %+v and at %+v", c, works[c][i-1], w)
			}
		}
		want, got := r.counters.CPUs[c], counted[c]
		if got.Interrupts != want.Interrupts || got.DPCs != want.DPCs || got.ISRTime != want.ISRTime || got.DPCTime != want.DPCTime ||
			got.SendPackets != want.SendPackets || got.SendTime != want.SendTime {
			return fmt.Errorf("CPU %d: told of %+v, counted %+v", c, got, want)
		}
	}
	return nil
}

// checkOrder: the packets of a flow whose CPU is fixed are indicated in order of
// arrival. Without RSS that is every flow: there is one cycle at a time.
func (r *run) checkOrder(stories []packetStory) error {
	type place struct{ flow, cpu int }
	last := map[place]int{}
	for i := range stories {
		p := r.packets[i]
		if p.Flow < 0 || stories[i].told[engine.Indicate] < 0 {
			continue
		}
		// A flow that meets several entries is several, each with one CPU.
		at := place{p.Flow, -1}
		if r.mode != engine.NonRSS {
			at.cpu = stories[i].cpu
		}
		if before, ok := last[at]; ok {
			b, s := &stories[before], &stories[i]
			if s.time[engine.Indicate] < b.time[engine.Indicate] || s.told[engine.Indicate] < b.told[engine.Indicate] {
				return fmt.Errorf("flow %d: packet %d is indicated at %d, packet %d before it at %d",
					p.Flow, i, s.time[engine.Indicate], before, b.time[engine.Indicate])
			}
		}
		last[at] = i
	}
	return nil
}

// checkRings: no queue ever has more buffers than its ring, none is lost, and a
// packet is dropped only where none is free. The depth is as counted.
func (r *run) checkRings(stories []packetStory) error {
	type change struct {
		time        int64
		order       int // within an instant
		used, depth int
		drop        bool
	}
	ring := r.cfg.RxRing
	queues := make([][]change, len(r.counters.Queues))
	back := r.returns(stories)
	for i := range stories {
		s := &stories[i]
		q := r.queue(r.packets[i])
		switch {
		case r.packets[i].Sent:
		case s.told[engine.Drop] >= 0:
			queues[q] = append(queues[q], change{time: s.time[engine.Drop], order: 1, drop: true})
		default:
			// A buffer that comes back at an instant is free for its arrivals,
			// which is step (0), or comes back after them, with work of no
			// duration: the order cannot be told from times. Both bounds hold.
			taken := engine.Take
			if r.mode == engine.RSSSingleQueue {
				taken = engine.Deal // from the hardware queue
			}
			queues[q] = append(queues[q],
				change{time: s.time[engine.Fill], order: 1, used: 1}, change{time: back[i], order: 0, used: -1},
				change{time: s.time[engine.Publish], order: 1, depth: 1}, change{time: s.time[taken], order: 2, depth: -1})
		}
	}
	for q, changes := range queues {
		for _, late := range []bool{false, true} {
			slices.SortStableFunc(changes, func(a, b change) int {
				oa, ob := a.order, b.order
				if late && a.used < 0 {
					oa = 3
				}
				if late && b.used < 0 {
					ob = 3
				}
				return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(oa, ob))
			})
			used, depth, deepest := 0, 0, 0
			for _, c := range changes {
				used += c.used
				depth += c.depth
				deepest = max(deepest, depth)
				if !late && used > ring {
					return fmt.Errorf("queue %d: %d buffers in use at %d, of a ring of %d", q, used, c.time, ring)
				}
				if late && c.drop && used < ring {
					return fmt.Errorf("queue %d: a drop at %d, with %d buffers of %d in use", q, c.time, used, ring)
				}
				if depth > ring || depth < 0 {
					return fmt.Errorf("queue %d: depth %d at %d, of a ring of %d", q, depth, c.time, ring)
				}
			}
			if used != 0 || depth != 0 {
				return fmt.Errorf("queue %d: at the end %d buffers in use, %d not taken", q, used, depth)
			}
			if uint64(deepest) != r.counters.Queues[q].DepthMax {
				return fmt.Errorf("queue %d: greatest depth %d, counted %d", q, deepest, r.counters.Queues[q].DepthMax)
			}
		}
	}
	return nil
}

// returns is when each packet's buffer comes back: with drain poll as it is
// indicated, else when the DPC that took it ends.
func (r *run) returns(stories []packetStory) []int64 {
	back := make([]int64, len(stories))
	poll := r.cfg.Drain == engine.Poll && r.mode != engine.RSSSingleQueue
	taken := make([][]int64, len(r.cfg.CPUs)) // by the CPU's DPC
	for _, e := range r.events {
		switch {
		case poll && e.Kind == engine.Indicate:
			back[e.Packet] = e.Time
		case e.Kind == engine.Take:
			taken[e.CPU] = append(taken[e.CPU], e.Packet)
		case !poll && e.Kind == engine.DPCEnd:
			for _, p := range taken[e.CPU] {
				back[p] = e.Time
			}
			taken[e.CPU] = taken[e.CPU][:0]
		}
	}
	return back
}

// checkDrained: a DPC that is not to start anew leaves none behind: with drain
// snapshot nothing that was published when it started, with drain poll nothing
// when it ends. In rss-single-queue that is what the dealing DPC deals.
func (r *run) checkDrained(stories []packetStory) error {
	// Per CPU, or for all, the moments up to which everything is taken.
	drained := make([][]int64, len(r.cfg.CPUs))
	started, pending := map[int]int64{}, map[int]int64{}
	for _, e := range r.events {
		switch {
		case r.mode == engine.RSSSingleQueue:
			if e.Kind == engine.DPCStart && e.Queue >= 0 {
				drained[0] = append(drained[0], e.Time)
			}
		case e.Kind == engine.DPCStart:
			started[e.CPU] = e.Time
			delete(pending, e.CPU) // it started anew
		case e.Kind == engine.DPCEnd && r.cfg.Drain == engine.Poll:
			pending[e.CPU] = e.Time
		case e.Kind == engine.DPCEnd:
			pending[e.CPU] = started[e.CPU]
		case e.Kind == engine.Enable:
			for cpu, at := range pending {
				switch r.mode {
				case engine.NonRSS:
					drained[0] = append(drained[0], at)
				case engine.RSSMSIX:
					if cpu != e.CPU {
						continue
					}
					fallthrough
				default:
					drained[cpu] = append(drained[cpu], at)
				}
				delete(pending, cpu)
			}
		}
	}
	for i := range stories {
		s := &stories[i]
		if s.told[engine.Take] < 0 {
			continue
		}
		moments, taken := drained[0], s.time[engine.Take]
		switch r.mode {
		case engine.RSSSingleQueue:
			taken = s.time[engine.Deal]
		case engine.RSSMSIX, engine.RSSHWQueues:
			moments = drained[s.cpu]
		}
		next, _ := slices.BinarySearch(moments, s.time[engine.Publish])
		if next == len(moments) || taken > moments[next] {
			return fmt.Errorf("packet %d: published at %d and taken at %d, but all was taken at %v",
				i, s.time[engine.Publish], taken, moments[next:min(next+1, len(moments))])
		}
	}
	return nil
}

// checkSends: a sent packet runs where its connection's first received packet
// was taken before that instant, whose takes come after its sends; else on the
// default queue's CPU. It is a match where the latest such take was there too. At
// one instant the lowest CPU takes first, but with one vector for the NIC there
// may be two cycles of no duration in it, which only the telling orders.
func (r *run) checkSends(stories []packetStory) error {
	takes := map[int][]int{} // packets taken, by connection
	for i := range stories {
		if c := r.packets[i].Conn; c >= 0 && stories[i].told[engine.Take] >= 0 {
			takes[c] = append(takes[c], i)
		}
	}
	order := func(a, b int) int {
		sa, sb := &stories[a], &stories[b]
		byCPU := 0
		if r.mode == engine.RSSMSIX {
			byCPU = cmp.Compare(sa.cpu, sb.cpu)
		}
		return cmp.Or(cmp.Compare(sa.time[engine.Take], sb.time[engine.Take]), byCPU,
			cmp.Compare(sa.told[engine.Take], sb.told[engine.Take]))
	}
	for _, of := range takes {
		slices.SortFunc(of, order)
	}
	var judged, matches uint64
	for _, e := range r.events {
		if e.Kind != engine.Send {
			continue
		}
		of := takes[r.packets[e.Packet].Conn]
		n := 0
		for n < len(of) && stories[of[n]].time[engine.Take] < e.Time {
			n++
		}
		want, latest := r.cfg.QueueCPU[r.cfg.DefaultQueue], -1
		if n > 0 {
			want, latest = stories[of[0]].cpu, stories[of[n-1]].cpu
			judged++
			if latest == want {
				matches++
			}
		}
		if e.CPU != want || e.Latest != latest {
			return fmt.Errorf("packet %d: sent at %d on CPU %d, the latest take was on %d; want %d and %d", e.Packet, e.Time, e.CPU, e.Latest, want, latest)
		}
	}
	if c := r.counters; c.SendsJudged != judged || c.SendMatches != matches {
		return fmt.Errorf("%d of %d sends match, counted %d of %d", matches, judged, c.SendMatches, c.SendsJudged)
	}
	return nil
}

func (r *run) check() error {
	stories, err := r.stories()
	if err != nil {
		return err
	}
	return cmp.Or(r.checkPackets(stories), r.checkConservation(stories), r.checkCycles(), r.checkCPUs(),
		r.checkOrder(stories), r.checkRings(stories), r.checkDrained(stories), r.checkSends(stories))
}

// TestConservation checks what no parameter may break, on random captures.
func TestConservation(t *testing.T) {
	cases := uint64(400)
	if testing.Short() {
		cases = 60
	}
	var drops, waits, lasting int // or the captures would show little
	for seed := range cases {
		c, cfg, s := randomCase(seed + 10_000)
		result, seen := watch(t, c, cfg, s, allModes)
		packets, _, _, _ := plainPackets(c, s)
		for i, mode := range allModes {
			r := run{cfg: cfg, mode: mode, packets: packets, events: seen[mode], counters: &result.Modes[i]}
			if err := r.check(); err != nil {
				t.Fatalf("seed %d: %v: %v", seed, mode, err)
			}
			for _, e := range r.events {
				switch {
				case e.Kind == engine.Drop:
					drops++
				case e.Kind == engine.More:
					waits++
				case e.Kind == engine.Enable && e.Time > 0:
					lasting++
				}
			}
		}
	}
	if drops == 0 || waits == 0 || lasting == 0 {
		t.Errorf("%d drops, %d packets published to a masked vector, %d cycles: the captures show too little", drops, waits, lasting)
	}
}
