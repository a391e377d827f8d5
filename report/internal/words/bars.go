package words

import (
	"math"
	"strings"
)

// Bar is n beside the greatest, in eighths of a column; empty only for 0.
func Bar(n, most uint64) string { return BarIn(n, most, barWidth) }

// BarIn is Bar with so many columns for the greatest.
func BarIn(n, most uint64, columns int) string {
	if most == 0 {
		return ""
	}
	eighths := int(math.Ceil(float64(n) * 8 * float64(columns) / float64(most)))
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string("▏▎▍▌▋▊▉"[3*(rest-1) : 3*rest])
	}
	return s
}

// barWidth is the columns of a bar for the CPU with the most packets.
const barWidth = 6

// Levels marks an entry's load beside the heaviest entry's; the first is none.
var Levels = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// Level is n in eighths of most, rounded up: 1 to 8, and 0 only for 0.
func Level(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return min(int(math.Ceil(float64(n)*8/float64(most))), 8)
}
