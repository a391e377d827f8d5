package dispatch

import (
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/engine/affinity"
)

// TestTapeSends: a tape knows which of its packets are sent ones, whatever batch has them; one
// of a flow that is also received makes them any.
func TestTapeSends(t *testing.T) {
	batch := func(sends ...affinity.SendRef) *engine.Batch {
		b := new(engine.Batch)
		b.N, b.Sends = 2, sends
		return b
	}
	ofFlow, ofBoth := affinity.SendRef{Same: engine.NoFlow}, affinity.SendRef{Same: 3}
	for _, test := range []struct {
		name    string
		batches []*engine.Batch
		want    engine.Sends
	}{
		{"none", []*engine.Batch{batch(), batch()}, engine.NoSends},
		{"of flows", []*engine.Batch{batch(), batch(ofFlow, ofFlow), batch()}, engine.FlowSends},
		{"of a flow that is received, too", []*engine.Batch{batch(ofFlow, ofBoth), batch()}, engine.PacketSends},
		{"the same, with others behind", []*engine.Batch{batch(ofBoth, ofFlow), batch(ofFlow)}, engine.PacketSends},
		{"an empty batch", []*engine.Batch{{}}, engine.NoSends},
	} {
		var tape Tape
		for _, b := range test.batches {
			tape.add(b)
		}
		if tape.sends != test.want {
			t.Errorf("%s: %d, want %d", test.name, tape.sends, test.want)
		}
	}
}

// TestTapeTime asks for the first and the last packet of each batch.
func TestTapeTime(t *testing.T) {
	var tape Tape
	at := int64(100)
	var want []int64
	for _, n := range []int{3, 1, 2} {
		b := &engine.Batch{First: uint32(len(want)), N: n}
		for i := range n {
			b.Time[i] = at
			want = append(want, at)
			at += 10
		}
		tape.add(b)
	}
	for packet, at := range want {
		if got := tape.time(uint32(packet)); got != at {
			t.Errorf("packet %d is at %d, want %d", packet, got, at)
		}
	}
}
