package engine

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"rssreplay/dispatch/rebalance"
	"rssreplay/nicmodel"
)

// TableAt is an indirection table that is given while packets arrive.
type TableAt struct {
	Time  int64                     // ns after the first packet; arrivals at that time meet it already
	Table nicmodel.IndirectionTable // as many entries as Config.Table
}

// AffinityAt is the interrupt affinity of all queues from a time on.
type AffinityAt struct {
	Time     int64 // ns after the first packet; arrivals and sends at that time meet it already
	QueueCPU []int // as Config.QueueCPU
}

// Rebalanced is what a rebalancer did in RSSMSIX.
type Rebalanced struct {
	Steps []rebalance.Step // every tick
	Moves []uint64         // per entry: how often it was moved

	// MinMaxPercent is the mean of (max − min) ÷ min × 100 of the packets that the
	// CPUs in use indicated, by time of arrival, over the windows from tick to tick
	// that have any; each counts at most 2000, and so does one whose min is 0. What
	// arrived from the last tick on is left out.
	MinMaxPercent float64
	Windows       int // that it is the mean of
}

// mostMinMaxPercent is where RSS++'s authors cut their measure.
const mostMinMaxPercent = 2000

// checkChanges is Validate's part of what changes during a replay.
func (c *Config) checkChanges() error {
	last := int64(0)
	for _, at := range c.Tables {
		switch {
		case at.Time < last:
			return fmt.Errorf("--table-at: a table of %s comes after one of %s: the times must not fall: give the earlier table first", time.Duration(at.Time), time.Duration(last))
		case len(at.Table) != len(c.Table):
			return fmt.Errorf("--table-at: the table has %d entries, and the first one %d: a NIC's table keeps its size", len(at.Table), len(c.Table))
		}
		for i, q := range at.Table {
			if int(q) >= c.Queues {
				return fmt.Errorf("--table-at: entry %d is queue %d, which is not below --queues %d", i, q, c.Queues)
			}
		}
		last = at.Time
	}
	last = 0
	for _, at := range c.Affinities {
		switch {
		case at.Time < last:
			return fmt.Errorf("--affinity-at: an affinity of %s comes after one of %s: the times must not fall: give the earlier one first", time.Duration(at.Time), time.Duration(last))
		case len(at.QueueCPU) != c.Queues:
			return fmt.Errorf("--affinity-at names the CPUs of %d queues, but there are %d", len(at.QueueCPU), c.Queues)
		}
		for q, cpu := range at.QueueCPU {
			if cpu < 0 || cpu >= len(c.CPUs) {
				return fmt.Errorf("--affinity-at puts queue %d on a CPU that is not in use", q)
			}
		}
		last = at.Time
	}
	if c.Rebalance != nil {
		return c.Rebalance.Validate()
	}
	return nil
}

// TableMoves is how often each entry gets another queue by a table that is given.
// Each is compared with the one given before it, whatever a rebalancer made of that.
func (c *Config) TableMoves() []uint64 {
	moves := make([]uint64, len(c.Table))
	before := c.Table
	for _, at := range c.Tables {
		for i, queue := range at.Table {
			if queue != before[i] {
				moves[i]++
			}
		}
		before = at.Table
	}
	return moves
}

// AffinityAt is the affinity that arrivals at a time meet.
func (c *Config) AffinityAt(t int64) []int {
	cpus := c.QueueCPU
	for _, at := range c.Affinities {
		if at.Time > t {
			break
		}
		cpus = at.QueueCPU
	}
	return cpus
}

// changes is what changes the table and the affinity while a model runs, and what
// they are now.
//
// Changes act on arrivals and sends alone, before those of their instant: queue and CPU
// of a packet are decided when it arrives, and it stays where that put it, also in a
// DMA list, and in RSSSingleQueue until it is dealt. Of several at one instant a tick
// comes first, then tables, then affinities, each in their order.
//
// Not specified: whether a change is an event of the simulated time. Here it is none.
type changes struct {
	table      nicmodel.IndirectionTable
	queueCPU   []int
	tables     []TableAt // still to come
	affinities []AffinityAt

	none bool // nothing will change: see standStill

	arrived  arrivalSeries
	balancer *rebalance.Balancer // nil: none
	done     Rebalanced
	entries  []uint64  // per entry: arrivals since the last tick
	indicate []uint64  // per CPU: those that will be indicated there
	busy     []int64   // per CPU, at the last tick
	begun    [][]begun // per CPU: the packets that it took last
}

// begun is the work on a packet, which counts in full from its start on.
type begun struct{ start, cost int64 }

// newChanges is what changes in a mode; nil if nothing does that could be seen there.
func newChanges(c *Config, mode Mode, sends bool) *changes {
	h := &changes{table: slices.Clone(c.Table), queueCPU: c.QueueCPU, tables: c.Tables, affinities: c.Affinities}
	switch mode {
	case NonRSS: // sends alone have a CPU by the affinity
		h.tables = nil
		if !sends {
			h.affinities = nil
		}
	case RSSMSIX:
		if c.Rebalance != nil {
			h.balancer = rebalance.New(*c.Rebalance, len(c.CPUs))
			h.entries, h.done.Moves = make([]uint64, len(c.Table)), make([]uint64, len(c.Table))
			h.indicate, h.busy, h.begun = make([]uint64, len(c.CPUs)), make([]int64, len(c.CPUs)), make([][]begun, len(c.CPUs))
		}
	}
	if len(h.tables) == 0 && len(h.affinities) == 0 && h.balancer == nil {
		return nil
	}
	h.arrived = arrivalSeries{interval: c.Interval, cpus: len(c.CPUs)}
	return h
}

// next is when the next change is, and whether it is a tick.
func (h *changes) next() (at int64, tick bool) {
	at = nicmodel.Never
	if h.balancer != nil {
		at, tick = h.balancer.Next(), true
	}
	if len(h.tables) > 0 && h.tables[0].Time < at {
		at, tick = h.tables[0].Time, false
	}
	if len(h.affinities) > 0 && h.affinities[0].Time < at {
		at, tick = h.affinities[0].Time, false
	}
	return at, tick
}

// given takes the tables and affinities that are given for a time.
func (h *changes) given(at int64) {
	for ; len(h.tables) > 0 && h.tables[0].Time <= at; h.tables = h.tables[1:] {
		copy(h.table, h.tables[0].Table)
	}
	for ; len(h.affinities) > 0 && h.affinities[0].Time <= at; h.affinities = h.affinities[1:] {
		h.queueCPU = h.affinities[0].QueueCPU
	}
}

// tick lets the balancer move entries; busy is what each CPU has begun so far.
func (h *changes) tick(busy []int64) {
	period := rebalance.Period{Packets: h.entries, QueueCPU: h.queueCPU}
	for c, now := range busy {
		period.Busy = append(period.Busy, now-h.busy[c])
	}
	step := h.balancer.Tick(period, h.table)
	for _, m := range step.Moves {
		h.done.Moves[m.Entry]++
	}
	h.done.Steps = append(h.done.Steps, step)
	h.busy = busy
	clear(h.entries)
}

// closeWindow counts what was indicated of the packets from tick to tick.
func (h *changes) closeWindow() {
	least, most := slices.Min(h.indicate), slices.Max(h.indicate)
	if most > 0 {
		percent := float64(mostMinMaxPercent)
		if least > 0 {
			percent = min(percent, float64(most-least)/float64(least)*100)
		}
		h.done.MinMaxPercent += percent // the sum, until the end
		h.done.Windows++
	}
	clear(h.indicate)
}

// rebalanced is what the balancer did; nil without one.
func (h *changes) rebalanced() *Rebalanced {
	if h.balancer == nil {
		return nil
	}
	done := h.done
	if done.Windows > 0 {
		done.MinMaxPercent /= float64(done.Windows)
	}
	return &done
}

// begin notes the work on the i-th packet that CPU c takes at once.
func (h *changes) begin(c, i int, start, cost int64) {
	if i == 0 {
		h.begun[c] = h.begun[c][:0]
	}
	h.begun[c] = append(h.begun[c], begun{start, cost})
}

// ahead is the cost of what CPU c took and has not begun before t.
func (h *changes) ahead(c int, t int64) (cost int64) {
	for _, b := range h.begun[c] {
		if b.start >= t {
			cost += b.cost
		}
	}
	return cost
}

// change makes the changes up to t, the time of an arrival or a send. advance is to do
// all work before a time, and tell what each CPU has begun by then.
func (m *Model) change(t int64, advance func(at int64) []int64) {
	for m.changeAt <= t {
		at, tick := m.changes.next()
		if tick {
			m.changes.tick(advance(at))
			if m.arrivals == nil {
				m.changes.closeWindow()
			} else {
				m.ticked()
			}
		} else {
			m.changes.given(at)
		}
		m.aim()
		m.changeAt, _ = m.changes.next()
	}
}

// arrivalSeries counts the packets that arrive for each CPU, those included that find no
// buffer, in windows as Windows has them.
type arrivalSeries struct {
	interval int64
	cpus     int
	until    int64    // end of the last window
	packets  []uint64 // of each CPU in each window, window by window
}

func (s *arrivalSeries) count(t int64, cpu uint16) {
	if t >= s.until {
		s.extend(t)
	}
	s.packets[len(s.packets)-s.cpus+int(cpu)]++
}

// window is the packets of each CPU in the window of t, the last one, and its end.
func (s *arrivalSeries) window(t int64) (packets []uint64, until int64) {
	if t >= s.until {
		s.extend(t)
	}
	return s.packets[len(s.packets)-s.cpus:], s.until
}

// extend makes the window of t the last one.
func (s *arrivalSeries) extend(t int64) {
	for t/s.interval >= MaxWindows {
		s.interval *= 2
		windows := len(s.packets) / s.cpus
		for w := 1; w < windows; w++ { // one of two: window w joins w/2
			for c := range s.cpus {
				n := s.packets[w*s.cpus+c]
				if to := w/2*s.cpus + c; w%2 == 1 {
					s.packets[to] += n
				} else {
					s.packets[to] = n
				}
			}
		}
		s.packets = s.packets[:(windows+1)/2*s.cpus]
	}
	if missing := (int(t/s.interval)+1)*s.cpus - len(s.packets); missing > 0 {
		s.packets = append(s.packets, make([]uint64, missing)...)
	}
	s.until = (t/s.interval + 1) * s.interval
}

// windows is the finished series.
func (s *arrivalSeries) windows() *Windows {
	w := &Windows{Interval: s.interval, Packets: make([][]uint64, s.cpus)}
	for i, n := range s.packets {
		w.Packets[i%s.cpus] = append(w.Packets[i%s.cpus], n)
	}
	return w
}

// aim sets where entries lead as it is now.
func (m *Model) aim() {
	table, queueCPU := m.cfg.Table, m.cfg.QueueCPU
	if m.changes != nil {
		table, queueCPU = m.changes.table, m.changes.queueCPU
	}
	m.targets = m.targets[:0]
	for _, queues := range [][]uint16{table, m.cfg.Ruled, {uint16(m.cfg.DefaultQueue)}} {
		for _, queue := range queues {
			m.targets = append(m.targets, target{queue, uint16(queueCPU[queue])})
		}
	}
}

// burstsMove tells that packets of one entry may go to several queues, so that bursts
// are counted at each arrival.
func (m *Model) burstsMove() bool { return m.changes != nil && len(m.queues) > 1 }

// burstsMoveAlike reports whether packets of one entry go to the same queue in both models
// all the time, where they do when these begin.
func (m *Model) burstsMoveAlike(o *Model) bool {
	if !m.burstsMove() || !o.burstsMove() {
		return m.burstsMove() == o.burstsMove()
	}
	return m.changes.balancer == nil && o.changes.balancer == nil && reflect.DeepEqual(m.changes.tables, o.changes.tables)
}

// movable counts a packet that arrives for an entry where the entries' CPUs change.
func (m *Model) movable(t int64, entry uint16, flow uint32, to target, accepted bool) {
	h := m.changes
	if m.arrives && m.ownsBursts {
		m.bursts.Arrive(to.queue, t)
	}
	h.arrived.count(t, to.cpu)
	if h.balancer != nil {
		if int(entry) < len(h.entries) {
			h.entries[entry]++
		}
		if accepted && m.arrivals == nil {
			h.indicate[to.cpu]++
		}
	}
	if accepted && m.arrivals == nil {
		m.CountedAffinity.Took(flow, int(to.cpu))
	}
}
