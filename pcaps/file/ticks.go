package file

import (
	"math"
	"math/bits"
)

// tickUnit is the unit of an interface's timestamps: pcapng's if_tsresol and
// if_tsoffset.
type tickUnit struct {
	binary   bool  // 2^-exponent seconds, else 10^-exponent
	exponent uint8 // 0 to 127
	offset   int64 // seconds to add

	// perTick is the ns of one tick where they are whole and nothing is to add,
	// else 0; see settle.
	perTick uint64
}

// settle computes perTick.
func (u *tickUnit) settle() {
	if !u.binary && u.exponent <= 9 && u.offset == 0 {
		u.perTick = powersOfTen[9-u.exponent]
	}
}

// microseconds is the unit where the capture states none.
var microseconds = tickUnit{exponent: 6}

// powersOfTen are those that fit 64 bits.
var powersOfTen = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// time is ticks as ns since the Unix epoch, rounded down, by 128-bit integers; a
// time that does not fit is clamped to the nearest that does, and exact is false.
func (u tickUnit) time(ticks uint64) (ns int64, exact bool) {
	var hi, lo uint64
	switch {
	case u.binary:
		hi, lo = bits.Mul64(ticks, 1e9)
		if u.exponent >= 64 {
			hi, lo = 0, hi>>(u.exponent-64)
		} else if u.exponent > 0 {
			hi, lo = hi>>u.exponent, hi<<(64-u.exponent)|lo>>u.exponent
		}
	case u.exponent <= 9:
		hi, lo = bits.Mul64(ticks, powersOfTen[9-u.exponent])
	case int(u.exponent)-9 < len(powersOfTen):
		lo = ticks / powersOfTen[u.exponent-9]
	}
	if u.offset == 0 {
		if hi != 0 || lo > math.MaxInt64 {
			return math.MaxInt64, false
		}
		return int64(lo), true
	}

	// Add the offset as 128-bit two's complement: |offset| × 10^9 < 2^93 and
	// hi:lo < 2^94, so that no sum overflows.
	magnitude, negative := uint64(u.offset), u.offset < 0
	if negative {
		magnitude = -magnitude
	}
	ohi, olo := bits.Mul64(magnitude, 1e9)
	var carry uint64
	if negative {
		lo, carry = bits.Sub64(lo, olo, 0)
		hi, _ = bits.Sub64(hi, ohi, carry)
	} else {
		lo, carry = bits.Add64(lo, olo, 0)
		hi, _ = bits.Add64(hi, ohi, carry)
	}
	switch top := int64(hi); {
	case top == 0 && lo <= math.MaxInt64, top == -1 && lo > math.MaxInt64:
		return int64(lo), true
	case top < 0:
		return math.MinInt64, false
	}
	return math.MaxInt64, false
}
