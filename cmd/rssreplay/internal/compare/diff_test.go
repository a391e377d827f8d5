package compare

import (
	"testing"
	"time"

	"rssreplay/report"
)

// Reports are of one capture only if all that the settings leave alone is equal.
func TestSameCapture(t *testing.T) {
	base := report.Capture{Packets: 10, Bytes: 1000, CapturedBytes: 640, Duration: 5e9, Received: 10, Order: report.OrderGiven, First: report.Time{Time: time.Unix(1, 0)}}
	for name, test := range map[string]struct {
		change func(c *report.Capture)
		same   bool
	}{
		"nothing":                    {func(*report.Capture) {}, true},
		"another direction":          {func(c *report.Capture) { c.Received, c.Sent = 4, 6 }, true},
		"an old report":              {func(c *report.Capture) { c.CapturedBytes = 0 }, true},
		"merged by time":             {func(c *report.Capture) { c.Order, c.Duration = report.OrderMerged, 4e9 }, true},
		"another duration":           {func(c *report.Capture) { c.Duration++ }, false},
		"another length of captures": {func(c *report.Capture) { c.CapturedBytes++ }, false},
		"another first packet":       {func(c *report.Capture) { c.First = report.Time{Time: time.Unix(2, 0)} }, false},
		"more packets":               {func(c *report.Capture) { c.Packets++ }, false},
	} {
		other := base
		test.change(&other)
		if got := sameCapture(&base, &other); got != test.same {
			t.Errorf("%s: %v", name, got)
		}
	}
}
