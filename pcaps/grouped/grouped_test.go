package grouped

import (
	"math"
	"testing"
)

func TestInt(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567",
		-1: "-1", -999: "-999", -1000: "-1,000", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Int(n); got != want {
			t.Errorf("Int(%d) = %q, want %q", n, got, want)
		}
	}
	if got, want := Int(uint64(math.MaxUint64)), "18,446,744,073,709,551,615"; got != want {
		t.Errorf("the greatest number is %q, want %q", got, want)
	}
}

func TestFixed(t *testing.T) {
	for want, got := range map[string]string{"1,235": Fixed(1234.6, 0), "0.50": Fixed(0.5, 2), "-1,234.6": Fixed(-1234.6, 1)} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for s, want := range map[string]string{
		"0.5": "0.5", "999.12345": "999.12345", "4141.2": "4,141.2", "-4141.2": "-4,141.2", "1234567.0": "1,234,567.0",
	} {
		if got := decimal(s); got != want {
			t.Errorf("decimal(%q) = %q, want %q", s, got, want)
		}
	}
}
