// Package grouped writes numbers as people read them, with a comma between thousands.
// It imports nothing of the project, so that all that tells a number can use it: what
// reads captures as well as what reports.
package grouped

import (
	"fmt"
	"strconv"
	"strings"
)

// Integer is what Int takes.
type Integer interface {
	~int | ~int64 | ~uint16 | ~uint32 | ~uint64
}

// Int is n in full, "-12,345".
func Int[N Integer](n N) string { return decimal(fmt.Sprint(n)) }

// Fixed is f with decimals digits after the point, "4,141.2".
func Fixed(f float64, decimals int) string {
	return decimal(strconv.FormatFloat(f, 'f', decimals, 64))
}

// decimal is a decimal number with a comma between the thousands before its point,
// "4,141.25".
func decimal(s string) string {
	whole, _, _ := strings.Cut(s, ".")
	first := len(whole) - len(strings.TrimLeft(whole, "-"))
	for i := len(whole) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
