package rebalance

import "math"

// tolerance is by how much a pass may go too far.
type tolerance struct {
	over  float64 // an overloaded core goes on while its excess is above −over
	under float64 // an entry may exceed an underloaded core's room by less than this
}

func (t tolerance) times(f float64) tolerance { return tolerance{t.over * f, t.under * f} }

// between is the tolerance that lies the share m of the way from bottom to top.
func between(bottom, top tolerance, m float64) tolerance {
	return tolerance{
		over:  bottom.over + float64((top.over-bottom.over)*m), // converted: never fused
		under: bottom.under + float64((top.under-bottom.under)*m),
	}
}

// search chooses the tolerance of the next pass by whether Q got worse.
type search struct {
	tolerance
	phase       phase
	bottom, top tolerance
	m           float64 // where tolerance lies between them
	last        float64 // Q of the pass before
}

type phase int

const (
	first phase = iota
	growing
	lowering
	raising
)

func newSearch() *search {
	least := tolerance{-0.01, -0.01}
	return &search{tolerance: least, bottom: least}
}

// after sets the tolerance of the pass after one that gave q. It reports false
// when the search has come to one of its bounds.
//
//   - After the first pass: what it left, summed.
//   - growing, while Q gets no worse: half as much again. Else that is the top,
//     and lowering begins at half of it.
//   - lowering, while Q gets no worse: half as far from the bottom. Else that is
//     the new bottom, and raising begins in the middle.
//   - raising, while Q gets no worse: half as far from the top. Else that is the
//     new top, and lowering begins in the middle.
func (s *search) after(q float64, over, under []core) bool {
	better := q <= s.last
	s.last = q
	switch s.phase {
	case first:
		s.tolerance = tolerance{}
		for _, c := range over {
			s.over += math.Abs(c.left)
		}
		for _, c := range under {
			s.under += math.Abs(c.left)
		}
		s.phase = growing
		return true
	case growing:
		if better {
			s.tolerance = s.times(1.5)
			return true
		}
		s.top, s.m, s.phase = s.tolerance, 0.5, lowering
		s.tolerance = s.times(0.5)
		return true
	case lowering:
		if better {
			s.m /= 2
		} else {
			s.bottom, s.m, s.phase = s.tolerance, 0.5, raising
		}
	case raising:
		if better {
			s.m = (1 + s.m) / 2
		} else {
			s.top, s.m, s.phase = s.tolerance, 0.5, lowering
		}
	}
	s.tolerance = between(s.bottom, s.top, s.m)
	return s.m >= nearest && s.m <= 1-nearest
}
