package findings

import (
	"strings"
	"testing"

	"rssreplay/report"
)

// Of how much ATR may move nothing is said of a handful of packets, nor where no mode spreads
// them by RSS.
func TestATROfFewPackets(t *testing.T) {
	traffic := &Traffic{ATR: &ATR{NIC: "ixgbe", Off: "ethtool -K DEV ntuple on", Most: 60}}
	for _, test := range []struct {
		packets uint64
		mode    string
		found   bool
	}{{200, "rss-msix", true}, {199, "rss-msix", false}, {200, report.NonRSS, false}} {
		r := hot(test.packets/2, test.packets-test.packets/2)
		r.Modes[0].Mode = test.mode
		f := newDiagnosis(r, traffic).atr()
		if (f != nil) != test.found {
			t.Errorf("%+v: %+v", test, f)
		}
		if f != nil && !strings.Contains(f.Summary, "up to 30.0% of the received packets") {
			t.Error(f.Summary)
		}
	}
}
