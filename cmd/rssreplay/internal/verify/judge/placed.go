package judge

import (
	"math/rand/v2"

	"rssreplay/nicmodel"
)

// This file is a hypothesis that changes little: of a claim that is right but for a part,
// any change of a few flows may leave less, whichever it is. Random keys tell nothing of
// that, as they change all.

// placedNull is random entries for each input that the candidate leads to another one than
// the claim does, and all else as claimed: how well these fit. An exact fit is not asked.
func (s *search) placedNull(c *candidate) (null Null, ok bool) {
	steering, err := nicmodel.NewSteering(c.Config)
	if err != nil {
		return Null{}, false
	}
	fixed := make([]uint64, len(c.Config.QueueCPU))
	copy(fixed, s.Ruled)
	var loads []uint64 // of each input that changes
	inputs := map[nicmodel.Decision]int{}
	for i := range s.Groups {
		g := &s.Groups[i]
		was, is := s.Claimed.Decide(&g.Header, &g.Extension), steering.Decide(&g.Header, &g.Extension)
		if was == is {
			fixed[is.Queue] += g.Load
			continue
		}
		if is.Entry < 0 { // all on one queue, where the flows may be anywhere
			is = was
		}
		n, met := inputs[is]
		if !met {
			n = len(loads)
			inputs[is], loads = n, append(loads, 0)
		}
		loads[n] += g.Load
	}
	null = Null{Least: 1}
	for _, n := range []int{firstKeys, allKeys} {
		fits := make([]Fit, n-null.Trials)
		parallel(len(fits), func() func(int) {
			var f fitter
			queues := make([]uint64, len(fixed))
			return func(i int) {
				random := rand.New(rand.NewPCG(uint64(null.Trials+i), 0x706c6163)) // not another's numbers
				copy(queues, fixed)
				for _, load := range loads {
					queues[c.Config.Table[random.IntN(len(c.Config.Table))]] += load
				}
				fits[i] = f.fit(s.Seen, queues, c.Config.DefaultQueue)
			}
		})
		if null.add(c.fit, fits); null.AsGood > 0 {
			return null, false
		}
	}
	return null, true
}
