package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// none stands in the text where JSON has null.
const none = "-"

// exact is n in full, with a comma between thousands.
func exact(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// countWidth is the columns that count takes at most.
const countWidth = 7

// count is n in at most countWidth columns: exact below a million, four digits above.
func count(n uint64) string {
	if n < 1e6 {
		return exact(n)
	}
	return scaled(float64(n), 4, decimalPrefixes)
}

var (
	decimalPrefixes = []string{"", "k", "M", "G", "T", "P", "E"}
	durationUnits   = []string{" ns", " µs", " ms", " s"}
)

// scaled is x ≥ 0 rounded to digits significant digits, at least 3, with the
// unit that leaves one to three of them before the point. Each unit is 1000 of
// the one before.
func scaled(x float64, digits int, units []string) string {
	if x == 0 {
		return "0" + units[0]
	}
	// Rounding comes first: 999.6 is 1.00k, not 1000.
	rounded := strconv.FormatFloat(x, 'e', digits-1, 64)
	mantissa, exponentText, _ := strings.Cut(rounded, "e")
	exponent, _ := strconv.Atoi(exponentText)     // strconv wrote it
	value, _ := strconv.ParseFloat(mantissa, 64)  // likewise
	unit := min(max(exponent/3, 0), len(units)-1) // below 1 there is no unit
	value *= math.Pow10(exponent - 3*unit)        // 1 ≤ value < 1000, or in the last unit more
	decimals := digits - 1 - (exponent - 3*unit)  // of which below 1 no more are shown than of 1
	decimals = min(max(decimals, 0), max(digits-1, 0))
	return strconv.FormatFloat(value, 'f', decimals, 64) + units[unit]
}

// rate is a rate with three digits, "788M".
func rate[F ~float64](f F) string {
	if isNull(f) {
		return none
	}
	return scaled(float64(f), 3, decimalPrefixes)
}

// nanoseconds is a duration with three digits, "12.3 µs"; exact below 1 µs.
func nanoseconds(ns int64) string {
	if ns < 1000 {
		return strconv.FormatInt(ns, 10) + " ns"
	}
	return scaled(float64(ns), 3, durationUnits)
}

// exactDuration is a duration in full, "819.2 µs".
func exactDuration(ns int64) string {
	unit, per := 0, int64(1)
	for unit < len(durationUnits)-1 && ns >= 1000*per {
		unit++
		per *= 1000
	}
	s := fmt.Sprintf("%s.%0*d", exact(uint64(ns/per)), 3*unit, ns%per)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + durationUnits[unit]
}

// nanosecondsOrNone is nanoseconds of what may be null.
func nanosecondsOrNone(ns *int64) string {
	if ns == nil {
		return none
	}
	return nanoseconds(*ns)
}

// byteSize is a number of bytes with three digits and a decimal prefix.
func byteSize(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	s := scaled(float64(n), 3, decimalPrefixes)
	return s[:len(s)-1] + " " + s[len(s)-1:] + "B"
}

// percent is a share with one decimal, "12.3%"; what is above 0 is never 0.0%.
func percent[F ~float64](share F) string {
	switch {
	case isNull(share):
		return none
	case share > 0 && share < 0.0005:
		return "<0.1%"
	case share < 1 && share >= 0.9995:
		return ">99.9%"
	}
	return strconv.FormatFloat(float64(share)*100, 'f', 1, 64) + "%"
}

// fixed is f with decimals digits after the point.
func fixed[F ~float64](f F, decimals int) string {
	if isNull(f) {
		return none
	}
	return strconv.FormatFloat(float64(f), 'f', decimals, 64)
}

// plural is "1 CPU", "2,000 CPUs".
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return exact(n) + " " + many
}

// isNull tells whether f is the number of nothing: 0 ÷ 0, or x ÷ 0.
func isNull[F ~float64](f F) bool { return math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) }
