package balance

import (
	"slices"

	"rssreplay/nicmodel"
)

// Pin is a rule that sends a group of flows to a queue, and the table beside it.
type Pin struct {
	Group int
	Queue int
	Table int // index into Pinning.Tables
}

// Pinning is the search for one group of flows that is better off on a queue of its own
// than where the table has it. Its tasks have Size slots of what no group has, as the
// table has entries, and behind them as many for each group, so that tables of the
// judge's are as long: see pinned.
type Pinning struct {
	Groups int
	// Tables are those that a rule may stand beside, all of one size; the first is the
	// table now.
	Tables []nicmodel.IndirectionTable
	// Spared has for each of Tables the queue that it leaves to the group; −1: the group
	// goes to the CPU with the least load.
	Spared []int
}

// leastPinned is the share of the mean load of a CPU that a group must have on the
// busiest one: below it is not the group that makes the CPU busy.
const leastPinned = 1

// keptTable is how much less the peak must be under another table than under that of now,
// where the rule alone is one thing less to set.
const keptTable = 0.99

// Size is the slots of what no group has, and of each group.
func (p *Pinning) Size() int { return len(p.Tables[0]) }

// Now is the table now for the tasks.
func (p *Pinning) Now() nicmodel.IndirectionTable { return p.repeated(0) }

// repeated is a table for the tasks, with every group where its entries are.
func (p *Pinning) repeated(table int) nicmodel.IndirectionTable {
	var all nicmodel.IndirectionTable
	for range 1 + p.Groups {
		all = append(all, p.Tables[table]...)
	}
	return all
}

// pinned is the table and the rule of a pin, for the tasks.
func (p *Pinning) pinned(pin Pin) nicmodel.IndirectionTable {
	all := p.repeated(pin.Table)
	block := all[(1+pin.Group)*p.Size():][:p.Size()]
	for i := range block {
		block[i] = uint16(pin.Queue)
	}
	return all
}

// Find is the pin with the least peak; ok is false where none is LeastGain better than
// what is now. Only a group that has leastPinned of a CPU's fair share on the busiest CPU
// is looked at, so that a flow that is alone there stays.
func (p *Pinning) Find(b *Task) (best Pin, ok bool) {
	now := b.CPULoads(p.Now())
	peak := slices.Max(now)
	if peak == 0 {
		return best, false
	}
	busiest := slices.Index(now, peak)
	fair := float64(b.Total()) / float64(len(now))
	least := (1 - LeastGain) * float64(peak)
	queues := b.firstQueues()
	for k, table := range p.Tables {
		all := b.CPULoads(p.repeated(k))
		limit := least
		if k > 0 && ok {
			limit *= keptTable
		}
		for g := range p.Groups {
			of := b.Entries[(1+g)*p.Size():][:p.Size()]
			if float64(b.on(busiest, of, p.Tables[0])) < leastPinned*fair {
				continue
			}
			loads := slices.Clone(all)
			var load uint64
			for i, l := range of {
				loads[b.QueueCPU[table[i]]] -= l
				load += l
			}
			queue := p.Spared[k]
			if queue < 0 {
				queue = leastLoaded(loads, queues)
			}
			loads[b.QueueCPU[queue]] += load
			if after := float64(slices.Max(loads)); after < limit || after == limit && !ok {
				best, least, limit, ok = Pin{g, queue, k}, after, after, true
			}
		}
	}
	return best, ok
}

// on is the load that slots have on the CPU under the table.
func (b *Task) on(cpu int, slots []uint64, table nicmodel.IndirectionTable) (load uint64) {
	for i, l := range slots {
		if b.QueueCPU[table[i]] == cpu {
			load += l
		}
	}
	return load
}

// leastLoaded is the first queue of the CPU with the least load that has one.
func leastLoaded(loads []uint64, queues []int) int {
	least := -1
	for cpu, queue := range queues {
		if queue >= 0 && (least < 0 || loads[cpu] < loads[least]) {
			least = cpu
		}
	}
	return queues[least]
}

// Fit finds the pin for the judge: the table of now where there is none.
func (p *Pinning) Fit(b *Task) []nicmodel.IndirectionTable {
	if pin, ok := p.Find(b); ok {
		return []nicmodel.IndirectionTable{p.pinned(pin)}
	}
	return []nicmodel.IndirectionTable{p.Now()}
}

// leastPresence is the share of its mean load that a group must have in every fold: where
// most of the traffic is of flows that last, and where it is not. The heaviest of flows
// that come and go may well be there throughout, but seldom as steadily: of 2,400 traces
// of such flows a rule passed in 43, and made what followed less even in 13; of 1,600 with
// flows that stay in 1,196, and in 10.
const (
	leastPresence       = 0.5
	leastPresenceAmidst = 0.8
)

// Lasts reports whether a group is there throughout the folds; known is the share of the
// packets of flows that last.
func (p *Pinning) Lasts(folds []*Task, group int, known float64) bool {
	least, mean := p.Presence(folds, group)
	if known >= leastKnown {
		return least > 0 && least >= leastPresence*mean
	}
	return least > 0 && least >= leastPresenceAmidst*mean
}

// Presence is the least share that a group has of a fold's load, and the mean one.
func (p *Pinning) Presence(folds []*Task, group int) (least, mean float64) {
	least = 1
	for _, fold := range folds {
		share := p.share(fold, group)
		least = min(least, share)
		mean += share / float64(len(folds))
	}
	return least, mean
}

// share is the share of the load that a group has.
func (p *Pinning) share(b *Task, group int) float64 {
	var load uint64
	for _, l := range b.Entries[(1+group)*p.Size():][:p.Size()] {
		load += l
	}
	if total := b.Total(); total > 0 {
		return float64(load) / float64(total)
	}
	return 0
}
