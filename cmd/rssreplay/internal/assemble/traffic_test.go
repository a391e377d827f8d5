package assemble

import (
	"testing"

	"rssreplay/cmd/rssreplay/internal/input"
	"rssreplay/dispatch"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// TestTakenOnHost: a host has received what it captured, at the capture's own rate alone.
func TestTakenOnHost(t *testing.T) {
	saying := direction.NewDirections(direction.Local{})
	saying.Sent(&pcaps.Tuple{}, pcaps.Outbound)
	for _, test := range []struct {
		name       string
		result     dispatch.Result
		directions *direction.Directions
		want       string
	}{
		{"any device", dispatch.Result{Facts: dispatch.Facts{Links: []dispatch.LinkPackets{{Link: pcaps.LinkSLL}}}}, direction.NewDirections(direction.Local{}), `the capture is one of Linux's "any" device`},
		{"said directions", dispatch.Result{Sent: 1, Received: 9}, saying, "the capture itself says which packets were sent and which received"},
		{"joined frames", dispatch.Result{Facts: dispatch.Facts{Long: dispatch.LongFrames{Kind: dispatch.LongCoalesced, Received: 3}}}, direction.NewDirections(direction.Local{}), "it has frames that receive offload joined"},
		{"a mirror port", dispatch.Result{Sent: 1, Received: 9}, direction.NewDirections(direction.Local{}), ""},
	} {
		for _, span := range []int64{1e9, 1e9 - 1, 1e9 + 1} {
			test.result.Duration, test.result.Span = 1e9, span
			a := &ReportBuilder{Replayed: &input.Replayed{Result: &test.result, Directions: test.directions}}
			want := test.want
			if span != test.result.Duration {
				want = ""
			}
			if got := a.takenOnHost(); got != want {
				t.Errorf("%s, 1 s in %d ns: %q, want %q", test.name, span, got, want)
			}
		}
	}
}
