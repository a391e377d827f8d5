package text

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Where one factor was fitted a range is told of that, and of neither cost: their ratio is assumed.
func TestCalibrationRanges(t *testing.T) {
	why := "the best fit gives a packet no cost at all"
	fit := report.CostFit{Run: 3000, RunFrom: 2800, RunTo: 3200, Packet: 1500, PacketFrom: 1400, PacketTo: 1600}
	one := fit
	one.OneFactor, one.Factor, one.Why = true, 1.5, &why
	for of, lines := range map[*report.CostFit][]string{
		&fit: {"NET_RX run    3.00 µs (2.80 µs to 3.20 µs)\n", "packet        1.50 µs (1.40 µs to 1.60 µs)\n"},
		&one: {"NET_RX run    3.00 µs\n", "packet        1.50 µs\n", "Both are the assumed costs × 1.50 (1.40 to 1.60), as", "is assumed, too.\n"},
	} {
		var b strings.Builder
		if err := WriteCalibration(&b, &report.Calibration{Fit: of}, Options{Width: 200}); err != nil {
			t.Fatal(err)
		}
		for _, line := range lines {
			if !strings.Contains(b.String(), line) {
				t.Errorf("%q is not in\n%s", line, b.String())
			}
		}
	}
}
