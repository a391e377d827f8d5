package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"rssreplay/pcaps/grouped"
)

// None stands in the text where JSON has null.
const None = "-"

// Exact is n in full, with a comma between thousands.
func Exact(n uint64) string { return grouped.Int(n) }

// CountWidth is the columns that Count takes at most.
const CountWidth = 7

// Count is n in at most CountWidth columns: exact below a million, four digits above.
func Count(n uint64) string {
	if n < 1e6 {
		return Exact(n)
	}
	return Scaled(float64(n), 4, DecimalPrefixes)
}

var (
	DecimalPrefixes = []string{"", "k", "M", "G", "T", "P", "E"}
	durationUnits   = []string{" ns", " µs", " ms", " s"}
)

// Scaled is x ≥ 0 rounded to digits significant digits, at least 3, with the
// unit that leaves one to three of them before the point. Each unit is 1000 of
// the one before.
func Scaled(x float64, digits int, units []string) string {
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
	return grouped.Fixed(value, decimals) + units[unit]
}

// Rate is a rate with three digits, "788M".
func Rate[F ~float64](f F) string {
	if isNull(f) {
		return None
	}
	return Scaled(float64(f), 3, DecimalPrefixes)
}

// Nanoseconds is a duration with three digits, "12.3 µs"; exact below 1 µs, in
// minutes to years where there are a thousand seconds or more.
func Nanoseconds(ns int64) string {
	const second = 1e9
	switch {
	case ns < 1000:
		return strconv.FormatInt(ns, 10) + " ns"
	case ns < 999.5*second:
		return Scaled(float64(ns), 3, durationUnits)
	case ns < 2*3600*second:
		return Scaled(float64(ns)/60/second, 3, []string{""}) + " min"
	case ns < 48*3600*second:
		return Scaled(float64(ns)/3600/second, 3, []string{""}) + " h"
	}
	days := float64(ns) / 86400 / second
	if days < 2*365 {
		return Scaled(days, 3, []string{""}) + " days"
	}
	return Scaled(days/365.25, 3, []string{""}) + " years"
}

// ExactDuration is a duration in full, "819.2 µs", and from ten minutes on as a clock
// tells it, too: "3,276.8 s (54 min)".
func ExactDuration(ns int64) string {
	if ns >= ClockFrom {
		return Moment(ns)
	}
	unit, per := 0, int64(1)
	for unit < len(durationUnits)-1 && ns >= 1000*per {
		unit++
		per *= 1000
	}
	s := fmt.Sprintf("%s.%0*d", Exact(uint64(ns/per)), 3*unit, ns%per)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + durationUnits[unit]
}

// ExactNanoseconds is a time in ns with nothing rounded, "1,200 ns".
func ExactNanoseconds(ns int64) string {
	if ns < 0 {
		return "-" + Exact(uint64(-ns)) + " ns"
	}
	return Exact(uint64(ns)) + " ns"
}

// NanosecondsOrNone is Nanoseconds of what may be null.
func NanosecondsOrNone(ns *int64) string {
	if ns == nil {
		return None
	}
	return Nanoseconds(*ns)
}

// NumberOrNone is the number of a core, say, which may be null.
func NumberOrNone(n *int) string {
	if n == nil {
		return None
	}
	return strconv.Itoa(*n)
}

// ByteSize is a number of bytes with three digits and a decimal prefix.
func ByteSize(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10) + " B"
	}
	s := Scaled(float64(n), 3, DecimalPrefixes)
	return s[:len(s)-1] + " " + s[len(s)-1:] + "B"
}

// Percent is a share with one decimal, "12.3%"; what is above 0 is never 0.0%.
func Percent[F ~float64](share F) string {
	switch {
	case isNull(share):
		return None
	case share > 0 && share < 0.0005:
		return "<0.1%"
	case share < 1 && share >= 0.9995:
		return ">99.9%"
	}
	return grouped.Fixed(float64(share)*100, 1) + "%"
}

// WholePercent is a percentage, not a share, without decimals, "1,738%".
func WholePercent[F ~float64](percent F) string {
	if isNull(percent) {
		return None
	}
	return Exact(uint64(math.Round(float64(percent)))) + "%"
}

// Fixed is f with decimals digits after the point, "4,141.2".
func Fixed[F ~float64](f F, decimals int) string {
	if isNull(f) {
		return None
	}
	return grouped.Fixed(float64(f), decimals)
}

// Plural is "1 CPU", "2,000 CPUs".
func Plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Exact(n) + " " + many
}

// isNull tells whether f is the number of nothing: 0 ÷ 0, or x ÷ 0.
func isNull[F ~float64](f F) bool { return math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) }
