package dispatch

import (
	"testing"

	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
)

// A panic in the flow table reaches whoever waits for the steerer, and those who
// fill chunk batches before that don't wait for ever.
func TestSteererPanics(t *testing.T) {
	flows := newFlowTable(new(nicmodel.Steering))
	flows.first.steering = nil // what decides is missing
	s := startSteerer(&Result{Replayed: Replayed{flows: flows}}, engine.NewModelSet(), &Options{})
	frame := make([]byte, 60)
	copy(frame[12:], []byte{0x08, 0x00, 0x45, 0, 0, 40})
	for range 3 * maxChunkBatches {
		batch := s.next()
		batch.next().walk([]pcaps.Record{{Data: frame, Wire: 60, Link: pcaps.LinkEthernet}})
		s.send(batch)
	}
	defer func() {
		if p, ok := recover().(*fault.Panic); !ok || len(p.Stack) == 0 {
			t.Errorf("recovered %v", p)
		}
	}()
	s.finish()
	t.Error("no panic")
}
