package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/steer"
)

// alikeIn is how many of a fold's packets, which are per flow, are of flows that others have,
// too: flows that are hashed on their addresses alone are one if these are.
func alikeIn(r *dispatch.Result, fold map[int]uint64, others ...map[int]uint64) uint64 {
	name := func(id int) any {
		if f := r.Flow(uint32(id)); f.HashType != hash.None && !f.HashType.Ports() {
			return [2]string{fmt.Sprint(f.HashType, f.Source, f.Destination), fmt.Sprint(f.Hash)}
		}
		return id
	}
	has := map[any]bool{}
	for _, other := range others {
		for id := range other {
			has[name(id)] = true
		}
	}
	var n uint64
	for id, packets := range fold {
		if has[name(id)] {
			n += packets
		}
	}
	return n
}

// TestFolds compares folds with a count packet by packet: equal numbers of received
// packets, what each loads, its flows, and which of them other folds have, too.
func TestFolds(t *testing.T) {
	const n = dispatch.MaxFolds
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 51))
		cfg, steering := randomConfig(r)
		c := traffic{packets: 900 + r.IntN(9), hosts: 8, sends: seed%2 == 0, homes: seed%4 > 1, scale: 2000}.capture(r)
		o := dispatch.Options{Config: cfg, Steering: steering}
		received := replay(t, c, o).Received
		o.Cut = dispatch.Cut{Folds: n, Received: received}
		got := replay(t, c, o)

		packets, _, _, _ := plainPackets(c, steering)
		want := make([]dispatch.Fold, n)
		flows := make([]map[int]uint64, n)
		for k := range want {
			want[k].Entries = make([]engine.EntryLoad, len(cfg.Table))
			flows[k] = map[int]uint64{}
		}
		seen := uint64(0)
		for _, p := range packets {
			if p.Sent {
				continue
			}
			k := int(seen * n / received)
			seen++
			fold := &want[k]
			fold.Packets++
			load := &fold.Unhashed
			if p.Entry >= 0 {
				load = &fold.Entries[p.Entry]
			}
			load.Packets++
			load.Bytes += uint64(p.Length)
			if p.Flow >= 0 {
				flows[k][p.Flow]++
			}
		}
		folds := got.Folds()
		for k := range want {
			want[k].Flows = uint64(len(flows[k]))
			known := alikeIn(got, flows[k], flows[(k+1)%n], flows[(k+4)%n])
			if of := got.Known(k, []int{(k + 1) % n, (k + 4) % n}); of != known {
				t.Errorf("seed %d: of fold %d %d packets are known, want %d", seed, k, of, known)
			}
		}
		if diff := cmp.Diff(want, folds); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

// TestFoldsOfMarks: folds of a capture whose length was not known are nearly equal, and
// have the packets and flows that a count packet by packet finds between their borders.
func TestFoldsOfMarks(t *testing.T) {
	const n = dispatch.MaxFolds
	made := 0
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 53))
		cfg, steering := randomConfig(r)
		c := traffic{packets: 9000 + r.IntN(30_000), hosts: 30, sends: seed%2 == 0, scale: 2000}.capture(r)
		o := dispatch.Options{Config: cfg, Steering: steering, Cut: dispatch.Cut{Folds: n}}
		got := replay(t, c, o)
		folds := got.Folds()
		if folds == nil { // a flow met several entries
			continue
		}
		made++
		packets, _, _, _ := plainPackets(c, steering)
		at := 0
		var first, last map[int]uint64
		for k, fold := range folds {
			if even := float64(got.Received) / n; float64(fold.Packets) < 0.7*even || float64(fold.Packets) > 1.3*even {
				t.Errorf("seed %d: fold %d has %d of %d packets", seed, k, fold.Packets, got.Received)
			}
			want := dispatch.Fold{Packets: fold.Packets, Entries: make([]engine.EntryLoad, len(cfg.Table))}
			flows := map[int]uint64{}
			for seen := uint64(0); seen < fold.Packets; at++ {
				p := packets[at]
				if p.Sent {
					continue
				}
				seen++
				if p.Flow >= 0 {
					flows[p.Flow]++
				}
				if p.Entry >= 0 {
					want.Entries[p.Entry].Packets++
				} else {
					want.Unhashed.Packets++
				}
			}
			want.Flows = uint64(len(flows))
			if diff := cmp.Diff(want, fold); diff != "" {
				t.Fatalf("seed %d, fold %d (-want +got):\n%s", seed, k, diff)
			}
			if k == 0 {
				first = flows
			}
			last = flows
		}
		want := alikeIn(got, last, first)
		if of := got.Known(n-1, []int{0}); of != want {
			t.Errorf("seed %d: %d packets of the last fold are known, want %d", seed, of, want)
		}
	}
	if made < 4 {
		t.Errorf("only %d captures have folds", made)
	}
}

// TestFoldsOfRules: what rules lead to a queue counts in the folds, too, by number and by
// marks: all together load each queue as the whole capture does.
func TestFoldsOfRules(t *testing.T) {
	var ruled, marked uint64 // packets that rules lead to a queue: of both, and of marks
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 55))
		cfg, s := randomConfig(r)
		config := s.Config()
		config.QueueCPU = cfg.QueueCPU
		config.Contexts = map[int]nicmodel.Context{1: {Table: nicmodel.IndirectionTable{0, uint16(cfg.Queues - 1)}}}
		command, err := steer.ParseCommand([]string{"flow-type udp4 context 1", fmt.Sprintf("flow-type tcp4 action %d", cfg.Queues/2)}[seed%2])
		if err != nil {
			t.Fatal(err)
		}
		list, err := steer.Apply(nil, []steer.Command{command}, 1024)
		if err != nil {
			t.Fatal(err)
		}
		if config.NTuple, err = steer.New(list, steer.Options{}); err != nil {
			t.Fatal(err)
		}
		if s, err = nicmodel.NewSteering(config); err != nil {
			t.Fatal(err)
		}
		cfg.SetRules(s)
		c := traffic{packets: 20_000, hosts: 30, scale: 2000}.capture(r)
		o := dispatch.Options{Config: cfg, Steering: s}
		whole := replay(t, c, o)
		for _, received := range []uint64{0, whole.Received} {
			o.Cut = dispatch.Cut{Folds: dispatch.MaxFolds, Received: received}
			got := replay(t, c, o)
			folds := got.Folds()
			if folds == nil {
				continue
			}
			loads := whole.LoadsUnder(s)
			want, sum := loads.Queues(s), make([]engine.EntryLoad, cfg.Queues)
			for i := range folds {
				for q, of := range folds[i].Loads(cfg).Queues(s) {
					sum[q].Packets += of.Packets
					sum[q].Bytes += of.Bytes
				}
			}
			for q := range want {
				if want[q].Flows = 0; received == 0 { // marks tell of packets alone
					want[q].Bytes = 0
				}
			}
			if diff := cmp.Diff(want, sum); diff != "" {
				t.Fatalf("seed %d, %d received (-want +got):\n%s", seed, received, diff)
			}
			for _, of := range loads.Ruled {
				ruled += of.Packets
				if received == 0 {
					marked += of.Packets
				}
			}
		}
	}
	if ruled == 0 || marked == 0 {
		t.Errorf("rules lead %d packets to queues, %d of them in folds of marks: the cases try nothing", ruled, marked)
	}
}

// TestFoldsOfMarksAreNotMade of captures that are too short, or have too many flows.
func TestFoldsOfMarksAreNotMade(t *testing.T) {
	cfg, steering := randomConfig(rand.New(rand.NewPCG(1, 54)))
	for _, c := range []traffic{{packets: 8000, hosts: 8, scale: 2000}, {packets: 60_000, hosts: 1 << 15, scale: 2000}} {
		got := replay(t, c.capture(rand.New(rand.NewPCG(2, 54))), dispatch.Options{Config: cfg, Steering: steering, Cut: dispatch.Cut{Folds: dispatch.MaxFolds}})
		if folds := got.Folds(); folds != nil {
			t.Errorf("%d packets of %d flows are cut into %d folds", got.Received, got.NumFlows, len(folds))
		}
	}
}
