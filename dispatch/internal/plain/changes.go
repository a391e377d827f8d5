package plain

import (
	"slices"

	"rssreplay/nicmodel"
)

// TableAt is an indirection table that is given while packets arrive.
type TableAt struct {
	Time  int64                     // ns: arrivals at that time meet it already
	Table nicmodel.IndirectionTable // as many entries as before, each a queue
}

// AffinityAt is the interrupt affinity of all queues from a time on.
type AffinityAt struct {
	Time     int64 // ns: arrivals and sends at that time meet it already
	QueueCPU []int // per queue: index into Config.CPUs
}

// changeTable and changeAffinity come before all else at their instant but the
// rebalancer's tick, whose entries a table given for that time replaces. Of
// several at one time the last stands. They act on arrivals alone: what arrived
// before stays where its arrival put it.
//
// Not specified: whether a change is an event of the simulated time. Here it is
// not, as a tick is none: nothing happens to a packet.
func (e *machine) changeTable() {
	e.table = slices.Clone(e.setup.Tables[e.nextTable].Table)
	e.nextTable++
	e.saw("table %d", e.nextTable)
}

func (e *machine) changeAffinity() {
	e.queueCPU = e.setup.Affinities[e.nextAffinity].QueueCPU
	e.nextAffinity++
	e.saw("affinity %d", e.nextAffinity)
}

// Moved is what moves of entries disturbed.
type Moved struct {
	Moves   uint64 // entries that got another queue, each time it happened
	Flows   uint64 // with a packet, at any time, that took an entry that was ever moved; dropped or not
	Packets uint64 // received ones of these flows
}

// movedByTables compares each table with the one given before it, whatever a
// rebalancer made of that one.
//
// Not specified: a table that changes nothing in non-rss. Its moves count there
// as well, being those of the tables.
func (e *machine) movedByTables() Moved { return e.moved(e.tableMoves()) }

// movedByAll is by tables and rebalancer together: a flow that both disturbed is one.
func (e *machine) movedByAll() Moved {
	moves := e.tableMoves()
	if b := e.balancer; b != nil {
		for entry, n := range b.moves {
			moves[entry] += n
		}
	}
	return e.moved(moves)
}

// tableMoves is how often the tables move each entry.
func (e *machine) tableMoves() []uint64 {
	moves := make([]uint64, len(e.cfg.Table))
	before := e.cfg.Table
	for _, t := range e.setup.Tables {
		for entry := range t.Table {
			if t.Table[entry] != before[entry] {
				moves[entry]++
			}
		}
		before = t.Table
	}
	return moves
}

// moved is what so many moves of each entry disturbed.
func (e *machine) moved(moves []uint64) Moved {
	var m Moved
	for _, n := range moves {
		m.Moves += n
	}
	flows := make(map[int]bool)
	for p := range e.packets {
		if entry, took := e.entry(p); took && moves[entry] > 0 && e.packets[p].Flow != none {
			flows[e.packets[p].Flow] = true
		}
	}
	for p := range e.packets {
		if !e.packets[p].Sent && flows[e.packets[p].Flow] {
			m.Packets++
		}
	}
	m.Flows = uint64(len(flows))
	return m
}

// entry is the entry of the table that a received packet takes: none if it is
// unhashed, or if a rule took it, whether to a queue, a context or nowhere.
func (e *machine) entry(p int) (entry int, takes bool) {
	packet := &e.packets[p]
	return packet.Entry, !packet.Sent && packet.Decision == ByTable && packet.Entry != none
}
