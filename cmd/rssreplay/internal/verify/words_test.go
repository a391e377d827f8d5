package verify

import (
	"strings"
	"testing"

	"rssreplay/cmd/rssreplay/internal/verify/judge"
	"rssreplay/hash"
	"rssreplay/report"
)

// Alpha is what most queues have, and no sum: where one queue alone lost packets, nothing is
// said of all of the counters.
func TestFitText(t *testing.T) {
	for _, test := range []struct {
		fit  report.VerifyFit
		fits bool
		want string
	}{
		{report.VerifyFit{Alpha: 1, Residual: 0.038}, true, "The queues count as many packets as predicted (alpha 1.0000, beta 0); with that, differences of 3.8% are left."},
		{report.VerifyFit{Alpha: 0.95, Beta: 20, Queue: 2, Residual: 0.01}, true, "The queues count 5.0% fewer packets than predicted, and 2.0% more on queue 2 (alpha 0.9500, beta 20); with that, differences of 1.0% are left."},
		{report.VerifyFit{Alpha: 1.2, Residual: 0.25}, false, "At best the prediction leaves differences of 25.0%: if the queues count 20.0% more packets than predicted (alpha 1.2000, beta 0)."},
		{report.VerifyFit{Alpha: 1, Exact: true}, true, "Each queue counts exactly what was predicted (alpha 1, beta 0)."},
	} {
		if got := fitText(&report.Verify{Fit: &test.fit}, 1000, test.fits); got != test.want {
			t.Errorf("%+v: %q, want %q", test.fit, got, test.want)
		}
	}
}

// Of many, the first are named; one more than is shown is named, too.
func TestFirstOf(t *testing.T) {
	for n, want := range map[int]string{1: "a", 4: "a, b, c, d", 5: "a, b, c, d, e", 6: "a, b, c, d and 2 more"} {
		if got := firstOf([]string{"a", "b", "c", "d", "e", "f"}[:n]); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// A solved key is compared with the claimed one in the bits that the traffic determines, and
// that the claimed one has.
func TestDifferingBits(t *testing.T) {
	claimed := hash.Key{0x80, 0x01}
	for _, test := range []struct {
		key        hash.Key
		determined []int
		want       string
	}{
		{hash.Key{0x80, 0x01}, []int{0, 1, 15}, "0 of 3 determined bits"},
		{hash.Key{0x00, 0x00}, []int{0, 1, 15}, "2 of 3 determined bits"},
		{hash.Key{0x00, 0x00}, []int{1, 2}, "0 of 2 determined bits"},
		{hash.Key{0x00, 0x00}, []int{0, 16}, "1 of 2 determined bits"}, // beyond the key
	} {
		if got := differingBits(test.key, claimed, test.determined); !strings.HasPrefix(got, test.want+" differ") {
			t.Errorf("%x, bits %v: %s, want %s", test.key, test.determined, got, test.want)
		}
	}
}

// Of counters that agree it is said how much is left: an entry that leads elsewhere may be among it.
func TestAgreesButFor(t *testing.T) {
	v := &verification{source: "counters"}
	for left, want := range map[float64]string{
		0:      "The prediction agrees with the NIC's counters.",
		0.0009: "The prediction agrees with the NIC's counters.",
		0.0085: "The prediction agrees with the NIC's counters, but for 0.4% of the packets.",
	} {
		if got := v.verdict(&judge.Judgement{Verdict: judge.Agrees, Left: left}); got != want {
			t.Errorf("%v left: %q, want %q", left, got, want)
		}
	}
}
