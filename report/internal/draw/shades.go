package draw

import (
	"math"

	"rssreplay/report/internal/words"
)

// Shades are how a cell is shaded by its load, among all that are compared with it.
type Shades struct {
	Most     uint64 // load of a cell
	Doubling bool   // the levels are 1/128 of the most and less, 1/64, 1/32 … instead of eighths
}

// doublingAbove is how many times the mean of the cells in use the heaviest may be before
// eighths of it would leave all others alike.
const doublingAbove = 8

// ShadesOf are those of all cells of these rows.
func ShadesOf(rows ...[]uint64) (s Shades) {
	var total, used uint64
	for _, row := range rows {
		for _, n := range row {
			s.Most, total = max(s.Most, n), total+n
			if n > 0 {
				used++
			}
		}
	}
	s.Doubling = float64(s.Most)*float64(used) > doublingAbove*float64(total)
	return s
}

// Level is that of a load: 8 that of the most, 0 only for 0.
func (s Shades) Level(n uint64) int {
	switch {
	case !s.Doubling:
		return words.Level(n, s.Most)
	case n == 0:
		return 0
	}
	// 8 for more than half of the most, 7 for more than a quarter, and so on.
	return max(8-int(math.Log2(float64(s.Most)/float64(n))), 1)
}
