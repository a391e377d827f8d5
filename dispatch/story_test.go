package dispatch_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"rssreplay/dispatch"
	"rssreplay/dispatch/engine"
	"rssreplay/dispatch/story"
	"rssreplay/hash"
	"rssreplay/nicmodel"
	"rssreplay/pcaps"
	"rssreplay/pcaps/direction"
)

// observe replays the capture in every mode with an observer.
func observe(t *testing.T, c *records, o dispatch.Options) *dispatch.Result {
	t.Helper()
	local, err := direction.ParseLocal([]string{"none"})
	if err != nil {
		t.Fatal(err)
	}
	c.at = 0
	o.Modes, o.Directions = allModes, direction.NewDirections(local)
	r, err := dispatch.Replay(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStoriesAddUp compares, for packets of random captures, each mode's story
// with what another observer saw of the packet.
func TestStoriesAddUp(t *testing.T) {
	seen := map[any]int{}
	packets := 20 // of each capture, which is replayed for each
	if testing.Short() {
		packets = 5
	}
	for seed := range uint64(60) {
		c, cfg, steering := randomCase(seed)
		if len(c.recs) == 0 {
			continue
		}
		if seed%4 == 3 {
			cfg.RPS = randomRPS(rand.New(rand.NewPCG(seed, 24)), cfg)
		}
		type fate struct {
			outcome           story.Outcome
			arrival, end      int64
			published         int64
			cpu, queue        int
			position, packets int
			back              int64 // when its buffer was free again
		}
		var fates [engine.NumModes]map[int64]*fate
		var dpcs [engine.NumModes]map[int][]int64 // per CPU: packets of its present DPC
		for m := range fates {
			fates[m], dpcs[m] = map[int64]*fate{}, map[int][]int64{}
		}
		plainly := observe(t, c, dispatch.Options{Config: cfg, Steering: steering})
		observed := observe(t, c, dispatch.Options{Config: cfg, Steering: steering, Observe: func(e engine.Event) {
			f := fates[e.Mode][e.Packet]
			switch e.Kind {
			case engine.Fill:
				fates[e.Mode][e.Packet] = &fate{arrival: e.Time, queue: e.Queue}
			case engine.Drop:
				fates[e.Mode][e.Packet] = &fate{outcome: story.Dropped, arrival: e.Time, queue: e.Queue, cpu: -1}
			case engine.Send:
				fates[e.Mode][e.Packet] = &fate{outcome: story.SentPacket, arrival: e.Time, queue: -1, cpu: e.CPU}
			case engine.Publish:
				f.published = e.Time
			case engine.Join:
				f.back = e.Time
			case engine.BacklogDrop:
				f.outcome, f.cpu, f.back = story.BacklogFull, -1, e.Time
			case engine.DPCStart, engine.BacklogStart:
				dpcs[e.Mode][e.CPU] = nil
			case engine.Take:
				d := append(dpcs[e.Mode][e.CPU], e.Packet)
				dpcs[e.Mode][e.CPU] = d
				f.cpu, f.position = e.CPU, len(d)
			case engine.Indicate:
				f.end = e.Time
				if f.back == 0 {
					f.back = e.Time
				}
			case engine.DPCEnd:
				for _, p := range dpcs[e.Mode][e.CPU] {
					fates[e.Mode][p].packets = len(dpcs[e.Mode][e.CPU])
					if cfg.Drain == engine.Snapshot && !cfg.RPS.Active(e.Mode) || e.Mode == engine.RSSSingleQueue {
						fates[e.Mode][p].back = e.Time
					}
				}
			}
		}})
		if diff := difference(plainly.Modes, observed.Modes); diff != "" {
			t.Fatalf("seed %d: observing changed the replay (-without +with):\n%s", seed, diff)
		}

		r := rand.New(rand.NewPCG(seed, 2))
		for range packets {
			packet := r.Int64N(int64(len(c.recs)))
			stories := story.New(cfg)
			stories.Choose(packet)
			observe(t, c, dispatch.Options{Config: cfg, Steering: steering, Observe: stories.Observe})
			for _, mode := range allModes {
				s, want := stories.Of(mode), *fates[mode][packet]
				used := 0
				for other, f := range fates[mode] {
					if other <= packet && f.queue == want.queue && (f.outcome == story.Indicated || f.outcome == story.BacklogFull) && (f.back > want.arrival || other == packet) {
						used++
					}
				}
				if got := s.Ring.Used(); s.Outcome != story.SentPacket && got != used {
					t.Errorf("seed %d, packet %d, %s: %s with %d buffers in use, want %d", seed, packet, mode, s.Outcome, got, used)
				}
				if s.Outcome == story.Dropped && used != cfg.RxRing {
					t.Errorf("seed %d, packet %d, %s: dropped with %d of %d buffers in use", seed, packet, mode, used, cfg.RxRing)
				}
				want.back = 0
				got := fate{
					outcome: s.Outcome, arrival: s.Arrival, cpu: s.CPU, queue: s.Queue,
					position: s.DPC.Position, packets: s.DPC.Packets,
				}
				if s.Outcome == story.Indicated {
					got.end = s.Arrival + s.Latency()
				}
				for _, e := range s.Steps {
					if e.Kind == engine.Publish {
						got.published = e.Time
					}
				}
				if got != want {
					t.Fatalf("seed %d, packet %d, %s: story %+v, want %+v", seed, packet, mode, got, want)
				}
				for i, p := range s.Parts {
					if p.Time < 0 {
						t.Errorf("seed %d, packet %d, %s: part %s lasts %d ns", seed, packet, mode, p.Kind, p.Time)
					}
					if p.Time > 0 {
						seen[p.Kind]++
					}
					if i > 0 && s.Parts[i-1].Kind >= p.Kind {
						t.Errorf("%s: part %s comes after %s", mode, p.Kind, s.Parts[i-1].Kind)
					}
				}
				for i, e := range s.Steps {
					if i > 0 && e.Time < s.Steps[i-1].Time {
						t.Errorf("seed %d, packet %d, %s: step %s at %d after %s at %d", seed, packet, mode, e.Kind, e.Time, s.Steps[i-1].Kind, s.Steps[i-1].Time)
					}
				}
				seen[s.Outcome]++
				if s.Outcome == story.Indicated {
					seen[s.Raise.Cause]++
					seen[s.Vector.Phase]++
				}
			}
		}
	}
	for o := range story.Outcome(story.NumOutcomes) {
		if seen[o] == 0 && o != story.RuledOut { // there are no rules here
			t.Errorf("no packet was %s", o)
		}
	}
	for p := range story.PartKind(story.NumPartKinds) {
		if seen[p] == 0 {
			t.Errorf("no latency has a part %s", p)
		}
	}
	for c := range story.RaiseCause(story.NumRaiseCauses) {
		if seen[c] == 0 {
			t.Errorf("no interrupt was raised %s", c)
		}
	}
	for p := range story.VectorPhase(story.NumVectorPhases) {
		if seen[p] == 0 {
			t.Errorf("no vector was in the phase %s", p)
		}
	}
}

// storyConfig is the model's defaults on CPUs 0 and 1, where every packet goes
// to queue 0 and so to CPU 0, and the system calls ISRs on CPU 1.
func storyConfig(t *testing.T) (*engine.Config, *nicmodel.Steering) {
	t.Helper()
	cfg := &engine.Config{
		Config: nicmodel.Config{Queues: 1, RxRing: 512, DMABatch: 4, DMATimeout: 200, RxFrames: 1},
		CPUs:   []int{0, 1}, QueueCPU: []int{0}, Table: nicmodel.IndirectionTable{0},
		InterruptLatency: 1000, ISRCost: 1000, DPCCost: 1000, PacketCost: 1000, IPILatency: 2000, DistributeCost: 50,
		SendCost: 500, ISRCPU: 1, Interval: 1e8,
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	key, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	steering, err := nicmodel.NewSteering(nicmodel.SteeringConfig{
		HashTypes: hash.DefaultTypes, Key: key, Table: cfg.Table, QueueCPU: cfg.QueueCPU,
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg, steering
}

// storyCapture is TCP packets of one flow at the given times in ns.
func storyCapture(times ...int64) *records {
	c := &records{}
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, t := range times {
		data := frame(end{a, 1000}, end{b, 80}, pcaps.ProtoTCP, netip.Addr{})
		c.recs = append(c.recs, pcaps.Record{Time: t, Data: data, Wire: 60, Link: pcaps.LinkEthernet, Queue: -1})
	}
	return c
}

// told is a story in short: its steps as "1c 200", its parts as "isr 1000".
func told(s *story.Story) (steps, parts []string) {
	for _, e := range s.Steps {
		name := e.Step().String()
		if name == "" {
			name = e.Kind.String()
		}
		steps = append(steps, fmt.Sprintf("%s %d", name, e.Time))
	}
	for _, p := range s.Parts {
		if p.Time > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.Kind, p.Time))
		}
	}
	return steps, parts
}

// TestStoryOnPaper compares stories with times worked out by hand: packets
// arrive at 0, 1, 2 and 4 µs; the fourth is told. In rss-msix and rss-hw-queues
// it is published at 4,200, when the first cycle's DPC, which began at 2,200,
// works until 6,200 in the one mode; in the other its DPC begins at that very
// instant, 2 µs after the ISR's end, and takes it too.
func TestStoryOnPaper(t *testing.T) {
	tests := []struct {
		mode         engine.Mode
		steps, parts string
		latency      int64
	}{
		{
			engine.RSSMSIX,
			"MSI-1a 4000, MSI-1b 4000, MSI-1c 4200, MSI-2 4200, MSI-1d 6200, MSI-3 7200, MSI-4 8200, MSI-5 8200, take 8200, MSI-5a 10200, dpc_end 10200, MSI-5b 10200",
			"list 200, masked 2000, interrupt_latency 1000, isr 1000, dpc_cost 1000, packet_cost 1000", 6200,
		},
		{
			engine.NonRSS,
			"NON-1 4000, publish 4000, NON-2 4000, NON-1 6000, NON-3 7000, NON-4 8000, NON-5 8000, take 8000, NON-6 10000, dpc_end 10000, NON-7 10000",
			"masked 2000, interrupt_latency 1000, isr 1000, dpc_cost 1000, packet_cost 1000", 6000,
		},
		{
			engine.RSSHWQueues,
			"HWQ-1d 200, HWQ-2 1200, HWQ-3 2200, HWQ-3 2200, HWQ-1a 4000, HWQ-1b 4000, HWQ-1c 4200, more 4200, HWQ-4 4200, take 4200, HWQ-4a 9200, dpc_end 9200, HWQ-4b 9200",
			"list 200, dpc_cost 1000, packets_before 3000, packet_cost 1000", 5200,
		},
		{
			engine.RSSSingleQueue,
			"SQ-1 4000, publish 4000, SQ-2 4000, SQ-1 9150, SQ-3 10150, SQ-4 11150, SQ-5 11150, SQ-5a 11150, SQ-5b 12200, SQ-6 14200, take 14200, SQ-6a 16200, dpc_end 16200, SQ-6b 16200",
			"masked 5150, interrupt_latency 1000, isr 1000, deal 1050, ipi_latency 2000, dpc_cost 1000, packet_cost 1000", 12200,
		},
	}
	cfg, steering := storyConfig(t)
	stories := story.New(cfg)
	stories.Choose(3)
	observe(t, storyCapture(0, 1000, 2000, 4000), dispatch.Options{Config: cfg, Steering: steering, Observe: stories.Observe})
	for _, test := range tests {
		s := stories.Of(test.mode)
		steps, parts := told(s)
		if got := strings.Join(steps, ", "); got != test.steps {
			t.Errorf("%s: steps\n%s, want\n%s", test.mode, got, test.steps)
		}
		if got := strings.Join(parts, ", "); got != test.parts || s.Latency() != test.latency {
			t.Errorf("%s: latency %d = %s, want %d = %s", test.mode, s.Latency(), got, test.latency, test.parts)
		}
	}
}

// TestStoryRaises tells why an interrupt was raised when it was: the story of
// the first packet, or of the last.
func TestStoryRaises(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*engine.Config)
		times   []int64
		packet  int64
		at      int64
		cause   story.RaiseCause
		phase   story.VectorPhase
		joined  bool
		waiting int
	}{
		{"at once", func(*engine.Config) {}, []int64{0}, 0, 200, story.RaisedAtOnce, story.VectorIdle, false, 1},
		{"frames", func(c *engine.Config) { c.RxUsecs, c.RxFrames = 10000, 3 }, []int64{0, 1000, 2000}, 0, 2200, story.RaisedByFrames, story.VectorIdle, false, 1},
		{"frames, the last", func(c *engine.Config) { c.RxUsecs, c.RxFrames = 10000, 3 }, []int64{0, 1000, 2000}, 2, 2200, story.RaisedByFrames, story.VectorWaiting, false, 3},
		{"usecs", func(c *engine.Config) { c.RxUsecs, c.RxFrames = 10000, 3 }, []int64{0, 1000}, 1, 10200, story.RaisedByUsecs, story.VectorWaiting, false, 2},
		{"itr", func(c *engine.Config) { c.ITR = 50000 }, []int64{0, 20000}, 1, 50200, story.RaisedByITR, story.VectorIdle, false, 1},
		{"usecs, later than itr", func(c *engine.Config) { c.ITR, c.RxUsecs, c.RxFrames = 20000, 30000, 3 }, []int64{0, 60000}, 1, 90200, story.RaisedByUsecs, story.VectorIdle, false, 1},
		{"raised before", func(*engine.Config) {}, []int64{0, 900}, 1, 200, story.RaisedAtOnce, story.VectorRaised, true, 2},
		{"in the ISR", func(*engine.Config) {}, []int64{0, 2000}, 1, 200, story.RaisedAtOnce, story.VectorISR, true, 2},
		{"in the DPC", func(*engine.Config) {}, []int64{0, 3000}, 1, 4200, story.RaisedAtOnce, story.VectorDPC, false, 1},
		{"polled", func(c *engine.Config) { c.Drain = engine.Poll }, []int64{0, 3500}, 1, 200, story.RaisedAtOnce, story.VectorDPC, true, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg, steering := storyConfig(t)
			test.change(cfg)
			stories := story.New(cfg)
			stories.Choose(test.packet)
			observe(t, storyCapture(test.times...), dispatch.Options{Config: cfg, Steering: steering, Observe: stories.Observe})
			s := stories.Of(engine.RSSMSIX)
			want := story.RaiseState{Time: test.at, Cause: test.cause, Joined: test.joined}
			if s.Raise != want || s.Vector.Phase != test.phase || s.Waiting != test.waiting {
				t.Errorf("raise %+v in phase %s with %d waiting, want %+v, %s, %d", s.Raise, s.Vector.Phase, s.Waiting, want, test.phase, test.waiting)
			}
		})
	}
}
