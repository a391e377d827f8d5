package file

import (
	"math"
	"math/big"
	"testing"
)

// TestTickUnit compares with math/big over all units, and the units' plain case
// with the general one.
func TestTickUnit(t *testing.T) {
	ticks := []uint64{0, 1, 999, 1e9 - 1, 1e9, 1732152000123456789, 1<<32 + 5, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	offsets := []int64{0, 1, -1, 1e9, -9223372036, 9223372037, math.MaxInt64, math.MinInt64}
	for _, binary := range []bool{false, true} {
		for exponent := range uint8(128) {
			for _, offset := range offsets {
				unit := tickUnit{binary: binary, exponent: exponent, offset: offset}
				unit.settle()
				for _, n := range ticks {
					base := int64(10)
					if binary {
						base = 2
					}
					want := new(big.Int).Mul(new(big.Int).SetUint64(n), big.NewInt(1e9))
					want.Quo(want, new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(exponent)), nil))
					want.Add(want, new(big.Int).Mul(big.NewInt(offset), big.NewInt(1e9)))
					wantExact := want.IsInt64()
					if !wantExact && want.Sign() < 0 {
						want.SetInt64(math.MinInt64)
					} else if !wantExact {
						want.SetInt64(math.MaxInt64)
					}
					got, exact := unit.time(n)
					if got != want.Int64() || exact != wantExact {
						t.Fatalf("%d ticks of %+v: %d (%v), want %d (%v)", n, unit, got, exact, want.Int64(), wantExact)
					}
					if hi := new(big.Int).Mul(new(big.Int).SetUint64(n), new(big.Int).SetUint64(unit.perTick)); unit.perTick > 0 && wantExact && hi.Int64() != got {
						t.Fatalf("%d ticks of %+v: %d by perTick, want %d", n, unit, hi.Int64(), got)
					}
				}
			}
		}
	}
}
