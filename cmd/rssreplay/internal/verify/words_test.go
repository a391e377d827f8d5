package verify

import (
	"testing"

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
