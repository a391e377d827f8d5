package plain

import (
	"math/rand/v2"
	"slices"

	"rssreplay/dispatch/rebalance"
)

// What follows draws the rest of a Setup, at random, for one whose Config and
// Packets are there: for the tests of this package, and of engines that are
// compared with it. Everything is small and often alike, so that much falls on
// one instant and rules meet.

// AddTables gives the setup up to six tables, of which some change one entry and
// some all.
func (s *Setup) AddTables(r *rand.Rand) {
	table := s.Config.Table
	for _, time := range s.moments(r, r.IntN(7)) {
		table = slices.Clone(table)
		if r.IntN(2) == 0 {
			table[r.IntN(len(table))] = uint16(r.IntN(s.Config.Queues))
		} else {
			for e := range table {
				table[e] = uint16(r.IntN(s.Config.Queues))
			}
		}
		s.Tables = append(s.Tables, TableAt{time, table})
	}
}

// AddAffinities gives the setup up to four other affinities.
func (s *Setup) AddAffinities(r *rand.Rand) {
	for _, time := range s.moments(r, r.IntN(5)) {
		cpus := make([]int, s.Config.Queues)
		for q := range cpus {
			cpus[q] = r.IntN(len(s.Config.CPUs))
		}
		s.Affinities = append(s.Affinities, AffinityAt{time, cpus})
	}
}

// AddRules lets rules take some flows, to queues or nowhere, and some packets of
// others.
func (s *Setup) AddRules(r *rand.Rand) {
	draw := func() (Decision, int) {
		return Decision(r.IntN(3)), r.IntN(s.Config.Queues)
	}
	decision, queue := make([]Decision, s.Flows), make([]int, s.Flows)
	for f := range s.Flows {
		if r.IntN(4) == 0 {
			decision[f], queue[f] = draw()
		}
	}
	for i := range s.Packets {
		p := &s.Packets[i]
		switch {
		case p.Sent:
		case p.Flow == none || r.IntN(16) == 0: // by a tag, or a MAC address
			p.Decision, p.Queue = draw()
		default:
			p.Decision, p.Queue = decision[p.Flow], queue[p.Flow]
		}
	}
}

// AddRPS gives the setup masks, some of them empty, of one CPU, with the queue's own or
// with CPUs that are offline, and often a tiny backlog. The packets' hashes are theirs already, or
// AddRPSHashes draws them.
func (s *Setup) AddRPS(r *rand.Rand) {
	s.RPS = &RPS{Cost: max(0, r.Int64N(40)-10), Backlog: r.IntN(4)}
	if r.IntN(2) == 0 {
		s.RPS.Backlog = r.IntN(100)
	}
	offline := r.IntN(3) == 0
	for range s.Config.Queues {
		var mask []int
		if r.IntN(4) > 0 {
			for cpu := range s.Config.CPUs {
				if r.IntN(2) == 0 {
					mask = append(mask, cpu)
				}
				if offline && r.IntN(3) == 0 {
					mask = append(mask, none)
				}
			}
		}
		s.RPS.CPUs = append(s.RPS.CPUs, mask)
	}
}

// AddRPSHashes gives each flow a hash, and each packet without a flow; some are 0.
func (s *Setup) AddRPSHashes(r *rand.Rand) {
	hash := func() uint32 {
		return []uint32{0, 1, r.Uint32(), r.Uint32(), r.Uint32(), 1<<32 - 1}[r.IntN(6)]
	}
	hashes := make([]uint32, s.Flows)
	for f := range hashes {
		hashes[f] = hash()
	}
	for i := range s.Packets {
		if p := &s.Packets[i]; p.Flow != none {
			p.RPSHash = hashes[p.Flow]
		} else {
			p.RPSHash = hash()
		}
	}
}

// AddRebalance gives the setup a rebalancer with one tick to about thirty.
func (s *Setup) AddRebalance(r *rand.Rand) {
	every := 1 + s.span()/(1+r.Int64N(30))
	s.Rebalance = &rebalance.Options{
		Every:     every,
		Max:       every * (1 + r.Int64N(5)),
		Threshold: []float64{0, 0.02, 0.2}[r.IntN(3)],
		LastPass:  r.IntN(4) == 0,
	}
}

// span is the time of the last packet.
func (s *Setup) span() int64 {
	if len(s.Packets) == 0 {
		return 0
	}
	return s.Packets[len(s.Packets)-1].Time
}

// moments are n times from 0 to a little after the last packet, in order; some of
// them those of packets, some twice.
func (s *Setup) moments(r *rand.Rand, n int) []int64 {
	var times []int64
	for range n {
		time := r.Int64N(s.span() + s.span()/8 + 2)
		if r.IntN(3) == 0 && len(s.Packets) > 0 {
			time = s.Packets[r.IntN(len(s.Packets))].Time
		}
		times = append(times, time)
		if r.IntN(6) == 0 {
			times = append(times, time)
		}
	}
	slices.Sort(times)
	return times
}
