package dispatch_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/fault"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
	"rssreplay/pcaps/file"
)

// broken is a capture that panics, and that several goroutines read.
type broken struct {
	records
	load, read bool
}

func (b *broken) Load(*file.Block) {
	if b.load {
		panic("load")
	}
}

func (b *broken) Lend(*file.Block) {}

func (b *broken) Read(into []pcaps.Record) (int, error) {
	if b.read && b.at > 5000 {
		panic("read")
	}
	return b.records.Read(into)
}

// TestPanics: a panic in whichever goroutine of a replay is one of the caller's, who
// can recover it, and nothing waits for ever.
func TestPanics(t *testing.T) {
	capture := traffic{packets: 60_000, hosts: 20, scale: 1000}.capture(rand.New(rand.NewPCG(1, 1)))
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, says string
		change     func(*broken, *dispatch.Options)
	}{
		{"a stage", "arrive", func(_ *broken, o *dispatch.Options) {
			o.Arrive = func(a dispatch.Arrival) {
				if a.Packet == 50_000 {
					panic("arrive")
				}
			}
		}},
		{"a load", "load", func(b *broken, _ *dispatch.Options) { b.load = true }},
		{"a read", "read", func(b *broken, _ *dispatch.Options) { b.read = true }},
		{"a group at once", "observe", func(_ *broken, o *dispatch.Options) { o.Observe = func(engine.Event) { panic("observe") } }},
		{"a group late", "observe", func(_ *broken, o *dispatch.Options) {
			o.Observe = func(e engine.Event) {
				if e.Packet == 55_000 {
					panic("observe")
				}
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, s := defaultConfig(4)
			source := &broken{records: records{recs: capture.recs}}
			o := dispatch.Options{Config: cfg, Steering: s, Modes: allModes, Directions: direction.NewDirections(local)}
			test.change(source, &o)
			defer func() {
				p, ok := recover().(*fault.Panic)
				if !ok || !strings.Contains(p.Error(), test.says) || len(p.Stack) == 0 {
					t.Errorf("recovered %v, want %s", p, test.says)
				}
			}()
			_, err := dispatch.Replay(source, o)
			t.Errorf("no panic, error %v", err)
		})
	}
}
