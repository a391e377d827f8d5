package dispatch

import (
	"testing"

	"rssreplay/nicmodel"
)

// TestVariedFlows: each decision on a flow's packets is counted once, and apart from the
// same one on another flow's.
func TestVariedFlows(t *testing.T) {
	const n = 5000
	v := newVariedFlows()
	for i := range 2 * n {
		hash := uint32(i % n)
		for flow := range uint32(2) {
			v.count(flow, nicmodel.Decision{Hash: hash, Entry: int32(hash % 128)}, uint64(60+flow))
		}
	}
	for flow := range uint32(2) {
		if len(v.of[flow]) != n {
			t.Fatalf("flow %d has %d decisions, want %d", flow, len(v.of[flow]), n)
		}
		for i, c := range v.of[flow] {
			if c.decision.Hash != uint32(i) || c.packets != 2 || c.bytes != 2*uint64(60+flow) {
				t.Fatalf("flow %d, decision %d: %+v", flow, i, c)
			}
		}
	}
}
