package judge

import (
	"math/rand/v2"

	"rssreplay/nicmodel"
)

// This file is a hypothesis that changes little: of a claim that is right but for a part,
// any change of a few flows may leave less, whichever it is. Random keys tell nothing of
// that, as they change all.

// placement is what a hypothesis changes, and what it does not.
type placement struct {
	fixed  []uint64 // of each queue, what stays
	loads  []uint64 // of each input that changes
	inputs map[nicmodel.Decision]int
}

func placing(fixed []uint64) *placement {
	return &placement{fixed: fixed, inputs: map[nicmodel.Decision]int{}}
}

// change adds a load of what a decision tells apart.
func (p *placement) change(d nicmodel.Decision, load uint64) {
	n, met := p.inputs[d]
	if !met {
		n = len(p.loads)
		p.inputs[d], p.loads = n, append(p.loads, 0)
	}
	p.loads[n] += load
}

// byChance is how well the packets fit with each input that changes on a random entry of the
// configuration's table.
func (p *placement) byChance(seen []uint64, fit Fit, c *nicmodel.SteeringConfig) Null {
	return nullOf(fit, func(int) func(n int) Fit {
		return func(n int) Fit {
			random := rand.New(rand.NewPCG(uint64(n), 0x706c6163)) // not another's numbers
			queues := make([]uint64, max(len(p.fixed), len(c.QueueCPU)))
			copy(queues, p.fixed)
			for _, load := range p.loads {
				queues[c.Table[random.IntN(len(c.Table))]] += load
			}
			return new(fitter).fit(seen, queues, c.DefaultQueue)
		}
	})
}

// changesByChance is how well the inputs that the candidate leads to another entry than the
// claim does fit on random ones.
func (s *search) changesByChance(c *candidate) Null {
	steering, err := nicmodel.NewSteering(c.Config)
	if err != nil {
		return Null{Least: 1}
	}
	fixed := make([]uint64, len(c.Config.QueueCPU))
	copy(fixed, s.Ruled)
	p := placing(fixed)
	for i := range s.Groups {
		g := &s.Groups[i]
		was, is := s.Claimed.Decide(&g.Header, &g.Extension), steering.Decide(&g.Header, &g.Extension)
		switch {
		case was == is:
			fixed[is.Queue] += g.Load
		case is.Entry < 0: // all on one queue, where the flows may be anywhere
			p.change(was, g.Load)
		default:
			p.change(is, g.Load)
		}
	}
	return p.byChance(s.Seen, c.fit, &c.Config)
}
