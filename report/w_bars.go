package report

import (
	"math"
	"strings"
)

// bar is n beside the greatest, in eighths of a column; empty only for 0.
func bar(n, most uint64) string { return barIn(n, most, barWidth) }

// barIn is bar with so many columns for the greatest.
func barIn(n, most uint64, columns int) string {
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

// levels marks an entry's load beside the heaviest entry's; the first is none.
var levels = []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}

// level is n in eighths of most, rounded up: 1 to 8, and 0 only for 0.
func level(n, most uint64) int {
	if n == 0 {
		return 0
	}
	return min(int(math.Ceil(float64(n)*8/float64(most))), 8)
}
